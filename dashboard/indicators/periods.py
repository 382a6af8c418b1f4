"""Periods that reports are about: months, quarters, weeks, years of the city's calendar. Pure."""

import re
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from geo.errors import NeedleError

FORMS: Final = "2026-11 | 2026-Q4 | 2026-W47 | 2026"
_SAID: Final = re.compile(r"(\d{4})(?:-(?:Q([1-4])|W(\d\d)|(\d\d)))?")
KINDS: Final = ("week", "month", "quarter", "year")


@dataclass(frozen=True)
class Period:
    """From the first day up to before the last, in the city's days.

    Attributes
    ----------
    key : str
        ``2026-11``, ``2026-Q4``, ``2026-W47`` (ISO 8601), ``2026``.
    kind : str
        One of ``KINDS``.
    first, end : date
        The first day, the day after the last.
    """

    key: str
    kind: str
    first: date
    end: date

    def bounds(self, timezone: str) -> tuple[int, int]:
        """Unix seconds of its beginning and its end, the second exclusive."""
        zone = ZoneInfo(timezone)
        start, end = (
            int(datetime(day.year, day.month, day.day, tzinfo=zone).timestamp()) for day in (self.first, self.end)
        )
        return start, end


def read_period(said: str) -> Period:
    """A period by its key.

    Raises
    ------
    NeedleError
        ``filter.invalid``.
    """
    found = _SAID.fullmatch(said)
    try:
        if found is None:
            raise ValueError(said)
        year, quarter, week, month = found.groups()
        if quarter:
            return _months(said, "quarter", int(year), int(quarter) * 3 - 2, 3)
        if month:
            return _months(said, "month", int(year), int(month), 1)
        if week:
            first = date.fromisocalendar(int(year), int(week), 1)
            return Period(said, "week", first, first + timedelta(days=7))
        return _months(said, "year", int(year), 1, 12)
    except (ValueError, OverflowError):
        raise NeedleError("filter.invalid", key="period", value=said[:80], form=FORMS) from None


def _months(key: str, kind: str, year: int, month: int, count: int) -> Period:
    last = month - 1 + count
    return Period(key, kind, date(year, month, 1), date(year + last // 12, last % 12 + 1, 1))


def period_of(day: date, kind: str) -> Period:
    """The period of a kind that a day lies in."""
    if kind == "week":
        year, week, _ = day.isocalendar()
        return read_period(f"{year}-W{week:02d}")
    if kind == "quarter":
        return read_period(f"{day.year:04d}-Q{(day.month + 2) // 3}")
    return read_period(f"{day.year:04d}-{day.month:02d}" if kind == "month" else f"{day.year:04d}")


def before(period: Period) -> Period:
    """The one before it."""
    return period_of(period.first - timedelta(days=1), period.kind)


def run_up(period: Period, count: int) -> list[Period]:
    """The period and those before it, ``count`` in all, the earliest first."""
    found = [period]
    while len(found) < count:
        found.append(before(found[-1]))
    return found[::-1]
