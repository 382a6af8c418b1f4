"""Intervals by the bootstrap over groups of cases that hang together, such as days; differences are paired.

Groups are drawn with replacement and all that lies in one comes along: what a day's cases share (weather, a market day, a shift
that was short) then widens the interval as it should. Percentile intervals: Efron and Tibshirani, *An Introduction to the
Bootstrap* (1993), ch. 13; whole groups instead of cases: Davison and Hinkley, *Bootstrap Methods and their Application* (1997),
sect. 3.8. Before and after are taken from the same drawings, so that what both share cancels out of their difference.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Longs = NDArray[np.int64]
DRAWINGS: Final = 1_000
ENDS: Final = (2.5, 97.5)
SEED: Final = 20_261_125


@dataclass(frozen=True)
class Interval:
    """A value with its 95 % interval."""

    value: float
    low: float
    high: float

    @property
    def holds_zero(self) -> bool:
        """Whether it cannot be told from zero."""
        return self.low <= 0.0 <= self.high


@dataclass(frozen=True)
class Paired:
    """A figure before and after, and the difference, after less before."""

    before: Interval
    after: Interval
    difference: Interval


def drawings(groups: int, times: int = DRAWINGS) -> Floats:
    """How often each group is drawn, each time; shape (times, groups). Always the same: equal questions have equal answers."""
    even = np.full(groups, 1.0 / groups)
    return np.random.default_rng(SEED).multinomial(groups, even, size=times).astype(np.float64)


def means(group: Longs, before: Floats, after: Floats, drawn: Floats) -> Paired | None:
    """Two means over the same cases; None where there is no case.

    Parameters
    ----------
    group : ndarray of int64, shape (n,)
        Below ``drawn.shape[1]``.
    before, after : ndarray of float64, shape (n,)
        Finite.
    drawn : ndarray of float64
        As ``drawings`` gives it.
    """
    if not len(group):
        return None
    groups = drawn.shape[1]
    cases = np.bincount(group, minlength=groups).astype(np.float64)
    sums = np.column_stack([np.bincount(group, one, minlength=groups) for one in (before, after)])
    # A drawing that holds no case says nothing.
    weight = drawn @ cases
    told = (drawn @ sums)[weight > 0] / weight[weight > 0, None]
    return paired(sums.sum(axis=0) / cases.sum(), told)


def count_differences(group: Longs, before: Longs, after: Longs, columns: int, drawn: Floats) -> tuple[Floats, Floats]:
    """Ends of the intervals of how many more there are of each column after than before; shape (columns,) each.

    ``before``, ``after``: the column of each case (a team, say), -1 for none.
    """
    groups = drawn.shape[1]
    counts = [
        np.bincount(group[one >= 0] * columns + one[one >= 0], minlength=groups * columns).reshape(groups, columns)
        for one in (before, after)
    ]
    apart = counts[1] - counts[0]
    low, high = np.zeros(columns), np.zeros(columns)
    changed = np.flatnonzero(apart.any(axis=0))
    if len(changed):
        low[changed], high[changed] = np.percentile(drawn @ apart[:, changed], ENDS, axis=0)
    return low, high


def quantiles(group: Longs, before: Floats, after: Floats, drawn: Floats, share: float, steps: Floats) -> Paired | None:
    """Two quantiles over the same cases, to the steps of a scale (ascending; what lies beyond counts as its end)."""
    if not len(group):
        return None
    groups, width = drawn.shape[1], len(steps)
    values, told = [], []
    for one in (before, after):
        at = np.searchsorted(steps, one).clip(max=width - 1)
        counted = np.bincount(group * width + at, minlength=groups * width).reshape(groups, width)
        below = np.cumsum(counted, axis=1, dtype=np.float64)
        reached = drawn @ below
        told.append(steps[(reached >= share * reached[:, -1:]).argmax(axis=1)])
        whole = below.sum(axis=0)
        values.append(steps[(whole >= share * whole[-1]).argmax()])
    return paired(np.array(values), np.column_stack(told))


def paired(values: Floats, told: Floats) -> Paired:
    """Two values and what the drawings told of them, shape (times, 2), as intervals."""
    low, high = np.percentile(told, ENDS, axis=0)
    apart = np.percentile(told[:, 1] - told[:, 0], ENDS)
    return Paired(
        Interval(float(values[0]), float(low[0]), float(high[0])),
        Interval(float(values[1]), float(low[1]), float(high[1])),
        Interval(float(values[1] - values[0]), float(apart[0]), float(apart[1])),
    )
