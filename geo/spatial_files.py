"""Geometry from files, always ending in EPSG:4326, longitude first, with a coordinate system that somebody declared."""

from pathlib import Path
from zipfile import BadZipFile, ZipFile

import geopandas as gpd
import numpy as np
import orjson
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pyogrio
import shapely
from numpy.typing import NDArray
from pyogrio.errors import DataLayerError, DataSourceError
from pyproj import CRS

from geo.crs import Crs, parse_crs, refuse_contradiction
from geo.errors import NeedleError
from geo.formats import existing_format, unreadable
from geo.json_files import read_geojson

WKB_COLUMNS = ("geometry", "geom", "wkb_geometry", "the_geom", "wkb")
"""Columns of bytes in a plain Parquet file that are taken for WKB geometry, in this order."""

FAULTS = (
    *(ValueError, OSError, KeyError, TypeError, AttributeError, EOFError, BadZipFile),
    *(DataSourceError, DataLayerError, pa.ArrowException, shapely.errors.ShapelyError),
)
"""What the libraries raise over content that is not what its suffix says."""

Declared = Crs | CRS | None
"""By tag where there is one; a CRS without EPSG code (an ESRI .prj) as pyproj has it; None: the file does not say."""


def read_layer_file(path: Path, crs: str | None = None) -> gpd.GeoDataFrame:
    """Read a file with geometry: GeoJSON, GeoPackage, Shapefile (zipped too), GeoParquet, Parquet with a WKB column.

    Parameters
    ----------
    crs : str, optional
        Tag of the coordinate system (``geo.crs.parse_crs``). It overrules what the file says, since files with GCJ-02
        or BD-09 coordinates cannot declare them. Without it the file's own declaration counts; GeoJSON that says
        nothing is WGS84 by RFC 7946; any other file that says nothing is refused.

    Returns
    -------
    GeoDataFrame
        In EPSG:4326, two-dimensional; ``attrs["crs"]`` says which system was declared and by whom.

    Raises
    ------
    NeedleError
        ``file.*`` for files that cannot be read or have no geometry; ``crs.missing``, ``crs.unknown``;
        ``coordinate.range``, ``coordinate.swapped``, ``crs.contradicted`` when the values belie the declaration.
    """
    said = None if crs is None else parse_crs(crs)
    reader = READERS.get(existing_format(path))
    if reader is None:
        raise NeedleError("file.no_geometry", path=path.name)
    try:
        frame, own = reader(path)
    except FAULTS as error:
        raise unreadable(path, error) from error
    declared = said or own
    if declared is None:
        raise NeedleError("crs.missing", what=path.name)
    frame = in_wgs84(frame, declared, path)
    frame.attrs["crs"] = f"{name_of(declared)} ({'--crs' if said else path.name})"
    return frame


def in_wgs84(frame: gpd.GeoDataFrame, crs: Crs | CRS, path: Path) -> gpd.GeoDataFrame:
    """The frame in EPSG:4326, after its values have been held against their declaration."""
    geometries = shapely.force_2d(frame.geometry.to_numpy())
    if isinstance(crs, Crs):
        refuse_contradiction(crs, *corners(geometries), path.name)
        moved = shapely.transform(geometries, crs.to_wgs84, interleaved=False)
    else:
        moved = gpd.GeoSeries(geometries, crs=crs).to_crs(4326).to_numpy()
    columns = frame.drop(columns=frame.geometry.name).reset_index(drop=None in frame.index.names)
    return gpd.GeoDataFrame(columns, geometry=moved, crs=4326)


