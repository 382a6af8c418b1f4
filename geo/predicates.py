"""On which side of a line a point lies, without a rounding error."""

from numba import njit

FILTER = 1e-15
"""Relative error under which the plain determinant is trusted, as in GEOS."""


@njit(cache=True, nogil=True)
def product(a: float, b: float) -> tuple[float, float]:
    """The product of two doubles and its rounding error (Dekker 1971, by Veltkamp's split)."""
    p = a * b
    c = 134217729.0 * a
    ah = c - (c - a)
    al = a - ah
    c = 134217729.0 * b
    bh = c - (c - b)
    bl = b - bh
    return p, al * bl - (((p - ah * bh) - al * bh) - ah * bl)


@njit(cache=True, nogil=True)
def total(a: float, b: float) -> tuple[float, float]:
    """The sum of two doubles and its rounding error (Knuth's two-sum)."""
    s = a + b
    bb = s - a
    return s, (a - (s - bb)) + (b - bb)


@njit(cache=True, nogil=True)
def side_exactly(ax: float, ay: float, bx: float, by: float, px: float, py: float) -> int:
    """The sign of the orientation determinant in double-double arithmetic, the precision that GEOS falls back to."""
    x1, x1e = total(bx, -ax)
    y1, y1e = total(by, -ay)
    x2, x2e = total(px, -bx)
    y2, y2e = total(py, -by)
    left, left_e = product(x1, y2)
    right, right_e = product(y1, x2)
    left_e += x1 * y2e + x1e * y2
    right_e += y1 * x2e + y1e * x2
    left, left_e = total(left, left_e)
    right, right_e = total(right, right_e)
    d, e = total(left, -right)
    e += left_e - right_e
    d += e
    return 1 if d > 0.0 else (-1 if d < 0.0 else 0)


@njit(cache=True, nogil=True)
def side(ax: float, ay: float, bx: float, by: float, px: float, py: float) -> int:
    """1 where p lies left of the line a to b, -1 right, 0 on it: a filtered determinant (Shewchuk 1997)."""
    left = (ax - px) * (by - py)
    right = (ay - py) * (bx - px)
    d = left - right
    bound = FILTER * (abs(left) + abs(right))
    if d > bound:
        return 1
    if d < -bound:
        return -1
    return side_exactly(ax, ay, bx, by, px, py)
