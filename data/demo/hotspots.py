"""Real hotspots: places where certain matters happen again and again at certain hours, for a planner to find."""

from dataclasses import dataclass

import numpy as np

from data.demo.city import DemoCity
from data.demo.landuse import COMMERCE, HIGHRISE, OFFICE, OLD_TOWN, PERIMETER, SLABS
from data.demo.powers import HABITS


@dataclass(frozen=True)
class Hotspot:
    """A spot in space, matter and time.

    Attributes
    ----------
    title : str
        What goes on there.
    square : int
        Lattice square, row * n + column.
    habits : tuple of int
        Indices into ``HABITS``.
    rhythm : str
        Of ``rhythm.HOURS``.
    days : int
        How many days before the reference date it began.
    tilt : float
        Above 0: it grows.
    """

    title: str
    square: int
    habits: tuple[int, ...]
    rhythm: str
    days: int
    tilt: float


KINDS: tuple[tuple[str, int, tuple[str, ...], str, int, float], ...] = (
    ("夜市外溢", COMMERCE, ("2026:event:09005", "2026:event:09006", "2026:event:06029"), "evening", 60, 0.6),
    ("地铁口单车围城", OFFICE, ("2026:event:09011", "2026:event:09010"), "commute", 60, 0.0),
    ("夜间施工", HIGHRISE, ("2026:event:08001", "2026:event:08004"), "night", 18, 1.2),
    ("早市占道", PERIMETER, ("2026:event:09001", "2026:event:06010"), "market", 60, 0.0),
    ("消防通道堵塞", SLABS, ("2026:event:09012", "2026:event:09009"), "night", 45, 0.3),
    ("老巷垃圾", OLD_TOWN, ("2026:event:06010", "2026:event:06036"), "morning", 30, 0.9),
)
"""Title, use of land, matters, rhythm, days, tilt."""


def make_hotspots(city: DemoCity) -> tuple[Hotspot, ...]:
    """Two in a few blocks, six in a district, six in each district of a city."""
    rng = np.random.default_rng([city.size.seed, 80])
    index = {habit.key: k for k, habit in enumerate(HABITS)}
    kinds = KINDS if city.size.lines >= 30 else KINDS[2:4]
    found = []
    for district in range(city.size.districts):
        for title, use, keys, rhythm, days, tilt in kinds:
            fits = (city.land.of_square == use) & (city.ground.district == district) & (city.ground.density > 0.2)
            squares = np.flatnonzero(fits)
            if len(squares):
                square = int(rng.choice(squares))
                found.append(Hotspot(title, square, tuple(index[k] for k in keys), rhythm, days, tilt))
    return tuple(found)
