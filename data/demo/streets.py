"""The streets: ring road, arterials, secondary streets and lanes along lattice lines, with names and bridges."""

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import shapely
from numpy.typing import NDArray
from scipy.interpolate import CubicSpline

from data.demo.ground import Ground
from data.demo.landuse import COMMERCE, FACTORY, FIELD, OFFICE, OLD_TOWN, PARK, PERIMETER, VILLAGE, LandUse
from data.demo.lattice import DECIMALS, MINOR, PRIMARY, RIVER, SECONDARY, Ints, Lattice
from data.demo.names import street_stems

CLASSES = ("", "residential", "tertiary", "secondary", "primary", "motorway", "path")
LANE, LOCAL, COLLECTOR, ARTERIAL, EXPRESSWAY, PATH = 1, 2, 3, 4, 5, 6
SPEED_KMH = np.array([0.0, 20.0, 30.0, 40.0, 50.0, 70.0, 5.0])
HALF_WIDTH_M = np.array([4.0, 7.0, 10.0, 15.0, 24.0, 30.0, 5.0])
"""From the middle of the street to the first house, by class."""

SMALL = 30
"""Squares a side below which every secondary street bridges the river, and no motorway passes."""

STRETCH = 75
"""Squares after which an arterial of a large city takes another name."""


@dataclass(frozen=True)
class Streets:
    """Street ways and, for whoever stands beside them, the class and name of every lattice edge.

    Attributes
    ----------
    lines : ndarray of LineString (EPSG:4326)
        Ways; crossing ways share the lattice node, as in OpenStreetMap.
    name, street_class : ndarray
        Of each way: index into `names`, index into `CLASSES`.
    east, north : ndarray of int
        Class of the lattice edge that goes east, or north, from node [v, u]; 0 where there is no street.
    east_name, north_name : ndarray of int
        Index into `names` of the same edges.
    """

    lines: NDArray[np.object_]
    name: Ints
    street_class: Ints
    names: tuple[str, ...]
    east: Ints
    north: Ints
    east_name: Ints
    north_name: Ints

    def motorway_strip(self) -> NDArray[np.object_]:
        """Ground that the motorway needs, 35 m to each side, as polygons."""
        along = self.lines[self.name == len(self.names) - 1]
        return np.asarray(shapely.buffer(along, 35.0 / 96_000.0, cap_style="flat"))


def line_classes(rank: Ints) -> Ints:
    """Street class along each lattice line by its rank."""
    of_rank = np.zeros(RIVER + 1, np.int32)
    of_rank[[MINOR, SECONDARY, PRIMARY]] = LANE, COLLECTOR, ARTERIAL
    return np.asarray(of_rank[rank])


def classify(lattice: Lattice, ground: Ground, land: LandUse) -> tuple[Ints, Ints]:
    """Class of every lattice edge, east and north of each node."""
    n, rng = lattice.n, np.random.default_rng([lattice.size.seed, 20])
    east = np.broadcast_to(line_classes(lattice.rows)[:, None], (n + 1, n)).copy()
    north = np.broadcast_to(line_classes(lattice.columns)[None, :], (n, n + 1)).copy()
    _ring(lattice, east, north)
    _banks(lattice, east, north)
    for edge, (one, other), line_axis in (
        (east, _beside(land.of_square, axis=0), 0),
        (north, _beside(land.of_square, axis=1), 1),
    ):
        use = np.maximum(one, other)
        edge[(one < 0) & (other < 0)] = 0
        lane = edge == LANE
        block = np.maximum(*_beside(ground.block, axis=line_axis))
        keep = _keep_lane(rng, block, line_axis, n)
        share = np.full(12, 0.55)
        share[[FIELD, PARK, VILLAGE, FACTORY, OLD_TOWN, PERIMETER, COMMERCE, OFFICE]] = 0, 0, 0.6, 0.3, 1, 0.8, 0.7, 0.6
        edge[lane & (keep > share[np.clip(use, 0, 11)])] = 0
        rural = (one == FIELD) & (other == FIELD)
        edge[rural & (edge == COLLECTOR)] = LOCAL
    _water(lattice, land, east, north)
    return east, north


