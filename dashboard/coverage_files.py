"""Coverage per building as a file: CSV, a workbook, a GeoPackage of outlines; written a chunk of buildings at a time."""

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any, Final

import geopandas
import numpy as np
import openpyxl
import pyogrio
import shapely

from dashboard.export_files import MOST_XLSX_ROWS, harmless
from dashboard.i18n import Words
from data.database import Connection
from data.mirror.coverage import CoverageMirror, Scope
from data.stores.coverage import read_shapes
from forms.coverage import FIELDS, Counts
from geo.errors import NeedleError

CHUNK: Final = 5_000
LAYER: Final = "coverage"
FORMATS: Final = {
    "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "gpkg": "application/geopackage+sqlite3",
}
COLUMNS: Final = ("code", "address", "recipients", *FIELDS, "left", "share")


@dataclass(frozen=True)
class Sheet:
    """What is written: the buildings of an asking under a scope, with headings in one language."""

    mirror: CoverageMirror
    scope: Scope
    say: Words

    @property
    def headings(self) -> list[str]:
        """One a column; a share is empty where no number of recipients is known."""
        return [self.say(f"cells.column.{name}") for name in COLUMNS]


@dataclass(frozen=True)
class Line:
    """A building: its values in the order of ``COLUMNS``, and its outline."""

    values: tuple[str | int | float | None, ...]
    outline: bytes


def write(path: Path, kind: str, connection: Connection, sheet: Sheet) -> int:
    """Write the file; how many buildings it holds.

    Raises
    ------
    NeedleError
        ``export.unknown_format``; ``export.too_long`` where a workbook cannot hold them all.
    """
    mirror = sheet.mirror
    rows = np.flatnonzero(mirror.mask(sheet.scope) & (mirror.rows.building >= 0))
    if kind == "xlsx" and len(rows) > MOST_XLSX_ROWS:
        raise NeedleError("export.too_long", count=len(rows), most=MOST_XLSX_ROWS)
    lines = read_lines(connection, mirror, rows.tolist())
    {"csv": write_csv, "xlsx": write_xlsx, "gpkg": write_gpkg}[kind](path, sheet, lines)
    return len(rows)


def read_lines(connection: Connection, mirror: CoverageMirror, rows: list[int]) -> Iterator[Line]:
    """The buildings of some rows."""
    for start in range(0, len(rows), CHUNK):
        part = rows[start : start + CHUNK]
        ids = mirror.rows.building[part].tolist()
        known = read_shapes(connection, ids)
        for row, building in zip(part, ids, strict=True):
            if building in known:
                code, address, outline = known[building]
                yield line(code, address, outline, Counts(*mirror.rows.counts[row].tolist()))


def line(code: str, address: str, outline: bytes, counts: Counts) -> Line:
    """One building."""
    numbers = (getattr(counts, name) for name in FIELDS)
    share = None if counts.share is None else round(counts.share, 4)
    return Line((code, address, counts.recipients, *numbers, counts.left, share), outline)


def write_csv(path: Path, sheet: Sheet, lines: Iterator[Line]) -> None:
    """CSV as Excel opens it: UTF-8 with a byte order mark."""
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        out = csv.writer(file)
        out.writerow(sheet.headings)
        out.writerows([harmless("" if value is None else value) for value in one.values] for one in lines)


def write_xlsx(path: Path, sheet: Sheet, lines: Iterator[Line]) -> None:
    """A workbook of one sheet, its headings always in view."""
    book = openpyxl.Workbook(write_only=True)
    page = book.create_sheet(sheet.say("cells.title"))
    page.freeze_panes = "A2"
    page.append(sheet.headings)
    for one in lines:
        page.append([harmless(value) if isinstance(value, str) else value for value in one.values])
    book.save(path)


def write_gpkg(path: Path, _sheet: Sheet, lines: Iterator[Line]) -> None:
    """One layer of outlines in EPSG:4326; columns by their plain names."""
    _append(path, [], append=False)
    while part := list(islice(lines, CHUNK)):
        _append(path, part, append=True)


def _append(path: Path, part: list[Line], *, append: bool) -> None:
    columns: dict[str, Any] = {name: [one.values[at] for one in part] for at, name in enumerate(COLUMNS)}
    outlines = shapely.from_wkb([one.outline for one in part])
    frame = geopandas.GeoDataFrame(columns, geometry=outlines, crs="EPSG:4326")
    kinds = {"share": float, **dict.fromkeys((*FIELDS, "recipients", "left"), "int64")}
    frame = frame.astype(kinds)
    pyogrio.write_dataframe(frame, path, layer=LAYER, driver="GPKG", geometry_type="Polygon", append=append)
