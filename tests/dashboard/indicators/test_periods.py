"""Periods of the city's calendar, and the order of a league."""

from datetime import UTC, date, datetime
from itertools import pairwise

import pytest

from dashboard.indicators.counting import Line, Tally
from dashboard.indicators.definitions import definitions
from dashboard.indicators.periods import before, period_of, read_period, run_up
from dashboard.indicators.view import rank
from data.mirror.judging import QUANTITIES
from geo.errors import NeedleError


@pytest.mark.parametrize(
    ("key", "first", "end"),
    [
        ("2026-11", date(2026, 11, 1), date(2026, 12, 1)),
        ("2026-12", date(2026, 12, 1), date(2027, 1, 1)),
        ("2026-Q4", date(2026, 10, 1), date(2027, 1, 1)),
        ("2026-W01", date(2025, 12, 29), date(2026, 1, 5)),
        ("2026", date(2026, 1, 1), date(2027, 1, 1)),
    ],
)
def test_a_period_by_its_key(key: str, first: date, end: date) -> None:
    period = read_period(key)
    assert (period.first, period.end) == (first, end)
    assert period_of(first, period.kind) == period


@pytest.mark.parametrize("key", ["", "2026-13", "2026-Q5", "2026-W54", "26-11", "yesterday", "2026-11-01"])
def test_what_is_no_period_is_refused(key: str) -> None:
    with pytest.raises(NeedleError) as raised:
        read_period(key)
    assert raised.value.code == "filter.invalid"


def test_a_month_begins_at_the_citys_midnight() -> None:
    start, end = read_period("2026-11").bounds("Asia/Shanghai")
    assert datetime.fromtimestamp(start, UTC) == datetime(2026, 10, 31, 16, tzinfo=UTC)
    assert end - start == 30 * 86_400


def test_periods_follow_each_other_without_a_gap() -> None:
    run = run_up(read_period("2026-02"), 14)
    assert [period.key for period in run][:2] == ["2025-01", "2025-02"]
    assert all(before(later) == earlier and earlier.end == later.first for earlier, later in pairwise(run))


def line(code: str, owed: int, in_time: int) -> Line:
    counts = dict.fromkeys(QUANTITIES, 0) | {"owed": owed, "disposed": owed, "in_time": in_time}
    return Line(code, Tally(counts, counts))


def test_nobody_leads_by_luck_and_few_cases_take_no_place() -> None:
    lines = [line("few", 5, 5), line("lucky", 40, 39), line("steady", 4000, 3880), line("worse", 4000, 3600)]
    order = [lines[k].code for k in rank(lines, definitions()["ontime_dispose_rate"])]
    assert order == ["steady", "worse", "lucky", "few"]


def test_where_lower_is_better_the_lowest_upper_end_leads() -> None:
    lines = [line("a", 1000, 500), line("b", 1000, 900)]
    flipped = [
        Line(one.code, Tally(one.tally.opened, one.tally.asked | {"reworked": k}))
        for one, k in zip(lines, (80, 20), strict=True)
    ]
    assert [flipped[k].code for k in rank(flipped, definitions()["rework_rate"])] == ["b", "a"]
