"""An analysis as the page, its tiles and its files show it. Pure."""

from typing import Any, Final

import numpy as np

from dashboard.hotspots.analysis import HIGH_LOW, Analysis, Hotspot
from data.mirror.ground import rectangle
from data.mirror.inside import mercator_degrees
from geo.mvt import POLYGONS, encode_shapes
from geo.stats.trends import Trend

LAYER: Final = "spot"
SCORE: Final = 100
SMALL: Final = 20_000
"""A tile of more cells than so many shows those alone that have something to say."""
BUFFER: Final = 32
Tile = tuple[int, int, int]


def draw(found: Analysis, tile: Tile) -> bytes:
    """The cells on a tile: ``n`` cases, ``b`` before, ``c`` class, ``z`` score by 100, ``g`` change, ``t`` trend, ``d`` density.

    Far out, where cells are less than a pixel, those without a case and without a class are left out.
    """
    cells = found.study.tree.touching(*rectangle(tile, BUFFER))
    if len(cells) > SMALL:
        cells = cells[(found.counted.now[cells] > 0) | (found.classes[cells] != 0)]
    if not len(cells):
        return b""
    most = float(found.density.max()) or 1.0
    numbers = {
        "n": found.counted.now[cells],
        "b": found.counted.before[cells],
        "c": found.classes[cells].astype(np.int64),
        "z": np.nan_to_num(found.z[cells] * SCORE).astype(np.int64),
        "g": found.change[cells].astype(np.int64),
        "t": found.trend[cells].astype(np.int64),
        "d": (found.density[cells] / most * 1000).astype(np.int64),
    }
    return encode_shapes(LAYER, POLYGONS, tile, found.study.shapes, cells, cells, numbers, tolerance=0.0, buffer=BUFFER)


def summary(found: Analysis) -> dict[str, Any]:
    """What the page says first: how much was found, and whether it is anything."""
    classes = found.classes
    hot, cold = found.hot, classes < 0
    return {
        "cells": found.study.count,
        "cases": int(found.counted.now.sum()),
        "before": int(found.counted.before.sum()),
        "hot": int(hot.sum()),
        "cold": int(cold.sum()),
        "outliers": int((classes >= HIGH_LOW).sum()),
        "new": int((found.change == 1).sum()),
        "gone": int((found.change == 3).sum()),
        "hot_cases": int(found.counted.now[hot].sum()),
        "trends": {kind.name.lower(): int((found.trend == kind).sum()) for kind in Trend},
        "densest": round(float(found.density.max(initial=0.0)), 1),
        "bounds": bounds(found),
    }


def bounds(found: Analysis) -> list[float] | None:
    """West, south, east, north of the cells with a case."""
    cells = np.flatnonzero(found.counted.now > 0)
    if not len(cells):
        return None
    x, y = found.study.x[cells], found.study.y[cells]
    (west, north), (east, south) = mercator_degrees(np.array([[x.min(), y.min()], [x.max(), y.max()]]))
    return [float(west), float(south), float(east), float(north)]


def hotspot_as_json(found: Analysis, one: Hotspot, place: str) -> dict[str, Any]:
    """A hotspot of the list: its numbers, where it is, and the filter that names its cells."""
    lng, lat = mercator_degrees(np.array([one.centre]))[0].tolist()
    key = "cell" if found.study.grid == "cell" else "hex"
    return {
        "number": one.number,
        "cells": len(one.cells),
        "cases": one.cases,
        "before": one.before,
        "expected": round(one.expected, 1),
        "z": round(one.z, 2),
        "q": one.q,
        "trend": one.trend.name.lower(),
        "at": [round(lng, 6), round(lat, 6)],
        "place": place,
        "where": {key: [found.study.codes[cell] for cell in one.cells]},
    }
