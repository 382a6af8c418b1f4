"""Tables in and out. Formats are told by suffix (``geo.formats``); geometry comes in through ``read_layer_file``."""

import gzip
from collections.abc import Iterable
from io import StringIO
from pathlib import Path

import geopandas as gpd
import pandas as pd
import pyarrow.parquet as pq
import pyogrio

from geo.errors import NeedleError
from geo.formats import existing_format, file_format, read_bytes, unreadable
from geo.json_files import read_json
from geo.spatial_files import FAULTS, only_layer, read_in_encodings, read_layer_file, wkb_columns

__all__ = ["check_columns", "read_layer_file", "read_table", "write_table"]

TABLE_ENCODINGS = ("utf-8-sig", "gb18030")
"""In the order of trial. GB18030 contains GBK and GB2312, in which Excel in China saves CSV."""


def read_table(path: Path) -> pd.DataFrame:
    """Read the columns of a file; geometry is left out.

    A CSV has no types, so all its columns stay text (code 007 stays 007) and blanks become null. Other formats keep
    their types.

    Raises
    ------
    NeedleError
        ``file.missing``; ``file.format`` for an unknown suffix; ``file.unreadable``.
    """
    kind = existing_format(path)
    readers = {"csv": read_csv, "xlsx": read_xlsx, "parquet": read_parquet, "json": read_json}
    try:
        return readers.get(kind, read_attributes)(path)
    except FAULTS as error:
        raise unreadable(path, error) from error


def check_columns(table: pd.DataFrame, columns: Iterable[str], path: Path) -> None:
    """Refuse a table that lacks a column (``file.column``), naming those it has."""
    for column in columns:
        if column not in table.columns:
            known = ", ".join(str(c) for c in table.columns if c != "geometry")
            raise NeedleError("file.column", path=path.name, column=column, known=known)


def read_csv(path: Path) -> pd.DataFrame:
    """Read CSV or TSV, separated by the comma, semicolon or tab that its first line shows."""
    text = decode(read_bytes(path))
    separator = max(",;\t", key=text.partition("\n")[0].count)
    return pd.read_csv(StringIO(text), sep=separator, dtype=str, keep_default_na=False, na_values=[""])


def decode(raw: bytes) -> str:
    """Text of a table in the first encoding that fits."""
    try:
        return raw.decode(TABLE_ENCODINGS[0])
    except UnicodeDecodeError:
        return raw.decode(TABLE_ENCODINGS[1])


def read_xlsx(path: Path) -> pd.DataFrame:
    """Read the first sheet; cells keep the type that the sheet gives them."""
    return pd.read_excel(path, dtype=object, engine="openpyxl").infer_objects()


def read_parquet(path: Path) -> pd.DataFrame:
    """Read Parquet without its geometry columns; a named index becomes columns."""
    schema = pq.read_schema(path)
    geometry = wkb_columns(schema)
    frame = pd.read_parquet(path, columns=[name for name in schema.names if name not in geometry])
    return frame.reset_index(drop=None in frame.index.names)


def read_attributes(path: Path) -> pd.DataFrame:
    """Read the attributes of a GeoPackage or Shapefile."""
    if path.suffix.lower() == ".gpkg":
        return pd.DataFrame(pyogrio.read_dataframe(path, layer=only_layer(path), read_geometry=False))
    return read_in_encodings(path, geometry=False)


def write_table(table: pd.DataFrame, path: Path, lng: str = "lng", lat: str = "lat") -> None:
    """Write a table in the format of the suffix: ``.parquet``, ``.csv[.gz]``, ``.geojson[.gz]``, ``.gpkg``.

    GeoJSON and GeoPackage carry geometry: the table's own, else the points of columns ``lng``, ``lat`` (WGS84 degrees).
    A GeoDataFrame in ``.parquet`` is GeoParquet.

    Raises
    ------
    NeedleError
        ``file.format`` for any other suffix.
    """
    check_writable(path)
    kind = file_format(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    if kind == "parquet":
        table.to_parquet(path, index=False)
    elif kind == "csv":
        plain(table).to_csv(path, index=False)
    elif kind == "gpkg":
        path.unlink(missing_ok=True)
        with_points(table, lng, lat).to_file(path, driver="GPKG", layer=path.stem)
    else:
        write_geojson(with_points(table, lng, lat), path)


def check_writable(path: Path) -> None:
    """Refuse a suffix that ``write_table`` cannot write, before the work is done."""
    if file_format(path) not in ("parquet", "csv", "json", "gpkg"):
        raise NeedleError("file.format", path=path.name, known=".parquet, .csv, .csv.gz, .geojson, .geojson.gz, .gpkg")


def with_points(table: pd.DataFrame, lng: str, lat: str) -> gpd.GeoDataFrame:
    """The table with geometry: its own, or the points of two columns (none where they are null)."""
    if isinstance(table, gpd.GeoDataFrame):
        return table
    points = gpd.GeoSeries.from_xy(table[lng], table[lat], crs=4326)
    return gpd.GeoDataFrame(table, geometry=points.where(table[lng].notna(), None), crs=4326)


def plain(table: pd.DataFrame) -> pd.DataFrame:
    """The table without a geometry column."""
    return pd.DataFrame(table.drop(columns=table.geometry.name)) if isinstance(table, gpd.GeoDataFrame) else table


def write_geojson(frame: gpd.GeoDataFrame, path: Path) -> None:
    """Write RFC 7946 GeoJSON, gzipped when the name ends in ``.gz``."""
    text = frame.to_json(drop_id=True, ensure_ascii=False).encode()
    path.write_bytes(gzip.compress(text, 6) if path.suffix.lower() == ".gz" else text)
