"""A whole city into the base: everything but what happened, in one transaction. Loading it again changes what
differs."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd
import shapely

from data.database import Connection
from data.importers.events import EventTable, read_events
from data.importers.layers import ReadLayer, read_layers
from data.importers.loading import Loaded, import_events, prepare
from data.importers.matters import category_matters, event_matter_keys, key_of, known_matter_keys, rules_text
from data.importers.people import save_departments, save_teams
from data.importers.sources import check_files, read_events_table
from data.importers.teams import TeamPlan, read_teams
from data.profile_model import ChannelSource, EventSource, Profile
from data.stores.layers import load_layers, save_layer
from data.stores.reference import ChannelRow, MatterRow, load_channels, load_matters, save_channels, save_matters
from data.stores.rules import current_rule_set, save_rule_set
from geo.atlas import Atlas
from geo.errors import NeedleError
from geo.layers import Layer

Progress = Callable[[str, int, int], None]
"""Told what is being done, and how much of how much is done."""

CITY = "select profile from city"
SAVE_CITY = """
insert into city (profile, name_zh, name_en, timezone, settings) values (%s, %s, %s, %s, %s)
on conflict ("only") do update set name_zh = excluded.name_zh, name_en = excluded.name_en, timezone = excluded.timezone,
    settings = excluded.settings
"""


@dataclass(frozen=True, eq=False)
class RealCity:
    """A profile with everything read from its files. ``table`` and ``events`` are None for a city without events."""

    profile: Profile
    layers: tuple[ReadLayer, ...]
    atlas: Atlas
    teams: tuple[TeamPlan, ...]
    matters: tuple[MatterRow, ...]
    rules: str
    table: pd.DataFrame | None
    events: EventTable | None


def read_city(profile: Profile, folder: Path, progress: Progress) -> RealCity:
    """Read and check everything that a profile names; nothing is written.

    Raises
    ------
    NeedleError
        ``profile.file_missing``, ``profile.column_missing``, and whatever a file is refused for.
    """
    check_files(profile, folder)
    layers = read_layers(profile, folder, lambda done, total: progress("layers", done, total))
    atlas = Atlas.build([read.layer for read in layers])
    teams = read_teams(profile, folder, atlas)
    source = profile.events
    table, events = None, None
    if source is not None:
        progress("reading events", 0, 1)
        table = read_events_table(source, folder / source.file, recorded_columns(profile))
        events = read_events(table, source, profile.channel)
        progress("reading events", 1, 1)
    own = category_matters(profile, events) if events is not None and profile.matters.edition_of == "events" else {}
    return RealCity(
        profile=profile,
        layers=tuple(layers),
        atlas=atlas,
        teams=tuple(teams),
        matters=tuple(own.values()),
        rules=rules_text(profile, own),
        table=table,
        events=events,
    )


def recorded_columns(profile: Profile) -> Sequence[str]:
    """The columns that the profile's check compares with."""
    return [asked.column for asked in profile.check.agreement] if profile.check is not None else []


def save_city(connection: Connection, city: RealCity, today: date) -> None:
    """Write everything but what happened: all of it or nothing.

    Raises
    ------
    NeedleError
        ``city.occupied`` for a database that holds another city; ``profile.no_matter`` for a power over a matter that
        the profile's edition does not have.
    """
    profile = city.profile
    with connection.transaction():
        refuse_occupied(connection, profile)
        settings = {"clock": {"calendar": profile.calendar}, "default_spots": known_default_spots(city.events)}
        connection.execute(SAVE_CITY, [profile.name, profile.title.zh, profile.title.en, profile.timezone, settings])
        save_matters(connection, city.matters)
        refuse_unknown_matters(connection, profile)
        save_channels(connection, [channel_row(entry) for entry in profile.channel])
        save_changed_layers(connection, city.layers, today)
        save_departments(connection, profile.department)
        save_teams(connection, city.teams)
        current = current_rule_set(connection)
        if current is None or current[1] != city.rules:
            save_rule_set(connection, city.rules, f"profile {profile.name}", "import")


