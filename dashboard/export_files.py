"""The files of an export, written batch by batch, so that a million rows need no more memory than a thousand.

Each writer takes the batches as they come: whoever makes them counts them, and stops the writing by an error of theirs.
"""

import csv
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final
from zoneinfo import ZoneInfo

import numpy as np
import orjson
import pyarrow as pa
import pyogrio
import shapely
from numpy.typing import NDArray

from dashboard.export_batches import Batch, Names, Values
from dashboard.export_times import local_texts
from dashboard.i18n import Words
from dashboard.view_models.desk_columns import Column
from dashboard.workbook import Workbook, number_cell, text_cell

FORMULA_STARTS: Final = ("=", "+", "-", "@", "\t", "\r")
LAYER: Final = "cases"
ARROW: Final = {"time": pa.timestamp("ms", "UTC"), "flag": pa.bool_(), "number": pa.float64()}


@dataclass(frozen=True)
class Table:
    """What is exported of each case: columns under their headings, in one language, by one clock."""

    columns: Sequence[Column]
    headings: Sequence[str]
    say: Words
    zone: ZoneInfo

    @property
    def keys(self) -> list[str]:
        """The columns' names as attributes of a map's objects; a layer's column bears the layer's name."""
        return [column.key.removeprefix("area:") for column in self.columns]

    def shown(self, column: Column, values: Values) -> list[str | int | float | None]:
        """A column as a spreadsheet shows it: times by the city's clock, flags as a word, texts harmless, None for nothing."""
        if isinstance(values, Names):
            return list(Names(values.codes, [str(harmless(word)) for word in values.words]).texts())
        if column.kind == "time":
            return list(local_texts(np.asarray(values), self.zone))
        if column.kind == "flag":
            yes, no = self.say("desk.yes"), self.say("desk.no")
            return [yes if value else no for value in values]
        if isinstance(values, list):
            return [None if text is None else harmless(text) for text in values]
        return numbers(values)


Batches = Iterator[Batch]


def numbers(values: NDArray[Any]) -> list[Any]:
    """Numbers; None for NaN."""
    found: list[Any] = values.tolist()
    return [None if value != value else value for value in found] if values.dtype.kind == "f" else found


def harmless(value: str | int | float) -> str | int | float:
    """A text that a spreadsheet would run as a formula gets an apostrophe before it (OWASP: CSV injection)."""
    return f"'{value}" if isinstance(value, str) and value.startswith(FORMULA_STARTS) else value


def write_csv(path: Path, table: Table, batches: Batches) -> None:
    """CSV as Excel opens it: UTF-8 with a byte order mark."""
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        out = csv.writer(file)
        out.writerow(table.headings)
        for batch in batches:
            columns = zip(table.columns, batch.columns, strict=True)
            out.writerows(zip(*(table.shown(column, values) for column, values in columns), strict=True))


def write_xlsx(path: Path, table: Table, batches: Batches) -> None:
    """A workbook, its headings always in view; what a sheet cannot hold goes on in the next."""
    with Workbook(path, table.say("desk.title"), table.headings) as book:
        for batch in batches:
            columns = zip(table.columns, batch.columns, strict=True)
            book.write([_cells(book, table, column, values) for column, values in columns])


def _cells(book: Workbook, table: Table, column: Column, values: Values) -> list[str]:
    if isinstance(values, Names):
        cells = [book.shared_cell(str(harmless(word))) for word in _used(values)]
        return [str(cell) for cell in _spread(values, cells, book.shared_cell(None))]
    shown = table.shown(column, values)
    if column.kind == "flag":
        return [book.shared_cell(str(value)) for value in shown]
    if column.kind == "number":
        return [number_cell(value) for value in shown]  # type: ignore[arg-type]
    return [text_cell(text) for text in shown]  # type: ignore[arg-type]


def _used(values: Names) -> list[str]:
    """The words that these cases have."""
    return [values.words[code] for code in np.unique(values.codes).tolist() if code >= 0]


