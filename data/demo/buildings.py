"""The buildings: plans set on the plots between streets, never in the water, with floors, height and an address."""

from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import NDArray

from data.demo.areas import Shapes, square_corners
from data.demo.ground import Ground
from data.demo.landscape import PLANE, touches
from data.demo.landuse import FIELD, HIGHRISE, SLABS, VILLAGE, LandUse
from data.demo.lattice import CANAL, DECIMALS, RIVER, Floats, Ints, Lattice
from data.demo.names import COMMUNITY_FIRST, COMPOUND_ENDS, STREET_FIRST, STREET_SECOND, pairs
from data.demo.plots import PLANS, WIDE_PLANS, Plan
from data.demo.streets import EXPRESSWAY, HALF_WIDTH_M, Streets

Texts = NDArray[np.object_]
STOREY_M = {"residential": 2.9, "commercial": 4.2, "office": 3.8, "industrial": 5.5, "public": 3.6}
USES = tuple(STOREY_M)


@dataclass(frozen=True)
class Buildings:
    """Every building. Arrays of one length.

    Attributes
    ----------
    corners : ndarray, shape (k, 4, 2)
        Degrees, counter-clockwise from the south-west.
    square : ndarray of int
        Lattice square, row * n + column.
    use, floors : ndarray of int
        Index into `USES`; floors above ground.
    names, addresses : ndarray of str
        Name may be "".
    """

    corners: Floats
    square: Ints
    use: Ints
    floors: Ints
    names: Texts
    addresses: Texts

    @property
    def shapes(self) -> Shapes:
        """Footprints as polygons, EPSG:4326."""
        return np.asarray(shapely.polygons(self.corners))

    @property
    def height_m(self) -> Floats:
        """Height of the roof above the ground."""
        return np.asarray(np.round(self.floors * np.array(list(STOREY_M.values()))[self.use] + 0.6, 1))

    def middle(self) -> Floats:
        """Middle of each footprint, shape (k, 2), degrees."""
        return np.asarray(self.corners.mean(axis=1))


def plot_corners(lattice: Lattice, streets: Streets, rows: Ints, columns: Ints) -> Floats:
    """Corners of the plot inside each square: set back from the streets and waters on its four sides."""
    corners = square_corners(lattice, rows, columns)
    sides = (
        _set_back(streets.east[rows, columns], lattice.rows[rows]),
        _set_back(streets.north[rows, columns + 1], lattice.columns[columns + 1]),
        _set_back(streets.east[rows + 1, columns], lattice.rows[rows + 1]),
        _set_back(streets.north[rows, columns], lattice.columns[columns]),
    )
    x, y = PLANE.to_xy(corners[..., 0], corners[..., 1])
    width = np.hypot(x[:, 1] - x[:, 0], y[:, 1] - y[:, 0])
    height = np.hypot(x[:, 3] - x[:, 0], y[:, 3] - y[:, 0])
    south, east, north, west = sides[0] / height, sides[1] / width, sides[2] / height, sides[3] / width
    unit = np.stack([west, south, 1 - east, south, 1 - east, 1 - north, west, 1 - north], axis=1).reshape(-1, 4, 2)
    return interpolate(corners, unit)


def _set_back(street_class: Ints, rank: Ints) -> Floats:
    """Metres from a lattice line to the houses beside it."""
    water = np.select([rank == RIVER, rank == CANAL], [56.0, 27.0], 0.0)
    return np.asarray(np.maximum(HALF_WIDTH_M[street_class], water))


def interpolate(corners: Floats, unit: Floats) -> Floats:
    """Bilinear positions of `unit` (k, m, 2) within quadrilaterals `corners` (k, 4, 2)."""
    s, t = unit[..., :1], unit[..., 1:]
    a, b, c, d = (corners[:, None, k, :] for k in range(4))
    return np.asarray((1 - s) * (1 - t) * a + s * (1 - t) * b + s * t * c + (1 - s) * t * d)


def raise_houses(
    plots: Floats, use: Ints, plans_of: dict[int, tuple[Plan, ...]], rng: np.random.Generator
) -> tuple[Floats, Ints, Ints, Ints]:
    """Houses on plots: corners (k, 4, 2), index of the plot, use, floors."""
    parts: list[tuple[Floats, Ints, Ints, Ints]] = []
    variant = rng.integers(0, 6, len(plots))
    for land, plans in plans_of.items():
        for k, house_plan in enumerate(plans):
            here = np.flatnonzero((use == land) & (variant % len(plans) == k))
            if len(here):
                parts.append(_raise_plan(plots[here], here, house_plan, rng))
    return tuple(np.concatenate(column) for column in zip(*parts, strict=True))  # type: ignore[return-value]


def _raise_plan(plots: Floats, number: Ints, plan: Plan, rng: np.random.Generator) -> tuple[Floats, Ints, Ints, Ints]:
    """One plan on many plots, each house nudged a little and some left out."""
    n, k = len(plots), len(plan.boxes)
    nudge = rng.uniform(-0.008, 0.008, (n, k, 2))
    boxes = np.clip(plan.boxes[None] + np.tile(nudge, 2), 0, 1)
    unit = boxes[..., [0, 1, 2, 1, 2, 3, 0, 3]].reshape(n, k * 4, 2)
    corners = interpolate(plots, unit).reshape(n * k, 4, 2)
    floors = rng.integers(plan.floors[:, 0], plan.floors[:, 1] + 1, (n, k)).ravel()
    use = np.tile([USES.index(u) for u in plan.use], n)
    built = rng.random(n * k) < plan.kept
    return (
        corners[built],
        np.repeat(number, k)[built].astype(np.int32),
        use[built].astype(np.int32),
        floors[built].astype(np.int32),
    )