def save_changed_layers(connection: Connection, layers: Sequence[ReadLayer], today: date) -> None:
    """A new generation, in force from ``today``, of each layer that is not in the base as it is."""
    present = {layer.name: layer for layer in load_layers(connection)}
    for read in layers:
        entry, layer = read.entry, read.layer
        if layer.name not in present or not is_same(layer, present[layer.name]):
            title = entry.title
            report = read.report.as_dict()
            save_layer(connection, layer, entry.kind, title.zh, title.en, entry.rank, read.source, today, report)


def is_same(one: Layer, other: Layer) -> bool:
    """Whether two layers have the same areas, whatever their order."""
    return areas_of(one) == areas_of(other)


def areas_of(layer: Layer) -> dict[str, tuple[str, str | None, bytes]]:
    """Code -> name, parent, and the polygon as the base keeps it: a multipolygon, to the last bit."""
    pieces = [shapely.multipolygons(shapely.get_parts(polygon)) for polygon in layer.polygons]
    shapes = shapely.to_wkb(np.array(pieces, dtype=object)).tolist()
    return dict(zip(layer.codes, zip(layer.names, layer.parents, shapes, strict=True), strict=True))


def known_default_spots(events: EventTable | None) -> list[list[float]]:
    """The default spots of the events' geocoder, as recorded: a live report there has no location either."""
    if events is None:
        return []
    there = events.location_problem == "coordinate.default_spot"
    spots: list[list[float]] = np.unique(np.column_stack([events.x[there], events.y[there]]), axis=0).tolist()
    return spots


def refuse_occupied(connection: Connection, profile: Profile) -> None:
    """One database holds one city."""
    row = connection.execute(CITY).fetchone()
    if row is not None and row[0] != profile.name:
        raise NeedleError("city.occupied", city=row[0])


def refuse_unknown_matters(connection: Connection, profile: Profile) -> None:
    """A power or a synthetic report about a matter that the base does not have is a mistake of the profile."""
    keys = [key_of(matter) for matter in load_matters(connection)]
    asked = [pattern for power in profile.power for pattern in power.matters]
    asked += [matter.key for matter in profile.synthetic.matter] if profile.synthetic is not None else []
    missing = [p for p in asked if not any(k == p or (p.endswith("*") and k.startswith(p[:-1])) for k in keys)]
    if missing:
        raise NeedleError(
            "profile.no_matter", name=profile.name, edition=profile.matters.edition, missing=", ".join(missing)
        )


def channel_row(entry: ChannelSource) -> ChannelRow:
    """A profile's channel as the base keeps it."""
    return ChannelRow(entry.code, entry.title.zh, entry.title.en, entry.crs, entry.uncertainty_m)


def refuse_unknown_channels(connection: Connection, events: EventTable) -> None:
    """Every report comes through a channel of the base."""
    known = load_channels(connection)
    for channel in sorted(set(events.channel.tolist()) - known.keys()):
        raise NeedleError("report.channel_unknown", channel=channel, known=", ".join(sorted(known)))


def matter_keys_of(
    profile: Profile | None, events: EventTable, known: Iterable[MatterRow]
) -> tuple[list[str | None], list[MatterRow]]:
    """The matter key of each event, and the matters that the city's own list gains by them."""
    if profile is not None and profile.matters.edition_of == "events":
        own = category_matters(profile, events)
        return event_matter_keys(events, own), list(own.values())
    return known_matter_keys(events, known), []


def import_into(
    connection: Connection,
    profile: Profile | None,
    source: EventSource,
    events: EventTable,
    progress: Callable[[int, int], None] | None = None,
) -> Loaded:
    """Bring a table of events into the city of the base.

    Raises
    ------
    NeedleError
        ``city.missing`` when there is no city; ``city.occupied`` when it is another profile's;
        ``report.channel_unknown`` for a channel that the base does not have.
    """
    if connection.execute(CITY).fetchone() is None:
        raise NeedleError("city.missing")
    if profile is not None:
        refuse_occupied(connection, profile)
    refuse_unknown_channels(connection, events)
    keys, own = matter_keys_of(profile, events, load_matters(connection))
    save_matters(connection, own)
    connection.commit()
    job = prepare(
        connection,
        events,
        keys,
        Atlas.build(load_layers(connection)),
        uncertainty_m=source.uncertainty_m,
        number_prefix=source.number_prefix,
        source=source.file.rpartition("/")[2],
    )
    return import_events(connection, job, progress)
