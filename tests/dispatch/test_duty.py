"""Duty by weekly shifts, over midnight and over the turn of the week."""

from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dispatch.duty import on_duty

SHANGHAI = ZoneInfo("Asia/Shanghai")


@dataclass(frozen=True)
class Shift:
    weekday: int
    starts: time
    ends: time


DAY = Shift(1, time(8), time(18))  # Tuesday
NIGHT = Shift(6, time(22), time(6))  # Sunday night into Monday
WHOLE = Shift(2, time(0), time(0))  # all Wednesday


@pytest.mark.parametrize(
    ("shift", "at", "expected"),
    [
        (DAY, "2026-11-24T07:59:59.9", False),
        (DAY, "2026-11-24T08:00", True),
        (DAY, "2026-11-24T17:59", True),
        (DAY, "2026-11-24T18:00", False),
        (DAY, "2026-11-25T09:00", False),
        (NIGHT, "2026-11-29T21:59", False),
        (NIGHT, "2026-11-29T22:00", True),
        (NIGHT, "2026-11-30T05:59", True),
        (NIGHT, "2026-11-30T06:00", False),
        (NIGHT, "2026-11-30T22:30", False),
        (WHOLE, "2026-11-24T23:59", False),
        (WHOLE, "2026-11-25T00:00", True),
        (WHOLE, "2026-11-25T23:59", True),
        (WHOLE, "2026-11-26T00:00", False),
    ],
)
def test_a_shift_runs_from_its_start_to_just_before_its_end(shift: Shift, at: str, expected: bool) -> None:
    local = datetime.fromisoformat(at).replace(tzinfo=SHANGHAI)
    assert on_duty([shift], local, SHANGHAI) is expected
    assert on_duty([shift], local.astimezone(UTC), SHANGHAI) is expected


def test_nobody_is_on_duty_without_a_shift_and_any_shift_suffices() -> None:
    at = datetime(2026, 11, 24, 9, tzinfo=SHANGHAI)
    assert not on_duty([], at, SHANGHAI)
    assert on_duty([NIGHT, DAY], at, SHANGHAI)


def test_a_naive_moment_is_refused() -> None:
    with pytest.raises(ValueError, match="aware"):
        on_duty([DAY], datetime(2026, 11, 24, 9), SHANGHAI)  # noqa: DTZ001


quarters = st.integers(0, 95).map(lambda n: time(n // 4, n % 4 * 15))


@given(weekday=st.integers(0, 6), starts=quarters, ends=quarters)
def test_a_week_holds_the_length_of_each_shift(weekday: int, starts: time, ends: time) -> None:
    monday = datetime(2026, 11, 23, tzinfo=SHANGHAI)
    shift = Shift(weekday, starts, ends)
    served = sum(on_duty([shift], monday + timedelta(minutes=15 * n), SHANGHAI) for n in range(7 * 96))
    length = ((ends.hour - starts.hour) * 4 + (ends.minute - starts.minute) // 15) % 96
    assert served == (length or 96)
