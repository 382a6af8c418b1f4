"""``/api/accounts``: who may sign in, with which role, and what they see; for administrators."""

import asyncio
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Annotated, Any, Final, TypeVar

from fastapi import APIRouter, Body, Depends, Query, Request, Response

from dashboard import account_book
from dashboard.account_book import By, is_within, read_areas
from dashboard.accounts import Account, AccountRole, require, role_names
from dashboard.audit_log import address_of
from dashboard.desk_state import Desk, as_json, desk_of
from dashboard.i18n import Words, language_of, words
from dashboard.sessions import Asker
from dashboard.view_models.account_list import account_as_json
from data.database import Connection, connect
from data.stores.accounts import AccountRow, load_accounts, load_seen
from data.stores.overview import LayerRow
from geo.errors import NeedleError

USERNAME: Final = re.compile(r"[a-z0-9][a-z0-9._-]{1,39}")
LONGEST_NAME: Final = 60
CHOICES: Final = 30
#: What an account may be bound to; areas by their layer, ``area:subdistrict``.
FACETS: Final = re.compile(r"department|team|area:[a-z0-9_]+")
Answer = TypeVar("Answer")

router = APIRouter(prefix="/api/accounts")
TheDesk = Annotated[Desk, Depends(desk_of)]
Said = Annotated[dict[str, Any], Body()]


@router.get("")
async def accounts(request: Request, desk: TheDesk, account: Asker) -> Response:
    """``accounts`` that may be looked after, by username; ``roles`` and ``layers`` to choose from."""
    require(account, "page.accounts")
    say = words(language_of(request.query_params.get("lang")))
    name, by = (await desk.names()).namer(say.language), By(account)
    rows, seen = await in_database(desk, lambda connection: (load_accounts(connection), load_seen(connection)))
    ground = await desk.wall.ground()
    return as_json(
        {
            "timezone": ground.timezone,
            "accounts": [account_as_json(row, seen.get(row.id), say, name) for row in rows if is_within(by, row)],
            "roles": [[role.value, say.pick(*role_names()[role])] for role in AccountRole],
            "layers": layers_of(ground.layers, say),
            "own": account.username,
        }
    )


@router.get("/choices/{facet}")
async def choices(
    facet: str, request: Request, desk: TheDesk, account: Asker, text: Annotated[str, Query(max_length=60)] = ""
) -> Response:
    """Departments, teams or areas of a layer whose name or code contains a text: ``values`` of [code, name]."""
    require(account, "page.accounts")
    if not FACETS.fullmatch(facet):
        raise NeedleError("desk.unknown_column", column=facet)
    chinese = language_of(request.query_params.get("lang")) == "zh"
    wanted = text.strip().lower()
    found = [
        [known.code, known.zh if chinese else known.en]
        for known in (await desk.names()).rows
        if known.facet == facet and any(wanted in said.lower() for said in (known.code, known.zh, known.en))
    ]
    return as_json({"values": found[:CHOICES], "more": len(found) > CHOICES})


@router.post("")
async def add(request: Request, desk: TheDesk, account: Asker, said: Said) -> Response:
    """Make an account: {"username", "name", "role", "department", "team", "areas"}; ``password`` is told this once."""
    require(account, "page.accounts")
    row, by = read_row(str(said.get("username", "")).lower(), said), by_of(request, account)
    password = await in_database(desk, lambda connection: account_book.add(connection, by, row))
    return as_json({"username": row.username, "password": password}, 201)


@router.put("/{username}")
async def change(username: str, request: Request, desk: TheDesk, account: Asker, said: Said) -> Response:
    """Write an account anew: as for a new one, without its username."""
    require(account, "page.accounts")
    row, by = read_row(username, said), by_of(request, account)
    await in_database(desk, lambda connection: account_book.change(connection, by, row))
    return as_json({"username": username})


@router.post("/{username}/reset")
async def reset(username: str, request: Request, desk: TheDesk, account: Asker) -> Response:
    """Another ``password``, told this once; the account's sessions end."""
    require(account, "page.accounts")
    by = by_of(request, account)
    password = await in_database(desk, lambda connection: account_book.reset(connection, by, username))
    return as_json({"username": username, "password": password})


@router.post("/{username}/active")
async def switch(username: str, request: Request, desk: TheDesk, account: Asker, said: Said) -> Response:
    """Let an account sign in, or not: {"active": true or false}."""
    require(account, "page.accounts")
    active, by = said.get("active"), by_of(request, account)
    if not isinstance(active, bool):
        raise NeedleError("request.invalid", problem='{"active": true | false}')
    await in_database(desk, lambda connection: account_book.switch(connection, by, username, active=active))
    return as_json({"username": username, "active": active})


@router.post("/{username}/screen")
async def screen(username: str, request: Request, desk: TheDesk, account: Asker) -> Response:
    """Another ``link`` that signs a screen in, told this once; the one before ends."""
    require(account, "page.accounts")
    by = by_of(request, account)

    def link(connection: Connection) -> str:
        return account_book.screen_link(connection, by, account_book.find(connection, by, username))

    token = await in_database(desk, link)
    return as_json({"username": username, "link": f"{str(request.base_url).rstrip('/')}/screen/{token}"})


# --- reading ----------------------------------------------------------------------------------------------------


def by_of(request: Request, account: Account) -> By:
    """Who asks, from where."""
    return By(account, address_of(request))


async def in_database(desk: Desk, work: Callable[[Connection], Answer]) -> Answer:
    """Do what the console does too, in one transaction, beside the server's loop: hashing a password takes its time."""

    def run() -> Answer:
        with connect(str(desk.wall.pool.conninfo)) as connection:
            return work(connection)

    return await asyncio.to_thread(run)


def read_row(username: str, said: Mapping[str, Any]) -> AccountRow:
    """An account as it is sent.

    Raises
    ------
    NeedleError
        ``account.invalid``, naming what is wrong.
    """
    name, role, team, areas = (said.get(key) for key in ("name", "role", "team", "areas"))
    department = said.get("department") or None
    if not USERNAME.fullmatch(username):
        raise NeedleError("account.invalid", problem="username: a-z 0-9 . _ -")
    if not (isinstance(name, str) and 0 < len(name.strip()) <= LONGEST_NAME):
        raise NeedleError("account.invalid", problem="name")
    if role not in set(AccountRole):
        raise NeedleError("account.invalid", problem="role")
    if not isinstance(department, str | None) or isinstance(team, bool) or not isinstance(team, int | None):
        raise NeedleError("account.invalid", problem="department: text, team: number")
    if not isinstance(areas, list | None) or not all(isinstance(area, str) for area in areas or ()):
        raise NeedleError("account.invalid", problem="areas: [layer:code]")
    if (role == AccountRole.HANDLER) != (department is not None):
        raise NeedleError("account.invalid", problem="department")
    if team is not None and role != AccountRole.GRID_WORKER:
        raise NeedleError("account.invalid", problem="team")
    layer, codes = read_areas(areas or ())
    return AccountRow(0, username, name.strip(), str(role), department, team, layer, codes)


def layers_of(layers: Sequence[LayerRow], say: Words) -> list[list[str]]:
    """The layers whose areas an account may be bound to: [name, title]; unit cells are too small for that."""
    return [[layer.name, say.pick(layer.title_zh, layer.title_en)] for layer in layers if layer.kind != "grid"]
