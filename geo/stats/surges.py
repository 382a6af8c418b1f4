"""Surges: a sudden rise of similar reports in space and time, like the calls that a burst main brings. Pure.

Reports of the last hour that lie near each other and are about the same, by their matter or by their words, hang together. Such a
group is a surge where the long run makes so many reports there in an hour too improbable to be chance.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.special import pdtrc

from geo.stats.surge_kernels import hang_together

Floats = NDArray[np.float64]
Longs = NDArray[np.int64]
NEAR_M: Final = 400.0
SIMILAR: Final = 0.30
LEAST: Final = 4
IMPROBABLE: Final = 1e-8
"""So small because groups are looked for everywhere all day long, and each is judged where it happens to be densest."""
SEEN_ONCE: Final = 0.5
"""What never happened before counts as half a time."""


def bigrams(text: str) -> frozenset[str]:
    """The pairs of neighbouring characters of a text: letters and characters alone, in lower case.

    Chinese is compared by them without cutting it into words; digits and punctuation say nothing of what happened.
    """
    letters = [character for character in text.lower() if character.isalpha()]
    return frozenset(a + b for a, b in pairwise(letters))


def similarity(one: frozenset[str], other: frozenset[str]) -> float:
    """Dice's coefficient of two sets of bigrams: 0 nothing, 1 everything in common."""
    total = len(one) + len(other)
    return 2 * len(one & other) / total if total else 0.0


@dataclass(frozen=True)
class Surge:
    """A group of reports that is more than chance. ``rows``: which reports; ``expected``: how many the long run brings there."""

    rows: tuple[int, ...]
    x_m: float
    y_m: float
    radius_m: float
    expected: float
    p: float


@dataclass(frozen=True, eq=False)
class Reports:
    """Reports in a plane (metres), with what they are about and what they say."""

    x_m: Floats
    y_m: Floats
    matter: Longs
    texts: Sequence[str]


@dataclass(frozen=True, eq=False)
class LongRun:
    """Reports before: where, about what, and over how many of the windows that recent ones are counted in."""

    x_m: Floats
    y_m: Floats
    matter: Longs
    windows: float


def surges(recent: Reports, before: LongRun) -> list[Surge]:
    """The surges among recent reports, the least probable first."""
    large = [rows for rows in groups(recent) if len(rows) >= LEAST]
    ordered = from_the_west(before) if large else before
    found = [_judged(recent, ordered, rows) for rows in large]
    return sorted((one for one in found if one.p <= IMPROBABLE), key=lambda one: (one.p, one.rows))


def groups(recent: Reports) -> list[Longs]:
    """Reports that hang together: near, and of one matter or with similar words; each group ascending."""
    order = np.argsort(recent.x_m, kind="stable")
    starts, words = numbered([bigrams(recent.texts[at]) for at in order.tolist()])
    group = np.empty(len(order), np.int64)
    group[order] = hang_together(
        recent.x_m[order], recent.y_m[order], recent.matter[order], starts, words, NEAR_M, SIMILAR
    )
    rows = np.argsort(group, kind="stable")
    return [piece for piece in np.split(rows, np.flatnonzero(np.diff(group[rows])) + 1) if len(piece)]


def numbered(said: Sequence[frozenset[str]]) -> tuple[Longs, Longs]:
    """Sets of words as columns of ascending numbers: set k is ``numbers[starts[k]:starts[k + 1]]``."""
    known: dict[str, int] = {}
    sets = [sorted(known.setdefault(word, len(known)) for word in words) for words in said]
    starts = np.zeros(len(sets) + 1, np.int64)
    np.cumsum([len(one) for one in sets], out=starts[1:])
    return starts, np.fromiter((number for one in sets for number in one), np.int64)


def from_the_west(run: LongRun) -> LongRun:
    """The same reports, ascending by ``x_m``."""
    order = np.argsort(run.x_m)
    return LongRun(run.x_m[order], run.y_m[order], run.matter[order], run.windows)


def _judged(recent: Reports, before: LongRun, rows: Longs) -> Surge:
    x, y = recent.x_m[rows], recent.y_m[rows]
    middle_x, middle_y = float(np.median(x)), float(np.median(y))
    radius = max(NEAR_M, float(np.hypot(x - middle_x, y - middle_y).max()))
    strip = slice(*np.searchsorted(before.x_m, (middle_x - radius, middle_x + radius + 1)))
    there = np.hypot(before.x_m[strip] - middle_x, before.y_m[strip] - middle_y) <= radius
    same = np.isin(before.matter[strip], np.unique(recent.matter[rows]))
    expected = max(SEEN_ONCE, float((there & same).sum())) / before.windows
    p = float(pdtrc(len(rows) - 1, expected))
    return Surge(tuple(rows.tolist()), middle_x, middle_y, radius, expected, p)
