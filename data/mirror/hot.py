"""Where a city's trouble crowds: the places that the wall's automatic tour visits."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from data.mirror.columns import CaseMirror

Ints = NDArray[np.int64]
CELL_BITS: Final = 16
"""A cell has 2**16 of the 2**32 Mercator units around the earth: 611 m at the equator, 470 m at 40° north."""
CELLS: Final = 1 << (32 - CELL_BITS)
OVERDUE_WEIGHT, URGENT_WEIGHT = 4, 2
PRESSING: Final = 5


@dataclass(frozen=True)
class HotPlace:
    """A place where open cases crowd.

    Attributes
    ----------
    box : tuple
        West, south, east, north in degrees (WGS84).
    area : str or None
        Code of the area that most of them lie in.
    pressing : list[int]
        Ids of its most pressing cases, at most ``PRESSING``: overdue ones by deadline, then urgent ones, then the next due.
    """

    box: tuple[float, float, float, float]
    area: str | None
    open: int
    overdue: int
    urgent: int
    pressing: list[int]


def hot_places(mirror: "CaseMirror", fits: NDArray[np.bool_], now: int, layer: str, limit: int = 8) -> list[HotPlace]:
    """The fullest square cells among the rows that fit, at most ``limit``, none beside another."""
    count = len(fits)
    rows = np.flatnonzero(fits & (mirror.closed[:count] == 0) & mirror.placed[:count])
    due = mirror.due[rows]
    overdue, urgent = (due != 0) & (due < now), mirror.urgent[rows].astype(np.bool_)
    weight = 1 + OVERDUE_WEIGHT * overdue + URGENT_WEIGHT * urgent
    cell_of = (mirror.x[rows].astype(np.int64) >> CELL_BITS) * CELLS + (mirror.y[rows].astype(np.int64) >> CELL_BITS)
    cells, member = np.unique(cell_of, return_inverse=True)
    heat = np.bincount(member, weights=weight, minlength=len(cells))
    return [
        _place(mirror, rows[inside], overdue[inside], urgent[inside], int(cells[cell]), layer)
        for cell in _apart(cells, heat, limit)
        for inside in (np.flatnonzero(member == cell),)
    ]


def _apart(cells: Ints, heat: NDArray[np.float64], limit: int) -> list[int]:
    """Indices of the hottest cells, leaving out the neighbours of those taken."""
    taken: list[int] = []
    closed: set[int] = set()
    for index in np.argsort(-heat, kind="stable").tolist():
        if len(taken) == limit:
            break
        cell = int(cells[index])
        if cell not in closed:
            taken.append(index)
            closed |= {cell + east * CELLS + south for east in (-1, 0, 1) for south in (-1, 0, 1)}
    return taken


def _place(
    mirror: "CaseMirror", rows: Ints, overdue: NDArray[np.bool_], urgent: NDArray[np.bool_], cell: int, layer: str
) -> HotPlace:
    due = np.where(mirror.due[rows] == 0, np.iinfo(np.int64).max, mirror.due[rows])
    order = np.lexsort((due, ~urgent, ~overdue))[:PRESSING]
    return HotPlace(
        box=_box(*divmod(cell, CELLS)),
        area=_area(mirror, rows, layer),
        open=len(rows),
        overdue=int(overdue.sum()),
        urgent=int(urgent.sum()),
        pressing=mirror.id[rows[order]].tolist(),
    )


def _area(mirror: "CaseMirror", rows: Ints, layer: str) -> str | None:
    known = mirror.areas[layer][rows] if layer in mirror.areas else np.empty(0, np.int32)
    known = known[known >= 0]
    return mirror.area_codes[layer][int(np.bincount(known).argmax())] if len(known) else None


def _box(column: int, row: int) -> tuple[float, float, float, float]:
    """West, south, east, north of a cell (spherical Mercator, EPSG:3857)."""
    edges = np.array([row + 1, row]) / CELLS
    south, north = np.degrees(np.arctan(np.sinh(np.pi * (1 - 2 * edges)))).tolist()
    return column / CELLS * 360 - 180, south, (column + 1) / CELLS * 360 - 180, north
