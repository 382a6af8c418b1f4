"""Duty: whether a weekly roster has somebody at work at a moment. Pure."""

from collections.abc import Iterable
from datetime import datetime, time, tzinfo
from typing import Protocol


class WeeklyShift(Protocol):
    """One shift of a week, in local time.

    ``weekday`` is 0 (Monday) to 6 (Sunday), the day on which it starts. It ends just before ``ends``; an end not later
    than the start is on the next day, so equal times are a whole day.
    """

    @property
    def weekday(self) -> int: ...
    @property
    def starts(self) -> time: ...
    @property
    def ends(self) -> time: ...


def on_duty(shifts: Iterable[WeeklyShift], at: datetime, tz: tzinfo) -> bool:
    """Whether one of the shifts runs at a moment.

    Parameters
    ----------
    shifts : iterable of WeeklyShift
    at : aware datetime
    tz : tzinfo
        The zone in whose local time the shifts are written.

    Raises
    ------
    ValueError
        ``at`` is naive.
    """
    if at.tzinfo is None:
        raise ValueError("a moment of duty must be aware of its time zone")
    local = at.astimezone(tz)
    return any(runs_at(shift, local.weekday(), local.time()) for shift in shifts)


def runs_at(shift: WeeklyShift, weekday: int, clock: time) -> bool:
    """Whether a shift runs on a weekday at a local time."""
    goes_overnight = shift.ends <= shift.starts
    if weekday == shift.weekday:
        return shift.starts <= clock and (goes_overnight or clock < shift.ends)
    return goes_overnight and weekday == (shift.weekday + 1) % 7 and clock < shift.ends
