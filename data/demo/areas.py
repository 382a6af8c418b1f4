"""Polygons of cells, communities, subdistricts and districts: unions of lattice squares that share their vertices."""

from dataclasses import dataclass, replace

import numpy as np
import shapely
from numpy.typing import NDArray

from data.demo.ground import Ground
from data.demo.lattice import DECIMALS, Floats, Ints, Lattice

Shapes = NDArray[np.object_]


@dataclass(frozen=True)
class Shape:
    """Polygons (EPSG:4326) by index of cell, community, subdistrict, district."""

    cells: Shapes
    communities: Shapes
    subdistricts: Shapes
    districts: Shapes


def smooth_limits(lattice: Lattice, inside: NDArray[np.bool_]) -> Lattice:
    """Round the stairs off the city limits: nodes on the rim move towards their neighbours on the rim."""
    padded = np.pad(inside, 1)
    along = padded[1:, 1:-1] != padded[:-1, 1:-1], padded[1:-1, 1:] != padded[1:-1, :-1]
    lng, lat = lattice.lng.copy(), lattice.lat.copy()
    for _ in range(5):
        lng, lat = (_pull(a, *along) for a in (lng, lat))
    return replace(lattice, lng=np.round(lng, DECIMALS), lat=np.round(lat, DECIMALS))


def _pull(a: Floats, east: NDArray[np.bool_], north: NDArray[np.bool_]) -> Floats:
    """One smoothing step. `east[j, i]`: the rim joins nodes (j, i) and (j, i + 1); `north`: (j, i) and (j + 1, i)."""
    total, count = np.zeros_like(a), np.zeros(a.shape, np.int32)
    for edge, here, there in (
        (east, (slice(None), slice(None, -1)), (slice(None), slice(1, None))),
        (north, (slice(None, -1), slice(None)), (slice(1, None), slice(None))),
    ):
        total[here] += np.where(edge, a[there], 0)
        total[there] += np.where(edge, a[here], 0)
        count[here] += edge
        count[there] += edge
    return np.where(count == 2, 0.55 * a + 0.45 * total / 2, a)


def square_corners(lattice: Lattice, rows: Ints, columns: Ints) -> Floats:
    """Corners of squares, shape (k, 4, 2): south-west, south-east, north-east, north-west; degrees."""
    steps = ((0, 0), (0, 1), (1, 1), (1, 0))
    corners = [np.column_stack([a[rows + j, columns + i] for a in (lattice.lng, lattice.lat)]) for j, i in steps]
    return np.stack(corners, axis=1)


def unite(pieces: Shapes, group: Ints, count: int) -> Shapes:
    """Union of the pieces of each group; pieces are a coverage, and no vertex is dropped or moved."""
    order = np.argsort(group, kind="stable")
    bounds = np.searchsorted(group[order], np.arange(count + 1))
    united = np.empty(count, object)
    for k in range(count):
        members = pieces[order[bounds[k] : bounds[k + 1]]]
        united[k] = members[0] if len(members) == 1 else shapely.coverage_union_all(members)
    return united


def make_shape(lattice: Lattice, ground: Ground) -> Shape:
    """Every area's polygon."""
    rows, columns = np.nonzero(ground.inside)
    squares = shapely.polygons(square_corners(lattice, rows, columns))
    cells = unite(squares, ground.cell[rows, columns], len(ground.cell_community))
    communities = unite(cells, ground.cell_community, len(ground.community_parent))
    subdistricts = unite(communities, ground.community_parent, len(ground.subdistrict_parent))
    districts = unite(subdistricts, ground.subdistrict_parent, int(ground.subdistrict_parent.max()) + 1)
    return Shape(*(shapely.normalize(s) for s in (cells, communities, subdistricts, districts)))
