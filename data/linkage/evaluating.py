"""How good a linkage is, against a truth: precision, recall and F1 over pairs, and over whole clusters."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray


@dataclass(frozen=True)
class Quality:
    """Precision, recall and their harmonic mean, each 0 to 1."""

    precision: float
    recall: float

    @property
    def f1(self) -> float:
        """The harmonic mean."""
        total = self.precision + self.recall
        return 2 * self.precision * self.recall / total if total else 0.0


@dataclass(frozen=True)
class Evaluation:
    """A linkage against the truth.

    ``pairs``: of all pairs of records that are put together, those that belong together. ``clusters``: of all clusters, those
    that are exactly one person's records.
    """

    pairs: Quality
    clusters: Quality


def evaluate(found: ArrayLike, truth: ArrayLike) -> Evaluation:
    """Compare two labellings of the same records, in the same order; equal labels mean one and the same."""
    ours, theirs = (np.unique(np.asarray(labels), return_inverse=True)[1].astype(np.int64) for labels in (found, truth))
    both = np.unique(ours * (theirs.max(initial=0) + 1) + theirs, return_inverse=True)[1].astype(np.int64)
    together = pairs_within(both)
    sizes = [np.bincount(labels)[labels] for labels in (ours, theirs, both)]
    exact = len(np.unique(both[(sizes[0] == sizes[2]) & (sizes[1] == sizes[2])]))
    return Evaluation(
        Quality(ratio(together, pairs_within(ours)), ratio(together, pairs_within(theirs))),
        Quality(ratio(exact, ours.max(initial=-1) + 1), ratio(exact, theirs.max(initial=-1) + 1)),
    )


def pairs_within(labels: NDArray[np.int64]) -> int:
    """How many pairs of records share a label."""
    counts = np.bincount(labels) if len(labels) else np.zeros(0, np.int64)
    return int((counts * (counts - 1) // 2).sum())


def ratio(part: int, whole: int) -> float:
    """A share; all of nothing is 1."""
    return part / whole if whole else 1.0
