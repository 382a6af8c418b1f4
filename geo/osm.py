"""Streets, landscape, buildings and administrative areas from an extract of OpenStreetMap (``.osm.pbf``).

GDAL's driver assembles ways and multipolygons as a stream, keeping nodes in temporary files, so that memory stays bounded;
``geo.osm_pbf`` says what the extract does not hold whole, and ``geo.osm_tags`` what tags mean. A thing's code is its type
and id on OpenStreetMap: ``way/1234``, ``relation/5678``, with ``/1``, ``/2`` behind it for the pieces of one.
"""

import warnings
from collections.abc import Generator, Iterator, Sequence
from dataclasses import dataclass
from importlib.resources import as_file, files
from pathlib import Path
from typing import Any, Final, NamedTuple

import geopandas as gpd
import numpy as np
import pyogrio
import shapely
from numpy.typing import NDArray
from pyogrio.errors import FeatureError
from shapely import MultiPolygon

from geo.formats import unreadable
from geo.ground import BuildingRow, GroundNotes, LandscapeRow, StreetRow
from geo.osm_pbf import Bools, Progress, Torn, find_torn
from geo.osm_tags import Tags, address_of, highways, kind_of, name_of, oneway_of, size_of, speed_of, use_of
from geo.repair import valid_polygons
from geo.spatial_files import FAULTS

ATTRIBUTION: Final = "© OpenStreetMap contributors"
"""What a map drawn from it must show (ODbL 1.0, 4.3; openstreetmap.org/copyright)."""

BATCH: Final = 20_000


class AreaRows(NamedTuple):
    """What a batch of areas holds."""

    landscape: list[LandscapeRow]
    buildings: list[BuildingRow]


@dataclass(frozen=True, eq=False)
class Extract:
    """An extract that was looked through: where it is, and what it does not hold whole."""

    path: Path
    torn: Torn


def open_extract(path: Path, progress: Progress | None = None) -> Extract:
    """Look through an extract, before anything of it is used.

    GDAL ends a stream of batches without a word where it cannot read on, so it is asked here whether it can.

    Parameters
    ----------
    progress : callable
        Told which part of the file was looked through, 0 to 1.

    Raises
    ------
    NeedleError
        ``file.missing``, ``file.unreadable``.
    """
    torn = find_torn(path, progress)
    try:
        pyogrio.read_dataframe(path, sql="select osm_id from points where osm_id = ''", read_geometry=False)
    except (*FAULTS, FeatureError) as error:
        raise unreadable(path, error) from error
    return Extract(path, torn)


def is_osm(path: Path) -> bool:
    """Whether the name is that of an OpenStreetMap extract."""
    return path.name.lower().endswith(".pbf")


def read_streets(extract: Extract, notes: GroundNotes) -> Generator[list[StreetRow]]:
    """The streets, batch by batch.

    A street that lacks nodes becomes the pieces that the file has; one that is one-way against its nodes is turned round.
    """
    for rows, shapes in _batches(extract.path, "lines", "highway is not null"):
        found: list[StreetRow] = []
        for tags, line in zip(rows, shapes, strict=True):
            found += _streets(tags, line, extract.torn, notes)
        yield found


def _streets(tags: dict[str, Any], line: shapely.LineString, torn: Torn, notes: GroundNotes) -> Iterator[StreetRow]:
    way = int(tags["osm_id"])
    code = f"way/{way}"
    meaning = highways().get(tags["highway"])
    if meaning is None or tags["area"] == "yes":
        notes.add("no_streets", f"{code} ({tags['highway']})")
        return
    if line is None or line.length == 0:
        notes.add("no_length", code)
        return
    pieces = {code: line}
    if torn.has_way(way):
        notes.add("torn_streets", code)
        pieces = {f"{code}/{n}": piece for n, piece in enumerate(_runs(line, torn.ways[way]), 1)}
    way_of = oneway_of(tags)
    for name, piece in pieces.items():
        shape = shapely.reverse(piece) if way_of < 0 else piece
        speed = speed_of(tags, meaning.speed_kmh)
        yield StreetRow(name, name_of(tags), meaning.street_class, speed, way_of != 0, shape)


def _runs(line: shapely.LineString, there: Bools) -> list[shapely.LineString]:
    """The line without the strokes across its absent nodes: one line for each run of nodes that are there."""
    points = shapely.get_coordinates(line)
    if len(points) != there.sum():
        return []
    starts = there & ~np.concatenate([[False], there[:-1]])
    runs = np.split(points, np.cumsum(there)[starts][1:] - 1)
    return [shapely.linestrings(run) for run in runs if len(run) > 1]


