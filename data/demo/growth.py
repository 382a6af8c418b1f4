"""Growing connected regions on a graph from seeds: how blocks become communities, and communities police areas."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_array, csr_array
from scipy.sparse.csgraph import connected_components, dijkstra

from data.demo.lattice import Floats, Ints


@dataclass(frozen=True)
class Graph:
    """Neighbours: edges between `a` and `b` (indices of places) with the cost of growing across."""

    a: Ints
    b: Ints
    cost: Floats
    places: int

    def matrix(self, keep: NDArray[np.bool_]) -> csr_array:
        """Symmetric sparse matrix of the edges kept."""
        a, b, cost = self.a[keep], self.b[keep], self.cost[keep]
        shape = (self.places, self.places)
        return coo_array((np.tile(cost, 2), (np.r_[a, b], np.r_[b, a])), shape=shape).tocsr()


def largest_piece(graph: Graph, inside: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """The largest connected part of the places that are inside."""
    keep = inside[graph.a] & inside[graph.b]
    _, label = connected_components(graph.matrix(keep), directed=False)
    label = np.where(inside, label, -1)
    winner = np.bincount(label[inside]).argmax()
    return np.asarray(label == winner)


def seeds(xy: Floats, weight: Floats, count: int, rng: np.random.Generator) -> Ints:
    """`count` different places, dense where the weight is (weighted k-means, snapped to places)."""
    if count >= len(xy):
        return np.arange(len(xy), dtype=np.int32)
    start = rng.choice(len(xy), count, replace=False, p=weight / weight.sum())
    centre = xy[start]
    for _ in range(8):
        nearest = np.argmin(((xy[:, None] - centre[None]) ** 2).sum(axis=2), axis=1)
        total = np.bincount(nearest, weight, count)
        sums = np.column_stack([np.bincount(nearest, weight * xy[:, k], count) for k in (0, 1)])
        centre = np.where(total[:, None] > 0, sums / np.maximum(total, 1e-12)[:, None], centre)
    return _snap(xy, centre)


def _snap(xy: Floats, centre: Floats) -> Ints:
    """The free place nearest to each centre, no place twice."""
    distance = ((xy[:, None] - centre[None]) ** 2).sum(axis=2)
    taken = np.empty(len(centre), np.int32)
    for k in range(len(centre)):
        taken[k] = distance[:, k].argmin()
        distance[taken[k]] = np.inf
    return taken


def shares(weight: Floats, parent: Ints, count: int) -> Ints:
    """Split `count` regions among parents by weight (largest remainders), at least one each, at most its places."""
    parents = int(parent.max()) + 1
    total, places = np.bincount(parent, weight, parents), np.bincount(parent, minlength=parents)
    ideal = total / total.sum() * count
    share = np.clip(np.floor(ideal).astype(np.int32), 1, places)
    while share.sum() != count:
        step = 1 if share.sum() < count else -1
        room = share < places if step > 0 else share > 1
        share[np.argmax(np.where(room, step * (ideal - share), -np.inf))] += step
    return np.asarray(share, np.int32)


def grow(graph: Graph, parent: Ints, xy: Floats, weight: Floats, count: int, rng: np.random.Generator) -> Ints:
    """Divide the places of each parent into connected regions, `count` in all.

    Parameters
    ----------
    parent : ndarray of int, shape (places,)
        Region of the level above, -1 outside. Children never cross it.
    xy, weight : ndarray
        Positions in metres and how densely people live there.

    Returns
    -------
    ndarray of int, shape (places,)
        Region 0 .. count - 1, numbered parent by parent; -1 outside.
    """
    inside = np.flatnonzero(parent >= 0)
    share = shares(weight[inside], parent[inside], count)
    first = np.concatenate([[0], np.cumsum(share)])
    sources = np.empty(count, np.int64)
    order = inside[np.argsort(parent[inside], kind="stable")]
    bounds = np.searchsorted(parent[order], np.arange(len(share) + 1))
    for p in range(len(share)):
        members = order[bounds[p] : bounds[p + 1]]
        sources[first[p] : first[p + 1]] = members[seeds(xy[members], weight[members], int(share[p]), rng)]
    keep = (parent[graph.a] == parent[graph.b]) & (parent[graph.a] >= 0)
    _, _, source = dijkstra(graph.matrix(keep), indices=sources, min_only=True, return_predecessors=True)
    region = np.full(graph.places, -1, np.int32)
    number = np.full(graph.places, -1, np.int32)
    number[sources] = np.arange(count)
    region[inside] = number[source[inside]]
    return region