def corners(geometries: NDArray[np.object_]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Two opposite corners of each geometry's box, x and y of shape (2 n,); NaN for empty ones."""
    bounds = shapely.bounds(geometries)
    return bounds[:, ::2].ravel(), bounds[:, 1::2].ravel()


def tagged(crs: CRS | None) -> Declared:
    """A pyproj CRS by its EPSG tag if it has one; None for none and for "undefined" ones, which place nothing."""
    if crs is None or not (crs.is_geographic or crs.is_projected):
        return None
    epsg = 4326 if "CRS84" in crs.srs else crs.to_epsg()
    return Crs(f"EPSG:{epsg}") if epsg else crs


def name_of(crs: Crs | CRS) -> str:
    """The tag, else the system's name."""
    return crs.tag if isinstance(crs, Crs) else str(crs.name)


def read_geopackage(path: Path) -> tuple[gpd.GeoDataFrame, Declared]:
    """Read a GeoPackage."""
    frame = with_geometry(pyogrio.read_dataframe(path, layer=only_layer(path)), path)
    return frame, tagged(frame.crs)


def only_layer(path: Path) -> str:
    """The layer of a GeoPackage; several with geometry are refused, since none may be guessed."""
    layers = pyogrio.list_layers(path)
    names = [str(name) for name, kind in layers if kind is not None] or [str(name) for name, _ in layers]
    if len(names) > 1:
        raise NeedleError("file.many_layers", path=path.name, layers=", ".join(names))
    return names[0]


def read_shapefile(path: Path) -> tuple[gpd.GeoDataFrame, Declared]:
    """Read a Shapefile, bare or zipped, its texts in the first encoding that fits."""
    frame = with_geometry(read_in_encodings(path, geometry=True), path)
    return frame, tagged(frame.crs)


def read_in_encodings(path: Path, *, geometry: bool) -> pd.DataFrame:
    """Read a Shapefile; one without .cpg is tried as UTF-8, then as GB18030, before GDAL's own guess."""
    source = f"/vsizip/{path.resolve()}" if path.suffix.lower() == ".zip" else path
    for encoding in () if has_code_page(path) else ("utf-8", "gb18030"):
        try:
            return read_with_pyogrio(source, encoding, geometry)
        except UnicodeDecodeError:
            continue
    return read_with_pyogrio(source, None, geometry)


def read_with_pyogrio(source: str | Path, encoding: str | None, geometry: bool) -> pd.DataFrame:
    """pyogrio's reading, typed."""
    frame: pd.DataFrame = pyogrio.read_dataframe(source, encoding=encoding, read_geometry=geometry)
    return frame


def has_code_page(path: Path) -> bool:
    """Whether a .cpg file beside the Shapefile, or in its archive, names the encoding."""
    if path.suffix.lower() == ".zip":
        with ZipFile(path) as archive:
            return any(name.lower().endswith(".cpg") for name in archive.namelist())
    return path.with_suffix(".cpg").exists() or path.with_suffix(".CPG").exists()


def read_geoparquet(path: Path) -> tuple[gpd.GeoDataFrame, Declared]:
    """Read GeoParquet, or plain Parquet with a WKB column, which declares nothing."""
    schema = pq.read_schema(path)
    if b"geo" in (schema.metadata or {}):
        frame = gpd.read_parquet(path)
        return frame, tagged(frame.crs)
    columns = wkb_columns(schema)
    if not columns:
        raise NeedleError("file.no_geometry", path=path.name)
    table = pd.read_parquet(path)
    geometry = shapely.from_wkb(table[columns[0]].to_numpy())
    return gpd.GeoDataFrame(table.drop(columns=columns[0]), geometry=geometry), None


def wkb_columns(schema: pa.Schema) -> list[str]:
    """The columns of a Parquet file that hold geometry as WKB, the main one first; none for other files."""
    if b"geo" in (schema.metadata or {}):
        described = orjson.loads(schema.metadata[b"geo"])
        main = described["primary_column"]
        return [main, *(name for name in described["columns"] if name != main)]
    binary = {field.name for field in schema if pa.types.is_binary(field.type) or pa.types.is_large_binary(field.type)}
    return [name for name in WKB_COLUMNS if name in binary]


def with_geometry(frame: pd.DataFrame, path: Path) -> gpd.GeoDataFrame:
    """The frame, refused when the file has no geometry (``file.no_geometry``)."""
    if not isinstance(frame, gpd.GeoDataFrame):
        raise NeedleError("file.no_geometry", path=path.name)
    return frame


READERS = {"json": read_geojson, "gpkg": read_geopackage, "shp": read_shapefile, "parquet": read_geoparquet}
