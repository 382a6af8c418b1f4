"""``needle account``: who may sign in, with which role, and what they see; links that sign screens in."""

from dataclasses import replace
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from dashboard import account_book
from dashboard.account_book import By, read_areas
from dashboard.accounts import AccountRole
from data.cluster import ensure_database
from data.database import connect
from data.settings import get_settings
from data.stores.accounts import AccountRow, load_account, load_accounts

app = typer.Typer(help="Say who may sign in, with which role, and what they see.", no_args_is_help=True)
CONSOLE = By()
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
    layer, codes = read_areas(area or ())
    row = AccountRow(0, username.lower(), name or username, role.value, department, team, layer, codes)
    with connect(ensure_database(get_settings())) as connection:
        password = account_book.add(connection, CONSOLE, row, subject)
    print(password or f"{row.username}: no password")


@app.command()
def reset(username: Username) -> None:
    """Give an account another password and print it; its sessions end."""
    with connect(ensure_database(get_settings())) as connection:
        print(account_book.reset(connection, CONSOLE, username))


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
    layer, codes = read_areas(area or ())
    with connect(ensure_database(get_settings())) as connection:
        row = replace(load_account(connection, username), area_layer=layer, area_codes=codes)
        account_book.change(connection, CONSOLE, row)
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
    settings = get_settings()
    layer, codes = read_areas(area or ())
    with connect(ensure_database(settings)) as connection:
        row = AccountRow(0, username.lower(), username, AccountRole.SCREEN.value, None, None, layer, codes)
        token = account_book.screen_link(connection, CONSOLE, row)
    print(f"{url or f'http://{settings.host}:{settings.port}'}/screen/{token}")


def switch(username: str, *, active: bool) -> None:
    """Let an account sign in, or not."""
    with connect(ensure_database(get_settings())) as connection:
        row = account_book.switch(connection, CONSOLE, username, active=active)
    Console().print(f"{row.username} is {'enabled' if active else 'disabled'}.")


def sees(row: AccountRow) -> str:
    """What an account sees, for a list."""
    areas = ", ".join(f"{row.area_layer}:{code}" for code in row.area_codes)
    parts = [areas, row.department_code or "", "" if row.team_id is None else f"team {row.team_id}"]
    return "; ".join(filter(None, parts)) or "the whole city"
