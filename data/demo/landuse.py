"""What each block is used for: old town, offices, compounds, factories, villages, parks, fields; and the lakes."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from data.demo.ground import Ground
from data.demo.lattice import Floats, Ints, Lattice

(FIELD, VILLAGE, FACTORY, SLABS, HIGHRISE, PERIMETER, OLD_TOWN, OFFICE, COMMERCE, SCHOOL, PARK, PLAZA) = range(12)

MIX: tuple[tuple[float, dict[int, float]], ...] = (
    (0.07, {FIELD: 0.78, VILLAGE: 0.17, PARK: 0.02, FACTORY: 0.03}),
    (0.16, {FIELD: 0.42, VILLAGE: 0.30, FACTORY: 0.10, SLABS: 0.10, HIGHRISE: 0.05, PARK: 0.03}),
    (0.35, {FIELD: 0.06, VILLAGE: 0.12, FACTORY: 0.12, SLABS: 0.30, HIGHRISE: 0.30, COMMERCE: 0.04, PARK: 0.06}),
    (0.65, {SLABS: 0.34, HIGHRISE: 0.30, PERIMETER: 0.17, COMMERCE: 0.06, OFFICE: 0.07, PARK: 0.06}),
    (1.01, {PERIMETER: 0.30, OLD_TOWN: 0.16, OFFICE: 0.20, COMMERCE: 0.14, SLABS: 0.15, PARK: 0.05}),
)
"""Up to this urbanity: shares of uses."""

INDUSTRY: dict[int, float] = {FACTORY: 0.62, SLABS: 0.12, VILLAGE: 0.08, OFFICE: 0.06, FIELD: 0.12}
"""Shares in the industrial quarter (经济开发区), east and down the river."""


@dataclass(frozen=True)
class Lake:
    """An ellipse in lattice coordinates, its shore roughened when drawn."""

    u: float
    v: float
    radius_u: float
    radius_v: float

    def covers(self, u: Floats, v: Floats, margin: float = 0.0) -> NDArray[np.bool_]:
        """Whether lattice points lie in the lake, or within a margin (in squares) of it."""
        reach_u, reach_v = self.radius_u + margin, self.radius_v + margin
        return np.asarray(((u - self.u) / reach_u) ** 2 + ((v - self.v) / reach_v) ** 2 < 1)


@dataclass(frozen=True)
class LandUse:
    """Use of each square (-1 outside the city), and the lakes."""

    of_square: Ints
    lakes: tuple[Lake, ...]


def place_lakes(lattice: Lattice) -> tuple[Lake, ...]:
    """Lakes beside the river, each within one superblock so that no arterial drowns."""
    if lattice.n < 30:
        return ()
    arterials = np.flatnonzero(lattice.columns >= 2)
    count = 1 + lattice.n // 150
    lakes = []
    for k in range(count):
        share = 0.47 if count == 1 else (k + 0.6) / (count + 0.2)
        west = int(np.argmin(np.abs(arterials[:-1] - share * lattice.n)))
        east = min(west + 2, len(arterials) - 1)
        middle, radius = (arterials[west] + arterials[east]) / 2, (arterials[east] - arterials[west]) / 2 - 0.35
        lakes.append(Lake(float(middle), lattice.river_v + 2.15, float(radius), 1.75))
    return tuple(lakes)


def block_uses(lattice: Lattice, ground: Ground) -> Ints:
    """Use of each block index, drawn by its urbanity and quarter."""
    rng = np.random.default_rng([lattice.size.seed, 10])
    inside = ground.inside
    blocks = int(ground.block.max()) + 1
    squares = np.maximum(np.bincount(ground.block[inside], minlength=blocks), 1)
    v, u = np.nonzero(inside)
    mean_u, mean_v, mean_density = (
        np.bincount(ground.block[inside], a, blocks) / squares for a in (u + 0.5, v + 0.5, ground.density[inside])
    )
    draw, use = rng.random(blocks), np.full(blocks, FIELD, np.int32)
    lower = -1.0
    for upper, mix in MIX:
        band = (mean_density > lower) & (mean_density <= upper)
        use[band] = pick(draw[band], mix)
        lower = upper
    n = lattice.n
    quarter = ((mean_u - 0.83 * n) / (0.15 * n)) ** 2 + ((mean_v - 0.36 * n) / (0.17 * n)) ** 2 < 1
    quarter &= mean_density < 0.6
    use[quarter] = pick(draw[quarter], INDUSTRY)
    return use


def pick(draw: Floats, mix: dict[int, float]) -> Ints:
    """Turn uniform draws into the keys of a mix."""
    keys, shares = np.array(list(mix)), np.cumsum(list(mix.values()))
    return np.asarray(keys[np.searchsorted(shares / shares[-1], draw, side="right")], np.int32)


def make_land_use(lattice: Lattice, ground: Ground) -> LandUse:
    """Use of every square of the city."""
    rng = np.random.default_rng([lattice.size.seed, 11])
    n = lattice.n
    use = np.where(ground.inside, block_uses(lattice, ground)[ground.block], -1)
    v, u = np.mgrid[0:n, 0:n] + 0.5
    lakes = place_lakes(lattice)
    for lake in lakes:
        use[lake.covers(u, v, 0.9) & ground.inside] = PARK
    by_river = np.abs(v - lattice.river_v) < 1
    use[by_river & ground.inside & (ground.density > 0.05)] = PARK
    # A compound block is not uniform: single squares of shops, schools and pocket parks.
    odd = rng.random((n, n))
    housing = np.isin(use, (SLABS, HIGHRISE, PERIMETER))
    use[housing & (odd < 0.035)] = COMMERCE
    use[housing & (odd > 0.95)] = SCHOOL
    _plazas(ground, use)
    return LandUse(use.astype(np.int32), lakes)


def _plazas(ground: Ground, use: Ints) -> None:
    """One square of the centre of each subdistrict that has a town becomes its plaza."""
    urban = np.where(ground.inside & np.isin(use, (OFFICE, COMMERCE, PERIMETER)), ground.density, 0.0)
    for k in range(0, len(ground.subdistrict_parent), 2):
        best = np.where(ground.subdistrict == k, urban, 0.0)
        if best.max() > 0.3:
            use[np.unravel_index(int(best.argmax()), best.shape)] = PLAZA
