"""``needle demo``: the demo city, alive, in one command."""

from collections.abc import Callable
from typing import Annotated, Literal

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from dashboard.cli.up import Host, Port, address, chosen_settings, run_together
from dashboard.supervisor import Part, needle_command
from data.cluster import ensure_database
from data.stores.status import city_loaded

Tell = Callable[[str, int, int], None]


def build(url: str, size: Literal["block", "district", "city"], console: Console) -> None:
    """Build the demo city in an empty database, with progress."""
    from dispatch.rehearsal import build_demo_city

    columns = (TextColumn("{task.description:<28}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console) as progress:
        tasks: dict[str, int] = {}

        def tell(label: str, done: int, total: int) -> None:
            if label not in tasks:
                tasks[label] = progress.add_task(label, total=total)
            progress.update(tasks[label], completed=done, total=total)

        build_demo_city(url, size, tell)


def demo(
    size: Annotated[
        Literal["block", "district", "city"], typer.Option(help="block: a few streets; city: 60 km, a million cases")
    ] = "district",
    host: Host = None,
    port: Port = None,
    per_minute: Annotated[float, typer.Option(min=0.1, help="Live reports a minute.")] = 30.0,
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
    people = needle_command("rehearse", "--url", address(settings), "--per-minute", str(per_minute))
    run_together(settings, url, [Part("people", people)], console)
