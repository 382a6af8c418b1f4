"""One analysis: counts or rates by cell, tested, compared with the period before, followed over slices of time. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from dashboard.hotspots.study import GRIDS, Study
from geo.errors import NeedleError
from geo.stats.density import kernel_density
from geo.stats.hotspots import clusters, discoveries, gi_star, local_moran
from geo.stats.rates import empirical_bayes
from geo.stats.trends import Trend, trends

Floats = NDArray[np.float64]
Longs = NDArray[np.int64]
DAY: Final = 86_400
MEASURES: Final = ("count", "rate")
METHODS: Final = ("gi", "moran")
SLICES: Final = 12
LEVELS: Final = (0.05, 0.01, 0.001)
BANDWIDTHS_M: Final = {"h3-9": 400.0, "h3-8": 800.0, "h3-7": 1_600.0, "cell": 400.0}
HIGH_LOW, LOW_HIGH = 4, 5
"""Classes of local Moran's outliers: a high place among low ones, and the other way round."""


@dataclass(frozen=True)
class Question:
    """What is analysed. Times are Unix seconds, the end exclusive; ``level``: the share of false discoveries that is borne."""

    grid: str = "h3-8"
    measure: str = "count"
    method: str = "gi"
    start: int = 0
    end: int = 0

    @property
    def before(self) -> tuple[int, int]:
        """The period of the same length before it."""
        return self.start - (self.end - self.start), self.start


def read_question(query: Mapping[str, str], now: int) -> Question:
    """``grid=h3-8|h3-9|h3-7|cell``, ``measure=count|rate``, ``method=gi|moran``, ``days=30`` up to now or ``since``/``until``.

    Raises
    ------
    NeedleError
        ``filter.invalid``.
    """
    said = {}
    for key, known in (("grid", GRIDS), ("measure", MEASURES), ("method", METHODS)):
        said[key] = query.get(key) or {"grid": "h3-8"}.get(key, known[0])
        if said[key] not in known:
            raise NeedleError("filter.invalid", key=key, value=said[key][:80], form=" | ".join(known))
    start, end = _window(query, now)
    return Question(**said, start=start, end=end)


def _window(query: Mapping[str, str], now: int) -> tuple[int, int]:
    until, since, days = query.get("until", ""), query.get("since", ""), query.get("days") or "30"
    if not all(text.isascii() and text.isdigit() and len(text) < 12 for text in (until or "0", since or "0", days)):
        raise NeedleError("filter.invalid", key="days", value=days[:80], form="days=30 | since=…&until=…")
    # By whole minutes, so that what is asked within one is one analysis.
    end = int(until) if until else now - now % 60 + 60
    start = int(since) if since else end - max(1, int(days)) * DAY
    if not 0 < end - start <= 20 * 366 * DAY:
        raise NeedleError("filter.invalid", key="since", value=since[:80], form="since < until")
    return start, end


@dataclass(frozen=True, eq=False)
class Counted:
    """What was counted by cell: in the window, in the one before, of all matters in the window, and in each slice of it."""

    now: Longs
    before: Longs
    base: Longs
    slices: Longs