def _beside(of_square: Ints, axis: int) -> tuple[Ints, Ints]:
    """Values of the squares on both sides of every edge along one axis; -1 outside."""
    width = [(1, 1), (0, 0)] if axis == 0 else [(0, 0), (1, 1)]
    padded = np.pad(of_square, width, constant_values=-1)
    return (padded[:-1], padded[1:]) if axis == 0 else (padded[:, :-1], padded[:, 1:])


def _keep_lane(rng: np.random.Generator, block: Ints, axis: int, n: int) -> NDArray[np.float64]:
    """One draw for each line within a block, so that a lane runs through the block or not at all."""
    draws = rng.random((int(block.max()) + 2, 97))
    line = np.arange(n + 1)[:, None] if axis == 0 else np.arange(n + 1)[None, :]
    return np.asarray(draws[block, np.broadcast_to(line % 97, block.shape)])


def _ring(lattice: Lattice, east: Ints, north: Ints) -> None:
    west, east_end, south, north_end = lattice.ring
    east[[south, north_end], west:east_end] = EXPRESSWAY
    north[south:north_end, [west, east_end]] = EXPRESSWAY


def _banks(lattice: Lattice, east: Ints, north: Ints) -> None:
    """Streets on both banks of the river and the canal."""
    r, c = lattice.river_v, lattice.canal_u
    east[[r - 1, r + 1]] = np.maximum(east[[r - 1, r + 1]], LOCAL)
    north[r + 1 :, [c - 1, c + 1]] = np.maximum(north[r + 1 :, [c - 1, c + 1]], LOCAL)


def _water(lattice: Lattice, land: LandUse, east: Ints, north: Ints) -> None:
    """No street in the water: only wide ones bridge the river and the canal, and lakes take what they cover."""
    r, c, n = lattice.river_v, lattice.canal_u, lattice.n
    bridges = (north[r] >= ARTERIAL) | ((north[r] == COLLECTOR) & ((np.arange(n + 1) % 2 == 0) | (n < SMALL)))
    bridges &= north[r - 1] > 0
    north[r - 1 : r + 1, ~bridges] = 0
    east[r + 1 :, c - 1 : c + 1] = np.where(east[r + 1 :, c - 1 : c + 1] >= COLLECTOR, east[r + 1 :, c - 1 : c + 1], 0)
    u, v = np.meshgrid(np.arange(n) + 0.5, np.arange(n + 1.0))
    for lake in land.lakes:
        east[lake.covers(u, v, 0.3) & (east < ARTERIAL)] = 0
        north[lake.covers(v.T, u.T, 0.3) & (north < ARTERIAL)] = 0


