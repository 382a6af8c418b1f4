"""The files of an export, written a chunk of rows at a time, so that a million rows need no more memory than a thousand."""

import csv
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Final, Protocol
from zoneinfo import ZoneInfo

import geopandas
import openpyxl
import orjson
import pandas
import pyogrio
import shapely

from dashboard.i18n import Words
from dashboard.view_models.desk_columns import Column, Namer, Value, in_words
from data.stores.desk import DeskRow

MOST_XLSX_ROWS: Final = 1_048_575
"""A sheet of Excel holds 1,048,576 rows; the first is the headings."""
FORMULA_STARTS: Final = ("=", "+", "-", "@", "\t", "\r")
LAYER: Final = "cases"
KINDS: Final = {"time": "datetime64[ms, UTC]", "flag": "bool", "number": "float64"}


@dataclass(frozen=True)
class Table:
    """What is exported of each case: columns under their headings, in one language, by one clock."""

    columns: Sequence[Column]
    headings: Sequence[str]
    name: Namer
    say: Words
    zone: ZoneInfo

    def values(self, row: DeskRow) -> list[Value]:
        """A row's values, names in place of codes."""
        return [column.read(row, self.name) for column in self.columns]

    def words(self, row: DeskRow) -> list[str | int | float]:
        """A row as a spreadsheet shows it; no text of a resident is ever taken for a formula."""
        return [harmless(in_words(value, self.say, self.zone)) for value in self.values(row)]

    @property
    def keys(self) -> list[str]:
        """The columns' names as attributes of a map's objects; a layer's column bears the layer's name."""
        return [column.key.removeprefix("area:") for column in self.columns]


class Writer(Protocol):
    """A file being written."""

    def write(self, rows: Sequence[DeskRow]) -> None:
        """Append rows."""
        ...

    def close(self) -> None:
        """Finish the file."""
        ...


def harmless(value: str | int | float) -> str | int | float:
    """A text that a spreadsheet would run as a formula gets an apostrophe before it (OWASP: CSV injection)."""
    return f"'{value}" if isinstance(value, str) and value.startswith(FORMULA_STARTS) else value


class CsvWriter:
    """CSV as Excel opens it: UTF-8 with a byte order mark."""

    def __init__(self, path: Path, table: Table) -> None:
        self.table = table
        self.file = path.open("w", encoding="utf-8-sig", newline="")
        self.out = csv.writer(self.file)
        self.out.writerow(table.headings)

    def write(self, rows: Sequence[DeskRow]) -> None:
        """Append rows."""
        self.out.writerows(map(self.table.words, rows))

    def close(self) -> None:
        """Finish the file."""
        self.file.close()


class XlsxWriter:
    """A workbook of one sheet, its headings always in view."""

    def __init__(self, path: Path, table: Table) -> None:
        self.path, self.table = path, table
        self.book = openpyxl.Workbook(write_only=True)
        self.sheet = self.book.create_sheet(table.say("desk.title"))
        self.sheet.freeze_panes = "A2"
        self.sheet.append(list(table.headings))

    def write(self, rows: Sequence[DeskRow]) -> None:
        """Append rows."""
        for row in rows:
            self.sheet.append(self.table.words(row))

    def close(self) -> None:
        """Finish the file."""
        self.book.save(self.path)


class GeoJsonWriter:
    """RFC 7946: points in WGS84, longitude first; a case without a place has geometry null. Times are ISO 8601."""

    def __init__(self, path: Path, table: Table) -> None:
        self.table = table
        self.file = path.open("wb")
        self.file.write(b'{"type":"FeatureCollection","features":[')
        self.comma = b"\n"

    def write(self, rows: Sequence[DeskRow]) -> None:
        """Append rows."""
        for row in rows:
            self.file.write(self.comma + orjson.dumps(self._feature(row)))
            self.comma = b",\n"

    def close(self) -> None:
        """Finish the file."""
        self.file.write(b"\n]}\n")
        self.file.close()

    def _feature(self, row: DeskRow) -> dict[str, Any]:
        point = None if row.lng is None else {"type": "Point", "coordinates": [row.lng, row.lat]}
        values = [self._value(value) for value in self.table.values(row)]
        properties = dict(zip(self.table.keys, values, strict=True))
        return {"type": "Feature", "id": row.id, "geometry": point, "properties": properties}

    def _value(self, value: Value) -> Value:
        return value.astimezone(self.table.zone).isoformat() if isinstance(value, datetime) else value


class GeoPackageWriter:
    """One layer of points in EPSG:4326, times as times, written in parts by GDAL."""

    def __init__(self, path: Path, table: Table) -> None:
        self.path, self.table = path, table
        self.begun = False

    def write(self, rows: Sequence[DeskRow]) -> None:
        """Append rows."""
        columns = {
            key: self._series(column, rows) for key, column in zip(self.table.keys, self.table.columns, strict=True)
        }
        points = [None if row.lng is None else shapely.Point(row.lng, row.lat) for row in rows]
        frame = geopandas.GeoDataFrame(columns, geometry=points, crs="EPSG:4326")
        pyogrio.write_dataframe(
            frame,
            self.path,
            layer=LAYER,
            driver="GPKG",
            geometry_type="Point",
            append=self.begun,
            promote_to_multi=False,
        )
        self.begun = True

    def close(self) -> None:
        """Finish the file; one without a case has the layer all the same."""
        if not self.begun:
            self.write([])

    def _series(self, column: Column, rows: Sequence[DeskRow]) -> Any:
        values = [column.read(row, self.table.name) for row in rows]
        kind: Any = KINDS.get(column.kind, "object")
        return pandas.Series(values, dtype=kind)


@dataclass(frozen=True)
class Format:
    """A kind of file."""

    suffix: str
    media_type: str
    writer: Callable[[Path, Table], Writer]
    most_rows: int | None = None


FORMATS: Final = {
    "csv": Format("csv", "text/csv; charset=utf-8", CsvWriter),
    "xlsx": Format(
        "xlsx", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", XlsxWriter, MOST_XLSX_ROWS
    ),
    "geojson": Format("geojson", "application/geo+json", GeoJsonWriter),
    "gpkg": Format("gpkg", "application/geopackage+sqlite3", GeoPackageWriter),
}