def read_areas(extract: Extract, notes: GroundNotes) -> Generator[AreaRows]:
    """Landscape and buildings, batch by batch; what is torn is left out, for its shape would be wrong."""
    for rows, shapes in _batches(extract.path, "multipolygons", None):
        found = AreaRows([], [])
        kinds = [_area_kind(tags) for tags in rows]
        wanted = [i for i, kind in enumerate(kinds) if kind is not None]
        for i, code, shape in _usable([rows[i] for i in wanted], shapes[wanted], extract.torn, notes):
            tags, kind = rows[wanted[i]], kinds[wanted[i]]
            if kind == "building":
                found.buildings.extend(_buildings(code, tags, shape))
            else:
                assert kind is not None
                found.landscape.append(LandscapeRow(code, kind, name_of(tags), _multi(shape)))
        yield found


def _area_kind(tags: Tags) -> str | None:
    """``building``, a kind of landscape, or None for areas that the ground does not show."""
    return "building" if tags["building"] not in (None, "no") else kind_of(tags)


def _usable(
    rows: Sequence[dict[str, Any]], shapes: NDArray[np.object_], torn: Torn, notes: GroundNotes
) -> Iterator[tuple[int, str, shapely.Geometry]]:
    """Number, code and valid shape of the areas that are whole."""
    codes = [_code(tags) for tags in rows]
    whole = np.array([not _is_torn(tags, torn) for tags in rows], dtype=np.bool_)
    for i in np.flatnonzero(~whole).tolist():
        notes.add("torn_areas", codes[i])
    polygons, repaired = valid_polygons(shapes[whole])
    for i, polygon, mended in zip(np.flatnonzero(whole).tolist(), polygons, repaired, strict=True):
        if polygon is None or polygon.area == 0:
            notes.add("broken_rings", codes[i])
            continue
        if mended:
            notes.add("repaired_rings", codes[i])
        yield i, codes[i], polygon


def _buildings(code: str, tags: Tags, shape: shapely.Geometry) -> Iterator[BuildingRow]:
    """The building, or each of the separate parts of one."""
    size = size_of(tags)
    parts = shapely.get_parts(shape)
    for number, part in enumerate(parts, 1):
        name = code if len(parts) == 1 else f"{code}/{number}"
        yield BuildingRow(name, name_of(tags), address_of(tags), use_of(tags), *size, part)


def read_boundaries(extract: Extract, notes: GroundNotes) -> gpd.GeoDataFrame:
    """Administrative areas: columns ``level`` (OpenStreetMap's admin_level as text), ``code``, ``name``, ``geometry``."""
    found: list[dict[str, object]] = []
    for rows, shapes in _batches(
        extract.path, "multipolygons", "boundary = 'administrative' and admin_level is not null"
    ):
        for i, code, shape in _usable(rows, shapes, extract.torn, notes):
            name = name_of(rows[i]) or code
            found.append({"level": rows[i]["admin_level"], "code": code, "name": name, "geometry": shape})
    columns = ["level", "code", "name", "geometry"]
    return gpd.GeoDataFrame(found, columns=columns, geometry="geometry", crs=4326)


def _batches(path: Path, layer: str, only: str | None) -> Iterator[tuple[list[dict[str, Any]], NDArray[np.object_]]]:
    """Tags and shapes of one of the driver's layers; rings of two points come as None."""
    query = f"select * from {layer}" + (f" where {only}" if only else "")
    options = {"sql": query, "batch_size": BATCH, "use_pyarrow": True}
    try:
        with (
            as_file(files("geo") / "osm.ini") as settings,
            pyogrio.open_arrow(path, CONFIG_FILE=str(settings), **options) as (meta, reader),
        ):
            while (batch := _next(reader)) is not None:
                geometry = batch.column(meta["geometry_name"] or "wkb_geometry")
                shapes = shapely.from_wkb(geometry.to_numpy(zero_copy_only=False), on_invalid="ignore")
                yield batch.drop_columns([meta["geometry_name"]]).to_pylist(), shapes
    except FAULTS as error:
        raise unreadable(path, error) from error


def _next(reader: Any) -> Any:
    """The next batch or None; GDAL's warnings of rings that do not close are the notes' matter."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)
        try:
            return reader.read_next_batch()
        except StopIteration:
            return None


def _code(tags: Tags) -> str:
    return f"way/{tags['osm_way_id']}" if tags["osm_way_id"] else f"relation/{tags['osm_id']}"


def _is_torn(tags: Tags, torn: Torn) -> bool:
    way = tags["osm_way_id"]
    return torn.has_way(int(way)) if way else torn.has_relation(int(tags["osm_id"] or 0))


def _multi(shape: shapely.Geometry) -> MultiPolygon:
    return shapely.multipolygons(shapely.get_parts(shape))
