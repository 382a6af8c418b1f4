"""Functions over places: metres and square metres on a sphere of 6,378,100 m, as ODK has it."""

import math
from collections.abc import Iterable
from itertools import pairwise
from typing import Final

from forms.xpath.evaluation import Context
from forms.xpath.functions import function, texts
from forms.xpath.values import Value

RADIUS_M: Final = 6_378_100.0
Points = list[tuple[float, float]]
"""Latitude and longitude in radians."""


def points(values: Iterable[Value]) -> Points:
    """The points of geopoints, -traces and -shapes, one behind the other; what is none is left out."""
    out = []
    for part in (part for text in texts(values) for part in text.split(";")):
        try:
            latitude, longitude = (math.radians(float(each)) for each in part.split()[:2])
        except ValueError:
            continue
        out.append((latitude, longitude))
    return out


@function("distance", 1, 1000)
def _distance(_: Context, *values: Value) -> Value:
    found = points(values)
    return math.fsum(between(a, b) for a, b in pairwise(found))


def between(a: tuple[float, float], b: tuple[float, float]) -> float:
    """The great circle between two points, in metres (haversine)."""
    h = math.sin((b[0] - a[0]) / 2) ** 2 + math.cos(a[0]) * math.cos(b[0]) * math.sin((b[1] - a[1]) / 2) ** 2
    return 2 * RADIUS_M * math.asin(min(1.0, math.sqrt(h)))


@function("area", 1)
def _area(_: Context, value: Value) -> Value:
    found = points([value])
    ring = [*found, *found[:1]]
    parts = ((b[1] - a[1]) * (2 + math.sin(a[0]) + math.sin(b[0])) for a, b in pairwise(ring))
    return abs(math.fsum(parts)) * RADIUS_M**2 / 2
