"""A threshold by a stated false match rate, from distances of labelled pairs. Pure.

FMR: share of pairs of two people that a threshold takes for one; FNMR: share of pairs of one person that it takes for two
(ISO/IEC 19795-1). A rate from few pairs is worth little: the upper bound of its 95 % interval (Clopper-Pearson) is kept
beside it.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.stats import beta

from geo.errors import NeedleError

CURVE_POINTS: Final = 200
LEAST_PAIRS: Final = 30


@dataclass(frozen=True, slots=True)
class Point:
    """A threshold with what it costs. A pair matches where its distance is at most the threshold."""

    threshold: float
    fmr: float
    fnmr: float


@dataclass(frozen=True, slots=True)
class Calibration:
    """A measured threshold.

    Attributes
    ----------
    wanted_fmr : float
        What was asked for.
    chosen : Point
        The largest threshold whose measured FMR is at most that.
    fmr_upper : float
        Upper bound of the 95 % interval of its FMR.
    eer : float
        Where both rates are equal.
    curve : tuple of Point
        From strict to lax.
    """

    wanted_fmr: float
    chosen: Point
    fmr_upper: float
    eer: float
    genuine: int
    impostors: int
    curve: tuple[Point, ...]


def calibrate(distances: NDArray[np.float64], same: NDArray[np.bool_], wanted_fmr: float) -> Calibration:
    """Find the threshold for a false match rate.

    Raises
    ------
    NeedleError
        ``identity.pairs_few`` with fewer than 30 pairs of either kind.
    """
    mated, other = np.sort(distances[same]), np.sort(distances[~same])
    if min(mated.size, other.size) < LEAST_PAIRS:
        raise NeedleError("identity.pairs_few", genuine=mated.size, impostors=other.size, least=LEAST_PAIRS)
    thresholds = np.unique(distances)
    thresholds = np.concatenate([[np.nextafter(thresholds[0], -np.inf)], thresholds])
    fmr = np.searchsorted(other, thresholds, side="right") / other.size
    fnmr = 1 - np.searchsorted(mated, thresholds, side="right") / mated.size
    best = int(np.searchsorted(fmr, wanted_fmr, side="right")) - 1
    points = [Point(float(t), float(a), float(b)) for t, a, b in zip(thresholds, fmr, fnmr, strict=True)]
    return Calibration(
        wanted_fmr=wanted_fmr,
        chosen=points[best],
        fmr_upper=upper_bound(round(points[best].fmr * other.size), other.size),
        eer=equal_error_rate(fmr, fnmr),
        genuine=mated.size,
        impostors=other.size,
        curve=thinned(points),
    )


def equal_error_rate(fmr: NDArray[np.float64], fnmr: NDArray[np.float64]) -> float:
    """The rate at which the two cross; the mean of both sides of the step where they jump past one another."""
    crossing = int(np.argmin(np.abs(fmr - fnmr)))
    return float((fmr[crossing] + fnmr[crossing]) / 2)


def upper_bound(hits: int, trials: int, confidence: float = 0.95) -> float:
    """Upper bound of a rate's two-sided Clopper-Pearson interval."""
    return 1.0 if hits >= trials else float(beta.ppf((1 + confidence) / 2, hits + 1, trials - hits))


def thinned(points: list[Point]) -> tuple[Point, ...]:
    """The curve with few enough points to draw and keep."""
    if len(points) <= CURVE_POINTS:
        return tuple(points)
    picked = np.unique(np.linspace(0, len(points) - 1, CURVE_POINTS).round().astype(int))
    return tuple(points[int(at)] for at in picked)
