"""How long what is kept of faces is kept, and what the count of stored faces asks for. Pure: clocks and calendars come in.

Order 19 of 2025, art. 8 (shortest time), art. 15 with the notice of 2025-05-28 (filing within 30 working days once the faces of
100,000 persons are *stored*: a stock, not a flow), PIPL art. 47 (deletion) and 56 (records three years).
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final, Literal

FILING_AT: Final = 100_000
WARN_AT: Final = (80_000, 95_000)
FILING_DAYS: Final = 30
RECORDS_KEPT: Final = timedelta(days=3 * 366)
"""Records of comparisons and impact assessments: three years (PIPL art. 56)."""
CODE_KEPT: Final = timedelta(minutes=30)

Level = Literal["quiet", "near", "close", "file"]


@dataclass(frozen=True, slots=True)
class Filing:
    """What the number of persons whose faces are stored asks for. ``due_on``: the last day for filing, where it is due."""

    stored: int
    level: Level
    due_on: date | None = None


def filing(stored: int, since: date | None, is_workday: Callable[[date], bool]) -> Filing:
    """Judge a stock. ``since``: the day on which it reached 100,000."""
    if stored >= FILING_AT:
        return Filing(stored, "file", add_workdays(since, FILING_DAYS, is_workday) if since else None)
    return Filing(stored, "close" if stored >= WARN_AT[1] else "near" if stored >= WARN_AT[0] else "quiet")


def add_workdays(start: date, days: int, is_workday: Callable[[date], bool]) -> date:
    """The day that is so many working days after one; that one does not count."""
    day = start
    while days:
        day += timedelta(days=1)
        days -= is_workday(day)
    return day


def expires_at(made_at: datetime, kept_days: int, purpose_until: datetime) -> datetime:
    """When a template goes: after its days, or with its purpose, whichever is first."""
    return min(made_at + timedelta(days=kept_days), purpose_until)
