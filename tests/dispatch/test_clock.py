"""The clock of limits against deadlines that two independent implementations agree on, and its laws."""

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dispatch.clock import Limit, WorkingTime, due_at, weekday_calendar, working_between, working_time
from geo.errors import NeedleError

BEIJING = ZoneInfo("Asia/Shanghai")
CHINA = WorkingTime()

VECTORS = [
    ("2026-03-10 09:00", 4, "work_hour", "2026-03-10 15:00"),  # same morning+afternoon
    ("2026-03-10 09:00", 2, "work_hour", "2026-03-10 11:00"),  # simple
    ("2026-03-10 11:30", 2, "work_hour", "2026-03-10 15:30"),  # across lunch
    ("2026-03-10 12:30", 2, "work_hour", "2026-03-10 16:00"),  # starts in lunch
    ("2026-03-10 17:00", 2, "work_hour", "2026-03-11 09:00"),  # across the night
    ("2026-03-10 19:20", 4, "work_hour", "2026-03-11 12:00"),  # starts after hours
    ("2026-03-10 09:00", 8, "work_hour", "2026-03-11 09:00"),  # = 1 工作日
    ("2026-03-10 09:00", 1, "work_day", "2026-03-11 09:00"),  # 1 工作日 from 09:00
    ("2026-03-13 16:00", 1, "work_day", "2026-03-16 16:00"),  # Friday into Monday
    ("2026-03-14 10:00", 1, "work_day", "2026-03-16 18:00"),  # starts on Saturday
    ("2026-09-18 10:00", 2, "work_day", "2026-09-21 10:00"),  # 2026-09-20 Sunday is a working day (调休)
    ("2026-09-24 15:00", 1, "work_day", "2026-09-28 15:00"),  # Mid-autumn 25-27 Sep off
    ("2026-09-30 14:00", 5, "work_day", "2026-10-13 12:00"),  # National Day 1-7 Oct off, Sat 10 Oct works
    ("2026-02-13 16:00", 3, "work_day", "2026-02-25 16:00"),  # Sat 14 Feb works, 15-23 Feb off
    ("2026-04-30 16:30", 15, "work_day", "2026-05-25 16:30"),  # 1-5 May off, Sat 9 May works
    ("2026-03-10 23:30", 2, "urgent_hour", "2026-03-11 01:30"),  # night counts
    ("2026-10-01 08:00", 1, "urgent_hour", "2026-10-01 09:00"),  # holiday counts
    ("2026-02-16 22:00", 2, "urgent_day", "2026-02-18 22:00"),  # 48 h
    ("2026-03-14 09:00", 4, "urgent_hour", "2026-03-14 13:00"),  # Saturday counts
    ("2026-03-10 18:00", 1, "work_hour", "2026-03-11 09:00"),  # exactly at closing time
    ("2026-03-10 08:00", 4, "work_hour", "2026-03-10 12:00"),  # exactly until noon
    ("2026-03-10 07:10", 4, "work_hour", "2026-03-10 12:00"),  # before opening
]


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=BEIJING)


@pytest.mark.parametrize(("start", "value", "unit", "deadline"), VECTORS)
def test_deadlines(start: str, value: float, unit: str, deadline: str) -> None:
    assert due_at(at(start), Limit(value, unit), CHINA) == at(deadline)


def test_the_zone_of_the_start_does_not_matter() -> None:
    start = at("2026-03-10 09:00").astimezone(UTC)
    assert due_at(start, Limit(1, "work_day"), CHINA) == at("2026-03-11 09:00")


def test_a_year_without_a_calendar_is_refused_with_what_to_do() -> None:
    with pytest.raises(NeedleError) as refused:
        due_at(at("2026-12-31 16:00"), Limit(1, "work_day"), CHINA)
    assert refused.value.code == "clock.no_calendar"
    assert "2027" in refused.value.sentence("zh")
    assert "chinesecalendar" in refused.value.sentence("en")


def test_an_urgent_limit_needs_no_calendar() -> None:
    assert due_at(at("2026-12-31 23:00"), Limit(2, "urgent_hour"), CHINA) == at("2027-01-01 01:00")


def test_a_moment_without_a_zone_is_refused() -> None:
    with pytest.raises(NeedleError) as refused:
        due_at(datetime(2026, 3, 10, 9, 0), Limit(1, "work_day"), CHINA)  # noqa: DTZ001
    assert refused.value.code == "clock.naive"


def test_a_city_sets_its_own_hours() -> None:
    hours = working_time("America/New_York", {"calendar": "weekdays", "periods": [["09:00", "17:00"]]})
    friday = datetime(2015, 7, 3, 16, 0, tzinfo=hours.zone)
    assert due_at(friday, Limit(2, "work_hour"), hours) == datetime(2015, 7, 6, 10, 0, tzinfo=hours.zone)


@pytest.mark.parametrize("settings", [{"calendar": "mars"}, {"periods": [["12:00", "08:00"]]}])
def test_senseless_hours_are_refused(settings: dict[str, object]) -> None:
    with pytest.raises(NeedleError) as refused:
        working_time("Asia/Shanghai", settings)
    assert refused.value.code == "clock.invalid"


def test_natural_hours_cross_a_change_of_clocks() -> None:
    new_york = WorkingTime(ZoneInfo("America/New_York"), ((time(9), time(17)),), weekday_calendar)
    before = datetime(2026, 3, 7, 12, 0, tzinfo=new_york.zone)
    assert due_at(before, Limit(1, "urgent_day"), new_york) - before.astimezone(UTC) == timedelta(hours=24)


moments = st.datetimes(datetime(2024, 1, 1), datetime(2026, 9, 30), timezones=st.just(UTC))  # noqa: DTZ001
limits = st.builds(Limit, st.floats(0.25, 15), st.sampled_from(["work_hour", "work_day"]))


@given(moments, limits)
def test_the_working_time_until_the_deadline_is_the_limit(start: datetime, limit: Limit) -> None:
    needed = limit.value * (CHINA.day if limit.unit == "work_day" else timedelta(hours=1))
    assert abs(working_between(start, due_at(start, limit, CHINA), CHINA) - needed) < timedelta(milliseconds=1)


@given(moments, limits, st.floats(0, 1e6))
def test_starting_later_is_never_due_earlier(start: datetime, limit: Limit, later_s: float) -> None:
    assert due_at(start, limit, CHINA) <= due_at(start + timedelta(seconds=later_s), limit, CHINA)
