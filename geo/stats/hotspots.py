"""Where much lies beside much: Getis-Ord Gi* and local Moran conditional permutation tests, false-discovery-rate control.

The permutation test asks: if all values but a cell's own were dealt anew over the other places, how often would its neighbours
add up to so much? For whole numbers the answer needs no dealing: the sums of k values drawn without return are counted by an
elementary symmetric polynomial, exactly, for all cells at once. Values that are not whole are first rounded to ``LEVELS`` steps.
"""

from dataclasses import dataclass
from math import comb
from typing import Final

import numpy as np
from numba import njit
from numpy.typing import NDArray
from scipy.sparse.csgraph import connected_components

from geo.stats.neighbours import Neighbours

Floats = NDArray[np.float64]
Longs = NDArray[np.int64]
LEVELS: Final = 2_048
"""Steps that values which are no counts are rounded to for the permutation test."""
MOST_COUNT: Final = 20_000


@dataclass(frozen=True, eq=False)
class Local:
    """A local statistic of n cells.

    Attributes
    ----------
    statistic, z : ndarray of float, shape (n,)
        Gi* or Moran's I; its standard score. NaN where all values are equal.
    high, low : ndarray of float, shape (n,)
        Shares of dealings in which the neighbours add up to at least, at most, what they do.
    """

    statistic: Floats
    z: Floats
    high: Floats
    low: Floats

    @property
    def p(self) -> Floats:
        """Two-sided p-values."""
        return np.asarray(np.minimum(1.0, 2 * np.minimum(self.high, self.low)))


def gi_star(values: Floats, neighbours: Neighbours) -> Local:
    """Getis-Ord Gi* with binary weights, the cell itself among its neighbours.

    Formula: Ord and Getis, Geographical Analysis 27 (1995), eq. 14; equal to esda's ``G_Local(star=True, transform="B")``.

    Parameters
    ----------
    values : ndarray of float, shape (n,)
        Counts or rates, not below zero.
    neighbours : Neighbours
    """
    around = neighbours.sums(values)
    statistic, z = gi_star_z(values, around, neighbours.degrees)
    return Local(statistic, z, *neighbour_sums(values, neighbours))


def gi_star_z(values: Floats, around: Floats, degrees: Longs) -> tuple[Floats, Floats]:
    """Gi* and its standard score; ``around``: the sum of each cell's neighbours. (n, m): columns by themselves."""
    n = len(values)
    members = (degrees + 1.0).reshape(-1, *[1] * (values.ndim - 1))
    total = values.sum(axis=0)
    mean = total / max(n, 1)
    spread = (values**2).sum(axis=0) / max(n, 1) - mean**2
    with np.errstate(divide="ignore", invalid="ignore"):
        statistic = (around + values) / total
        variance = members * (n - members) / (n - 1) / n**2 * spread / mean**2
        z = (statistic - members / n) / np.sqrt(variance)
    return statistic, np.where(np.isfinite(z), z, np.nan)


def local_moran(values: Floats, neighbours: Neighbours) -> Local:
    """Local Moran's I with row-standardised weights (Anselin, Geographical Analysis 27, 1995); as esda's ``Moran_Local``.

    ``z``: the score of the neighbours' sum under dealing; a cell without neighbours has I = 0 and p = 1.
    """
    degrees, n = neighbours.degrees, len(values)
    away = values - values.mean() if n else values
    lag = neighbours.sums(away) / np.maximum(degrees, 1)
    square = (away**2).sum()
    statistic = (n - 1) * away * lag / square if square else np.zeros(n)
    around = neighbours.sums(values)
    return Local(statistic, dealt_scores(values, around, degrees), *neighbour_sums(values, neighbours))


def dealt_scores(values: Floats, around: Floats, degrees: Longs) -> Floats:
    """How far neighbours' sums lie from what dealing gives, in its standard deviations."""
    rest = len(values) - 1
    total, squares = values.sum() - values, (values**2).sum() - values**2
    with np.errstate(divide="ignore", invalid="ignore"):
        mean = total / rest
        spread = (squares / rest - mean**2) * degrees * (rest - degrees) / (rest - 1)
        z = (around - degrees * mean) / np.sqrt(spread)
    return np.where(np.isfinite(z), z, np.nan)


# --- exact permutation tests ------------------------------------------------------------------------------------


