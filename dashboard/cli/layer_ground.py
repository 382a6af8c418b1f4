"""What ``needle layer import`` does with streets, landscape, buildings and extracts of OpenStreetMap, and how it shows it."""

import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path

from rich.console import Console
from rich.table import Table

from dashboard.cli.layer_args import Steps
from data.cluster import ensure_database
from data.database import connect
from data.importers.ground import import_ground, read_ground
from data.importers.osm import import_osm
from data.settings import get_settings
from data.stores.ground import Change
from geo.errors import NeedleError
from geo.ground import GroundNotes
from geo.osm import ATTRIBUTION

OSM_SOURCE = "osm"


def pairs(texts: Sequence[str], option: str) -> dict[str, str]:
    """``A=B`` of a repeated option.

    Raises
    ------
    NeedleError
        ``layer.argument``.
    """
    found = {}
    for text in texts:
        match = re.fullmatch(r"(?P<left>[^=]+)=(?P<right>.+)", text)
        if match is None:
            raise NeedleError("layer.argument", text=text, form=f"{option} NAME=VALUE")
        found[match["left"].strip()] = match["right"].strip()
    return found


def import_extract(
    path: Path, source: str | None, areas: Sequence[str], keep: bool, console: Console, steps: Steps
) -> None:
    """Bring in an extract of OpenStreetMap and say what came of it."""
    levels = pairs(areas, "--areas")
    with connect(ensure_database(get_settings())) as connection:
        today = datetime.now().astimezone().date()
        done = import_osm(connection, path, source or OSM_SOURCE, levels, today, steps.say, keep=keep)
    show_changes(done.changes, console)
    for name, count in done.layers.items():
        console.print(f"[bold]{name}[/bold]: {count:,} areas are in force.", highlight=False)
    show_notes(done.notes, console)
    left = {level: count for level, count in done.levels.items() if level not in levels}
    if left:
        held = ", ".join(f"{level} ({count:,})" for level, count in sorted(left.items()))
        console.print(f"admin levels not taken: {held}; --areas LEVEL=LAYER takes one", highlight=False)
    console.print(f"the map now says: {ATTRIBUTION} (ODbL)", highlight=False)


def import_file(
    path: Path,
    content: str,
    crs: str | None,
    columns: Mapping[str, str],
    values: Mapping[str, str],
    source: str | None,
    attribution: str,
    keep: bool,
    console: Console,
    steps: Steps,
) -> None:
    """Bring in a file of streets, landscape or buildings and say what came of it."""
    steps.say(f"reading {path.name}")
    file = read_ground(path, content, crs, columns, values)
    taken = ", ".join(f"{name}={column}" for name, column in file.columns.items()) or "none"
    console.print(f"{path.name}: {len(file.rows):,} {content} ({file.crs}); columns: {taken}", highlight=False)
    steps.say("starting the database")
    with connect(ensure_database(get_settings())) as connection:
        name = source or path.name.partition(".")[0]
        change = import_ground(connection, file, path.name, name, attribution, steps.say, keep=keep)
    show_changes([change], console)
    show_notes(file.notes, console)


def show_changes(changes: Sequence[Change], console: Console) -> None:
    """A row for each table: read, new, changed, removed, as before."""
    table = Table("", *("read", "new", "changed", "removed", "as before"))
    for column in table.columns[1:]:
        column.justify = "right"
    for change in changes:
        counts = (change.read, change.added, change.updated, change.removed, change.unchanged)
        table.add_row(change.table, *(f"{count:,}" for count in counts))
    console.print(table)


def show_notes(notes: GroundNotes, console: Console) -> None:
    """What was left out or mended, in both languages."""
    for zh, en in zip(notes.sentences("zh"), notes.sentences("en"), strict=True):
        console.print(f"  {zh}\n  {en}", style="yellow", markup=False, highlight=False, soft_wrap=True)
