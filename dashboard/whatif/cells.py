"""Before and after by hexagon: how much sooner or later somebody is there, and whether that is more than chance. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from scipy.special import stdtr

from dashboard.hotspots.study import RESOLUTIONS
from data.mirror.hexes import ancestors, draw_cells
from data.mirror.inside import mercator_degrees
from dispatch.what_if import Replayed
from geo.mvt import Shapes
from geo.mvt_columns import boxes_of
from geo.packed_tree import PackedTree, packed_tree
from geo.stats.hotspots import discoveries

Floats = NDArray[np.float64]
Longs = NDArray[np.int64]
FALSE: Final = 0.05
"""The share of false discoveries that is borne."""
FEWEST: Final = 5
STEPS_S: Final = (60.0, 300.0)
"""A difference below one minute, below five, and beyond: three depths of colour."""
LOSES: Final = 4
LOST_SHARE: Final = 0.02


@dataclass(frozen=True, eq=False)
class Cells:
    """Hexagons with their differences.

    Attributes
    ----------
    index : int64 array (n,)
        H3 cells.
    cases : int64 array (n,)
        That somebody has on both sides.
    before_s, after_s : float64 arrays (n,)
        Mean time to reach these, NaN where there is none.
    nobody : int64 array (n, 2)
        Cases that nobody has, before and after.
    classes : int64 array (n,)
        0: not to be told from no difference; 1, 2, 3: later, -1, -2, -3: sooner, by ``STEPS_S``; 4: cases lose whoever had them.
    """

    index: Longs
    cases: Longs
    before_s: Floats
    after_s: Floats
    nobody: Longs
    classes: Longs

    @property
    def difference_s(self) -> Floats:
        """After less before, NaN where it is not known."""
        return self.after_s - self.before_s


def cells_of(hexes: Longs, grid: str, before: Replayed, after: Replayed) -> Cells:
    """Differences by cell of a grid; ``hexes``: H3 cells of resolution 9 of the cases, 0 without a place."""
    placed = hexes != 0
    index, at = np.unique(ancestors(hexes[placed], RESOLUTIONS[grid]), return_inverse=True)
    n = len(index)
    sides = [one.reach_s[placed] for one in (before, after)]
    both = np.isfinite(sides[0]) & np.isfinite(sides[1])
    cases = np.bincount(at[both], minlength=n)
    with np.errstate(invalid="ignore", divide="ignore"):
        means = [np.bincount(at[both], side[both], minlength=n) / cases for side in sides]
        apart = (sides[1] - sides[0])[both]
        q = discoveries(paired_p(at[both], apart, cases))
    nobody = np.column_stack([np.bincount(at[~np.isfinite(side)], minlength=n) for side in sides])
    difference = means[1] - means[0]
    depth = 1 + np.searchsorted(STEPS_S, np.abs(np.nan_to_num(difference)), side="right")
    classes = np.where(q <= FALSE, np.sign(np.nan_to_num(difference)) * depth, 0).astype(np.int64)
    lost = nobody[:, 1] - nobody[:, 0]
    classes[lost > LOST_SHARE * (cases + nobody.max(axis=1))] = LOSES
    return Cells(index, cases, means[0], means[1], nobody, classes)


def paired_p(at: Longs, apart: Floats, cases: Longs) -> Floats:
    """Two-sided p-values of Student's paired test by cell, as if cases of a cell were independent; 1 where they are too few."""
    n = len(cases)
    mean = np.bincount(at, apart, minlength=n) / cases
    spread = np.bincount(at, (apart - mean[at]) ** 2, minlength=n) / (cases - 1)
    t = np.abs(mean) / np.sqrt(spread / cases)
    p = 2.0 * stdtr(np.maximum(cases - 1, 1), -t)
    # All cases of a cell differ by the same: that is no chance, unless it is nothing.
    p = np.where(spread == 0, np.where(mean == 0, 1.0, 0.0), p)
    return np.asarray(np.where((cases >= FEWEST) & np.isfinite(p), p, 1.0))


# --- kept, and drawn ----------------------------------------------------------------------------------------------


def cells_as_json(cells: Cells) -> dict[str, Any]:
    """As columns; seconds are whole, -1 where none are known."""
    return {
        "index": [format(cell, "x") for cell in cells.index.tolist()],
        "cases": cells.cases.tolist(),
        "before_s": _seconds(cells.before_s),
        "after_s": _seconds(cells.after_s),
        "nobody": cells.nobody.tolist(),
        "classes": cells.classes.tolist(),
    }


def _seconds(values: Floats) -> list[int]:
    return np.where(np.isfinite(values), np.rint(np.nan_to_num(values)), -1).astype(np.int64).tolist()  # type: ignore[no-any-return]


def read_cells(said: Mapping[str, Any]) -> Cells:
    """The cells as they were kept."""
    before, after = (np.array(said[name], np.float64) for name in ("before_s", "after_s"))
    return Cells(
        np.array([int(cell, 16) for cell in said["index"]], np.int64),
        np.array(said["cases"], np.int64),
        np.where(before < 0, np.nan, before),
        np.where(after < 0, np.nan, after),
        np.array(said["nobody"], np.int64).reshape(-1, 2),
        np.array(said["classes"], np.int64),
    )


@dataclass(frozen=True, eq=False)
class Drawn:
    """Cells with their outlines, ready for tiles."""

    cells: Cells
    shapes: Shapes
    tree: PackedTree | None

    @staticmethod
    def of(cells: Cells) -> "Drawn":
        """The cells as they lie on the map."""
        shapes = draw_cells(cells.index).shapes
        return Drawn(cells, shapes, packed_tree(boxes_of(shapes)) if len(cells.index) else None)

    def ring(self, cell: int) -> list[list[float]]:
        """A cell's outline in WGS84 degrees."""
        part = self.shapes.shape_parts[cell]
        a, b = self.shapes.part_points[part], self.shapes.part_points[part + 1]
        points = np.column_stack((self.shapes.x[a:b], self.shapes.y[a:b])).astype(np.float64)
        return np.asarray(mercator_degrees(points)).round(6).tolist()  # type: ignore[no-any-return]
