"""Who works with the system: roles, what each may do (``rights.csv``), as whom it moves cases, which cases it sees.

Pure: sessions are in ``sessions.py``, the tables in ``data.stores.accounts``, the same limits in the database in ``data.staff``.
"""

import csv
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import cache
from importlib.resources import files
from types import MappingProxyType
from typing import Any, Final, TypeVar

from data.mirror.where import EVERYTHING, Where
from data.stores.accounts import AccountRow
from dispatch.states import transitions
from geo.errors import NeedleError

#: A number that no team has: what fits it fits nothing.
NO_TEAM = frozenset({-(2**31)})
#: Whom the state table asks for beyond one street: only accounts of the whole city act so.
ABOVE_STREETS: Final = frozenset({"shift_leader", "centre", "leader"})
STREETS: Final = "subdistrict"
LEAST_PASSWORD: Final = 10
Value = TypeVar("Value")


class AccountRole(StrEnum):
    """What an account is for. ``screen``: a screen on a wall that nobody touches."""

    OPERATOR = "operator"
    DISPATCHER = "dispatcher"
    HANDLER = "handler"
    GRID_WORKER = "grid_worker"
    SUPERVISOR = "supervisor"
    PLANNER = "planner"
    STEWARD = "steward"
    ADMIN = "admin"
    SCREEN = "screen"


@dataclass(frozen=True, slots=True)
class Account:
    """Who asks.

    Attributes
    ----------
    areas : tuple of (layer, code)
        Of one layer; empty: the whole city.
    department, team : str or None, int or None
        A handler's department; the team of a grid worker who handles cases.
    """

    id: int
    username: str
    name: str
    role: AccountRole
    areas: tuple[tuple[str, str], ...] = ()
    department: str | None = None
    team: int | None = None


def account_of(row: AccountRow) -> Account:
    """The account that a row keeps."""
    areas = tuple((row.area_layer, code) for code in row.area_codes) if row.area_layer is not None else ()
    return Account(row.id, row.username, row.name, AccountRole(row.role), areas, row.department_code, row.team_id)


# --- what it may do ---------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Right:
    """A line of the table: who has it, and its words."""

    roles: frozenset[AccountRole]
    zh: str
    en: str


@cache
def rights() -> Mapping[str, Right]:
    """The table of rights by name."""
    text = files("dashboard").joinpath("rights.csv").read_text(encoding="utf-8")
    return MappingProxyType({row["right"]: _right(row) for row in csv.DictReader(text.splitlines())})


def _right(row: Mapping[str, str]) -> Right:
    return Right(frozenset(role for role in AccountRole if row[role] == "yes"), row["zh"], row["en"])


def roles_with(right: str) -> frozenset[AccountRole]:
    """The roles of accounts that have a right. ``case.<action>``, where it is no line of the table, is asked of the state table.

    Raises
    ------
    KeyError
        There is no such right: a mistake of the programmer.
    """
    if right in rights():
        return rights()[right].roles
    family, _, action = right.partition(".")
    if family != "case" or action not in _movers():
        raise KeyError(right)
    return frozenset(role for mover in _movers()[action] for role in acting_as(mover))


def acting_as(mover: str) -> frozenset[AccountRole]:
    """The roles of accounts that move cases as a role of the state table; none for ``system``, ``resident`` and their like."""
    right = rights().get(f"act.{mover}")
    return right.roles if right else frozenset()


@cache
def _movers() -> Mapping[str, frozenset[str]]:
    """The roles of the state table that may make each action from some state."""
    found: dict[str, frozenset[str]] = {}
    for move in transitions().values():
        found[move.action] = found.get(move.action, frozenset()) | move.roles
    return MappingProxyType(found)


def movers_of(action: str) -> frozenset[str]:
    """The roles of the state table that may make an action; none for an unknown one."""
    return _movers().get(action, frozenset())


def may(account: Account, right: str) -> bool:
    """Whether an account has a right."""
    return account.role in roles_with(right)


def require(account: Account, right: str) -> None:
    """Refuse whoever has not the right.

    Raises
    ------
    NeedleError
        ``account.forbidden``, naming the roles that have it.
    """
    if not may(account, right):
        raise forbidden(account, roles_with(right))


