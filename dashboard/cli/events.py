"""``needle events``: bring in what happened, or let it happen again through the real intake."""

from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import Annotated

import httpx
import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from dashboard.cast import Cast
from dashboard.cli import event_options as o
from dashboard.cli.city_tables import show_loaded
from dashboard.cli.replay import Tally, post_paced, sender
from data.cluster import ensure_database
from data.database import connect
from data.importers.city import import_into, matter_keys_of
from data.importers.layers import read_layer
from data.importers.synthetic import Report, synthetic_reports
from data.importers.wire import paced, skipped, wire_reports
from data.profile import load_profile
from data.profile_model import EventColumns, EventSource, Profile
from data.settings import get_settings
from dispatch.matters import matters
from dispatch.reference import load_reference, matter_row
from geo.errors import NeedleError

app = typer.Typer(help="Bring in what happened, or let it happen again.", no_args_is_help=True)
BAR = (TextColumn("{task.description:<24}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
Data = Annotated[Path | None, typer.Option(help="Folder of the profile's files. None: NEEDLE_DATA.")]


def columns_of(**names: str | None) -> dict[str, str | None]:
    """Options by the names that a profile's ``columns`` has."""
    return {name: names.get(name) for name in EventColumns.model_fields}


@app.command("import")
def import_file(
    file: Annotated[Path, typer.Argument(help="CSV, XLSX, Parquet or JSON, one event a row.")],
    profile: o.ProfileName = None,
    key: o.Key = None,
    reported_at: o.ReportedAt = None,
    due_at: o.DueAt = None,
    closed_at: o.ClosedAt = None,
    category: o.Category = None,
    title: o.TitleColumn = None,
    address: o.Address = None,
    x: o.X = None,
    y: o.Y = None,
    status: o.Status = None,
    department: o.Department = None,
    crs: o.CrsTag = None,
    uncertainty_m: o.UncertaintyM = 25.0,
    channel: o.Channel = "import",
    time_format: o.TimeFormat = "ISO8601",
    zone: o.Zone = "Asia/Shanghai",
    opened: o.Open = None,
    closed: o.Closed = None,
) -> None:
    """Bring past events into the city of the database: each row a report and a case with its history.

    Nothing is dropped: a row that cannot be a case stays a report with the reason. A second import adds nothing.
    """
    console = Console()
    if profile is not None:
        city, source = o.profile_source(profile, file.absolute())
    else:
        city = None
        columns = columns_of(
            key=key,
            reported_at=reported_at,
            due_at=due_at,
            closed_at=closed_at,
            category=category,
            title=title,
            address=address,
            x=x,
            y=y,
            status=status,
            department=department,
        )
        time = o.event_time(time_format, zone)
        source = o.with_status(
            o.option_source(file.absolute(), columns, crs, uncertainty_m, channel, time), opened, closed
        )
    with console.status(f"reading {file.name}"):
        events = o.read_source(source, city, Path())
        url = ensure_database(get_settings())
        load_reference(url)
    with connect(url) as connection, Progress(*BAR, console=console) as progress:
        task = progress.add_task("events", total=len(events))
        loaded = import_into(connection, city, source, events, lambda done, _: progress.update(task, completed=done))
    show_loaded(loaded, console)


@app.command()
def replay(
    file: Annotated[
        Path | None, typer.Argument(help="A table of events. None: the profile's own table or synthetic stream.")
    ] = None,
    speed: Annotated[float, typer.Option(min=0.001, help="How many times faster than it happened.")] = 1.0,
    profile: o.ProfileName = None,
    data: Data = None,
    url: Annotated[str | None, typer.Option(help="Where the server is. None: the configured address.")] = None,
    channel_key: Annotated[
        str | None,
        typer.Option(
            envvar="NEEDLE_CHANNEL_KEY", help="Of the reports' channel. None: as an operator of this installation."
        ),
    ] = None,
    limit: Annotated[int | None, typer.Option(min=1, help="Stop after so many reports.")] = None,
    keep_time: Annotated[bool, typer.Option("--keep-time", help="Send the recorded times, not those of now.")] = False,
    seed: Annotated[int | None, typer.Option(help="Of the synthetic stream. None: the profile's.")] = None,
    start: Annotated[
        datetime | None, typer.Option(help="Of the synthetic stream, UTC; the same start sends the same keys.")
    ] = None,
    key: o.Key = None,
    reported_at: o.ReportedAt = None,
    category: o.Category = None,
    title: o.TitleColumn = None,
    address: o.Address = None,
    x: o.X = None,
    y: o.Y = None,
    crs: o.CrsTag = None,
    uncertainty_m: o.UncertaintyM = 25.0,
    channel: o.Channel = "import",
    time_format: o.TimeFormat = "ISO8601",
    zone: o.Zone = "Asia/Shanghai",
) -> None:
    """Post events through the real intake with their own spacing, compressed by --speed. Ctrl-C stops.

    Each report is stamped with the moment at which it is posted (--keep-time: with its recorded time) and keeps its
    key, so that a second replay of the same events does nothing twice.
    """
    console = Console()
    folder = data or get_settings().data
    if file is None and profile is None:
        raise NeedleError("replay.nothing")
    with console.status("reading"):
        if file is None and (city := load_profile(str(profile))).events is None:
            reports, total = stream(city, folder, start, seed), None
        elif profile is not None:
            city, source = o.profile_source(profile, file.absolute() if file is not None else None)
            reports, total = past(city, source, folder, console)
        else:
            columns = columns_of(
                key=key, reported_at=reported_at, category=category, title=title, address=address, x=x, y=y
            )
            time = o.event_time(time_format, zone)
            source = o.option_source(Path(str(file)).absolute(), columns, crs, uncertainty_m, channel, time)
            reports, total = past(None, source, Path(), console)
    count = min(filter(None, (limit, total)), default=None)
    run_replay(islice(reports, limit), count, speed, url, keep_time, sender_headers(channel_key), console)


def sender_headers(channel_key: str | None) -> dict[str, str]:
    """As whom reports are posted."""
    if channel_key:
        return {"Authorization": f"Bearer {channel_key}"}
    return Cast(ensure_database(get_settings())).headers("operator:replay")


def past(
    profile: Profile | None, source: EventSource, folder: Path, console: Console
) -> tuple[Iterator[Report], int | None]:
    """The events of a table in the wire format, and how many; says how many cannot be posted."""
    events = o.read_source(source, profile, folder)
    keys, _ = matter_keys_of(profile, events, [matter_row(m) for m in matters().values()])
    left_out = skipped(events, keys)
    if left_out:
        console.print(f"left out, without a time or a known matter: {left_out:,}")
    return wire_reports(events, source, keys), len(events) - left_out


def stream(profile: Profile, folder: Path, start: datetime | None, seed: int | None) -> Iterator[Report]:
    """The profile's synthetic reports, from ``start`` (UTC; None: now) on."""
    if profile.synthetic is None:
        raise NeedleError("replay.nothing")
    entry = next(entry for entry in profile.layer if entry.name == profile.synthetic.layer)
    begin = start.replace(tzinfo=UTC) if start is not None else datetime.now(UTC)
    return synthetic_reports(profile, read_layer(entry, folder).layer, begin, seed)


def run_replay(
    reports: Iterator[Report],
    total: int | None,
    speed: float,
    url: str | None,
    keep_time: bool,
    headers: dict[str, str],
    console: Console,
) -> None:
    """Post until the end or Ctrl-C, with a bar, and say what the intake answered."""
    settings, tally = get_settings(), Tally()
    target = (url or f"http://{settings.host}:{settings.port}").rstrip("/")
    timed = paced(reports, datetime.now(UTC), speed, restamp=not keep_time)
    with httpx.Client(headers=headers, trust_env=False) as client, Progress(*BAR, console=console) as progress:
        task = progress.add_task("posting", total=total)
        post = sender(client, target, tally)

        def send(batch: list[Report]) -> None:
            post(batch)
            progress.update(task, completed=tally.sent)

        try:
            post_paced(timed, send)
        except KeyboardInterrupt:
            progress.stop()
            console.print("stopped")
    refused = ", ".join(f"{code} {count:,}" for code, count in sorted(tally.refused.items())) or "0"
    console.print(
        f"stored {tally.stored:,}, there before {tally.duplicates:,}, refused {refused}", highlight=False, markup=False
    )
