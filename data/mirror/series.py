"""How many cases came, went and stood open over time: what the wall's time slider draws."""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numba import njit
from numpy.typing import NDArray

from data.mirror.columns import CaseMirror
from geo.errors import NeedleError

MOST_STEPS: Final = 2_000


@dataclass(frozen=True)
class Series:
    """Counts by step.

    Attributes
    ----------
    start, step : int
        Unix seconds of the first step's start; seconds a step.
    opened, closed : list[int]
        Reported and closed within each step.
    open : list[int]
        Not closed at each step's end.
    channels : dict[str, list[int]]
        ``opened`` by channel; channels without any are left out.
    """

    start: int
    step: int
    opened: list[int]
    closed: list[int]
    open: list[int]
    channels: dict[str, list[int]]


def series(mirror: CaseMirror, fits: NDArray[np.bool_], start: int, end: int, step: int) -> Series:
    """Count the rows that fit from ``start`` to ``end`` (Unix seconds) in steps; the last step may reach beyond ``end``.

    Raises
    ------
    NeedleError
        ``filter.invalid``: no time, or more than ``MOST_STEPS`` steps.
    """
    steps = -(-(end - start) // step) if step > 0 else 0
    if not 0 < steps <= MOST_STEPS:
        raise NeedleError("filter.invalid", key="step", value=str(step), form=f"1 ≤ (to - from) / step ≤ {MOST_STEPS}")
    opened = np.zeros((len(mirror.channels), steps), np.int64)
    closed = np.zeros(steps, np.int64)
    count = len(fits)
    before = _count(
        fits, mirror.channel[:count], mirror.reported[:count], mirror.closed[:count], start, step, opened, closed
    )
    total = opened.sum(axis=0)
    return Series(
        start=start,
        step=step,
        opened=total.tolist(),
        closed=closed.tolist(),
        open=(before + np.cumsum(total - closed)).tolist(),
        channels={c: row.tolist() for c, row in zip(mirror.channels, opened, strict=True) if row.any()},
    )


@njit(cache=True, nogil=True)
def _count(
    fits: NDArray[np.bool_],
    channel: NDArray[np.uint8],
    reported: NDArray[np.int64],
    closed: NDArray[np.int64],
    start: int,
    step: int,
    opened: NDArray[np.int64],
    gone: NDArray[np.int64],
) -> int:
    """Fill ``opened`` (channel, step) and ``gone`` (step); how many stood open at ``start``."""
    steps = len(gone)
    before = 0
    for i in range(len(fits)):
        if not fits[i]:
            continue
        if reported[i] < start:
            before += closed[i] == 0 or closed[i] >= start
        elif (reported[i] - start) // step < steps:
            opened[channel[i], (reported[i] - start) // step] += 1
        if closed[i] >= start and (closed[i] - start) // step < steps:
            gone[(closed[i] - start) // step] += 1
    return before
