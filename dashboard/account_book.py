"""What is done with accounts, at the console and on the page alike: made, changed, switched, given a password or a link.

Each function works on one connection whose transaction its caller ends; what the audit keeps is written in it.
"""

from collections.abc import Collection
from dataclasses import dataclass, replace
from typing import Any, Final

from dashboard.accounts import Account, AccountRole
from dashboard.passwords import hash_password, random_password
from dashboard.sessions import SCREEN, new_token
from data.database import Connection
from data.stores.accounts import AccountRow, add_account, change_account, load_account, lock_admins, set_password
from data.stores.audit import Deed, add_entry
from data.stores.sessions import close_sessions, hash_token, open_session_now
from geo.errors import NeedleError

CONSOLE: Final = "console"


@dataclass(frozen=True, slots=True)
class By:
    """Who does it. ``account`` None: somebody at the machine, whom nothing bounds; ``address``: from where."""

    account: Account | None = None
    address: str = ""

    @property
    def name(self) -> str:
        """As the audit says it."""
        return CONSOLE if self.account is None else self.account.username


def add(connection: Connection, by: By, row: AccountRow, subject: str | None = None) -> str | None:
    """Make an account; its password, which is kept nowhere, or None where it needs none (a screen's, a provider's).

    Raises
    ------
    NeedleError
        ``account.taken``, ``account.invalid``, ``account.beyond``.
    """
    check_within(by, row)
    password = None if subject is not None or row.role == AccountRole.SCREEN else random_password()
    add_account(connection, row, hash_password(password) if password else None, subject)
    note(connection, by, "account.add", row, {"role": row.role})
    return password


def reset(connection: Connection, by: By, username: str) -> str:
    """Another password; the account's sessions end.

    Raises
    ------
    NeedleError
        ``account.unknown``, ``account.beyond``, ``account.invalid`` for a screen, which signs in by a link.
    """
    row = find(connection, by, username)
    if row.role == AccountRole.SCREEN:
        raise NeedleError("account.invalid", problem="screen")
    password = random_password()
    set_password(connection, row.id, hash_password(password))
    note(connection, by, "account.reset", row)
    return password


def switch(connection: Connection, by: By, username: str, *, active: bool) -> AccountRow:
    """Let an account sign in, or not; its sessions end then.

    Raises
    ------
    NeedleError
        ``account.unknown``, ``account.beyond``, ``account.own``, ``account.last_admin``.
    """
    row = replace(find(connection, by, username), active=active)
    keep_a_way_in(connection, by, row)
    change_account(connection, row)
    if not active:
        close_sessions(connection, row.id)
    note(connection, by, "account.enable" if active else "account.disable", row)
    return row


def change(connection: Connection, by: By, row: AccountRow) -> AccountRow:
    """Write name, role and what an account sees anew; ``row.username`` says which. A screen stays one, others become none.

    Raises
    ------
    NeedleError
        ``account.unknown``, ``account.beyond``, ``account.own``, ``account.last_admin``, ``account.invalid``.
    """
    before = find(connection, by, row.username)
    if (before.role == AccountRole.SCREEN) != (row.role == AccountRole.SCREEN):
        raise NeedleError("account.invalid", problem="screen")
    after = replace(row, id=before.id, active=before.active)
    check_within(by, after)
    keep_a_way_in(connection, by, after)
    change_account(connection, after)
    areas = [f"{row.area_layer}:{code}" for code in row.area_codes]
    note(connection, by, "account.change", after, {"role": row.role, "areas": areas})
    return after


def screen_link(connection: Connection, by: By, row: AccountRow) -> str:
    """A token that signs a screen in for a year; the one before ends. ``row``: the screen's account, made where it is missing.

    Raises
    ------
    NeedleError
        ``account.taken`` where the name is a person's, ``account.beyond``.
    """
    check_within(by, row)
    token, account_id = new_token(), own_screen(connection, by, row)
    close_sessions(connection, account_id)
    open_session_now(connection, hash_token(token), account_id, SCREEN)
    note(connection, by, "account.screen", row)
    return token


def own_screen(connection: Connection, by: By, row: AccountRow) -> int:
    """The id of a screen's account, made or written anew."""
    try:
        known = find(connection, by, row.username)
    except NeedleError as error:
        if error.code != "account.unknown":
            raise
        return add_account(connection, row)
    if known.role != AccountRole.SCREEN:
        raise NeedleError("account.taken", username=row.username)
    change_account(connection, replace(row, id=known.id))
    return known.id


# --- bounds -----------------------------------------------------------------------------------------------------


def find(connection: Connection, by: By, username: str) -> AccountRow:
    """An account that may be looked after; one beyond an administrator's areas is unknown to them."""
    row = load_account(connection, username)
    if not is_within(by, row):
        raise NeedleError("account.unknown", username=username)
    return row


def is_within(by: By, row: AccountRow) -> bool:
    """Whether an account sees no more than whoever looks after it: nobody gives what they have not."""
    own = by.account.areas if by.account is not None else ()
    return not own or (bool(row.area_codes) and {(row.area_layer, code) for code in row.area_codes} <= set(own))


def check_within(by: By, row: AccountRow) -> None:
    """Refuse to give more than one has (``account.beyond``)."""
    if not is_within(by, row):
        raise NeedleError("account.beyond")


def keep_a_way_in(connection: Connection, by: By, after: AccountRow) -> None:
    """Refuse what locks somebody out: their own role, areas and entry stay, and one administrator of the whole city does."""
    stays = after.active and after.role == AccountRole.ADMIN
    if by.account is not None and by.account.id == after.id:
        areas = {(after.area_layer, code) for code in after.area_codes}
        if not stays or areas != set(by.account.areas):
            raise NeedleError("account.own")
    admins = lock_admins(connection)
    if after.id in admins and not (stays and whole(after)) and len(admins) == 1:
        raise NeedleError("account.last_admin", username=after.username)


def whole(row: AccountRow) -> bool:
    """Whether it sees the whole city."""
    return row.area_layer is None


def note(connection: Connection, by: By, action: str, row: AccountRow, detail: dict[str, Any] | None = None) -> None:
    """Write into the audit what was done."""
    add_entry(connection, Deed(by.name, action, f"account:{row.username}", by.address, detail or {}))


def read_areas(said: Collection[str]) -> tuple[str | None, tuple[str, ...]]:
    """Layer and codes of ``LAYER:CODE …``.

    Raises
    ------
    NeedleError
        ``account.invalid`` for areas without a code, or of several layers: what an account sees would be ambiguous.
    """
    pairs = [text.partition(":") for text in said]
    layers = {layer for layer, _, _ in pairs}
    if len(layers) > 1 or not all(layer and code for layer, _, code in pairs):
        raise NeedleError("account.invalid", problem="LAYER:CODE")
    return (next(iter(layers)), tuple(code for _, _, code in pairs)) if pairs else (None, ())