def name_edges(lattice: Lattice) -> tuple[tuple[str, ...], Ints, Ints]:
    """Names of all streets, and the name's index for every edge: east of node [v, u], north of it."""
    n, rng = lattice.n, np.random.default_rng([lattice.size.seed, 21])
    stretches = -(-n // STRETCH)
    stems = street_stems(2 * (n + 1) * stretches, rng)
    order = np.argsort(np.r_[-lattice.rows, -lattice.columns] + rng.random(2 * n + 2) * 0.9, kind="stable")
    stem_of_line = np.empty(2 * n + 2, np.int64)
    stem_of_line[order] = np.arange(2 * n + 2)
    names: list[str] = [""]
    index: dict[str, int] = {"": 0}
    tables = []
    for axis, (split, ends) in enumerate(((lattice.canal_u, ("西路", "东路")), (lattice.river_v, ("南街", "北街")))):
        table = np.zeros((n + 1, n), np.int32)
        for line in range(n + 1):
            for stretch in range(stretches):
                stem = stems[int(stem_of_line[axis * (n + 1) + line]) + stretch * (2 * n + 2)]
                span = slice(stretch * STRETCH, min(n, (stretch + 1) * STRETCH))
                for side, name in enumerate(_line_names(lattice, axis, line, stem, ends)):
                    cut = np.arange(n)[span] >= split
                    number = index.setdefault(name, len(names))
                    if number == len(names):
                        names.append(name)
                    table[line, span] = np.where(cut == bool(side), number, table[line, span])
        tables.append(table)
    return tuple(names), tables[0], tables[1].T


def _line_names(lattice: Lattice, axis: int, line: int, stem: str, ends: tuple[str, str]) -> tuple[str, str]:
    """Names of one lattice line before and after the water that splits it."""
    rank = int((lattice.rows, lattice.columns)[axis][line])
    if axis == 0 and abs(line - lattice.river_v) == 1:
        side = "南" if line < lattice.river_v else "北"
        return f"清澜河{side}路", f"清澜河{side}路"
    if axis == 1 and abs(line - lattice.canal_u) == 1:
        return f"{stem}街", "永济渠西路" if line < lattice.canal_u else "永济渠东路"
    if rank == PRIMARY:
        return stem + ends[0], stem + ends[1]
    suffix = ("路", "街")[axis] if rank == SECONDARY else ("巷", "胡同", "里", "路")[(line * 7 + axis) % 4]
    return stem + suffix, stem + suffix


def ways(
    lattice: Lattice, edges: Ints, names: Ints, stops: NDArray[np.bool_], axis: int
) -> tuple[list[Ints], Ints, Ints]:
    """Chains of edges of one class and name, ended at the nodes of `stops`; as (node indices, class, name)."""
    n = lattice.n
    across = (edges, names, stops) if axis == 0 else (edges.T, names.T, stops.T)
    kind, name, stop = across
    fresh = np.ones_like(kind, bool)
    fresh[:, 1:] = (kind[:, 1:] != kind[:, :-1]) | (name[:, 1:] != name[:, :-1]) | stop[:, 1:-1]
    line, step = np.nonzero(kind > 0)
    first = np.flatnonzero(fresh[line, step])
    count = np.diff(np.r_[first, len(line)])
    chains = [np.arange(c + 1) + step[f] for f, c in zip(first, count, strict=True)]
    node = [
        (line[f] * (n + 1) + chain if axis == 0 else chain * (n + 1) + line[f])
        for f, chain in zip(first, chains, strict=True)
    ]
    return node, kind[line[first], step[first]], name[line[first], step[first]]


def motorway(lattice: Lattice, ground: Ground) -> list[shapely.LineString]:
    """The motorway that cuts across the grid, with interchanges at lattice nodes; pieces within the city limits."""
    n = lattice.n
    if n < SMALL:
        return []
    columns = np.flatnonzero(lattice.columns == PRIMARY)
    course = np.clip(np.round(n * (0.93 - 0.42 * (columns / n) ** 1.6 + 0.03 * np.sin(columns * 9 / n))), 1, n - 1)
    curve = CubicSpline(columns, course)
    u = np.unique(np.r_[columns, np.arange(columns[0], columns[-1], 0.5)])
    v = np.clip(curve(u), 0, n)
    points = np.round(np.column_stack(lattice.at(u, v)), DECIMALS)
    inside = ground.inside[np.minimum(v.astype(int), n - 1), np.minimum(u.astype(int), n - 1)]
    stops = np.searchsorted(u, columns)
    spans = [slice(a, b + 1) for a, b in pairwise(stops)]
    return [shapely.LineString(points[span]) for span in spans if inside[span].all()]


def make_streets(lattice: Lattice, ground: Ground, land: LandUse) -> Streets:
    """All streets of the city."""
    east, north = classify(lattice, ground, land)
    names, east_name, north_name = name_edges(lattice)
    wide = (lattice.rows == PRIMARY)[:, None] | (lattice.columns == PRIMARY)[None, :]
    node_e, class_e, name_e = ways(lattice, east, east_name, wide, 0)
    node_n, class_n, name_n = ways(lattice, north, north_name, wide, 1)
    nodes = node_e + node_n
    flat = np.concatenate(nodes)
    points = np.column_stack([lattice.lng.ravel()[flat], lattice.lat.ravel()[flat]])
    lines = shapely.linestrings(points, indices=np.repeat(np.arange(len(nodes)), [len(c) for c in nodes]))
    street_class, name = np.r_[class_e, class_n], np.r_[name_e, name_n]
    name = np.where(street_class == EXPRESSWAY, len(names), name)
    across = motorway(lattice, ground)
    lines = np.concatenate([lines, np.array(across, object)])
    name = np.r_[name, np.full(len(across), len(names) + 1)].astype(np.int32)
    street_class = np.r_[street_class, np.full(len(across), EXPRESSWAY)].astype(np.int32)
    return Streets(lines, name, street_class, (*names, "环城快速路", "澜北高速"), east, north, east_name, north_name)