def count(
    study: Study, cell: Longs, reported: Longs, fits: NDArray[np.bool_], scope: NDArray[np.bool_], question: Question
) -> Counted:
    """Count cases by cell. ``cell``: of each row, -1 for none; ``fits``: what is asked about, ``scope``: all that is seen."""
    placed, n = cell >= 0, study.count
    within = placed & (reported >= question.start) & (reported < question.end)
    earlier = placed & (reported >= question.before[0]) & (reported < question.before[1])
    now, base = (np.bincount(cell[within & rows], minlength=n) for rows in (fits, scope))
    before = np.bincount(cell[earlier & fits], minlength=n)
    rows = np.flatnonzero(within & fits)
    step = max(1, -(-(question.end - question.start) // SLICES))
    keys = cell[rows] * SLICES + (reported[rows] - question.start) // step
    slices = np.bincount(keys, minlength=n * SLICES).reshape(n, SLICES)
    return Counted(now, before, base, slices)


@dataclass(frozen=True, eq=False)
class Analysis:
    """The result, by cell of the study.

    Attributes
    ----------
    values : ndarray of float
        What was tested: counts, or rates smoothed by empirical Bayes.
    z, q : ndarray of float
        Standard score; p-value adjusted for false discoveries.
    classes : ndarray of int8
        0: not significant; 1, 2, 3 hot and -1, -2, -3 cold at q ≤ 5 %, 1 %, 0.1 %; local Moran's outliers 4 and 5.
    change : ndarray of int8
        Of the significance between the period before and this one: 1 newly hot, 2 still hot, 3 no longer hot, 0 neither.
    trend : ndarray of uint8
        ``geo.stats.trends.Trend``.
    density : ndarray of float
        Cases a km², by kernel density.
    pieces : ndarray of int64
        Number of the hotspot a cell belongs to, -1: none.
    """

    study: Study
    question: Question
    counted: Counted
    values: Floats
    z: Floats
    q: Floats
    classes: NDArray[np.int8]
    change: NDArray[np.int8]
    trend: NDArray[np.uint8]
    density: Floats
    pieces: Longs

    @property
    def hot(self) -> NDArray[np.bool_]:
        """Cells that are significantly hot."""
        return (self.classes > 0) & (self.classes < HIGH_LOW)


def analyse(study: Study, counted: Counted, question: Question) -> Analysis:
    """Test, compare and follow what was counted."""
    values = measured(counted.now, counted.base, question)
    tested = (gi_star if question.method == "gi" else local_moran)(values, study.neighbours)
    q = discoveries(tested.p)
    classes = classed(tested.z, q) if question.method == "gi" else quadrants(values, tested.z, q)
    was = gi_star(counted.before.astype(np.float64), study.neighbours)
    was_hot = classed(was.z, discoveries(was.p)) > 0
    hot = (classes > 0) & (classes < HIGH_LOW)
    change = np.select([hot & ~was_hot, hot & was_hot, was_hot], [1, 2, 3], 0).astype(np.int8)
    x, y = study.metres
    density = kernel_density(x, y, counted.now.astype(np.float64), x, y, BANDWIDTHS_M[question.grid])
    trend = followed(study, counted.slices)
    return Analysis(
        study, question, counted, values, tested.z, q, classes, change, trend, density, clusters(hot, study.neighbours)
    )


def measured(now: Longs, base: Longs, question: Question) -> Floats:
    """Counts, or the share of all cases of the place, drawn towards the mean where there are few."""
    if question.measure == "count":
        return now.astype(np.float64)
    rates = empirical_bayes(now.astype(np.float64), base.astype(np.float64))
    return np.where(np.isnan(rates.rates), 0.0 if np.isnan(rates.mean) else rates.mean, rates.rates)


def classed(z: Floats, q: Floats) -> NDArray[np.int8]:
    """Classes of significance with the sign of the score; a score that is none is in class 0."""
    depth = sum((q <= level).astype(np.int8) for level in LEVELS)
    return (np.sign(np.nan_to_num(z)) * depth).astype(np.int8)


def quadrants(values: Floats, z: Floats, q: Floats) -> NDArray[np.int8]:
    """Local Moran's classes: high among high and low among low by their depth, outliers apart."""
    above, depth = values > values.mean(), np.abs(classed(z, q))
    around = np.nan_to_num(z) > 0
    kinds = [depth == 0, above & around, ~above & ~around, above & ~around]
    return np.select(kinds, [0, depth, -depth, HIGH_LOW], LOW_HIGH).astype(np.int8)


def followed(study: Study, slices: Longs) -> NDArray[np.uint8]:
    """The trend of each cell over the slices: hot in a slice is significantly hot in it."""
    hot, scores = np.zeros(slices.shape, np.bool_), np.zeros(slices.shape)
    for at in range(slices.shape[1]):
        if slices[:, at].any():
            found = gi_star(slices[:, at].astype(np.float64), study.neighbours)
            scores[:, at] = np.nan_to_num(found.z)
            hot[:, at] = classed(found.z, discoveries(found.p)) > 0
    return trends(hot, scores)


@dataclass(frozen=True)
class Hotspot:
    """A connected piece of hot cells. ``expected``: what it would hold were its cells like all others."""

    number: int
    cells: tuple[int, ...]
    cases: int
    before: int
    expected: float
    z: float
    q: float
    trend: Trend
    centre: tuple[float, float]
    """In Mercator units."""


def hotspots(found: Analysis, most: int) -> list[Hotspot]:
    """The hotspots, what lies most above expectation first."""
    listed = [_piece(found, number) for number in range(int(found.pieces.max(initial=-1)) + 1)]
    return sorted(listed, key=lambda one: (one.expected - one.cases, one.number))[:most]


def _piece(found: Analysis, number: int) -> Hotspot:
    cells = np.flatnonzero(found.pieces == number)
    now, study = found.counted.now, found.study
    mean: Any = now.mean()
    if found.question.measure == "rate" and found.counted.base.sum():
        expected = float(found.counted.base[cells].sum() * now.sum() / found.counted.base.sum())
    else:
        expected = float(mean * len(cells))
    kinds = np.bincount(found.trend[cells], minlength=len(Trend))[1:]
    trend = Trend(int(kinds.argmax()) + 1) if kinds.any() else Trend.NONE
    middle = cells[np.argmax(found.z[cells])]
    return Hotspot(
        number, tuple(cells.tolist()), int(now[cells].sum()), int(found.counted.before[cells].sum()), expected,
        float(found.z[cells].max()), float(found.q[cells].min()), trend, (float(study.x[middle]), float(study.y[middle])),
    )  # fmt: skip
