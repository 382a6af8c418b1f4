"""Places for incidents: at the kerb in front of a house, among the houses, in a park."""

import numpy as np
from scipy.spatial import cKDTree

from data.demo.areas import square_corners
from data.demo.buildings import front, interpolate
from data.demo.city import DemoCity
from data.demo.landscape import PLANE
from data.demo.landuse import PARK
from data.demo.lattice import Floats, Ints
from data.demo.powers import HABITS

Place = tuple[Floats, Floats, Ints]
"""Longitude, latitude, building whose address is given."""


def nudge_m(lng: Floats, lat: Floats, metres: float | Floats, rng: np.random.Generator) -> tuple[Floats, Floats]:
    """Points moved by a random normal step, `metres` standard deviation along each axis."""
    step = rng.normal(0, 1, (2, len(lng))) * metres
    return lng + step[0] / PLANE.lng_m, lat + step[1] / PLANE.lat_m


class Spots:
    """Draws places where incidents of a habit happen; some squares are troubled more than others, and stay so."""

    def __init__(self, city: DemoCity, rng: np.random.Generator) -> None:
        n = city.lattice.n
        self.city, self.n = city, n
        self.middle = city.buildings.middle()
        self.square = city.buildings.square
        self.use = city.land.of_square.ravel()
        density = np.clip(city.ground.density.ravel(), 0, 1)
        trouble = np.exp(rng.normal(0, 0.75, n * n))
        per_square = np.bincount(self.square, minlength=n * n)
        self.weight = ((0.12 + density) * trouble / np.maximum(per_square, 1) ** 0.6)[self.square]
        rows, columns = self.square // n, self.square % n
        self.side = front(city.streets, rows, columns).side
        self.first_building = np.full(n * n, -1, np.int32)
        self.first_building[self.square[::-1]] = np.arange(len(self.square), dtype=np.int32)[::-1]

    def draw(self, habit: Ints, rng: np.random.Generator) -> Place:
        """A place for each incident."""
        count = len(habit)
        lng, lat, building = np.empty(count), np.empty(count), np.empty(count, np.int32)
        for k, kind in enumerate(HABITS):
            here = np.flatnonzero(habit == k)
            house = self._houses(kind.uses, len(here), rng)
            if kind.place == "park" and (self.use == PARK).any():
                lng[here], lat[here], building[here] = self._in_parks(house, rng)
            elif kind.place == "street":
                lng[here], lat[here], building[here] = self.at_kerb(house, rng)
            else:
                lng[here], lat[here] = nudge_m(self.middle[house, 0], self.middle[house, 1], 7.0, rng)
                building[here] = house
        return lng, lat, building

    def near_squares(self, square: Ints, spread_m: float, rng: np.random.Generator) -> Place:
        """Places around the middle of squares that have houses."""
        corners = square_corners(self.city.lattice, square // self.n, square % self.n)
        middle = corners.mean(axis=1)
        lng, lat = nudge_m(middle[:, 0], middle[:, 1], spread_m, rng)
        return lng, lat, np.maximum(self.first_building[square], 0)

    def at_kerb(self, house: Ints, rng: np.random.Generator) -> Place:
        """On the pavement that each house's square faces; beside the house where there is no street."""
        square, side = self.square[house], self.side[house]
        corners = square_corners(self.city.lattice, square // self.n, square % self.n)
        along, off = rng.uniform(0.05, 0.95, len(house)), rng.uniform(0.09, 0.20, len(house))
        unit = np.where(
            (side < 2)[:, None],
            np.column_stack([along, np.where(side == 1, 1 - off, off)]),
            np.column_stack([np.where(side == 3, 1 - off, off), along]),
        )
        kerb = interpolate(corners, unit[:, None, :])[:, 0]
        point = np.where((side >= 0)[:, None], kerb, self.middle[house])
        return point[:, 0], point[:, 1], house

    def _houses(self, uses: tuple[int, ...], count: int, rng: np.random.Generator) -> Ints:
        """Buildings on land of these uses (0 and 1 in `uses` are fields and villages), by weight."""
        weight = self.weight * np.where(np.isin(self.use[self.square], uses), 1.0, 0.03 if uses else 1.0)
        cumulated = np.cumsum(weight)
        found = np.searchsorted(cumulated, rng.random(count) * cumulated[-1], side="right")
        return np.asarray(np.minimum(found, len(weight) - 1), np.int32)

    def _in_parks(self, house: Ints, rng: np.random.Generator) -> Place:
        """Anywhere in a park; the address is that of the houses drawn."""
        squares = np.flatnonzero(self.use == PARK)
        square = rng.choice(squares, len(house)).astype(np.int32)
        corners = square_corners(self.city.lattice, square // self.n, square % self.n)
        point = interpolate(corners, rng.uniform(0.2, 0.8, (len(house), 1, 2)))[:, 0]
        near = self._nearest_house(point)
        return point[:, 0], point[:, 1], near

    def _nearest_house(self, point: Floats) -> Ints:
        scale = np.array([PLANE.lng_m, PLANE.lat_m])
        _, near = cKDTree(self.middle * scale).query(point * scale)
        return np.asarray(near, np.int32)