def neighbour_sums(values: Floats, neighbours: Neighbours) -> tuple[Floats, Floats]:
    """How often dealing gives each cell's neighbours a sum of at least, of at most, what it is: exact for whole numbers.

    Each cell keeps its own value (conditional permutation); the others are dealt over the other places, all dealings alike.

    Returns
    -------
    tuple of ndarray of float
        Shape (n,) each: 1 for a cell without neighbours.
    """
    n, degrees = len(values), neighbours.degrees
    high, low = np.ones(n), np.ones(n)
    if n < 2:
        return high, low
    whole = whole_levels(values)
    sums = np.round(neighbours.sums(whole.astype(np.float64))).astype(np.int64)
    symmetric = symmetric_shares(np.bincount(whole), int(degrees.max(initial=0)))
    for k in np.unique(degrees[(degrees > 0) & (degrees < n)]).tolist():
        cells = np.flatnonzero(degrees == k)
        _tails(whole, sums, cells[np.argsort(whole[cells], kind="stable")], symmetric[: k + 1, :], n, high, low)
    return high.clip(0.0, 1.0), low.clip(0.0, 1.0)


def whole_levels(values: Floats) -> Longs:
    """Values as whole numbers from zero on: counts as they are, others in ``LEVELS`` even steps."""
    if (values >= 0).all() and (values <= MOST_COUNT).all() and np.array_equal(values, np.rint(values)):
        return values.astype(np.int64)
    least, greatest = float(values.min()), float(values.max())
    step = (greatest - least) / LEVELS or 1.0
    return np.rint((values - least) / step).astype(np.int64)


def symmetric_shares(histogram: Longs, most: int) -> Floats:
    """Row k: how the sum of k items drawn without return is distributed; shape (most + 1, most * greatest + 1).

    Row k times C(n, k) is the elementary symmetric polynomial of degree k in the items' powers of x; Newton's identities give it
    from the power sums, which are the histogram stretched.
    """
    # It loads most of scipy, which takes half a second: not at every start of a server.
    from scipy.signal import fftconvolve

    n, greatest = int(histogram.sum()), len(histogram) - 1
    width = max(1, most) * greatest + 1
    shares = np.zeros((most + 1, width))
    shares[0, 0] = 1.0
    for k in range(1, min(most, n - 1) + 1):
        row = np.zeros(k * greatest + 1)
        for j in range(1, k + 1):
            stretched = np.zeros(j * greatest + 1)
            stretched[::j] = histogram / n
            drawn = fftconvolve(shares[k - j, : (k - j) * greatest + 1], stretched)
            row += (-1.0) ** (j - 1) * n / k * comb(n, k - j) / comb(n, k) * drawn
        shares[k, : len(row)] = np.maximum(row, 0.0)
    return shares


@njit(cache=True, nogil=True)
def _tails(whole: Longs, sums: Longs, cells: Longs, symmetric: Floats, n: int, high: Floats, low: Floats) -> None:
    """Fill the tails of cells of one number of neighbours, sorted by their own value: taken out of the urn once a value."""
    k, width = symmetric.shape[0] - 1, symmetric.shape[1]
    greatest = (width - 1) // k if k else 0
    share, before, above = np.zeros(width), np.zeros(width), np.zeros(width + 1)
    last = -1
    for i in range(len(cells)):
        cell = cells[i]
        own = whole[cell]
        if own != last:
            _without(symmetric, own, n, share, before)
            above[width] = 0.0
            for s in range(width - 1, -1, -1):
                above[s] = above[s + 1] + share[s]
            last = own
        reached = min(sums[cell], k * greatest)
        high[cell] = above[reached] / above[0]
        low[cell] = (above[0] - above[reached + 1]) / above[0]


@njit(cache=True, nogil=True)
def _without(symmetric: Floats, own: int, n: int, share: Floats, before: Floats) -> None:
    """How the sum of k others is distributed when one item of value ``own`` is out of the urn: E'_k = E_k - x^own E'_(k-1)."""
    width = symmetric.shape[1]
    share[:] = symmetric[0]
    for k in range(1, symmetric.shape[0]):
        before[:] = share
        for s in range(width):
            taken = before[s - own] if s >= own else 0.0
            share[s] = max(0.0, (n * symmetric[k, s] - k * taken) / (n - k))


def discoveries(p: Floats) -> Floats:
    """p-values adjusted for the false-discovery rate (Benjamini and Hochberg, JRSS B 57, 1995); NaN stays NaN.

    Cells whose adjusted value is at most q hold on average at most a share q of false ones.
    """
    known = np.flatnonzero(np.isfinite(p))
    order = known[np.argsort(p[known], kind="stable")]
    ranked = p[order] * len(order) / np.arange(1, len(order) + 1)
    adjusted = np.full(len(p), np.nan)
    adjusted[order] = np.minimum.accumulate(ranked[::-1])[::-1].clip(max=1.0)
    return adjusted


def clusters(chosen: NDArray[np.bool_], neighbours: Neighbours) -> Longs:
    """The number of the connected piece that each chosen cell belongs to, from 0 on, the others -1; shape (n,)."""
    found = np.full(len(chosen), -1, np.int64)
    kept = np.flatnonzero(chosen)
    if len(kept):
        part = neighbours.matrix()[kept][:, kept]
        found[kept] = connected_components(part, directed=False)[1]
    return found
