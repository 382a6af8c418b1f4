"""An extract of OpenStreetMap into the base: streets, landscape, buildings, and on request administrative areas."""

from collections.abc import Callable, Mapping
from contextlib import closing
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from data.database import Connection
from data.stores.ground import Change, Import
from data.stores.layers import list_layers, save_layer
from geo.errors import NeedleError
from geo.ground import GroundNotes
from geo.layers import make_layer
from geo.osm import ATTRIBUTION, Extract, open_extract, read_areas, read_boundaries, read_streets

TABLES = ("street", "landscape", "building")

Progress = Callable[[str, float | None], None]
"""Told what is being done and which part of it is, 0 to 1; None where that is not known."""


@dataclass(frozen=True)
class OsmImport:
    """What an import did: changes by table, areas by layer, notes, and the file's administrative levels with their areas."""

    changes: list[Change]
    layers: dict[str, int]
    notes: GroundNotes
    levels: dict[str, int]


def import_osm(
    connection: Connection,
    path: Path,
    source: str,
    levels: Mapping[str, str],
    today: date,
    progress: Progress,
    *,
    keep: bool = False,
) -> OsmImport:
    """Read an extract into the base, in one transaction.

    Parameters
    ----------
    source : str
        Its name among the ground's sources: an import again under the name changes what differs.
    levels : mapping
        OpenStreetMap's admin_level -> the layer that its areas become, from ``today`` on.
    keep : bool
        Keep what the extract no longer has.

    Raises
    ------
    NeedleError
        ``file.missing``, ``file.unreadable``; ``osm.level_missing`` for a level without areas; ``ground.code_taken``.
    """
    progress("checking what the extract holds whole", 0.0)
    extract = open_extract(path, lambda part: progress("checking what the extract holds whole", part))
    notes = GroundNotes()
    with connection.transaction():
        work = Import(connection, source, f"{path.name}, EPSG:4326", ATTRIBUTION, TABLES)
        _stage(work, extract, notes, progress)
        layers, found = _save_areas(connection, extract, levels, today, progress)
        progress("changing the base", None)
        return OsmImport(work.finish(keep=keep), layers, notes, found)


def _stage(work: Import, extract: Extract, notes: GroundNotes, progress: Progress) -> None:
    with closing(read_streets(extract, notes)) as batches:
        for streets in batches:
            work.add("street", streets)
            progress(f"streets: {work.read['street']:,}", None)
    with closing(read_areas(extract, notes)) as areas:
        for batch in areas:
            work.add("landscape", batch.landscape)
            work.add("building", batch.buildings)
            progress(f"buildings: {work.read['building']:,}", None)


def _save_areas(
    connection: Connection, extract: Extract, levels: Mapping[str, str], today: date, progress: Progress
) -> tuple[dict[str, int], dict[str, int]]:
    """Each level that is asked for as a generation of its layer; how many areas went into each, and all levels' areas."""
    progress("administrative areas", None)
    frame = read_boundaries(extract, GroundNotes())
    held = {str(level): int(count) for level, count in frame["level"].value_counts().items()}
    saved: dict[str, int] = {}
    for level, name in levels.items():
        if level not in held:
            raise NeedleError(
                "osm.level_missing", level=level, path=extract.path.name, known=", ".join(sorted(held)) or "-"
            )
        layer, report = make_layer(frame[frame["level"] == level], name, "code", "name")
        known = {row.name: row for row in list_layers(connection)}
        before = known.get(name)
        zh, en = (before.title_zh, before.title_en) if before else (name, name)
        rank = before.rank if before else max((row.rank + 1 for row in known.values()), default=0)
        save_layer(connection, layer, "area", zh, en, rank, f"{extract.path.name}, {level}", today, report.as_dict())
        saved[name] = len(layer)
    return saved, held
