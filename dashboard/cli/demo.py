"""``needle demo``: the demo city, alive, in one command."""

from datetime import UTC, datetime
from typing import Annotated, Literal

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeElapsedColumn

from dashboard.cli.demo_accounts import accounts_table, ensure_demo_accounts
from dashboard.cli.demo_asking import ensure_demo_asking
from dashboard.cli.demo_patrols import ensure_demo_patrols
from dashboard.cli.demo_system import ensure_demo_system
from dashboard.cli.up import Host, Port, address, chosen_settings, run_together
from dashboard.supervisor import Part, needle_command
from data.cluster import ensure_database
from data.database import connect
from data.stores.status import city_loaded


def build(url: str, size: Literal["block", "district", "city"], console: Console) -> None:
    """Build the demo city in an empty database, with progress."""
    from data.demo.city import make_city
    from data.demo.load import load_city
    from data.demo.load_registry import load_registry
    from data.demo.size import PRESETS
    from dispatch.matters import matters
    from dispatch.reference import load_reference

    columns = (TextColumn("{task.description:<28}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console) as progress:
        tasks: dict[str, TaskID] = {}

        def tell(label: str, done: int, total: int) -> None:
            if label not in tasks:
                tasks[label] = progress.add_task(label, total=total)
            progress.update(tasks[label], completed=done, total=total)

        load_reference(url)
        with connect(url) as connection:
            now = datetime.now(UTC)
            city = make_city(PRESETS[size])
            load_city(connection, city, matters().values(), now, tell)
            load_registry(connection, city, now, tell)


def demo(
    size: Annotated[
        Literal["block", "district", "city"], typer.Option(help="block: a few streets; city: 60 km, a million cases")
    ] = "district",
    host: Host = None,
    port: Port = None,
    per_minute: Annotated[
        float | None, typer.Option(min=0.1, help="Live reports a minute. None: as many as the city had lately.")
    ] = None,
) -> None:
    """Build the demo city (first time only) and show it live: reports, teams at work, everything on the wall map."""
    console = Console()
    settings = chosen_settings(host, port)
    with console.status("starting the database"):
        url = ensure_database(settings)
    loaded = city_loaded(url)
    if loaded is None:
        build(url, size, console)
    else:
        console.print(f"city: {loaded[1]} ({loaded[0]}), kept from before")
    pace = [] if per_minute is None else ["--per-minute", str(per_minute)]
    accounts = accounts_table(ensure_demo_accounts(url, settings.home / "secrets"))
    with console.status("asking a street"):
        ensure_demo_asking(url, settings.home)
    with console.status("walking a street"):
        ensure_demo_patrols(url)
    own = ensure_demo_system(url, settings)
    elsewhere = [] if own is None else ["--elsewhere", own.department]
    people = needle_command("rehearse", "--url", address(settings), *pace, *elsewhere)
    more = [Part("people", people)] if own is None else [own.part, Part("people", people)]
    run_together(settings, url, more, console, accounts, {} if own is None else own.environment)
