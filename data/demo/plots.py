"""House plans: rectangles in the unit square of a plot, one plan or more for each use of land."""

from dataclasses import dataclass

import numpy as np

from data.demo.landuse import (
    COMMERCE,
    FACTORY,
    FIELD,
    HIGHRISE,
    OFFICE,
    OLD_TOWN,
    PERIMETER,
    SCHOOL,
    SLABS,
    VILLAGE,
)
from data.demo.lattice import Floats, Ints


@dataclass(frozen=True)
class Plan:
    """What stands on one plot.

    Attributes
    ----------
    boxes : ndarray, shape (k, 4)
        West, south, east, north of each house within the unit square.
    floors : ndarray of int, shape (k, 2)
        Fewest and most floors of each house.
    use : tuple of str
        residential, commercial, office, industrial, public; one a house.
    kept : float
        Share of the houses really built (the rest is yards, sheds, gaps).
    """

    boxes: Floats
    floors: Ints
    use: tuple[str, ...]
    kept: float = 1.0


def rows_of(
    rows: int, columns: int, depth: float, gap: float, floors: tuple[int, int], use: str, kept: float = 1.0
) -> Plan:
    """Parallel slabs facing south: `rows` x `columns` houses, each `depth` deep with `gap` between ends."""
    width = (1 - gap * (columns - 1)) / columns
    boxes = [
        (c * (width + gap), r / rows + 0.02, c * (width + gap) + width, r / rows + 0.02 + depth)
        for r in range(rows)
        for c in range(columns)
    ]
    return Plan(np.array(boxes), np.array([floors] * len(boxes), np.int32), (use,) * len(boxes), kept)


def plan(houses: list[tuple[float, float, float, float, int, int, str]], kept: float = 1.0) -> Plan:
    """From (west, south, east, north, fewest floors, most floors, use)."""
    table = [h[:4] for h in houses]
    return Plan(np.array(table), np.array([h[4:6] for h in houses], np.int32), tuple(h[6] for h in houses), kept)


