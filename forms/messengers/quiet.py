"""When messages may go out: not at night, and after a failure not at once."""

from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

PAUSES: Final = tuple(timedelta(minutes=m) for m in (1, 5, 30, 120, 360))
"""The pause after the first, second, … failed try."""


@dataclass(frozen=True, slots=True)
class Quiet:
    """Hours in which nobody is disturbed, by the city's clock; they may span midnight; none where both are the same."""

    start: time = time(22)
    end: time = time(8)

    def holds(self, moment: datetime, zone: ZoneInfo) -> bool:
        """Whether it is quiet at a moment (aware)."""
        clock = moment.astimezone(zone).time()
        if self.start <= self.end:
            return self.start <= clock < self.end
        return clock >= self.start or clock < self.end

    def over_at(self, moment: datetime, zone: ZoneInfo) -> datetime:
        """The first moment from ``moment`` on at which messages may go out."""
        if not self.holds(moment, zone):
            return moment
        local = moment.astimezone(zone)
        ends = datetime.combine(local.date(), self.end, zone)
        return ends if ends > moment else datetime.combine(local.date() + timedelta(days=1), self.end, zone)


def next_try(tries: int, now: datetime) -> datetime | None:
    """When to try again after ``tries`` failed tries; None: give up."""
    return now + PAUSES[tries - 1] if tries <= len(PAUSES) else None
