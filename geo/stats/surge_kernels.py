"""Which of many reports hang together, by union-find (Tarjan 1975, with path halving) along a sweep from west to east."""

import numpy as np
from numba import njit
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Longs = NDArray[np.int64]


@njit(cache=True, nogil=True)
def hang_together(
    x_m: Floats, y_m: Floats, matter: Longs, starts: Longs, words: Longs, near_m: float, similar: float
) -> Longs:
    """The group of each report, as the index of one of its members.

    Parameters
    ----------
    x_m, y_m, matter : NDArray
        Reports, ascending by ``x_m``.
    starts, words : NDArray[int64]
        The bigrams of report k are ``words[starts[k]:starts[k + 1]]``, as numbers, ascending, each once.
    near_m, similar : float
        Two hang together within this distance, if of one matter or with Dice's coefficient of their bigrams from ``similar`` on.
    """
    group = np.arange(len(x_m))
    for by_words in (False, True):
        for a in range(len(x_m)):
            for b in range(a + 1, len(x_m)):
                if x_m[b] - x_m[a] > near_m:
                    break
                if np.hypot(x_m[b] - x_m[a], y_m[b] - y_m[a]) > near_m or (matter[a] == matter[b]) == by_words:
                    continue
                one, other = _find(group, a), _find(group, b)
                if one != other and (not by_words or _dice(words, starts, a, b) >= similar):
                    group[max(one, other)] = min(one, other)
    for a in range(len(group)):
        group[a] = _find(group, a)
    return group


@njit(cache=True, nogil=True)
def _find(group: Longs, at: int) -> int:
    while group[at] != at:
        group[at] = group[group[at]]
        at = group[at]
    return at


@njit(cache=True, nogil=True)
def _dice(words: Longs, starts: Longs, a: int, b: int) -> float:
    i, j, common = starts[a], starts[b], 0
    total = starts[a + 1] - i + starts[b + 1] - j
    while i < starts[a + 1] and j < starts[b + 1]:
        if words[i] == words[j]:
            common, i, j = common + 1, i + 1, j + 1
        elif words[i] < words[j]:
            i += 1
        else:
            j += 1
    return 2 * common / total if total else 0.0
