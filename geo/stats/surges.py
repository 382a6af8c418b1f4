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
from scipy.sparse import csr_array
from scipy.sparse.csgraph import connected_components
from scipy.spatial import cKDTree
from scipy.special import pdtrc

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
    found = [_judged(recent, before, rows) for rows in groups(recent) if len(rows) >= LEAST]
    return sorted((one for one in found if one.p <= IMPROBABLE), key=lambda one: (one.p, one.rows))


def groups(recent: Reports) -> list[Longs]:
    """Reports that hang together: near, and of one matter or with similar words."""
    n = len(recent.x_m)
    if n < LEAST:
        return []
    near = cKDTree(np.column_stack((recent.x_m, recent.y_m))).query_pairs(NEAR_M, output_type="ndarray")
    words = [bigrams(text) for text in recent.texts]
    kept = [(a, b) for a, b in near.tolist() if alike(recent, words, a, b)]
    pairs = np.array(kept, np.int64).reshape(-1, 2)
    graph = csr_array((np.ones(len(pairs), np.int8), (pairs[:, 0], pairs[:, 1])), shape=(n, n))
    count, piece = connected_components(graph, directed=False)
    order = np.argsort(piece, kind="stable")
    return np.split(order, np.cumsum(np.bincount(piece, minlength=count))[:-1])


def alike(recent: Reports, words: Sequence[frozenset[str]], a: int, b: int) -> bool:
    """Whether two reports are about the same."""
    return bool(recent.matter[a] == recent.matter[b]) or similarity(words[a], words[b]) >= SIMILAR


def _judged(recent: Reports, before: LongRun, rows: Longs) -> Surge:
    x, y = recent.x_m[rows], recent.y_m[rows]
    middle_x, middle_y = float(np.median(x)), float(np.median(y))
    radius = max(NEAR_M, float(np.hypot(x - middle_x, y - middle_y).max()))
    there = np.hypot(before.x_m - middle_x, before.y_m - middle_y) <= radius
    same = np.isin(before.matter, np.unique(recent.matter[rows]))
    expected = max(SEEN_ONCE, float((there & same).sum())) / before.windows
    p = float(pdtrc(len(rows) - 1, expected))
    return Surge(tuple(rows.tolist()), middle_x, middle_y, radius, expected, p)
