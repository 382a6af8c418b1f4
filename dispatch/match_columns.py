"""Small helpers for columns in flat form: many short arrays behind one another, with where each begins."""

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int32]


def starts(lengths: Iterable[int]) -> Ints:
    """Where each of many arrays begins in the flat one, and, as one entry more, the end of the last."""
    return np.concatenate([[0], np.cumsum(np.fromiter(lengths, dtype=np.int64))]).astype(np.int32)


def flat(arrays: Iterable[Ints]) -> Ints:
    """The arrays behind one another."""
    return np.concatenate([np.empty(0, dtype=np.int32), *arrays])
