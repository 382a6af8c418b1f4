"""Answers as files: a workbook, CSV, a GeoPackage; each repeat is a sheet, a file, a layer of its own; written in chunks."""

import csv
import zipfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Protocol

import geopandas
import openpyxl
import pandas
import pyogrio
import shapely

from dashboard.export_files import harmless

#: Sheets of Excel have names of at most 31 characters, without these.
SHEET_NAME: Final = str.maketrans(dict.fromkeys("[]:*?/\\'", "_"))


@dataclass(frozen=True)
class Part:
    """One table of the file. ``name``: of its layer or file; ``title``: what a person calls it."""

    name: str
    title: str
    headings: Sequence[str]


@dataclass(frozen=True)
class Line:
    """One row, and where it is."""

    values: Sequence[Any]
    place: tuple[float, float] | None = None


class Writer(Protocol):
    """A file being written: its parts one after the other, each begun once and written in chunks."""

    def begin(self, part: Part) -> None:
        """Go on with another table."""
        ...

    def write(self, lines: Sequence[Line]) -> None:
        """Append rows to it."""
        ...

    def close(self) -> None:
        """Finish the file."""
        ...


def cell(value: Any) -> Any:
    """A value as a spreadsheet shows it: choices in one cell, nothing that could run as a formula."""
    if isinstance(value, list):
        return harmless(", ".join(map(str, value)))
    return "" if value is None else harmless(value)


class XlsxWriter:
    """A workbook, its headings always in view."""

    def __init__(self, path: Path) -> None:
        self.path, self.book = path, openpyxl.Workbook(write_only=True)

    def begin(self, part: Part) -> None:
        """Another sheet."""
        self.sheet = self.book.create_sheet(part.title.translate(SHEET_NAME)[:31])
        self.sheet.freeze_panes = "A2"
        self.sheet.append([harmless(heading) for heading in part.headings])

    def write(self, lines: Sequence[Line]) -> None:
        """Append rows."""
        for line in lines:
            self.sheet.append([cell(value) for value in line.values])

    def close(self) -> None:
        """Finish the file."""
        self.book.save(self.path)


class CsvWriter:
    """A ZIP of CSV files as Excel opens them: UTF-8 with a byte order mark."""

    def __init__(self, path: Path) -> None:
        self.zip = zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED)
        self.out: Any = None

    def begin(self, part: Part) -> None:
        """Another file."""
        self._end()
        self.out = self.zip.open(f"{part.name}.csv", "w", force_zip64=True)
        self.out.write(b"\xef\xbb\xbf")
        self._rows([part.headings])

    def write(self, lines: Sequence[Line]) -> None:
        """Append rows."""
        self._rows([line.values for line in lines])

    def close(self) -> None:
        """Finish the file."""
        self._end()
        self.zip.close()

    def _rows(self, rows: Sequence[Sequence[Any]]) -> None:
        text = _Text()
        csv.writer(text).writerows([cell(value) for value in row] for row in rows)
        self.out.write("".join(text.parts).encode())

    def _end(self) -> None:
        if self.out is not None:
            self.out.close()


class _Text:
    """What a csv.writer writes into."""

    def __init__(self) -> None:
        self.parts: list[str] = []

    def write(self, text: str) -> None:
        """Take a line."""
        self.parts.append(text)


class GeoPackageWriter:
    """A layer of points in EPSG:4326 for each table; rows of repeats lie where their answer does."""

    def __init__(self, path: Path) -> None:
        self.path, self.part, self.begun = path, Part("", "", ()), True

    def begin(self, part: Part) -> None:
        """Another layer."""
        self._whole()
        self.part, self.begun = part, False

    def write(self, lines: Sequence[Line]) -> None:
        """Append rows."""
        columns = {
            name: pandas.Series([text(line.values[at]) for line in lines], dtype="object")
            for at, name in enumerate(distinct(self.part.headings))
        }
        points = [None if line.place is None else shapely.Point(line.place) for line in lines]
        frame = geopandas.GeoDataFrame(columns, geometry=points, crs="EPSG:4326")
        pyogrio.write_dataframe(
            frame, self.path, layer=self.part.name, driver="GPKG", geometry_type="Point", append=self.begun
        )
        self.begun = True

    def close(self) -> None:
        """Finish the file; a table without a row is a layer all the same."""
        self._whole()

    def _whole(self) -> None:
        if not self.begun:
            self.write([])


def text(value: Any) -> Any:
    """A value as a layer keeps it: texts, for a column's rows need one type in every chunk."""
    if value is None:
        return None
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)


def distinct(headings: Sequence[str]) -> list[str]:
    """Headings as names of fields: never twice, whatever the case, and never what GDAL keeps for itself."""
    taken, found = {"fid", "geom", "geometry"}, []
    for heading in headings:
        name, number = heading, 1
        while name.lower() in taken:
            number += 1
            name = f"{heading}_{number}"
        taken.add(name.lower())
        found.append(name)
    return found


@dataclass(frozen=True)
class Format:
    """A kind of file."""

    suffix: str
    media_type: str
    writer: Callable[[Path], Writer]


FORMATS: Final = {
    "xlsx": Format("xlsx", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", XlsxWriter),
    "csv": Format("zip", "application/zip", CsvWriter),
    "gpkg": Format("gpkg", "application/geopackage+sqlite3", GeoPackageWriter),
}
