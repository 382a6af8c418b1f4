"""JSON and GeoJSON, read without GDAL: it renames features whose ids repeat, and ids of tile-cut pieces must repeat."""

import re
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import orjson
import pandas as pd
import shapely
from numpy.typing import NDArray

from geo.crs import Crs, parse_crs
from geo.errors import NeedleError
from geo.formats import read_bytes

Json = dict[str, Any]


def read_json(path: Path) -> pd.DataFrame:
    """Read a JSON list of objects, or the properties of GeoJSON features; lists and objects inside become JSON text.

    Raises
    ------
    TypeError
        The content is neither.
    """
    content = orjson.loads(read_bytes(path))
    return flat_frame(content if isinstance(content, list) else [properties(f) for f in features(content)])


def read_geojson(path: Path) -> tuple[gpd.GeoDataFrame, Crs | None]:
    """Read GeoJSON with its declared coordinate system (``declared_crs``); coordinates are as the file has them.

    A feature's own ``id`` becomes column ``id`` where its properties have none. Rings are closed where they are not.

    Raises
    ------
    NeedleError
        ``file.no_geometry`` for JSON that is not GeoJSON; ``crs.unknown``.
    """
    content = orjson.loads(read_bytes(path))
    if not isinstance(content, dict) or "type" not in content:
        raise NeedleError("file.no_geometry", path=path.name)
    geometry = geometries([feature.get("geometry") for feature in features(content)])
    frame = flat_frame([properties(feature) for feature in features(content)])
    return gpd.GeoDataFrame(frame, geometry=geometry), declared_crs(content)


def declared_crs(content: Json) -> Crs | None:
    """What GeoJSON declares: nothing is WGS84 (RFC 7946), a legacy ``crs`` member is honoured, ``null`` is None.

    The member may hold one of our tags too, ``{"name": "gcj02"}``.
    """
    member = content.get("crs", "CRS84")
    if member is None:
        return None
    name = member.get("properties", {}).get("name", str(member)) if isinstance(member, dict) else str(member)
    if "CRS84" in name.upper():
        return parse_crs("EPSG:4326")
    urn = re.fullmatch(r"urn:ogc:def:crs:EPSG:[^:]*:(\d+)", name, re.IGNORECASE)
    return parse_crs(f"EPSG:{urn[1]}" if urn else name)


def features(content: Json) -> list[Json]:
    """The features of a collection, or the single one."""
    if content.get("type") == "Feature":
        return [content]
    if content.get("type") != "FeatureCollection":
        raise TypeError("neither a list of objects nor GeoJSON features")
    found: list[Json] = content["features"]
    return found


def properties(feature: Json) -> Json:
    """A feature's properties, with its own id where they have none."""
    values = dict(feature.get("properties") or {})
    if "id" in feature:
        values.setdefault("id", feature["id"])
    return values


def flat_frame(records: list[Json]) -> pd.DataFrame:
    """Records as columns; whatever is nested stays JSON text."""
    frame = pd.DataFrame.from_records(records, index=range(len(records)))
    mixed: list[str] = frame.select_dtypes(include="object", exclude="str").columns.tolist()
    for column in mixed:
        frame[column] = [as_text(value) for value in frame[column]]
    return frame.infer_objects()


def as_text(value: Any) -> Any:
    """Lists and objects as JSON text, other values as they are."""
    return orjson.dumps(value).decode() if isinstance(value, dict | list) else value


def geometries(members: list[Json | None]) -> NDArray[np.object_]:
    """Shapely geometries of GeoJSON geometry objects; None for null and for what is no geometry at all."""
    texts = np.array([None if member is None else orjson.dumps(member).decode() for member in members], dtype=object)
    found: NDArray[np.object_] = shapely.from_geojson(texts, on_invalid="ignore")
    for i in np.flatnonzero(shapely.is_missing(found)):
        found[i] = leniently(members[i])
    return found


def leniently(member: Json | None) -> shapely.Geometry | None:
    """A geometry that GEOS's strict reader refused, with its rings closed; None when that does not help."""
    try:
        return None if member is None else shapely.geometry.shape(member)
    except (ValueError, TypeError, KeyError, AttributeError, shapely.errors.ShapelyError):
        return None