def make_buildings(
    lattice: Lattice, ground: Ground, land: LandUse, streets: Streets, obstacles: Shapes, area_names: Texts
) -> Buildings:
    """All buildings, clear of `obstacles` (the waters, the motorway); `area_names` is "…区…街道" by subdistrict."""
    rng = np.random.default_rng([lattice.size.seed, 40])
    rows, columns = (a.astype(np.int32) for a in np.nonzero(ground.inside))
    plots = plot_corners(lattice, streets, rows, columns)
    plans_of = WIDE_PLANS if lattice.size.spacing_m >= 120 else PLANS
    corners, plot, use, floors = raise_houses(plots, land.of_square[rows, columns], plans_of, rng)
    corners = np.round(corners, DECIMALS)
    free = ~touches(np.asarray(shapely.polygons(corners)), obstacles)
    chosen = np.flatnonzero(free)
    if len(chosen) > lattice.size.buildings:
        chosen = np.sort(rng.permutation(chosen)[: lattice.size.buildings])
    order = chosen[np.lexsort((corners[chosen, 0, 0], -corners[chosen, 0, 1], plot[chosen]))]
    square = (rows * lattice.n + columns)[plot[order]].astype(np.int32)
    names, addresses = name_buildings(lattice, ground, land, streets, square, area_names, rng)
    return Buildings(corners[order], square, use[order], floors[order], names, addresses)


def name_buildings(
    lattice: Lattice,
    ground: Ground,
    land: LandUse,
    streets: Streets,
    square: Ints,
    area_names: Texts,
    rng: np.random.Generator,
) -> tuple[Texts, Texts]:
    """Names and addresses: 区 + 街道 + 路 + 号 + compound + 号楼, numbered along the street, odd and even by side."""
    n = lattice.n
    inside = np.flatnonzero(ground.inside.ravel())
    facing = front(streets, inside // n, inside % n)
    block = ground.block.ravel()[inside]
    compounds = compound_names(int(block.max()) + 1, rng)
    use = land.of_square.ravel()[inside]
    stem = area_names[ground.subdistrict.ravel()[inside]] + np.array(streets.names, object)[facing.street]
    stem = stem + facing.number.astype(str).astype(object) + "号"
    housing = np.isin(use, (SLABS, HIGHRISE))
    compound = np.where(housing, compounds[block], "")
    of_square = np.full(n * n, -1, np.int64)
    of_square[inside] = np.arange(len(inside))
    here = of_square[square]
    group = np.where(housing, block, block.max() + 1 + np.arange(len(inside)))[here]
    serial = _serials(group).astype(str).astype(object)
    loose = np.isin(use, (VILLAGE, FIELD))[here]
    tail = np.where(loose, serial + "号院", serial + "号楼")
    names = np.where(housing[here], compound[here] + serial + "号楼", "").astype(object)
    return names, stem[here] + compound[here] + tail


def _serials(group: NDArray[np.int64]) -> NDArray[np.int64]:
    """1, 2, … within each group, in the order given."""
    order = np.argsort(group, kind="stable")
    sorted_group = group[order]
    first = np.r_[0, np.flatnonzero(np.diff(sorted_group)) + 1]
    serial = np.arange(len(group)) - np.repeat(first, np.diff(np.r_[first, len(group)])) + 1
    out = np.empty(len(group), np.int64)
    out[order] = serial
    return out


def compound_names(count: int, rng: np.random.Generator) -> Texts:
    """A name for the compound of each block."""
    stems = [COMMUNITY_FIRST[i : i + 2] for i in range(0, len(COMMUNITY_FIRST) - 1, 2)]
    stems += pairs(STREET_FIRST, STREET_SECOND, 1200, rng, set(stems))
    ends = rng.integers(0, len(COMPOUND_ENDS), count)
    return np.array([stems[k % len(stems)] + COMPOUND_ENDS[ends[k]] for k in rng.permutation(count)], object)


@dataclass(frozen=True)
class Front:
    """The street each square is addressed to: index of its name, house number, side of the square it runs along.

    Sides are 0 south, 1 north, 2 west, 3 east; -1 where no street is near.
    """

    street: Ints
    number: Ints
    side: Ints


def front(streets: Streets, rows: Ints, columns: Ints) -> Front:
    """The widest street around each square, the ring road last; numbers are odd on one side, even on the other."""
    sides = (
        (streets.east[rows, columns], streets.east_name[rows, columns], columns, 1),
        (streets.east[rows + 1, columns], streets.east_name[rows + 1, columns], columns, 0),
        (streets.north[rows, columns], streets.north_name[rows, columns], rows, 1),
        (streets.north[rows, columns + 1], streets.north_name[rows, columns + 1], rows, 0),
    )
    best, side = np.zeros(len(rows), np.int32), np.full(len(rows), -1, np.int32)
    street, number = streets.east_name[rows, columns].copy(), (columns * 8 + 3).astype(np.int32)
    for k, (street_class, name, along, odd) in enumerate(sides):
        rank = np.where(street_class == EXPRESSWAY, 1, street_class)
        better = rank > best
        best, side = np.where(better, rank, best), np.where(better, k, side)
        street, number = np.where(better, name, street), np.where(better, along * 8 + 4 - odd, number)
    return Front(street.astype(np.int32), number.astype(np.int32), side.astype(np.int32))
