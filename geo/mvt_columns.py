"""Geometries as the columns that tiles are made of."""

from typing import Any

import numpy as np
import shapely
from numba import njit
from numpy.typing import NDArray

from geo.mvt import Shapes
from geo.mvt_shapes import simplify

Longs = NDArray[np.int64]
UNITS = float(1 << 32)
HIGHEST_LAT = 85.0511287798066


def shapes_of(geometries: NDArray[np.object_]) -> Shapes:
    """Points, lines or polygons (EPSG:4326, longitude first; single or multi, one dimension alike) as columns."""
    polygons = shapely.get_dimensions(geometries) == 2
    parts, part_of = shapely.get_parts(geometries, return_index=True)
    rings = parts
    holes = np.zeros(len(parts), np.bool_)
    if polygons.any():
        rings, ring_of = shapely.get_rings(parts, return_index=True)
        holes = np.concatenate(([False], ring_of[1:] == ring_of[:-1])) if len(rings) else holes[:0]
        part_of = part_of[ring_of]
    points = shapely.get_coordinates(rings)
    x, y = mercator(points[:, 0], points[:, 1])
    ends = np.cumsum(shapely.get_num_coordinates(rings))
    counts = np.bincount(part_of, minlength=len(geometries))
    return Shapes(_starts(np.cumsum(counts)), _starts(ends), np.asarray(holes, np.bool_), x, y)


def mercator(lng: NDArray[np.float64], lat: NDArray[np.float64]) -> tuple[NDArray[np.uint32], NDArray[np.uint32]]:
    """WGS84 degrees as Web Mercator units (spherical, EPSG:3857: y = (1 - asinh(tan lat) / pi) / 2), clipped to its square."""
    radians = np.radians(np.clip(lat, -HIGHEST_LAT, HIGHEST_LAT))
    across = (lng + 180.0) / 360.0 * UNITS
    down = (0.5 - np.arcsinh(np.tan(radians)) / (2.0 * np.pi)) * UNITS
    x, y = (np.clip(values, 0.0, UNITS - 1.0).astype(np.uint32) for values in (across, down))
    return x, y


def boxes_of(shapes: Shapes) -> Longs:
    """Left, top, right, bottom of each shape, shape (n, 4); one without points touches nothing."""
    return _boxes(shapes.shape_parts, shapes.part_points, shapes.x, shapes.y)


def joined(pieces: list[Shapes]) -> Shapes:
    """Shapes one after the other."""
    parts = np.concatenate([np.diff(piece.shape_parts) for piece in pieces])
    points = np.concatenate([np.diff(piece.part_points) for piece in pieces])
    return Shapes(
        _starts(np.cumsum(parts)),
        _starts(np.cumsum(points)),
        np.concatenate([piece.holes for piece in pieces]),
        np.concatenate([piece.x for piece in pieces]),
        np.concatenate([piece.y for piece in pieces]),
    )


def simplified(shapes: Shapes, tolerance: float) -> Shapes:
    """The same shapes with fewer points (Douglas-Peucker, ``tolerance`` in Mercator units)."""
    kept, points = simplify(shapes.part_points, shapes.x, shapes.y, tolerance)
    return Shapes(shapes.shape_parts, points, shapes.holes, shapes.x[kept], shapes.y[kept])


def merged_lines(shapes: Shapes, group: Longs) -> tuple[Shapes, Longs]:
    """Lines of the same ``group`` (of each shape; -1: left out) that meet end to end, each chain as one, and the group of each.

    Where three or more of a group meet, chains end.
    """
    points = np.column_stack((shapes.x, shapes.y)).astype(np.float64)
    parts = shapely.linestrings(points, indices=np.repeat(np.arange(len(shapes.holes)), np.diff(shapes.part_points)))
    of = np.repeat(group, np.diff(shapes.shape_parts))
    order = np.argsort(of, kind="stable")[np.count_nonzero(of < 0) :]
    groups, at = np.unique(of[order], return_inverse=True)
    chains, chain_of = shapely.get_parts(
        shapely.line_merge(shapely.multilinestrings(parts[order], indices=at)), return_index=True
    )
    x, y = shapely.get_coordinates(chains).astype(np.uint32).T
    starts = _starts(np.cumsum(shapely.get_num_coordinates(chains)))
    holes = np.zeros(len(chains), np.bool_)
    return Shapes(np.arange(len(chains) + 1), starts, holes, x.copy(), y.copy()), groups[chain_of]


def _starts(ends: NDArray[Any]) -> Longs:
    return np.concatenate(([0], ends)).astype(np.int64)


@njit(cache=True, nogil=True)
def _boxes(shape_parts: Longs, part_points: Longs, x: NDArray[np.uint32], y: NDArray[np.uint32]) -> Longs:
    boxes = np.empty((len(shape_parts) - 1, 4), np.int64)
    for k in range(len(boxes)):
        boxes[k, 0] = boxes[k, 1] = 1 << 32
        boxes[k, 2] = boxes[k, 3] = -1
        for at in range(part_points[shape_parts[k]], part_points[shape_parts[k + 1]]):
            boxes[k, 0], boxes[k, 1] = min(boxes[k, 0], x[at]), min(boxes[k, 1], y[at])
            boxes[k, 2], boxes[k, 3] = max(boxes[k, 2], x[at]), max(boxes[k, 3], y[at])
    return boxes
