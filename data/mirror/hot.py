"""Where a city's trouble crowds: the places that the wall's automatic tour visits."""

from dataclasses import dataclass
from typing import Final, cast

import h3.api.basic_int as h3
import numpy as np
from numpy.typing import NDArray

from data.mirror.columns import CaseMirror

Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]
FINE, RESOLUTION = 9, 8
"""The mirror keeps H3 cells of resolution 9; a place is one of resolution 8: 0.74 km²."""
OVERDUE_WEIGHT, URGENT_WEIGHT = 4, 2
PRESSING: Final = 5
LEVEL_BIT, DIGIT_BITS, FINEST = 52, 3, 15


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


def parents(cells: Ints) -> Ints:
    """The cells of resolution 8 around cells of resolution 9, by H3's bits: the level, and 7 for a digit out of use."""
    outside = 7 << (DIGIT_BITS * (FINEST - FINE))
    return cast(Ints, (cells & ~(15 << LEVEL_BIT)) | (RESOLUTION << LEVEL_BIT) | outside)


def hot_places(mirror: CaseMirror, fits: Bools, now: int, layer: str, limit: int = 8) -> list[HotPlace]:
    """The fullest hexagons among the rows that fit, at most ``limit``, none beside another."""
    count = len(fits)
    rows = np.flatnonzero(fits & (mirror.closed[:count] == 0) & (mirror.hex[:count] != 0))
    due = mirror.due[rows]
    overdue, urgent = (due != 0) & (due < now), mirror.urgent[rows]
    weight = 1 + OVERDUE_WEIGHT * overdue + URGENT_WEIGHT * urgent
    cells, member = np.unique(parents(mirror.hex[rows]), return_inverse=True)
    heat = np.bincount(member, weights=weight, minlength=len(cells)).astype(np.int64)
    return [
        _place(mirror, rows[inside], overdue[inside], urgent[inside], int(cells[cell]), layer)
        for cell in _apart(cells, heat, limit)
        for inside in (np.flatnonzero(member == cell),)
    ]


def _apart(cells: Ints, heat: Ints, limit: int) -> list[int]:
    """Indices of the hottest cells, leaving out the neighbours of those taken."""
    taken: list[int] = []
    closed: set[int] = set()
    for index in np.argsort(-heat, kind="stable").tolist():
        if len(taken) == limit:
            break
        cell = int(cells[index])
        if cell not in closed:
            taken.append(index)
            closed.update(h3.grid_disk(cell, 1))
    return taken


def _place(mirror: CaseMirror, rows: Ints, overdue: Bools, urgent: Bools, cell: int, layer: str) -> HotPlace:
    due = np.where(mirror.due[rows] == 0, np.iinfo(np.int64).max, mirror.due[rows])
    order = np.lexsort((due, ~urgent, ~overdue))[:PRESSING]
    lats, lngs = zip(*h3.cell_to_boundary(cell), strict=True)
    return HotPlace(
        box=(min(lngs), min(lats), max(lngs), max(lats)),
        area=_area(mirror, rows, layer),
        open=len(rows),
        overdue=int(overdue.sum()),
        urgent=int(urgent.sum()),
        pressing=mirror.id[rows[order]].tolist(),
    )


def _area(mirror: CaseMirror, rows: Ints, layer: str) -> str | None:
    known = mirror.areas[layer][rows] if layer in mirror.areas else np.empty(0, np.int32)
    known = known[known >= 0]
    return mirror.area_codes[layer][int(np.bincount(known).argmax())] if len(known) else None
