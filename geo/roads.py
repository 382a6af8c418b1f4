"""The road network: travel times between places, and the nearest team of each group for every crossing of the city."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np
import shapely
from numpy.typing import ArrayLike, NDArray

from geo.plane import LocalPlane
from geo.road_kernels import nearest_nodes, spread

Ints = NDArray[np.int32]
Floats = NDArray[np.float64]

NODES_PER_CELL = 2.0
KMH = 3.6  # kilometres an hour to one metre a second


@dataclass(frozen=True, eq=False)
class RoadNetwork:
    """Crossings (nodes) and the ways between them (arcs), made by `RoadNetwork.build`.

    Lines meet where their ends have the same coordinates. A place stands for its nearest crossing, as the crow flies;
    times are from crossing to crossing, in seconds. ``head[first[n]:first[n + 1]]`` are the nodes that node n leads to.
    """

    plane: LocalPlane
    x: Floats = field(repr=False)
    y: Floats = field(repr=False)
    first: Ints = field(repr=False)
    head: Ints = field(repr=False)
    seconds: Floats = field(repr=False)
    _grid: tuple[float, float, float, int, Ints] = field(repr=False)

    @staticmethod
    def build(
        lines: NDArray[np.object_], speed_kmh: ArrayLike, oneway: ArrayLike, plane: LocalPlane | None = None
    ) -> "RoadNetwork":
        """A network of lines.

        Parameters
        ----------
        lines : array of Shapely LineString
            EPSG:4326, longitude first.
        speed_kmh : array_like of float
            Above 0.
        oneway : array_like of bool
            Only from the first to the last point.
        plane : LocalPlane, optional
            In which lengths are measured; the middle of the lines when none is given.

        Raises
        ------
        ValueError
            There is no line, or a speed is not above 0.
        """
        speed, single = np.asarray(speed_kmh, np.float64), np.asarray(oneway, np.bool_)
        if len(lines) == 0 or not (speed > 0).all():
            raise ValueError("a road network needs lines, each with a speed above 0")
        west, south, east, north = shapely.total_bounds(lines)
        plane = plane or LocalPlane(float(west + east) / 2, float(south + north) / 2)
        points, line_of = shapely.get_coordinates(lines, return_index=True)
        starts = np.flatnonzero(np.diff(line_of, prepend=-1))
        ends = np.append(starts[1:], len(points)) - 1
        steps = np.hypot(*(np.diff(points, axis=0) * (plane.lng_m, plane.lat_m)).T)
        steps[ends[:-1]] = 0.0
        seconds = np.bincount(line_of[:-1], steps, len(lines)) * KMH / speed
        node, places = _number(np.concatenate([points[starts], points[ends]]), plane)
        order, grid = _sort_into_grid(places)
        rank = np.empty(len(order), np.int64)
        rank[order] = np.arange(len(order))
        a, b = np.split(rank[node], 2)
        tail = np.concatenate([a, b[~single]])
        arcs = np.argsort(tail, kind="stable")
        first = np.searchsorted(tail[arcs], np.arange(len(order) + 1)).astype(np.int32)
        head = np.concatenate([b, a[~single]])[arcs].astype(np.int32)
        x, y = np.ascontiguousarray(places[order].T)
        return RoadNetwork(plane, x, y, first, head, np.concatenate([seconds, seconds[~single]])[arcs], grid)

    def snap(self, lng: ArrayLike, lat: ArrayLike) -> Ints:
        """The nearest crossing of each place (degrees, EPSG:4326), -1 for one that is not a number."""
        x, y = self.plane.to_xy(np.atleast_1d(np.asarray(lng, np.float64)), np.atleast_1d(np.asarray(lat, np.float64)))
        found = np.empty(len(x), np.int32)
        nearest_nodes(x, y, self.x, self.y, *self._grid, found)
        return found

    def travel_times(self, lng: float, lat: float, to_lng: ArrayLike, to_lat: ArrayLike) -> Floats:
        """Seconds from one place to many (degrees, EPSG:4326), infinite where no road leads; stops at the farthest.

        A place that is not a number is reached by no road.
        """
        there = self.snap(to_lng, to_lat)
        wanted = np.zeros(len(self.x), np.bool_)
        wanted[there[there >= 0]] = True
        reached_s, _ = self._spread(self.snap(lng, lat), np.zeros(1, np.int32), wanted)
        return np.where(there >= 0, reached_s[there], np.inf)

    def nearest(self, nodes: Ints, labels: Ints) -> tuple[Floats, Ints]:
        """For every crossing the seconds from the nearest of some nodes and that one's label, infinite and -1 for none."""
        return self._spread(nodes, labels, np.zeros(0, np.bool_))

    def _spread(self, nodes: Ints, labels: Ints, wanted: NDArray[np.bool_]) -> tuple[Floats, Ints]:
        nodes, labels = np.asarray(nodes, np.int32), np.asarray(labels, np.int32)
        nodes, labels = nodes[nodes >= 0], labels[nodes >= 0]
        reached_s, label = np.empty(len(self.x)), np.empty(len(self.x), np.int32)
        room = len(self.head) + len(nodes)
        keys, heap = np.empty(room), np.empty(room, np.int32)
        roads = (self.first, self.head, self.seconds)
        spread(*roads, nodes, labels, wanted, reached_s, label, keys, heap)
        return reached_s, label


