"""Where reports say they are: coordinates converted, checked and located; what cannot be believed gets a problem.

Pure.
"""

import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from data.stores.reference import ChannelRow
from data.stores.reports import ReportRow
from geo.atlas import Atlas, Place
from geo.crs import check_lnglat, parse_crs
from geo.errors import NeedleError
from geo.h3grid import h3_cells

CELL_LAYER = "cell"


@dataclass(frozen=True, slots=True)
class Spot:
    """Where one report is, in WGS84 degrees, or the error code that says why it is nowhere.

    ``uncertainty_m`` is the report's own, else its channel's. ``h3_9`` is None where there is no place.
    """

    uncertainty_m: float
    problem: str | None = None
    lng: float | None = None
    lat: float | None = None
    place: Place | None = None
    h3_9: int | None = None


def locate_reports(
    reports: Sequence[ReportRow],
    channels: Mapping[str, ChannelRow],
    atlas: Atlas,
    default_spots: frozenset[tuple[float, float]] | set[tuple[float, float]],
) -> list[Spot]:
    """Locate a batch of reports.

    Parameters
    ----------
    default_spots : set of (lng, lat)
        Coordinates as sent that stand for "not found".
    """
    points = [_as_sent(report.body) for report in reports]
    tags = [_tag(report, channels) for report in reports]
    lng, lat, problems = _to_wgs84(points, tags)
    for i, point in enumerate(points):
        if point in default_spots:
            problems[i] = "coordinate.default_spot"
    cells = h3_cells(lng, lat)
    return [
        _spot(reports[i], channels, atlas, problems[i], float(lng[i]), float(lat[i]), int(cells[i]))
        for i in range(len(reports))
    ]


def areas_of(place: Place, atlas: Atlas) -> dict[str, str]:
    """Layer -> code of the polygon that holds the place, for every layer but the unit cells'."""
    return {
        layer.name: layer.codes[index]
        for layer, index in zip(atlas.layers, place.indices, strict=True)
        if index >= 0 and layer.name != CELL_LAYER
    }


def cell_of(place: Place, atlas: Atlas) -> str | None:
    """The code of the unit grid cell, None where there is none."""
    for layer, index in zip(atlas.layers, place.indices, strict=True):
        if layer.name == CELL_LAYER and index >= 0:
            return layer.codes[index]
    return None


def borders_of(place: Place, atlas: Atlas, uncertainty_m: float) -> dict[str, dict[str, Any]]:
    """Layer -> {m: metres to its border, other: code beyond or null, ambiguous: within the uncertainty}."""
    borders: dict[str, dict[str, Any]] = {}
    for k, layer in enumerate(atlas.layers):
        if place.indices[k] >= 0 and np.isfinite(place.border_m[k]):
            other = layer.codes[place.other[k]] if place.other[k] >= 0 else None
            metres = round(place.border_m[k], 1)
            borders[layer.name] = {"m": metres, "other": other, "ambiguous": place.border_m[k] <= uncertainty_m}
    return borders


def other_sides(place: Place, atlas: Atlas, uncertainty_m: float) -> list[tuple[str, Place]]:
    """For every layer whose border is within the uncertainty: its name, and the place as if it lay beyond."""
    sides = []
    for k, layer in enumerate(atlas.layers):
        if place.indices[k] >= 0 and place.other[k] >= 0 and place.border_m[k] <= uncertainty_m:
            indices = (*place.indices[:k], place.other[k], *place.indices[k + 1 :])
            sides.append((layer.name, place._replace(indices=indices)))
    return sides


def point_ewkb(lng: float, lat: float) -> str:
    """A point (EPSG:4326) as the text that a geometry column takes."""
    return (b"\x01\x01\x00\x00\x20\xe6\x10\x00\x00" + struct.pack("<dd", lng, lat)).hex()


def _as_sent(body: Mapping[str, Any]) -> tuple[float, float] | None:
    lng, lat = body.get("lng"), body.get("lat")
    return None if lng is None or lat is None else (float(lng), float(lat))


def _tag(report: ReportRow, channels: Mapping[str, ChannelRow]) -> str | None:
    channel = channels.get(report.channel)
    return report.body.get("crs") or (channel.crs if channel else None)


def _to_wgs84(
    points: Sequence[tuple[float, float] | None], tags: Sequence[str | None]
) -> tuple[np.ndarray[Any, np.dtype[np.float64]], np.ndarray[Any, np.dtype[np.float64]], list[str | None]]:
    """Convert tag by tag; a point that has none, or one that nobody knows, gets the problem's code."""
    lng, lat = np.full(len(points), np.nan), np.full(len(points), np.nan)
    problems: list[str | None] = ["coordinate.missing" if point is None else None for point in points]
    for tag in {tag for tag, point in zip(tags, points, strict=True) if point is not None}:
        which = [i for i, point in enumerate(points) if point is not None and tags[i] == tag]
        xy = np.array([points[i] for i in which], dtype=np.float64)
        codes = _convert(tag, xy, lng, lat, which)
        for i, code in zip(which, codes, strict=True):
            problems[i] = code or None
    return lng, lat, problems


def _convert(
    tag: str | None,
    xy: np.ndarray[Any, np.dtype[np.float64]],
    lng: np.ndarray[Any, np.dtype[np.float64]],
    lat: np.ndarray[Any, np.dtype[np.float64]],
    which: Sequence[int],
) -> Sequence[str]:
    try:
        crs = parse_crs(tag)
    except NeedleError as error:
        return [error.code] * len(which)
    given = check_lnglat(xy[:, 0], xy[:, 1]) if crs.is_degrees else np.full(len(which), "")
    lng[which], lat[which] = crs.to_wgs84(xy[:, 0], xy[:, 1])
    known = check_lnglat(lng[which], lat[which])
    codes: list[str] = np.where(given != "", given, known).tolist()
    return codes


def _spot(
    report: ReportRow,
    channels: Mapping[str, ChannelRow],
    atlas: Atlas,
    problem: str | None,
    lng: float,
    lat: float,
    h3_9: int,
) -> Spot:
    accuracy = report.body.get("accuracy_m")
    channel = channels.get(report.channel)
    uncertainty = float(accuracy) if accuracy is not None else (channel.uncertainty_m if channel else 0.0)
    if problem is not None:
        return Spot(uncertainty, problem)
    place = atlas.locate_one(lng, lat)
    if max(place.indices, default=-1) < 0:
        return Spot(uncertainty, "coordinate.outside")
    return Spot(uncertainty, None, lng, lat, place, h3_9)
