"""Coverage per building as a file: CSV, a workbook, a GeoPackage of outlines; written a chunk of buildings at a time."""

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Final

import geopandas
import numpy as np
import pyogrio
import shapely

from dashboard.export_files import harmless
from dashboard.file_jobs import FileJob
from dashboard.i18n import Words
from dashboard.workbook import Workbook, number_cell, text_cell
from data.database import Connection, connect
from data.mirror.coverage import CoverageMirror, Scope
from data.stores.coverage import read_shapes
from forms.coverage import FIELDS, Counts

CHUNK: Final = 5_000
LAYER: Final = "coverage"
FORMATS: Final = {
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "csv": "text/csv; charset=utf-8",
    "gpkg": "application/geopackage+sqlite3",
}
COLUMNS: Final = ("code", "address", "recipients", *FIELDS, "left", "share")


@dataclass(frozen=True)
class Sheet:
    """What is written: the buildings of an asking under a scope, with headings in one language."""

    mirror: CoverageMirror
    scope: Scope
    say: Words

    @cached_property
    def buildings(self) -> list[int]:
        """The rows of the buildings in the mirror."""
        mirror = self.mirror
        rows: list[int] = np.flatnonzero(mirror.mask(self.scope) & (mirror.rows.building >= 0)).tolist()
        return rows

    @property
    def headings(self) -> list[str]:
        """One a column; a share is empty where no number of recipients is known."""
        return [self.say(f"cells.column.{name}") for name in COLUMNS]


@dataclass(frozen=True)
class Line:
    """A building: its values in the order of ``COLUMNS``, and its outline."""

    values: tuple[str | int | float | None, ...]
    outline: bytes


def write(job: FileJob, kind: str, url: str, sheet: Sheet) -> None:
    """Write a job's file over a connection of its own, as long as somebody waits for it."""
    with connect(url, autocommit=True) as connection:
        WRITERS[kind](job.path, sheet, read_chunks(connection, sheet, job))


def read_chunks(connection: Connection, sheet: Sheet, job: FileJob) -> Iterator[list[Line]]:
    """The buildings of a sheet, ``CHUNK`` at a time; the job knows how many were read."""
    known, buildings = sheet.mirror.rows, sheet.buildings
    for start in range(0, len(buildings), CHUNK):
        part = buildings[start : start + CHUNK]
        ids = known.building[part].tolist()
        shapes = read_shapes(connection, ids)
        there = [(row, shapes[building]) for row, building in zip(part, ids, strict=True) if building in shapes]
        yield [line(*shape, Counts(*known.counts[row].tolist())) for row, shape in there]
        job.tell(start + len(part))


def line(code: str, address: str, outline: bytes, counts: Counts) -> Line:
    """One building."""
    numbers = (getattr(counts, name) for name in FIELDS)
    share = None if counts.share is None else round(counts.share, 4)
    return Line((code, address, counts.recipients, *numbers, counts.left, share), outline)


def write_csv(path: Path, sheet: Sheet, chunks: Iterator[list[Line]]) -> None:
    """CSV as Excel opens it: UTF-8 with a byte order mark."""
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        out = csv.writer(file)
        out.writerow(sheet.headings)
        for lines in chunks:
            out.writerows([harmless("" if value is None else value) for value in one.values] for one in lines)


def write_xlsx(path: Path, sheet: Sheet, chunks: Iterator[list[Line]]) -> None:
    """A workbook, its headings always in view; what a sheet cannot hold goes on in the next."""
    with Workbook(path, sheet.say("cells.title"), sheet.headings) as book:
        for lines in chunks:
            rows = zip(*(one.values for one in lines), strict=True)
            book.write([[cell(value) for value in column] for column in rows])


def cell(value: str | float | None) -> str:
    """A value in a workbook."""
    return text_cell(str(harmless(value))) if isinstance(value, str) else number_cell(value)


def write_gpkg(path: Path, _sheet: Sheet, chunks: Iterator[list[Line]]) -> None:
    """One layer of outlines in EPSG:4326; columns by their plain names."""
    _append(path, [], append=False)
    for lines in chunks:
        _append(path, lines, append=True)


def _append(path: Path, part: list[Line], *, append: bool) -> None:
    columns: dict[str, Any] = {name: [one.values[at] for one in part] for at, name in enumerate(COLUMNS)}
    outlines = shapely.from_wkb([one.outline for one in part])
    frame = geopandas.GeoDataFrame(columns, geometry=outlines, crs="EPSG:4326")
    kinds = {"share": float, **dict.fromkeys((*FIELDS, "recipients", "left"), "int64")}
    frame = frame.astype(kinds)
    pyogrio.write_dataframe(frame, path, layer=LAYER, driver="GPKG", geometry_type="Polygon", append=append)


WRITERS: Final = {"csv": write_csv, "xlsx": write_xlsx, "gpkg": write_gpkg}
