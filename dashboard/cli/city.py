"""``needle city``: bring in a real city by its profile, and check how well its records agree with ours."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Annotated
from zoneinfo import ZoneInfo

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeElapsedColumn
from rich.table import Table

from dashboard.cli.city_check import check_city, show_check
from dashboard.cli.city_tables import show_loaded
from data.cluster import ensure_database
from data.database import connect
from data.importers.city import Progress as Tell
from data.importers.city import RealCity, import_into, read_city, save_city
from data.profile import load_profile, profile_names
from data.settings import get_settings
from dispatch.reference import load_reference
from geo.errors import NeedleError

app = typer.Typer(help="Bring in a real city by its profile.", no_args_is_help=True)
COLUMNS = (TextColumn("{task.description:<24}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())

ProfileArgument = Annotated[str, typer.Argument(help="A profile's name (needle city list), or your own .toml file.")]
Data = Annotated[Path | None, typer.Option(help="Folder that the profile's files are in. None: NEEDLE_DATA.")]


@contextmanager
def telling(console: Console) -> Iterator[Tell]:
    """A bar for each step, as they come."""
    with Progress(*COLUMNS, console=console) as progress:
        tasks: dict[str, TaskID] = {}

        def tell(label: str, done: int, total: int) -> None:
            if label not in tasks:
                tasks[label] = progress.add_task(label, total=total)
            progress.update(tasks[label], completed=done, total=total)

        yield tell


@app.command("list")
def list_profiles() -> None:
    """The cities that the project has a profile for."""
    table = Table()
    for column in ("profile", "city", "layers", "teams from", "events"):
        table.add_column(column)
    for name in profile_names():
        profile = load_profile(name)
        happened = profile.events.file if profile.events else "generated stream" if profile.synthetic else ""
        layers, bases = ", ".join(entry.name for entry in profile.layer), ", ".join(e.name for e in profile.team)
        table.add_row(name, f"{profile.title.zh} {profile.title.en}", layers, bases, happened)
    Console().print(table)


@app.command()
def load(
    profile: ProfileArgument,
    data: Data = None,
    events: Annotated[bool, typer.Option(help="Also what happened; --no-events to replay it instead.")] = True,
) -> None:
    """Load a city: boundaries, departments, teams, matters, rules, and what happened. Loading again adds only what is
    new."""
    console = Console()
    entry, folder = load_profile(profile), data or get_settings().data
    with telling(console) as tell:
        city = read_city(entry, folder, tell)
        tell("database", 0, 1)
        url = ensure_database(get_settings())
        load_reference(url)
        with connect(url) as connection:
            save_city(connection, city, datetime.now(ZoneInfo(entry.timezone)).date())
            tell("database", 1, 1)
            source, table = entry.events, city.events
            loaded = (
                import_into(connection, entry, source, table, lambda done, total: tell("events", done, total))
                if events and source is not None and table is not None
                else None
            )
    show_city(city, console)
    if loaded is not None:
        show_loaded(loaded, console)
    elif entry.synthetic is not None:
        console.print(f"stream reports over it: needle events replay --profile {profile}", highlight=False)


@app.command()
def check(profile: ProfileArgument, data: Data = None) -> None:
    """Hold a city's records against what we say of them: districts, unknown locations, learned departments. No
    database."""
    console = Console()
    entry, folder = load_profile(profile), data or get_settings().data
    if entry.check is None:
        raise NeedleError("profile.no_check", name=profile)
    with telling(console) as tell:
        found = check_city(read_city(entry, folder, tell), tell)
    show_check(found, console)
    if not found.met:
        raise typer.Exit(1)


def show_city(city: RealCity, console: Console) -> None:
    """Print what a city consists of, and what was repaired to read it."""
    profile = city.profile
    table = Table(title=f"{profile.title.zh} {profile.title.en}", title_justify="left", show_header=False)
    table.add_column()
    table.add_column(justify="right")
    for read in city.layers:
        table.add_row(f"{read.entry.title.zh} {read.entry.title.en}", f"{len(read.layer):,}")
    table.add_row("部门 departments", f"{len(profile.department):,}")
    table.add_row("队伍 teams", f"{len(city.teams):,}")
    if city.matters:
        table.add_row("本市事项 own matters", f"{len(city.matters):,}")
    console.print(table)
    for sentence in (s for read in city.layers for s in (*read.report.sentences("zh"), *read.report.sentences("en"))):
        console.print(f"  {sentence}", highlight=False, markup=False)
