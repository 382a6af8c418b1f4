"""The road network of a city's streets as maps hold them: long lines that meet at shared vertices. Pure."""

import numpy as np
import shapely
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from geo.plane import LocalPlane
from geo.roads import RoadNetwork

Lines = NDArray[np.object_]
Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]


def build_roads(lines: Lines, speed_kmh: Floats, oneway: Flags, plane: LocalPlane) -> RoadNetwork:
    """The network of a city's streets: cut where they cross, and without pieces from which there is no way to the rest.

    Parameters
    ----------
    lines : array of Shapely LineString
        EPSG:4326; streets meet where they share a vertex, as in OpenStreetMap.
    speed_kmh, oneway : float64, bool
        Of each line.
    plane : LocalPlane
    """
    pieces, of_line = cut_at_crossings(lines)
    speed_kmh, oneway = speed_kmh[of_line], oneway[of_line]
    is_joined = in_largest_component(pieces, oneway)
    return RoadNetwork.build(pieces[is_joined], speed_kmh[is_joined], oneway[is_joined], plane)


def cut_at_crossings(lines: Lines) -> tuple[Lines, NDArray[np.int64]]:
    """The lines cut at every vertex that occurs more than once, and the line of each piece."""
    points, line_of = shapely.get_coordinates(lines, return_index=True)
    _, number, count = np.unique(as_complex(points), return_inverse=True, return_counts=True)
    is_first = np.diff(line_of, prepend=-1) > 0
    is_last = np.append(is_first[1:], True)
    is_cut = (count[number] > 1) & ~is_first & ~is_last
    copies = np.repeat(np.arange(len(points)), 1 + is_cut)
    is_second = np.append(False, copies[1:] == copies[:-1])
    piece = np.cumsum(is_first[copies] | is_second) - 1
    begins = np.flatnonzero(np.diff(piece, prepend=-1))
    return shapely.linestrings(points[copies], indices=piece), line_of[copies][begins]


def in_largest_component(lines: Lines, oneway: Flags) -> Flags:
    """Which lines lie in the largest part of the network in which every crossing can be reached from every other."""
    ends = [shapely.get_coordinates(shapely.get_point(lines, k)) for k in (0, -1)]
    nodes, number = np.unique(as_complex(np.concatenate(ends)), return_inverse=True)
    a, b = np.split(number, 2)
    tail, head = np.concatenate([a, b[~oneway]]), np.concatenate([b, a[~oneway]])
    graph = coo_array((np.ones(len(tail), dtype=np.int8), (tail, head)), shape=(len(nodes), len(nodes)))
    _, component = connected_components(graph, directed=True, connection="strong")
    largest = np.bincount(component).argmax()
    return np.asarray((component[a] == largest) & (component[b] == largest), dtype=np.bool_)


def as_complex(points: Floats) -> NDArray[np.complex128]:
    """Points as single values that compare bit by bit."""
    return np.ascontiguousarray(points).view(np.complex128).ravel()