@dataclass(frozen=True, eq=False)
class NearestTeams:
    """For each group of teams and every crossing, the team that is there first: ``team[group, node]`` and ``travel_s``."""

    network: RoadNetwork
    team: Ints = field(repr=False)
    travel_s: NDArray[np.float32] = field(repr=False)

    @staticmethod
    def build(
        network: RoadNetwork, groups: Sequence[Ints], nodes: Ints, progress: Callable[[float], None] | None = None
    ) -> "NearestTeams":
        """Tables for groups of teams: ``groups[g]`` are teams by index, ``nodes[team]`` the crossing of each."""
        shape = (len(groups), len(network.x))
        tables = NearestTeams(network, np.empty(shape, np.int32), np.empty(shape, np.float32))
        for g, teams in enumerate(groups):
            tables.refresh(g, teams, nodes)
            if progress is not None:
                progress((g + 1) / len(groups))
        return tables

    def refresh(self, group: int, teams: Ints, nodes: Ints) -> None:
        """Makes one group's table anew, after a team of it came on duty, went off or moved."""
        reached_s, label = self.network.nearest(nodes[teams], teams)
        self.team[group], self.travel_s[group] = label, reached_s

    def match(self, group: Ints, node: Ints) -> tuple[Ints, NDArray[np.float32]]:
        """For many events, each with a group (-1: none) and a crossing, the team that is there first and its seconds."""
        known = (group >= 0) & (node >= 0)
        flat = np.where(known, group, 0).astype(np.int64) * len(self.network.x) + node
        team = np.where(known, self.team.ravel()[flat], -1).astype(np.int32)
        return team, np.where(known, self.travel_s.ravel()[flat], np.float32(np.inf)).astype(np.float32)


def _number(points: Floats, plane: LocalPlane) -> tuple[NDArray[np.intp], Floats]:
    """Numbers points, the same for equal ones, and gives the numbered places in metres."""
    whole = np.ascontiguousarray(points).view(np.complex128).ravel()
    places, number = np.unique(whole, return_inverse=True)
    return number, np.stack(plane.to_xy(places.real, places.imag), 1)


def _sort_into_grid(places: Floats) -> tuple[NDArray[np.intp], tuple[float, float, float, int, Ints]]:
    """The order of places by cell of a grid, and the grid: west, south, cell size, columns, where each cell begins."""
    (west, south), (width, height) = places.min(axis=0), np.ptp(places, axis=0)
    longest = max(float(width), float(height), 1.0)
    area = max(float(width), longest / 1000) * max(float(height), longest / 1000)
    cell = float(np.sqrt(area * NODES_PER_CELL / len(places)))
    columns, rows = int(width / cell) + 1, int(height / cell) + 1
    column, row = ((places - (west, south)) / cell).astype(np.int64).T
    index = np.minimum(row, rows - 1) * columns + np.minimum(column, columns - 1)
    order = np.argsort(index, kind="stable")
    at = np.searchsorted(index[order], np.arange(rows * columns + 1)).astype(np.int32)
    return order, (float(west), float(south), cell, columns, at)
