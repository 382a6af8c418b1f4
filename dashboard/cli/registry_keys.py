"""``needle registry key``: which departments' systems may read the registry, as the page ``/registry/keys`` does."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime
from typing import Annotated, Final, TypeVar

import typer
from rich.console import Console
from rich.table import Table

from dashboard.registry_key_book import new_key, read_wanted
from data.cluster import ensure_database
from data.database import open_pool
from data.settings import get_settings
from data.stores import registry_access as access
from data.stores.audit import Deed, add_entries
from data.stores.reading import reading

app = typer.Typer(
    help="Give departments' systems keys to read the registry, list them, revoke them.", no_args_is_help=True
)
CONSOLE: Final = "console"
Found = TypeVar("Found")


def over_registry(work: Callable[[access.AsyncConnection], Awaitable[Found]]) -> Found:
    """Do some work in one transaction."""

    async def run(url: str) -> Found:
        async with open_pool(url, size=1) as pool, reading(pool) as connection:
            return await work(connection)

    return asyncio.run(run(ensure_database(get_settings())))


@app.command()
def add(
    department: Annotated[str, typer.Argument(help="Code of the department.")],
    holder: Annotated[str, typer.Option(help="Which of its systems will hold the key.")],
    purpose: Annotated[list[str], typer.Option(help="Code of a purpose that it may call for; several times.")],
    area: Annotated[
        list[str] | None, typer.Option(help="LAYER:CODE, only records that lie there; several times. None: everywhere.")
    ] = None,
    per_minute: Annotated[int, typer.Option(min=1, help="Calls that it may make in a minute.")] = 60,
    rows_a_day: Annotated[int, typer.Option(min=1, help="Records that it may read in a day.")] = 5_000,
) -> None:
    """Make a key and print it. It is shown this once: only its hash is kept."""
    wanted = read_wanted(
        {
            "department": department,
            "holder": holder,
            "purposes": purpose,
            "areas": area or [],
            "per_minute": per_minute,
            "rows_a_day": rows_a_day,
        }
    )

    async def keep(connection: access.AsyncConnection) -> str:
        number, key = await new_key(connection, wanted)
        told = {"department": wanted.department, "purposes": wanted.purposes}
        await add_entries(connection, [Deed(CONSOLE, "registry.key_made", f"key:{number}", detail=told)])
        return key

    print(over_registry(keep))


@app.command("list")
def list_keys() -> None:
    """List the keys: number, department, holder, purposes, areas, limits, what they have read."""

    async def load(
        connection: access.AsyncConnection,
    ) -> tuple[Sequence[access.DepartmentKey], dict[str, tuple[int, datetime]]]:
        return await access.load_keys(connection), await access.count_by_key(connection)

    found, used = over_registry(load)
    headings = (
        "number",
        "department",
        "holder",
        "purposes",
        "areas",
        "a minute",
        "rows a day",
        "read",
        "since",
        "revoked",
    )
    table = Table(*headings)
    for key in found:
        table.add_row(*row_of(key, used))
    Console().print(table if found else "no keys yet: needle registry key add DEPARTMENT --holder NAME --purpose CODE")


def row_of(key: access.DepartmentKey, used: dict[str, tuple[int, datetime]]) -> tuple[str, ...]:
    """A key's line: never the key itself."""
    areas = ", ".join(f"{key.area_layer}:{code}" for code in key.area_codes) or "everywhere"
    read = used.get(str(key.id), (0, None))[0]
    revoked = key.revoked_at.isoformat(timespec="minutes") if key.revoked_at else ""
    limits = (str(key.per_minute), str(key.rows_a_day), str(read))
    since = key.created_at.isoformat(timespec="minutes")
    return (str(key.id), key.department_code, key.holder, ", ".join(key.purposes), areas, *limits, since, revoked)


@app.command()
def revoke(
    number: Annotated[int, typer.Argument(help="The key's number, as needle registry key list has it.")],
) -> None:
    """Let a key open nothing any more."""

    async def end(connection: access.AsyncConnection) -> None:
        await access.revoke_department_key(connection, number)
        await add_entries(connection, [Deed(CONSOLE, "registry.key_revoked", f"key:{number}")])

    over_registry(end)
    Console().print(f"key {number} is revoked.")
