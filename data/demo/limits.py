"""Deadlines of many cases at once: the working clock of the city, as columns.

The same clock as dispatch's (8-12 and 14-18 on working days, moved days counted; urgent limits round the clock),
tabulated once by the minute, because a million deadlines are wanted here and this room may not import that one.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Protocol

import chinese_calendar
import numpy as np
from numpy.typing import NDArray

Longs = NDArray[np.int64]
Floats = NDArray[np.float64]

UTC_OFFSET_S = 8 * 3600
NATURAL_S = {"urgent_hour": 3600, "urgent_day": 86_400, "natural_day": 86_400}
WORKING_S = {"work_hour": 3600, "work_day": 8 * 3600}
NO_CALENDAR = np.int64(-1)
"""Instead of a deadline that reaches into a year without a published calendar."""


class LimitLike(Protocol):
    """How long something may take."""

    @property
    def value(self) -> float: ...
    @property
    def unit(self) -> str: ...


class MatterLike(Protocol):
    """What the demo needs to know of a matter of ``dispatch.matters``."""

    @property
    def key(self) -> str: ...
    @property
    def name_zh(self) -> str: ...
    @property
    def limit(self) -> LimitLike: ...
    @property
    def conditions(self) -> Sequence[object]: ...


@dataclass(frozen=True, eq=False)
class Clock:
    """Working seconds up to each minute from the first day, local time; beyond the last known year nothing is said.

    ``worked[m]`` is what has been worked when minute m begins.
    """

    first_s: int
    worked: Longs

    def advance(self, at: Longs, seconds: Floats, natural: NDArray[np.bool_]) -> Longs:
        """When `seconds` that start at epoch seconds `at` are used up; ``NO_CALENDAR`` where nobody knows."""
        done = self.work_done(at) + np.round(seconds).astype(np.int64)
        minute = np.searchsorted(self.worked, done, side="left")
        known = minute < len(self.worked)
        minute = np.minimum(minute, len(self.worked) - 1)
        back = self.worked[minute] - done
        working = np.where(known, self.first_s + minute * 60 - back, NO_CALENDAR)
        return np.asarray(np.where(natural, at + np.round(seconds).astype(np.int64), working))

    def work_done(self, at: Longs) -> Longs:
        """Working seconds from the first day to a moment."""
        minute = np.clip((at - self.first_s) // 60, 0, len(self.worked) - 2)
        within = np.clip(at - self.first_s - minute * 60, 0, 60)
        return np.asarray(self.worked[minute] + np.where(self.worked[minute + 1] > self.worked[minute], within, 0))


def make_clock(first: date, days: int) -> Clock:
    """The clock from a day on; days without a published calendar end it."""
    minutes = np.zeros(1440, np.int64)
    minutes[8 * 60 : 12 * 60] = minutes[14 * 60 : 18 * 60] = 60
    table = []
    for k in range(days):
        try:
            table.append(
                minutes if chinese_calendar.is_workday(first + timedelta(days=k)) else np.zeros(1440, np.int64)
            )
        except NotImplementedError:
            break
    worked = np.concatenate([[0], np.cumsum(np.concatenate([*table, np.zeros(1, np.int64)]))])
    return Clock((first - date(1970, 1, 1)).days * 86_400 - UTC_OFFSET_S, worked)


def limit_seconds(limit: LimitLike) -> tuple[float, bool]:
    """A limit in seconds, and whether they run round the clock."""
    if limit.unit in NATURAL_S:
        return limit.value * NATURAL_S[limit.unit], True
    return limit.value * WORKING_S[limit.unit], False
