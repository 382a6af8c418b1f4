"""A what-if as the page and its tiles show it. Pure."""

from typing import Any, Final

import numpy as np

from dashboard.whatif.asked import Asked
from dashboard.whatif.cells import LOSES, Cells, Drawn
from data.mirror.ground import rectangle
from data.mirror.inside import mercator_degrees
from data.stores.teams import TeamRow
from geo.mvt import POLYGONS, encode_shapes

LAYER: Final = "spot"
BUFFER: Final = 32
SHOWN_SHIFTS: Final = 7
Tile = tuple[int, int, int]


def draw(found: Drawn, tile: Tile) -> bytes:
    """The cells on a tile: ``n`` cases, ``c`` class, ``b`` and ``a`` seconds before and after, ``l`` more that nobody has."""
    if found.tree is None:
        return b""
    at = found.tree.touching(*rectangle(tile, BUFFER))
    if not len(at):
        return b""
    cells = found.cells
    numbers = {
        "n": cells.cases[at],
        "c": cells.classes[at],
        "b": np.rint(np.nan_to_num(cells.before_s[at], nan=-1)).astype(np.int64),
        "a": np.rint(np.nan_to_num(cells.after_s[at], nan=-1)).astype(np.int64),
        "l": (cells.nobody[:, 1] - cells.nobody[:, 0])[at],
    }
    return encode_shapes(LAYER, POLYGONS, tile, found.shapes, at, at, numbers, tolerance=0.0, buffer=BUFFER)


def cells_in_numbers(cells: Cells) -> dict[str, Any]:
    """How many cells are sooner, later, lose their team, and where they lie."""
    classes = cells.classes
    drawn = Drawn.of(cells)
    return {
        "cells": len(classes),
        "sooner": int((classes < 0).sum()),
        "later": int(((classes > 0) & (classes < LOSES)).sum()),
        "loses": int((classes == LOSES).sum()),
        "bounds": bounds(drawn),
    }


def bounds(drawn: Drawn) -> list[float] | None:
    """West, south, east, north of the cells."""
    x, y = drawn.shapes.x, drawn.shapes.y
    if not len(x):
        return None
    corners = np.array([[x.min(), y.min()], [x.max(), y.max()]], np.float64)
    (west, north), (east, south) = mercator_degrees(corners)
    return [float(west), float(south), float(east), float(north)]


def team_as_json(team: TeamRow) -> dict[str, Any]:
    """A team with its station and its week."""
    return {
        "id": team.id,
        "name": team.name,
        "department": team.department,
        "at": [round(team.base[0], 6), round(team.base[1], 6)],
        "capacity": team.capacity,
        "shifts": [[one.weekday, f"{one.starts:%H:%M}", f"{one.ends:%H:%M}"] for one in team.shifts[:SHOWN_SHIFTS]],
    }


def changes_in_numbers(asked: Asked) -> dict[str, int]:
    """How much is changed, for the audit."""
    return {
        "rules": int(asked.rules is not None),
        "boundaries": len(asked.boundaries),
        "hours": len(asked.hours),
        "moved": len(asked.moved),
        "gone": len(asked.gone),
        "added": len(asked.added),
    }
