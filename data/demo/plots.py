"""House plans: rectangles in the unit square of a plot, one plan or more for each use of land."""

import csv
from dataclasses import dataclass
from functools import cache
from pathlib import Path

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

DRAWINGS = Path(__file__).with_name("plots.csv")


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


def drawn(name: str, kept: float = 1.0) -> Plan:
    """A plan of ``plots.csv``."""
    boxes, floors, use = _drawings()[name]
    return Plan(np.array(boxes), np.array(floors, np.int32), tuple(use), kept)


@cache
def _drawings() -> dict[str, tuple[list[list[float]], list[list[int]], list[str]]]:
    """The houses of each drawn plan: boxes, fewest and most floors, uses."""
    found: dict[str, tuple[list[list[float]], list[list[int]], list[str]]] = {}
    with DRAWINGS.open(encoding="utf-8", newline="") as file:
        for name, *sides, fewest, most, use in list(csv.reader(file))[1:]:
            boxes, floors, uses = found.setdefault(name, ([], [], []))
            boxes.append([float(side) for side in sides])
            floors.append([int(fewest), int(most)])
            uses.append(use)
    return found


PLANS: dict[int, tuple[Plan, ...]] = {
    FIELD: (drawn("field-1", 0.06),),
    VILLAGE: (
        rows_of(5, 4, 0.10, 0.07, (1, 2), "residential", 0.72),
        rows_of(4, 5, 0.12, 0.05, (1, 3), "residential", 0.66),
        rows_of(6, 3, 0.09, 0.10, (1, 2), "residential", 0.60),
    ),
    FACTORY: (
        drawn("factory-1", 0.9),
        drawn("factory-2", 0.85),
        drawn("factory-3", 0.8),
    ),
    SLABS: (
        rows_of(3, 2, 0.15, 0.10, (5, 7), "residential", 0.97),
        rows_of(4, 2, 0.12, 0.08, (5, 6), "residential", 0.95),
        rows_of(3, 1, 0.15, 0.0, (6, 7), "residential"),
    ),
    HIGHRISE: (
        rows_of(2, 2, 0.19, 0.14, (16, 27), "residential"),
        drawn("highrise-1"),
        rows_of(2, 3, 0.18, 0.10, (11, 18), "residential", 0.95),
    ),
    PERIMETER: (
        drawn("perimeter-1", 0.93),
        drawn("perimeter-2", 0.95),
    ),
    OLD_TOWN: (
        rows_of(5, 3, 0.13, 0.05, (1, 2), "residential", 0.92),
        drawn("old_town-1", 0.93),
    ),
    OFFICE: (
        drawn("office-1"),
        drawn("office-2"),
    ),
    COMMERCE: (
        drawn("commerce-1"),
        drawn("commerce-2"),
    ),
    SCHOOL: (drawn("school-1"),),
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
