"""``needle connector``: departments' own systems that are told of cases and answer."""

import asyncio
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from data.cluster import ensure_database
from data.database import connect, open_pool
from data.settings import get_settings
from data.stores import deliveries
from data.stores.reading import reading
from dispatch.delivery.connectors import as_settings, parse_connector

app = typer.Typer(
    help="Connect departments' own systems: which are told of cases, and what is not delivered.", no_args_is_help=True
)
LISTED = 50
Name = Annotated[str, typer.Argument(help="The system's name.")]


@app.command()
def add(file: Annotated[Path, typer.Argument(help="Connector file (TOML).", exists=True, dir_okay=False)]) -> None:
    """Enter a system, or change it; it is told of what happens from now on."""
    connector = parse_connector(file.read_text(encoding="utf-8"))
    with connect(ensure_database(get_settings())) as connection:
        deliveries.save_subscription(
            connection, connector.name, connector.kind, connector.department, as_settings(connector)
        )
    Console().print(f"{connector.name} is told of cases from now on.")


@app.command("list")
def list_systems() -> None:
    """List the systems and how deliveries to each stand."""
    health = asyncio.run(_health())
    table = Table("number", "system", "kind", "active", "waiting", "given up", "delivered", "last problem")
    for row in health:
        numbers = (str(row.waiting), str(row.given_up), str(row.delivered))
        table.add_row(str(row.id), row.name, row.kind, "yes" if row.active else "no", *numbers, row.problem or "")
    Console().print(table if health else "no systems yet: needle connector add FILE")


@app.command()
def pause(name: Name) -> None:
    """Cease to tell a system; what already waits for it is kept."""
    _set_active(name, active=False)


@app.command()
def resume(name: Name) -> None:
    """Tell a system again."""
    _set_active(name, active=True)


@app.command()
def undelivered() -> None:
    """List what is not delivered: what was given up first, then what waits."""
    rows = asyncio.run(_undelivered())
    table = Table("delivery", "system", "case", "event", "tries", "next try", "given up", "problem")
    for row in rows:
        given_up = row.given_up_at.isoformat(timespec="seconds") if row.given_up_at else ""
        again = "" if row.given_up_at or not row.next_try_at else row.next_try_at.isoformat(timespec="seconds")
        table.add_row(
            str(row.id), row.subscription, row.number, row.action, str(row.tries), again, given_up, row.problem or ""
        )
    Console().print(table if rows else "everything is delivered.")


@app.command()
def retry(delivery: Annotated[int, typer.Argument(help="Its number, as undelivered lists it.")]) -> None:
    """Try a delivery again that was given up."""
    asyncio.run(_retry(delivery))
    Console().print(f"delivery {delivery} is tried again.")


def _set_active(name: str, *, active: bool) -> None:
    with connect(ensure_database(get_settings())) as connection:
        deliveries.set_active(connection, name, active)
    Console().print(f"{name} is {'told again' if active else 'no longer told'}.")


async def _health() -> list[deliveries.HealthRow]:
    async with open_pool(ensure_database(get_settings()), size=1) as pool, reading(pool) as connection:
        return await deliveries.load_health(connection)


async def _undelivered() -> list[deliveries.DeliveryRow]:
    async with open_pool(ensure_database(get_settings()), size=1) as pool, reading(pool) as connection:
        return await deliveries.load_undelivered(connection, LISTED)


async def _retry(delivery: int) -> None:
    async with open_pool(ensure_database(get_settings()), size=1) as pool, reading(pool) as connection:
        await deliveries.retry(connection, delivery)
