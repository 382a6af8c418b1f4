"""What ``events import`` and ``events replay`` share: which column of a table is what, by profile or by options."""

from pathlib import Path
from typing import Annotated

import typer

from data.importers.events import EventTable, read_events
from data.importers.sources import read_events_table
from data.profile import load_profile
from data.profile_model import EventColumns, EventSource, EventStatus, EventTime, Profile
from geo.errors import NeedleError

COLUMNS, VALUES = "Which column is what (without a profile)", "How values are written (without a profile)"

ProfileName = Annotated[str | None, typer.Option("--profile", help="A city's profile, or your own .toml file.")]
Key = Annotated[str | None, typer.Option(help="Its key, by which nothing is taken twice.", rich_help_panel=COLUMNS)]
ReportedAt = Annotated[str | None, typer.Option(help="When it was reported.", rich_help_panel=COLUMNS)]
DueAt = Annotated[str | None, typer.Option(help="By when it is due.", rich_help_panel=COLUMNS)]
ClosedAt = Annotated[str | None, typer.Option(help="When it was closed.", rich_help_panel=COLUMNS)]
Category = Annotated[
    str | None, typer.Option(help="Its matter: a key (2026:event:09006) or a matter's name.", rich_help_panel=COLUMNS)
]
TitleColumn = Annotated[str | None, typer.Option("--title", help="In words.", rich_help_panel=COLUMNS)]
Address = Annotated[str | None, typer.Option(help="Address.", rich_help_panel=COLUMNS)]
X = Annotated[str | None, typer.Option(help="Longitude or easting.", rich_help_panel=COLUMNS)]
Y = Annotated[str | None, typer.Option(help="Latitude or northing.", rich_help_panel=COLUMNS)]
Status = Annotated[str | None, typer.Option(help="Open or closed.", rich_help_panel=COLUMNS)]
Department = Annotated[str | None, typer.Option(help="Code of the department.", rich_help_panel=COLUMNS)]
CrsTag = Annotated[
    str | None, typer.Option("--crs", help="Of x and y: wgs84, gcj02, bd09, EPSG:n.", rich_help_panel=VALUES)
]
UncertaintyM = Annotated[float, typer.Option(help="Of a location, in metres.", rich_help_panel=VALUES)]
Channel = Annotated[str, typer.Option(help="Code of the channel.", rich_help_panel=VALUES)]
TimeFormat = Annotated[str, typer.Option(help="ISO8601, or a strptime format.", rich_help_panel=VALUES)]
Zone = Annotated[str, typer.Option(help="Time zone of times that name no offset.", rich_help_panel=VALUES)]
Open = Annotated[list[str] | None, typer.Option("--open", help="A status that means open.", rich_help_panel=VALUES)]
Closed = Annotated[
    list[str] | None, typer.Option("--closed", help="A status that means closed.", rich_help_panel=VALUES)
]


def profile_source(name: str, path: Path | None) -> tuple[Profile, EventSource]:
    """A profile and its table of events, read from another file when ``path`` says so.

    Raises
    ------
    NeedleError
        ``profile.no_events`` and what ``load_profile`` refuses.
    """
    profile = load_profile(name)
    if profile.events is None:
        raise NeedleError("profile.no_events", name=name)
    return profile, profile.events.model_copy(update={"file": str(path)} if path is not None else {})


def option_source(
    path: Path, columns: dict[str, str | None], crs: str | None, uncertainty_m: float, channel: str, time: EventTime
) -> EventSource:
    """A source made of options. ``columns`` has the fields of ``EventColumns``.

    Raises
    ------
    NeedleError
        ``events.options`` when the key, the time or the coordinate system of given coordinates is not named.
    """
    missing = [f"--{name.replace('_', '-')}" for name in ("key", "reported_at") if not columns.get(name)]
    missing += ["--crs"] if columns.get("x") and not crs else []
    if missing:
        raise NeedleError("events.options", missing=", ".join(missing))
    return EventSource(
        file=str(path),
        crs=crs or "wgs84",
        uncertainty_m=uncertainty_m,
        channel=channel,
        number_prefix=f"{channel}-",
        time=time,
        columns=EventColumns.model_validate(columns),
    )


def event_time(form: str, zone: str) -> EventTime:
    """How times are written.

    Raises
    ------
    NeedleError
        ``events.zone`` for a zone that nobody knows.
    """
    try:
        return EventTime(format=form, zone=zone)
    except ValueError as error:
        raise NeedleError("events.zone", zone=zone) from error


def with_status(source: EventSource, opened: list[str] | None, closed: list[str] | None) -> EventSource:
    """The source with the statuses that mean open and closed."""
    return source.model_copy(update={"status": EventStatus(open=tuple(opened or ()), closed=tuple(closed or ()))})


def read_source(source: EventSource, profile: Profile | None, folder: Path) -> EventTable:
    """The table of a source; its file is relative to ``folder``."""
    table = read_events_table(source, folder / source.file)
    return read_events(table, source, profile.channel if profile is not None else ())
