"""Who governs which ground: blocks, grown into communities, subdistricts and districts, and cut into unit cells."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from data.demo.growth import Graph, grow, largest_piece
from data.demo.lattice import CANAL, MINOR, PRIMARY, RIVER, Floats, Ints, Lattice, ripple, waves

COST_OF_CROSSING = {CANAL: 2.2, RIVER: 8.0, PRIMARY: 1.7}
"""Times the distance: why borders run along water and wide streets."""


@dataclass(frozen=True)
class Ground:
    """Every lattice square with its block, areas and cell. Arrays are [row v, column u]; -1 is outside the city.

    Attributes
    ----------
    block, cell, community, subdistrict, district : ndarray of int, shape (n, n)
        Index of each, numbered from 0.
    community_parent, subdistrict_parent : ndarray of int
        Subdistrict of each community, district of each subdistrict.
    cell_community : ndarray of int
        Community of each cell; cells are ordered community by community, north to south, west to east.
    density : ndarray of float, shape (n, n)
        How urban the square is: near 1 in the centre, near 0 in the fields.
    """

    block: Ints
    cell: Ints
    community: Ints
    subdistrict: Ints
    district: Ints
    community_parent: Ints
    subdistrict_parent: Ints
    cell_community: Ints
    density: Floats

    @property
    def inside(self) -> NDArray[np.bool_]:
        """Squares within the city limits."""
        return np.asarray(self.block >= 0)


@dataclass(frozen=True)
class Blocks:
    """Rectangles of squares between streets: first square and size along u and v, centre in metres, urbanity."""

    of_square: Ints
    xy: Floats
    squares: Ints
    density: Floats
    graph: Graph


def strips(rank: Ints) -> Ints:
    """Which strip between block-bounding lines each square column (or row) lies in."""
    return np.asarray(np.cumsum(rank[:-1] != MINOR), np.int32)


def urbanity(lattice: Lattice, u: Floats, v: Floats) -> Floats:
    """How urban a place is, 0 to 1: a centre north of the river, lesser centres around it, countryside at the rim."""
    rng = np.random.default_rng([lattice.size.seed, 2])
    n = lattice.n
    total = np.exp(-((((u - 0.48 * n) / (0.26 * n)) ** 2 + ((v - 0.52 * n) / (0.22 * n)) ** 2) ** 0.8))
    for _ in range(max(4, lattice.size.subdistricts // 5)):
        x, y = rng.uniform(0.12, 0.88, 2) * n
        width, height = rng.uniform(0.035, 0.075) * n + 2, rng.uniform(0.35, 0.75)
        total = np.maximum(total, height * np.exp(-(((u - x) ** 2 + (v - y) ** 2) / width**2)))
    return np.asarray(np.clip(total, 0, 1))


def limits(lattice: Lattice, x: Floats, y: Floats) -> Floats:
    """How far out a place is, in units of a wavy outline: the city takes the places of least value."""
    rng = np.random.default_rng([lattice.size.seed, 3])
    turn = np.arctan2(y, x)
    outline = 1 + sum(
        a * np.sin(k * turn + rng.uniform(0, 6.28)) for k, a in ((2, 0.07), (3, 0.09), (5, 0.05), (9, 0.025))
    )
    square = np.maximum(np.abs(x), np.abs(y)) / np.maximum(np.hypot(x, y), 1.0)
    return np.asarray(np.hypot(x, y) * (0.55 + 0.45 * square) / outline)


def make_blocks(lattice: Lattice) -> Blocks:
    """Blocks of the lattice and which of them touch across what."""
    rng = np.random.default_rng([lattice.size.seed, 4])
    n, column, row = lattice.n, strips(lattice.columns), strips(lattice.rows)
    wide, high = int(column.max()) + 1, int(row.max()) + 1
    of_square = row[:, None] * wide + column[None, :]
    u, v = np.meshgrid(np.arange(n) + 0.5, np.arange(n) + 0.5)
    squares = np.bincount(of_square.ravel(), minlength=wide * high)
    mean_u, mean_v = (np.bincount(of_square.ravel(), a.ravel(), wide * high) / squares for a in (u, v))
    xy = (np.column_stack([mean_u, mean_v]) - n / 2) * lattice.size.spacing_m
    index = np.arange(wide * high).reshape(high, wide)
    across = lattice.columns[np.flatnonzero(np.diff(column)) + 1], lattice.rows[np.flatnonzero(np.diff(row)) + 1]
    a = np.r_[index[:, :-1].ravel(), index[:-1].ravel()]
    b = np.r_[index[:, 1:].ravel(), index[1:].ravel()]
    rank = np.r_[np.broadcast_to(across[0], (high, wide - 1)).ravel(), np.repeat(across[1], wide)]
    cost = np.hypot(*(xy[a] - xy[b]).T) * rng.uniform(0.8, 1.5, len(a))
    for line, factor in COST_OF_CROSSING.items():
        cost = np.where(rank == line, cost * factor, cost)
    graph = Graph(a.astype(np.int32), b.astype(np.int32), cost, wide * high)
    return Blocks(of_square.astype(np.int32), xy, squares.astype(np.int32), urbanity(lattice, mean_u, mean_v), graph)


def inside_limits(lattice: Lattice, blocks: Blocks) -> NDArray[np.bool_]:
    """Blocks that the city takes: the innermost ones up to its share of the lattice, in one piece."""
    out = limits(lattice, blocks.xy[:, 0], blocks.xy[:, 1])
    order = np.argsort(out, kind="stable")
    wanted = lattice.size.coverage * lattice.n**2
    count = int(np.searchsorted(np.cumsum(blocks.squares[order]), wanted)) + 1
    inside = np.zeros(len(out), bool)
    inside[order[:count]] = True
    return largest_piece(blocks.graph, inside)


def merge_factor(lattice: Lattice, blocks: Blocks, inside: NDArray[np.bool_]) -> Ints:
    """Squares a side of one cell in each block: 1 where it is most urban, 2 outside, to meet the wanted count."""
    n_inside = np.flatnonzero(inside)
    by_density = n_inside[np.argsort(-blocks.density[n_inside], kind="stable")]
    squares = blocks.squares[by_density].astype(float)
    factor = np.full(len(inside), 2, np.int32)
    fine = np.cumsum(squares) + (squares.sum() - np.cumsum(squares)) / 3.2
    factor[by_density[: int(np.searchsorted(fine, lattice.size.cells))]] = 1
    if lattice.size.cells >= 0.97 * squares.sum():
        factor[:] = 1
    return factor


def cut_cells(lattice: Lattice, block: Ints, factor: Ints, community: Ints) -> tuple[Ints, Ints]:
    """Cell of each square and community of each cell, numbered community by community, north to south, west to east."""
    n = lattice.n
    start_u, start_v = _strip_starts(strips(lattice.columns)), _strip_starts(strips(lattice.rows))
    f = np.where(block >= 0, factor[block], 1)
    u, v = np.meshgrid(np.arange(n), np.arange(n))
    part_u = start_u[None, :] + (u - start_u[None, :]) // f * f
    part_v = start_v[:, None] + (v - start_v[:, None]) // f * f
    inside = block >= 0
    key = np.column_stack([community[inside], -part_v[inside], part_u[inside]])
    unique, number = np.unique(key, axis=0, return_inverse=True)
    cell = np.full((n, n), -1, np.int32)
    cell[inside] = number.ravel()
    return cell, unique[:, 0].astype(np.int32)


def _strip_starts(strip: Ints) -> Ints:
    first = np.concatenate([[0], np.flatnonzero(np.diff(strip)) + 1])
    return np.asarray(first[strip - strip[0]], np.int32)


def make_ground(lattice: Lattice) -> Ground:
    """All areas and cells of the city on its lattice."""
    size, rng = lattice.size, np.random.default_rng([lattice.size.seed, 5])
    blocks = make_blocks(lattice)
    inside = inside_limits(lattice, blocks)
    weight = (0.12 + blocks.density) * blocks.squares
    whole = np.where(inside, 0, -1).astype(np.int32)
    district = grow(blocks.graph, whole, blocks.xy, weight, size.districts, rng)
    subdistrict = grow(blocks.graph, district, blocks.xy, weight, size.subdistricts, rng)
    community = grow(blocks.graph, subdistrict, blocks.xy, weight, size.communities, rng)
    block = np.where(inside[blocks.of_square], blocks.of_square, -1).astype(np.int32)
    community_of, subdistrict_of, district_of = (
        np.where(block >= 0, level[blocks.of_square], -1).astype(np.int32)
        for level in (community, subdistrict, district)
    )
    cell, cell_community = cut_cells(lattice, block, merge_factor(lattice, blocks, inside), community_of)
    return Ground(
        block=block,
        cell=cell,
        community=community_of,
        subdistrict=subdistrict_of,
        district=district_of,
        community_parent=_parents(community, subdistrict),
        subdistrict_parent=_parents(subdistrict, district),
        cell_community=cell_community,
        density=_square_density(lattice, blocks),
    )


def _parents(child: Ints, parent: Ints) -> Ints:
    of = np.full(int(child.max()) + 1, -1, np.int32)
    of[child[child >= 0]] = parent[child >= 0]
    return of


def _square_density(lattice: Lattice, blocks: Blocks) -> Floats:
    """Urbanity of each square: its block's, roughened, so that neighbouring compounds differ."""
    rng = np.random.default_rng([lattice.size.seed, 6])
    n = lattice.n
    u, v = np.meshgrid(np.arange(n) * lattice.size.spacing_m, np.arange(n) * lattice.size.spacing_m)
    return np.asarray(np.clip(blocks.density[blocks.of_square] + 0.05 * ripple(u, v, waves(rng, 900.0)), 0, 1))
