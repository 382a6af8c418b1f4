"""Reports for a city that publishes none: where, when and about what, deterministic by seed and start. Pure.

Every area is equally likely, so that reports are as dense as areas are small; moments follow a Poisson process whose
rate has the profile's daily rhythm; points are uniform inside their area and sent in the profile's datum.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import shapely

from data.profile_model import Profile, SyntheticSource
from geo.datums import wgs84_to_bd09, wgs84_to_gcj02
from geo.errors import NeedleError
from geo.layers import Layer

DRAWS = 32
"""Points drawn at once inside an area's box, of which the first inside the area is taken."""

Report = dict[str, Any]
"""One report in the wire format of the intake."""


def synthetic_reports(profile: Profile, layer: Layer, start: datetime, seed: int | None = None) -> Iterator[Report]:
    """An endless stream of reports in the wire format, in the order of their times.

    Parameters
    ----------
    layer : Layer
        The layer that the profile's ``[synthetic]`` names.
    start : aware datetime
        When the stream begins. The same start and seed give the same reports, with the same keys.
    seed : int, optional
        Default: the profile's.

    Raises
    ------
    NeedleError
        ``replay.nothing`` for a profile without ``[synthetic]``.
    """
    source = profile.synthetic
    if source is None:
        raise NeedleError("replay.nothing")
    used = source.seed if seed is None else seed
    random = np.random.default_rng(used)
    weights = np.array([matter.weight for matter in source.matter])
    zone, at, number = ZoneInfo(profile.timezone), start, 0
    while True:
        at += timedelta(seconds=float(random.exponential(1 / rate_per_s(source, at.astimezone(zone).hour))))
        number += 1
        area = int(random.integers(len(layer)))
        lng, lat = point_inside(layer.polygons[area], random)
        matter = source.matter[int(random.choice(len(weights), p=weights / weights.sum()))]
        x, y = in_datum(lng, lat, source.crs)
        yield {
            "channel": source.channel,
            "key": f"{profile.name}-{used}-{start.timestamp():.0f}-{number}",
            "reported_at": at.astimezone(zone).isoformat(timespec="milliseconds"),
            "matter": matter.key,
            "text": str(random.choice(matter.texts)),
            "lng": x,
            "lat": y,
            "crs": source.crs,
            "accuracy_m": source.accuracy_m,
            "address": layer.names[area],
            "reporter": None,
        }


def rate_per_s(source: SyntheticSource, hour: int) -> float:
    """Reports a second in an hour of the local day."""
    return source.per_day / 3600 * source.rhythm[hour] / sum(source.rhythm)


def point_inside(polygon: shapely.Geometry, random: np.random.Generator) -> tuple[float, float]:
    """A uniform random point of a polygon."""
    west, south, east, north = shapely.bounds(polygon)
    shapely.prepare(polygon)
    while True:
        lng, lat = random.uniform(west, east, DRAWS), random.uniform(south, north, DRAWS)
        inside = np.flatnonzero(shapely.contains_xy(polygon, lng, lat))
        if len(inside):
            return float(lng[inside[0]]), float(lat[inside[0]])


def in_datum(lng: float, lat: float, crs: str) -> tuple[float, float]:
    """A WGS84 point in the datum of that tag, to about a centimetre."""
    shift = {"gcj02": wgs84_to_gcj02, "bd09": wgs84_to_bd09}.get(crs)
    x, y = shift(lng, lat) if shift else (lng, lat)
    return round(float(x), 7), round(float(y), 7)
