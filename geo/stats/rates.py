"""Shares of small numbers: intervals that hold, and rates that borrow strength from all."""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Z95: Final = 1.959963984540054


def wilson(successes: NDArray[np.int64], trials: NDArray[np.int64], z: float = Z95) -> tuple[Floats, Floats]:
    """Wilson's score interval of shares: lower and upper, 0..1; NaN where there is no trial.

    Formula: E. B. Wilson, JASA 22 (1927); unlike the normal one it holds for few trials and for shares near 0 and 1.
    """
    n = np.where(trials > 0, trials, np.nan)
    share = successes / n
    centre = (share + z * z / (2 * n)) / (1 + z * z / n)
    half = z / (1 + z * z / n) * np.sqrt(share * (1 - share) / n + z * z / (4 * n * n))
    return np.clip(centre - half, 0.0, 1.0), np.clip(centre + half, 0.0, 1.0)


@dataclass(frozen=True, eq=False)
class Smoothed:
    """Rates that were drawn towards the mean. ``rates``: NaN without a base; ``mean``, ``variance``: of the prior."""

    rates: Floats
    mean: float
    variance: float


def empirical_bayes(events: Floats, base: Floats) -> Smoothed:
    """Rates smoothed by empirical Bayes: each is drawn towards the mean of all, the more the smaller its base.

    Method of moments of R. J. Marshall, Applied Statistics 40 (1991), the global form: equal to esda's ``Empirical_Bayes``.

    Parameters
    ----------
    events, base : ndarray of float, shape (n,)
        What happened, and among how many (or how many km²).
    """
    known = base > 0
    total = base[known].sum()
    if not total:
        return Smoothed(np.full(len(base), np.nan), np.nan, 0.0)
    raw = np.where(known, events / np.where(known, base, 1.0), np.nan)
    mean = float(events[known].sum() / total)
    spread = float((base[known] * (raw[known] - mean) ** 2).sum() / total)
    variance = max(0.0, spread - mean / float(total / known.sum()))
    if not mean:
        return Smoothed(np.where(known, 0.0, np.nan), 0.0, 0.0)
    weight = variance / (variance + mean / np.where(known, base, np.nan))
    return Smoothed(weight * raw + (1 - weight) * mean, mean, variance)