def _spread(values: Names, cells: list[str], nothing: str) -> list[Any]:
    """The cell of each case; ``cells`` are those of ``_used``."""
    used = [code for code in np.unique(values.codes).tolist() if code >= 0]
    table: NDArray[np.object_] = np.array([*cells, nothing], object)
    at = np.searchsorted(np.array(used, np.int64), values.codes) if used else np.zeros(len(values.codes), np.int64)
    found: list[Any] = table[np.where(values.codes < 0, len(cells), at)].tolist()
    return found


def write_geojson(path: Path, table: Table, batches: Batches) -> None:
    """RFC 7946: points in WGS84, longitude first; a case without a place has geometry null. Times are ISO 8601."""
    comma, keys = b"\n", table.keys
    with path.open("wb") as file:
        file.write(b'{"type":"FeatureCollection","features":[')
        for batch in batches:
            columns = [_plain(table, *pair) for pair in zip(table.columns, batch.columns, strict=True)]
            points = zip(batch.ids, batch.lng.tolist(), batch.lat.tolist(), zip(*columns, strict=True), strict=True)
            features = [
                orjson.dumps(
                    {
                        "type": "Feature",
                        "id": case_id,
                        "geometry": None if lng != lng else {"type": "Point", "coordinates": (lng, lat)},
                        "properties": dict(zip(keys, values, strict=True)),
                    }
                )
                for case_id, lng, lat, values in points
            ]
            file.write(comma + b",\n".join(features))
            comma = b",\n"
        file.write(b"\n]}\n")


def _plain(table: Table, column: Column, values: Values) -> list[Any]:
    """A column's values as JSON has them."""
    if isinstance(values, Names):
        return list(values.texts())
    if isinstance(values, list):
        return list(values)
    if column.kind == "time":
        return list(local_texts(np.asarray(values), table.zone, iso=True))
    return numbers(values)


def write_geopackage(path: Path, table: Table, batches: Batches) -> None:
    """One layer of points in EPSG:4326, times as times, written by GDAL from a stream of Arrow batches."""
    fields = [(key, ARROW.get(column.kind, pa.string())) for key, column in zip(table.keys, table.columns, strict=True)]
    schema = pa.schema([*fields, ("geometry", pa.binary())])
    records = (_record(table, batch, schema) for batch in batches)
    pyogrio.write_arrow(
        pa.RecordBatchReader.from_batches(schema, records),
        path,
        layer=LAYER,
        driver="GPKG",
        geometry_name="geometry",
        geometry_type="Point",
        crs="EPSG:4326",
    )


def _record(table: Table, batch: Batch, schema: Any) -> Any:
    placed = np.isfinite(batch.lng)
    points: NDArray[np.object_] = np.full(len(batch.ids), None, object)
    points[placed] = shapely.to_wkb(shapely.points(batch.lng[placed], batch.lat[placed]))
    columns = [_arrow(column, values) for column, values in zip(table.columns, batch.columns, strict=True)]
    return pa.RecordBatch.from_arrays([*columns, pa.array(points.tolist(), pa.binary())], schema=schema)


def _arrow(column: Column, values: Values) -> Any:
    if isinstance(values, Names):
        codes = pa.array(values.codes, mask=values.codes < 0)
        return pa.array(values.words, pa.string()).take(codes)
    if isinstance(values, list):
        return pa.array(values, pa.string())
    if column.kind == "time":
        return pa.array(values * 1000, pa.int64(), mask=values == 0).cast(ARROW["time"])
    if column.kind == "number":
        return pa.array(values.astype(np.float64), pa.float64(), mask=np.isnan(values.astype(np.float64)))
    return pa.array(values, ARROW[column.kind])


@dataclass(frozen=True)
class Format:
    """A kind of file."""

    suffix: str
    media_type: str
    write: Callable[[Path, Table, Batches], None]


FORMATS: Final = {
    "csv": Format("csv", "text/csv; charset=utf-8", write_csv),
    "xlsx": Format("xlsx", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", write_xlsx),
    "geojson": Format("geojson", "application/geo+json", write_geojson),
    "gpkg": Format("gpkg", "application/geopackage+sqlite3", write_geopackage),
}
