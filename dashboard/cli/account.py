"""``needle account``: who may sign in, with which role, and what they see; links that sign screens in."""

from dataclasses import replace
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from dashboard.accounts import AccountRole
from dashboard.passwords import hash_password, random_password
from dashboard.sessions import SCREEN, new_token
from data.cluster import ensure_database
from data.database import Connection, connect
from data.settings import get_settings
from data.stores.accounts import AccountRow, add_account, change_account, load_account, load_accounts, set_password
from data.stores.audit import Deed, add_entry
from data.stores.sessions import close_sessions, hash_token, open_session_now
from geo.errors import NeedleError

app = typer.Typer(help="Say who may sign in, with which role, and what they see.", no_args_is_help=True)
CONSOLE = "console"
Username = Annotated[str, typer.Argument(help="Small letters, digits, dot, dash.")]
Areas = Annotated[
    list[str] | None, typer.Option("--area", help="Only cases of this area, LAYER:CODE; may repeat, of one layer.")
]


@app.command("list")
def list_accounts() -> None:
    """List the accounts: role, what they see, whether they may sign in."""
    with connect(ensure_database(get_settings())) as connection:
        found = load_accounts(connection)
    table = Table("account", "name", "role", "sees", "active")
    for row in found:
        table.add_row(row.username, row.name, row.role, sees(row), "yes" if row.active else "no")
    Console().print(table if found else "no accounts yet: needle account add NAME --role admin")


@app.command()
def add(
    username: Username,
    role: Annotated[AccountRole, typer.Option(help="What the account is for.")],
    name: Annotated[str, typer.Option(help="The person's name.")] = "",
    area: Areas = None,
    department: Annotated[str | None, typer.Option(help="Code of a handler's department.")] = None,
    team: Annotated[int | None, typer.Option(help="Number of the team whose tasks a grid worker does.")] = None,
    subject: Annotated[
        str | None, typer.Option(help="ISSUER|SUBJECT, as the identity provider knows the person; no password then.")
    ] = None,
) -> None:
    """Make an account and print its password. It is shown this once: only its hash is kept."""
    layer, codes = read_areas(area)
    row = AccountRow(0, username.lower(), name or username, role.value, department, team, layer, codes)
    password = None if subject is not None or role is AccountRole.SCREEN else random_password()
    with connect(ensure_database(get_settings())) as connection:
        add_account(connection, row, hash_password(password) if password else None, subject)
        note(connection, "account.add", row, {"role": role.value})
    print(password or f"{row.username}: no password")


@app.command()
def reset(username: Username) -> None:
    """Give an account another password and print it; its sessions end."""
    password = random_password()
    with connect(ensure_database(get_settings())) as connection:
        row = load_account(connection, username)
        set_password(connection, row.id, hash_password(password))
        note(connection, "account.reset", row)
    print(password)


@app.command()
def disable(username: Username) -> None:
    """Let an account sign in no more; its sessions end."""
    switch(username, active=False)


@app.command()
def enable(username: Username) -> None:
    """Let an account sign in again."""
    switch(username, active=True)


@app.command()
def areas(username: Username, area: Areas = None) -> None:
    """Say which areas an account sees; none named: the whole city."""
    layer, codes = read_areas(area)
    with connect(ensure_database(get_settings())) as connection:
        row = replace(load_account(connection, username), area_layer=layer, area_codes=codes)
        change_account(connection, row)
        note(connection, "account.areas", row, {"areas": [f"{layer}:{code}" for code in codes]})
    Console().print(f"{row.username}: {sees(row)}")


@app.command()
def screen(
    username: Username,
    url: Annotated[str | None, typer.Option(help="Where the screen finds the server.")] = None,
    area: Areas = None,
) -> None:
    """Print a link that signs a screen in for a year: it shows the wall, needs no keyboard, and may change nothing.

    The link is shown this once. A new link for the same name ends the old one, needle account disable ends it for good.
    """
    settings, token = get_settings(), new_token()
    layer, codes = read_areas(area)
    with connect(ensure_database(settings)) as connection:
        row = AccountRow(0, username.lower(), username, AccountRole.SCREEN.value, None, None, layer, codes)
        account_id = own_screen(connection, row)
        close_sessions(connection, account_id)
        open_session_now(connection, hash_token(token), account_id, SCREEN)
        note(connection, "account.screen", row)
    print(f"{url or f'http://{settings.host}:{settings.port}'}/screen/{token}")


def own_screen(connection: Connection, row: AccountRow) -> int:
    """The id of a screen's account, made or written anew; ``account.taken`` where the name is a person's."""
    try:
        known = load_account(connection, row.username)
    except NeedleError:
        return add_account(connection, row)
    if known.role != AccountRole.SCREEN:
        raise NeedleError("account.taken", username=row.username)
    change_account(connection, replace(row, id=known.id))
    return known.id


def switch(username: str, *, active: bool) -> None:
    """Let an account sign in, or not."""
    with connect(ensure_database(get_settings())) as connection:
        row = replace(load_account(connection, username), active=active)
        change_account(connection, row)
        if not active:
            close_sessions(connection, row.id)
        note(connection, "account.enable" if active else "account.disable", row)
    Console().print(f"{row.username} is {'enabled' if active else 'disabled'}.")


def note(connection: Connection, action: str, row: AccountRow, detail: dict[str, object] | None = None) -> None:
    """Write into the audit what was done at the console."""
    add_entry(connection, Deed(CONSOLE, action, f"account:{row.username}", "", detail or {}))


def read_areas(said: list[str] | None) -> tuple[str | None, tuple[str, ...]]:
    """Layer and codes of ``LAYER:CODE …``.

    Raises
    ------
    NeedleError
        ``account.invalid`` for areas without a code, or of several layers: what an account sees would be ambiguous.
    """
    pairs = [text.partition(":") for text in said or []]
    layers = {layer for layer, _, _ in pairs}
    if len(layers) > 1 or not all(layer and code for layer, _, code in pairs):
        raise NeedleError("account.invalid", problem="--area LAYER:CODE")
    return (next(iter(layers)), tuple(code for _, _, code in pairs)) if pairs else (None, ())


def sees(row: AccountRow) -> str:
    """What an account sees, for a list."""
    areas = ", ".join(f"{row.area_layer}:{code}" for code in row.area_codes)
    parts = [areas, row.department_code or "", "" if row.team_id is None else f"team {row.team_id}"]
    return "; ".join(filter(None, parts)) or "the whole city"