def forbidden(account: Account, roles: Collection[AccountRole]) -> NeedleError:
    """The refusal, naming who may."""
    named, (own_zh, own_en) = sorted(roles, key=list(AccountRole).index), role_names()[account.role]
    return NeedleError(
        "account.forbidden",
        role_zh=own_zh,
        role_en=own_en,
        roles_zh=", ".join(role_names()[role][0] for role in named) or "-",
        roles_en=", ".join(role_names()[role][1] for role in named) or "-",
    )


@cache
def role_names() -> Mapping[AccountRole, tuple[str, str]]:
    """Each role's name in Chinese and English."""
    text = files("dashboard").joinpath("roles.csv").read_text(encoding="utf-8")
    return {AccountRole(row["role"]): (row["zh"], row["en"]) for row in csv.DictReader(text.splitlines())}


# --- as whom it moves cases -------------------------------------------------------------------------------------


def actor_of(account: Account, roles: Collection[str] | None = None) -> tuple[str, str]:
    """As whom an account moves a case: the role of the state table, and the actor that its history names.

    Parameters
    ----------
    account : Account
    roles : collection of str, optional
        The roles of the state table that the move allows; None: whatever the account is first.

    Raises
    ------
    NeedleError
        ``account.forbidden``, naming who may.
    """
    actors = _actors(account)
    for role, actor in actors.items():
        if roles is None or role in roles:
            return role, actor
    wanted = roles if roles is not None else [name.removeprefix("act.") for name in rights() if name.startswith("act.")]
    raise forbidden(account, frozenset(role for mover in wanted for role in acting_as(mover)))


def _actors(account: Account) -> dict[str, str]:
    """Every role of the state table that the account has, and its name in it."""
    named = {role: _name_in(account, role) for role in _table_roles() if account.role in acting_as(role)}
    return {role: f"{role}:{name}" for role, name in named.items() if name is not None}


@cache
def _table_roles() -> tuple[str, ...]:
    return tuple(name.removeprefix("act.") for name in rights() if name.startswith("act."))


def _name_in(account: Account, role: str) -> str | None:
    """What the account is called in a role; None where it has not what the role needs.

    A member of a team handles; whoever has none watches: nobody is both, so that nobody verifies their own work.
    """
    if role == "department":
        return account.department
    if role == "team":
        return None if account.team is None else str(account.team)
    if role == "street":
        return next((code for layer, code in account.areas if layer == STREETS), None)
    if role in ABOVE_STREETS and account.areas:
        return None
    if role == "grid_worker" and account.team is not None:
        return None
    return account.username


# --- which cases it sees ----------------------------------------------------------------------------------------


def scope_of(account: Account) -> Where:
    """The cases that an account sees, as a filter of the mirror. The database holds the same (``data.staff``).

    A handler sees what the department leads and what it helps on; a team also opens the cases that it once worked on.
    """
    return Where(
        areas=frozenset(account.areas),
        hands=frozenset() if account.department is None else frozenset({account.department}),
        teams=frozenset() if account.team is None else frozenset({account.team}),
    )


def within(account: Account, asked: Where) -> Where:
    """What an account asked for, of what it sees; the same filter where it sees everything."""
    scope = scope_of(account)
    if scope == EVERYTHING:
        return asked
    changes: dict[str, Any] = {}
    if scope.areas:
        changes["areas"] = _areas_within(scope.areas, asked.areas)
    if scope.hands:
        changes["hands"] = scope.hands | asked.hands
    if scope.teams:
        changes["teams"] = _both(scope.teams, asked.teams, NO_TEAM)
    return replace(asked, **changes)


def _areas_within(own: frozenset[tuple[str, str]], asked: frozenset[tuple[str, str]]) -> frozenset[tuple[str, str]]:
    """Areas asked for in other layers stay; of the own layer, those that both name."""
    layer = next(iter(own))[0]
    same = frozenset(area for area in asked if area[0] == layer)
    return (asked - same) | _both(own, same, frozenset({(layer, "")}))


def _both(own: frozenset[Value], asked: frozenset[Value], nothing: frozenset[Value]) -> frozenset[Value]:
    return (own & asked or nothing) if asked else own
