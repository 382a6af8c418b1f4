"""Who is at work when, over a week: the roster of many teams as a table that changes a few dozen times. Pure."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time, tzinfo
from typing import Final

import numpy as np
from numpy.typing import NDArray

from dispatch.duty import WeeklyShift, runs_at

Longs = NDArray[np.int64]
MINUTE: Final = 60
HOUR: Final = 3_600
DAY_MINUTES: Final = 1_440
WEEK_MINUTES: Final = 7 * DAY_MINUTES
#: The epoch, 1970-01-01, was a Thursday.
EPOCH_WEEKDAY: Final = 3


@dataclass(frozen=True, eq=False)
class Roster:
    """A week of some teams, from Monday 00:00 local time.

    Attributes
    ----------
    starts : int64 array (slots,)
        Minute of the week at which each slot begins, from 0; within a slot nobody comes or goes.
    kind : int64 array (slots,)
        Row of ``at_work`` that holds in each slot.
    at_work : bool array (kinds, teams)
    zone : tzinfo
    """

    starts: Longs
    kind: Longs
    at_work: NDArray[np.bool_]
    zone: tzinfo

    def minute_of_week(self, seconds: Longs) -> Longs:
        """The local minute of the week of moments (Unix seconds)."""
        hours, at = np.unique(np.asarray(seconds, np.int64) // HOUR, return_inverse=True)
        shift = np.array([_offset_s(hour, self.zone) for hour in hours.tolist()], np.int64)
        local = (seconds + shift[at]) // MINUTE if len(hours) else np.asarray(seconds, np.int64)
        return np.asarray((local + EPOCH_WEEKDAY * DAY_MINUTES) % WEEK_MINUTES, np.int64)

    def slot_of(self, minute: Longs) -> Longs:
        """The slot of minutes of the week."""
        return np.asarray(np.searchsorted(self.starts, minute, side="right") - 1, np.int64)

    def minutes_until(self, minute: Longs, slot: Longs) -> Longs:
        """From minutes of the week until slots next begin."""
        return np.asarray((self.starts[slot] - minute) % WEEK_MINUTES, np.int64)


def _offset_s(hour: int, zone: tzinfo) -> int:
    offset = datetime.fromtimestamp(hour * HOUR, UTC).astimezone(zone).utcoffset()
    return 0 if offset is None else int(offset.total_seconds())


def roster_of(shifts: Sequence[Iterable[WeeklyShift]], zone: tzinfo) -> Roster:
    """The roster of teams, each with its weekly shifts (see ``dispatch.duty``); a team without any is never at work."""
    weeks = [tuple(week) for week in shifts]
    if not weeks:
        return Roster(np.zeros(1, np.int64), np.zeros(1, np.int64), np.zeros((1, 0), np.bool_), zone)
    ends = {(shift.weekday * DAY_MINUTES + _minute(at)) for week in weeks for shift in week for at in _ends(shift)}
    # An end past midnight is the next day's: cutting every day at every end costs little and misses none.
    cuts = {(at % DAY_MINUTES) + day * DAY_MINUTES for at in ends for day in range(7)} | {0}
    starts = np.array(sorted(cuts), np.int64)
    moments = [(int(at) // DAY_MINUTES, _clock(int(at) % DAY_MINUTES)) for at in starts]
    on = np.array([[any(runs_at(one, *moment) for one in week) for week in weeks] for moment in moments], np.bool_)
    at_work, kind = np.unique(on.reshape(len(starts), len(weeks)), axis=0, return_inverse=True)
    changes = np.append(True, np.diff(kind.ravel()) != 0)
    return Roster(starts[changes], kind.ravel()[changes].astype(np.int64), at_work, zone)


def _ends(shift: WeeklyShift) -> tuple[time, time]:
    return shift.starts, shift.ends


def _minute(at: time) -> int:
    return at.hour * 60 + at.minute


def _clock(minute: int) -> time:
    return time(minute // 60, minute % 60)
