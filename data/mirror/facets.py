"""How many of the rows that fit have each value of a facet, and the ground that they cover."""

from dataclasses import replace
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from data.mirror.columns import CaseMirror
from data.mirror.inside import mercator_degrees
from data.mirror.where import Where
from geo.errors import NeedleError

Counts = dict[Any, int]
FIELDS: Final = {
    "channel": "channels",
    "state": "states",
    "matter": "matters",
    "department": "departments",
}


def counts(mirror: CaseMirror, fits: NDArray[np.bool_], facet: str) -> Counts:
    """Code -> rows that fit, for ``channel``, ``state``, ``matter``, ``major``, ``department``, ``team`` or ``area:<layer>``.

    Raises
    ------
    NeedleError
        ``desk.unknown_column``.
    """
    count = len(fits)
    layer = facet.removeprefix("area:")
    if facet in FIELDS:
        return _counted(getattr(mirror, facet)[:count], fits, getattr(mirror, FIELDS[facet]))
    if facet == "team":
        return _of_teams(mirror.team[:count], fits)
    if facet == "major":
        return _of_majors(mirror, fits)
    if layer != facet and layer in mirror.areas:
        return _counted(mirror.areas[layer][:count], fits, mirror.area_codes[layer])
    raise NeedleError("desk.unknown_column", column=facet)


def helping(mirror: CaseMirror, fits: NDArray[np.bool_]) -> dict[str, int]:
    """Department -> rows that fit on which it helps another."""
    found: dict[str, int] = {}
    for codes, n in zip(
        mirror.words.helpers.values, np.bincount(mirror.helpers[: len(fits)][fits]).tolist(), strict=False
    ):
        for code in codes:
            found[code] = found.get(code, 0) + n
    return found


def without(where: Where, facet: str) -> Where:
    """The filter without what it asks of one facet: what else could be chosen there.

    Raises
    ------
    NeedleError
        ``desk.unknown_column``.
    """
    layer = facet.removeprefix("area:")
    if layer != facet:
        return replace(where, areas=frozenset(area for area in where.areas if area[0] != layer))
    if facet not in FIELDS and facet not in ("team", "major"):
        raise NeedleError("desk.unknown_column", column=facet)
    nothing: dict[str, Any] = {FIELDS.get(facet, f"{facet}s"): frozenset()}
    return replace(where, **nothing)


def bounds(mirror: CaseMirror, rows: NDArray[np.int64]) -> tuple[float, float, float, float] | None:
    """West, south, east, north in degrees of the placed rows; None where none is."""
    placed = rows[mirror.placed[rows]]
    if len(placed) == 0:
        return None
    x, y = mirror.x[placed], mirror.y[placed]
    (west, north), (east, south) = mercator_degrees(np.array([[x.min(), y.min()], [x.max(), y.max()]], np.float64))
    return float(west), float(south), float(east), float(north)


def _counted(column: NDArray[Any], fits: NDArray[np.bool_], known: tuple[Any, ...]) -> Counts:
    """-1, none, is counted apart and left out."""
    found = np.bincount(column[fits].astype(np.int64) + 1, minlength=len(known) + 1)[1:]
    return {code: int(n) for code, n in zip(known, found, strict=True) if n}


def _of_teams(team: NDArray[np.int32], fits: NDArray[np.bool_]) -> Counts:
    found = np.bincount(team[fits])
    return {int(code): int(found[code]) for code in np.flatnonzero(found) if code}


def _of_majors(mirror: CaseMirror, fits: NDArray[np.bool_]) -> Counts:
    majors = dict(zip(mirror.matters, mirror.majors, strict=True))
    found: Counts = {}
    for matter, n in _counted(mirror.matter[: len(fits)], fits, mirror.matters).items():
        found[majors[matter]] = found.get(majors[matter], 0) + n
    return found
