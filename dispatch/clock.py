"""The clock of limits: when something that starts now is due.

紧急 limits run round the clock; the others only in working hours (8-12 and 14-18 unless a city says otherwise) on
working days, holidays left out and 调休 days counted. A 工作日 is as many working hours as a day has (8). Pure: the
calendar is a function.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from functools import cache
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

import chinese_calendar

from geo.errors import NeedleError

BEIJING = ZoneInfo("Asia/Shanghai")
HOURS_OF_UNIT: Mapping[str, float] = {"urgent_hour": 1, "urgent_day": 24, "natural_day": 24}
"""Natural hours of the units that ignore the calendar."""

Calendar = Callable[[date], bool]
"""Is this local date a working day? Raises NeedleError ``clock.no_calendar`` for a date it does not know."""


@dataclass(frozen=True, slots=True)
class Limit:
    """How long something may take. ``unit``: urgent_hour, urgent_day, work_hour, work_day or natural_day."""

    value: float
    unit: str

    @property
    def urgent(self) -> bool:
        """Runs round the clock because the matter is 紧急."""
        return self.unit.startswith("urgent")


@cache
def china_calendar(day: date) -> bool:
    """Working days of mainland China, moved days (调休) included, from the package chinesecalendar.

    Raises
    ------
    NeedleError
        ``clock.no_calendar``: the State Council's notice for that year is not in the installed package.
    """
    try:
        return bool(chinese_calendar.is_workday(day))
    except NotImplementedError:
        raise NeedleError("clock.no_calendar", year=day.year) from None


def weekday_calendar(day: date) -> bool:
    """Monday to Friday, for a city without a known calendar of holidays."""
    return day.weekday() < 5


CALENDARS: Mapping[str, Calendar] = {"china": china_calendar, "weekdays": weekday_calendar}


@dataclass(frozen=True)
class WorkingTime:
    """A city's working time: its zone, the periods of a working day (local, in order), and its calendar."""

    zone: tzinfo = BEIJING
    periods: tuple[tuple[time, time], ...] = ((time(8), time(12)), (time(14), time(18)))
    calendar: Calendar = china_calendar

    @property
    def day(self) -> timedelta:
        """The working hours of one working day."""
        return sum((_length(start, end) for start, end in self.periods), timedelta())


def working_time(zone: str, settings: Mapping[str, Any]) -> WorkingTime:
    """Read a city's ``settings["clock"]``: ``calendar`` (china, weekdays) and ``periods`` ([["08:00", "12:00"], …]).

    Raises
    ------
    NeedleError
        ``clock.invalid`` when the settings name no known calendar, or the periods are no times of a day in order.
    """
    periods = _periods(settings)
    calendar = CALENDARS.get(settings.get("calendar", "china"))
    turned = any(opens >= closes for opens, closes in periods)
    if calendar is None or turned or any(one[1] > other[0] for one, other in pairwise(periods)):
        raise NeedleError("clock.invalid", settings=dict(settings))
    return WorkingTime(ZoneInfo(zone), periods, calendar)


def _periods(settings: Mapping[str, Any]) -> tuple[tuple[time, time], ...]:
    pairs = settings.get("periods")
    if not pairs:
        return WorkingTime().periods
    try:
        return tuple((time.fromisoformat(opens), time.fromisoformat(closes)) for opens, closes in pairs)
    except (TypeError, ValueError):
        raise NeedleError("clock.invalid", settings=dict(settings)) from None


def due_at(start: datetime, limit: Limit, hours: WorkingTime) -> datetime:
    """The moment at which ``limit`` is used up when its clock starts at ``start``.

    Parameters
    ----------
    start : datetime
        Aware.
    limit : Limit
    hours : WorkingTime
        Whose working hours count.

    Returns
    -------
    datetime
        In the city's zone. A limit that ends exactly with a period ends there, not at the start of the next.

    Raises
    ------
    NeedleError
        ``clock.naive`` without a time zone; ``clock.no_calendar`` when a year is needed whose calendar is missing.
    """
    if start.tzinfo is None:
        raise NeedleError("clock.naive", moment=start.isoformat())
    start = start.astimezone(hours.zone)
    if limit.unit in HOURS_OF_UNIT:
        natural = timedelta(hours=limit.value * HOURS_OF_UNIT[limit.unit])
        return (start.astimezone(UTC) + natural).astimezone(hours.zone)
    unit = hours.day if limit.unit == "work_day" else timedelta(hours=1)
    return _after_working(start, limit.value * unit, hours)


def working_between(start: datetime, end: datetime, hours: WorkingTime) -> timedelta:
    """Working time from ``start`` to ``end``, zero when ``end`` is not later. Aware moments; errors as ``due_at``."""
    total = timedelta()
    for opens, closes in _periods_from(start.astimezone(hours.zone), hours):
        if opens >= end:
            break
        total += min(closes, end) - opens
    return total


def _after_working(start: datetime, needed: timedelta, hours: WorkingTime) -> datetime:
    for opens, closes in _periods_from(start, hours):
        if needed <= closes - opens:
            return opens + needed
        needed -= closes - opens
    raise AssertionError("periods never end")


def _periods_from(start: datetime, hours: WorkingTime) -> Iterator[tuple[datetime, datetime]]:
    """The working periods from ``start`` on, the first one cut to it; without end."""
    day = start.date()
    while True:
        if hours.calendar(day):
            for opens, closes in hours.periods:
                first = max(start, datetime.combine(day, opens, hours.zone))
                last = datetime.combine(day, closes, hours.zone)
                if first < last:
                    yield first, last
        day += timedelta(days=1)


def _length(start: time, end: time) -> timedelta:
    return datetime.combine(date.min, end) - datetime.combine(date.min, start)
