"""Which counts are not told: those of too few, and as many others as keep these from being reckoned from totals. Pure.

Primary: a count of 1 to k - 1. Complementary (Willenborg and de Waal 2001, Elements of Statistical Disclosure Control, ch. 4;
Hundepool et al. 2012, Statistical Disclosure Control, sec. 4.2): in a table whose parts add up to what lies above them,

1. a told whole has no part that is not told, or at least two, of k records together;
2. a whole that is not told has a part that is not told, or its parts would tell it;
3. where that is not so, the smallest part that is told is kept back too, or the whole where there is none.

In one hierarchy nothing that is kept back follows from what is told: from it a way leads down over parts kept back to a lowest
one, and from the lowest told whole above it another to a second one; what is added to one and taken from the other changes no
told count. Two hierarchies over the same lowest parts (areas, hexagons) are gone through in turn until neither wants more.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]


@dataclass(eq=False)
class Layer:
    """Parts of one layer: their counts, the place of the whole that each is part of (-1: none), and which are not told."""

    counts: Ints
    above: Ints
    hidden: Bools


def too_few(counts: Ints, least: int) -> Bools:
    """Which counts are of somebody, but of too few."""
    return (counts > 0) & (counts < least)


def protect(hierarchies: Sequence[Sequence[Layer]], least: int) -> None:
    """Mark in ``hidden`` what else must not be told.

    Parameters
    ----------
    hierarchies : sequence of sequence of Layer
        Each from the whole down; layers may be shared. ``above`` of the first is not asked; where layers are shared, their
        ``above`` must be told by a ``Layer`` of its own over the same ``counts`` and ``hidden``.
    least : int
        k.
    """
    wants_more = True
    while wants_more:
        done = [keep_back(whole, parts, least) for layers in hierarchies for whole, parts in pairwise(layers)]
        wants_more = any(done)


def keep_back(whole: Layer, parts: Layer, least: int) -> bool:
    """Keep back a part more of each whole that could be reckoned, or one of whose parts could; whether there was any.

    A whole none of whose parts is left to be kept back is kept back itself. What is part of a whole and of no part of it is told
    nowhere, and guards like a part that is not told.
    """
    there, size = (parts.above >= 0) & (parts.counts > 0), len(whole.counts)
    kept = there & parts.hidden
    outside = whole.counts - np.bincount(parts.above[there], weights=parts.counts[there], minlength=size)
    number = np.bincount(parts.above[kept], minlength=size)
    records = np.bincount(parts.above[kept], weights=parts.counts[kept], minlength=size) + outside
    guards = number + (outside > 0)
    bare = np.where(whole.hidden, guards == 0, (number > 0) & ((guards == 1) | (records < least)))
    bare &= whole.counts > 0
    rows = np.flatnonzero(there & ~parts.hidden)
    rows = rows[bare[parts.above[rows]]]
    rows = rows[np.lexsort((parts.counts[rows], parts.above[rows]))]
    wholes, first = np.unique(parts.above[rows], return_index=True)
    parts.hidden[rows[first]] = True
    bare[wholes] = False
    alone = bare & ~whole.hidden
    whole.hidden |= alone
    return bool(len(rows) or alone.any())
