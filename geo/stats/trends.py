"""What becomes of hot places over time: Mann-Kendall over the scores of each cell, and the kinds that planners speak of."""

from enum import IntEnum
from typing import Final

import numpy as np
from numba import njit
from numpy.typing import NDArray
from scipy.special import ndtr

Floats = NDArray[np.float64]
SIGNIFICANT: Final = 0.05
PERSISTENT_SHARE: Final = 0.75
FADING_SHARE: Final = 0.25


def mann_kendall(series: Floats) -> tuple[Floats, Floats]:
    """Mann-Kendall's test of a monotonic trend: its score and two-sided p-value, with continuity and ties corrected.

    Formula: M. G. Kendall, Rank Correlation Methods (1975); equal to pymannkendall's ``original_test``.

    Parameters
    ----------
    series : ndarray of float, shape (n, times)
        NaN counts as the least value of its row.
    """
    filled = np.where(np.isnan(series), -np.inf, series)
    score, variance = _kendall(np.ascontiguousarray(filled))
    with np.errstate(divide="ignore", invalid="ignore"):
        z = np.where(variance > 0, (score - np.sign(score)) / np.sqrt(variance), 0.0)
    return z, 2 * ndtr(-np.abs(z))


@njit(cache=True, nogil=True)
def _kendall(series: Floats) -> tuple[Floats, Floats]:
    """S and its variance; tied values lower the variance."""
    rows, times = series.shape
    score, variance = np.zeros(rows), np.zeros(rows)
    for i in range(rows):
        row = series[i]
        for a in range(times - 1):
            for b in range(a + 1, times):
                score[i] += (row[b] > row[a]) - (row[b] < row[a])
        ordered, tied, k = np.sort(row), 0.0, 0
        while k < times:
            end = k
            while end < times and ordered[end] == ordered[k]:
                end += 1
            t = end - k
            tied += t * (t - 1) * (2 * t + 5)
            k = end
        variance[i] = (times * (times - 1) * (2 * times + 5) - tied) / 18
    return score, variance


class Trend(IntEnum):
    """What became of a place."""

    NONE = 0
    EMERGING = 1
    PERSISTENT = 2
    FADING = 3
    SPORADIC = 4


def trends(hot: NDArray[np.bool_], z: Floats) -> NDArray[np.uint8]:
    """The trend of each cell.

    Emerging: hot at the end, and never hot in the first half, or its score rises (Mann-Kendall). Persistent: hot at the end
    and most of the time. Fading: hot for a good part before and no longer at the end, or its score falls. Sporadic: hot now
    and then.

    Parameters
    ----------
    hot : ndarray of bool, shape (n, times)
        Whether a cell was significant in each slice of time, oldest first.
    z : ndarray of float, shape (n, times)
        Its Gi* score in each.

    Returns
    -------
    ndarray of uint8, shape (n,)
        Values of ``Trend``.
    """
    times = hot.shape[1]
    score, p = mann_kendall(z)
    rising, falling = (p <= SIGNIFICANT) & (score > 0), (p <= SIGNIFICANT) & (score < 0)
    share, ever, last = hot.mean(axis=1), hot.any(axis=1), hot[:, -1]
    late = ~hot[:, : times // 2].any(axis=1)
    emerging = last & (late | rising)
    persistent = last & ~late & ~falling & (share >= PERSISTENT_SHARE)
    fading = ever & ((~last & (hot[:, :-1].mean(axis=1) >= FADING_SHARE)) | (falling & (share >= FADING_SHARE)))
    kinds = [persistent, emerging, fading, ever]
    return np.select(kinds, [Trend.PERSISTENT, Trend.EMERGING, Trend.FADING, Trend.SPORADIC], Trend.NONE).astype(
        np.uint8
    )
