"""Streets, landscape or buildings from one file of any format that ``geo.files`` reads, into the base."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import geopandas as gpd

from data.database import Connection
from data.stores.ground import Change, Import
from geo.files import read_layer_file
from geo.ground import GroundNotes, GroundRow
from geo.ground_columns import Reading, choose_columns
from geo.ground_table import building_rows, landscape_rows, street_rows

TABLES = {"streets": "street", "landscape": "landscape", "buildings": "building"}
"""What a file holds -> the table that it fills."""

READERS: Final[Mapping[str, Callable[[gpd.GeoDataFrame, Reading, GroundNotes], Sequence[GroundRow]]]] = {
    "streets": street_rows,
    "landscape": landscape_rows,
    "buildings": building_rows,
}

BATCH: Final = 20_000

Progress = Callable[[str, float | None], None]
"""Told what is being done and which part of it is, 0 to 1; None where that is not known."""


@dataclass(frozen=True)
class FileRows:
    """A file as read: its rows, the column taken for each field, its coordinate system, and what was left out or mended."""

    content: str
    rows: Sequence[GroundRow]
    columns: Mapping[str, str]
    crs: str
    notes: GroundNotes


def read_ground(
    path: Path, content: str, crs: str | None, columns: Mapping[str, str], values: Mapping[str, str]
) -> FileRows:
    """Read a file of streets, landscape or buildings.

    Parameters
    ----------
    content : str
        One of ``TABLES``.
    crs : str, optional
        Declared coordinate system, as ``geo.files.read_layer_file`` takes it.
    columns : mapping
        Field -> column, where the guess of ``geo.ground_columns`` would be wrong.
    values : mapping
        A word of the file -> our value of it; ``*`` stands for all that are unknown.

    Raises
    ------
    NeedleError
        ``file.*``, ``crs.*``, ``coordinate.*``, ``ground.*``.
    """
    frame = read_layer_file(path, crs)
    reading = Reading(path.name, choose_columns(frame, content, columns, path.name), values)
    notes = GroundNotes()
    return FileRows(content, READERS[content](frame, reading, notes), reading.columns, str(frame.attrs["crs"]), notes)


def import_ground(
    connection: Connection,
    file: FileRows,
    name: str,
    source: str,
    attribution: str,
    progress: Progress,
    *,
    keep: bool = False,
) -> Change:
    """Bring the base to the file's state, in one transaction; see ``data.stores.ground.Import`` for the parameters.

    Raises
    ------
    NeedleError
        ``ground.code_taken``.
    """
    table = TABLES[file.content]
    with connection.transaction():
        work = Import(connection, source, f"{name}, {file.crs}", attribution, [table])
        for start in range(0, len(file.rows), BATCH):
            progress(f"saving {file.content}", start / len(file.rows))
            work.add(table, file.rows[start : start + BATCH])
        progress("changing the base", None)
        return work.finish(keep=keep)[0]