PLANS: dict[int, tuple[Plan, ...]] = {
    FIELD: (plan([(0.3, 0.4, 0.5, 0.55, 1, 1, "residential")], 0.06),),
    VILLAGE: (
        rows_of(5, 4, 0.10, 0.07, (1, 2), "residential", 0.72),
        rows_of(4, 5, 0.12, 0.05, (1, 3), "residential", 0.66),
        rows_of(6, 3, 0.09, 0.10, (1, 2), "residential", 0.60),
    ),
    FACTORY: (
        plan(
            [
                (0.0, 0.05, 1.0, 0.42, 1, 2, "industrial"),
                (0.0, 0.55, 0.62, 0.95, 1, 2, "industrial"),
                (0.74, 0.58, 0.98, 0.74, 3, 5, "office"),
            ],
            0.9,
        ),
        plan([(0.05, 0.0, 0.45, 1.0, 1, 1, "industrial"), (0.55, 0.0, 0.95, 1.0, 1, 1, "industrial")], 0.85),
        plan([(0.0, 0.1, 0.9, 0.9, 2, 3, "industrial")], 0.8),
    ),
    SLABS: (
        rows_of(3, 2, 0.15, 0.10, (5, 7), "residential", 0.97),
        rows_of(4, 2, 0.12, 0.08, (5, 6), "residential", 0.95),
        rows_of(3, 1, 0.15, 0.0, (6, 7), "residential"),
    ),
    HIGHRISE: (
        rows_of(2, 2, 0.19, 0.14, (16, 27), "residential"),
        plan(
            [
                (0.04, 0.06, 0.26, 0.28, 24, 33, "residential"),
                (0.42, 0.00, 0.64, 0.22, 24, 33, "residential"),
                (0.76, 0.12, 0.98, 0.34, 24, 33, "residential"),
                (0.12, 0.62, 0.34, 0.84, 24, 33, "residential"),
                (0.60, 0.64, 0.82, 0.86, 24, 33, "residential"),
            ]
        ),
        rows_of(2, 3, 0.18, 0.10, (11, 18), "residential", 0.95),
    ),
    PERIMETER: (
        plan(
            [
                (0.0, 0.0, 0.44, 0.15, 4, 6, "commercial"),
                (0.54, 0.0, 1.0, 0.15, 4, 6, "residential"),
                (0.0, 0.85, 0.44, 1.0, 4, 6, "residential"),
                (0.54, 0.85, 1.0, 1.0, 4, 6, "commercial"),
                (0.0, 0.22, 0.16, 0.78, 3, 6, "residential"),
                (0.84, 0.22, 1.0, 0.78, 3, 6, "residential"),
                (0.36, 0.42, 0.66, 0.58, 2, 5, "residential"),
            ],
            0.93,
        ),
        plan(
            [
                (0.0, 0.0, 0.3, 0.17, 3, 5, "commercial"),
                (0.35, 0.0, 0.65, 0.17, 3, 5, "commercial"),
                (0.7, 0.0, 1.0, 0.17, 3, 5, "commercial"),
                (0.0, 0.36, 0.46, 0.50, 5, 6, "residential"),
                (0.54, 0.36, 1.0, 0.50, 5, 6, "residential"),
                (0.0, 0.76, 0.46, 0.92, 5, 6, "residential"),
                (0.54, 0.76, 1.0, 0.92, 5, 6, "residential"),
            ],
            0.95,
        ),
    ),
    OLD_TOWN: (
        rows_of(5, 3, 0.13, 0.05, (1, 2), "residential", 0.92),
        plan(
            [
                (0.0, 0.0, 0.3, 0.1, 1, 2, "commercial"),
                (0.34, 0.0, 0.64, 0.1, 1, 3, "commercial"),
                (0.68, 0.0, 1.0, 0.1, 1, 2, "commercial"),
                (0.0, 0.2, 0.1, 0.5, 1, 1, "residential"),
                (0.14, 0.4, 0.4, 0.5, 1, 1, "residential"),
                (0.3, 0.18, 0.42, 0.34, 1, 1, "residential"),
                (0.5, 0.2, 0.6, 0.5, 1, 1, "residential"),
                (0.66, 0.4, 0.96, 0.5, 1, 2, "residential"),
                (0.86, 0.18, 0.97, 0.34, 1, 1, "residential"),
                (0.0, 0.62, 0.42, 0.72, 1, 2, "residential"),
                (0.0, 0.86, 0.42, 0.97, 1, 2, "residential"),
                (0.52, 0.62, 0.97, 0.72, 1, 2, "residential"),
                (0.52, 0.86, 0.97, 0.97, 1, 2, "residential"),
            ],
            0.93,
        ),
    ),
    OFFICE: (
        plan(
            [
                (0.05, 0.05, 0.45, 0.35, 3, 5, "office"),
                (0.55, 0.08, 0.88, 0.40, 18, 36, "office"),
                (0.12, 0.58, 0.45, 0.90, 14, 28, "office"),
                (0.58, 0.62, 0.95, 0.88, 4, 8, "commercial"),
            ]
        ),
        plan([(0.15, 0.18, 0.85, 0.46, 8, 16, "office"), (0.1, 0.68, 0.9, 0.88, 5, 9, "office")]),
    ),
    COMMERCE: (
        plan(
            [
                (0.04, 0.06, 0.96, 0.58, 4, 6, "commercial"),
                (0.10, 0.70, 0.36, 0.94, 20, 32, "office"),
                (0.55, 0.72, 0.92, 0.92, 5, 9, "commercial"),
            ]
        ),
        plan(
            [
                (0.0, 0.0, 0.3, 0.2, 3, 5, "commercial"),
                (0.36, 0.0, 0.64, 0.2, 3, 5, "commercial"),
                (0.7, 0.0, 1.0, 0.2, 3, 5, "commercial"),
                (0.05, 0.36, 0.95, 0.64, 3, 4, "commercial"),
                (0.0, 0.8, 0.46, 1.0, 3, 6, "commercial"),
                (0.54, 0.8, 1.0, 1.0, 3, 6, "commercial"),
            ]
        ),
    ),
    SCHOOL: (
        plan(
            [
                (0.05, 0.05, 0.50, 0.18, 4, 5, "public"),
                (0.05, 0.28, 0.50, 0.41, 4, 5, "public"),
                (0.05, 0.20, 0.14, 0.26, 3, 4, "public"),
                (0.62, 0.08, 0.92, 0.30, 2, 3, "public"),
            ]
        ),
    ),
}
"""By use of land; uses without an entry stay open."""

WIDE_PLANS: dict[int, tuple[Plan, ...]] = {
    **PLANS,
    VILLAGE: (
        rows_of(6, 6, 0.09, 0.05, (1, 2), "residential", 0.74),
        rows_of(7, 5, 0.08, 0.06, (1, 3), "residential", 0.72),
    ),
    SLABS: (rows_of(4, 3, 0.12, 0.07, (5, 7), "residential", 0.96), rows_of(5, 2, 0.10, 0.08, (5, 6), "residential")),
    FACTORY: (*PLANS[FACTORY], rows_of(4, 2, 0.17, 0.06, (1, 2), "industrial", 0.95)),
}
"""The same for squares of 120 m and more."""
