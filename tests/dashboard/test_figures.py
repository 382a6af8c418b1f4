"""Charts are pure: same numbers, same figure, and nothing is lost or changed on the way."""

from datetime import UTC, datetime, timedelta

from dashboard.figures.hours import SHOWN_CHANNELS, hours_figure
from dashboard.figures.ranking import ranking_figure

NOW = datetime(2026, 11, 24, 10, tzinfo=UTC)
COUNTS = {f"channel {size}": {NOW: size, NOW - timedelta(hours=3): 1} for size in range(1, 9)}


def test_the_small_channels_are_shown_as_one_and_no_report_is_lost() -> None:
    figure = hours_figure(COUNTS, NOW, "other")
    names = [bar.name for bar in figure.data]
    assert names == ["channel 8", "channel 7", "channel 6", "channel 5", "channel 4", "other"]
    assert len(names) == SHOWN_CHANNELS + 1
    assert sum(sum(bar.y) for bar in figure.data) == sum(sum(hours.values()) for hours in COUNTS.values())


def test_the_axis_ends_with_the_running_hour() -> None:
    hours = hours_figure(COUNTS, NOW, "other").data[0].x
    assert (len(hours), hours[-1]) == (24, NOW)


def test_the_parts_of_an_area_add_up_to_its_open_cases() -> None:
    rows = [("North", 9, 2), ("South", 4, 0)]
    overdue, in_time, totals = ranking_figure(rows, "in time", "overdue").data
    assert [late + rest for late, rest in zip(overdue.x, in_time.x, strict=True)] == [9, 4]
    assert list(totals.x) == [9, 4]


def test_same_numbers_give_the_same_figure_and_are_left_as_they_were() -> None:
    before = {name: dict(hours) for name, hours in COUNTS.items()}
    assert hours_figure(COUNTS, NOW, "other").to_json() == hours_figure(COUNTS, NOW, "other").to_json()
    assert before == COUNTS
    assert ranking_figure([], "in time", "overdue").to_json() == ranking_figure([], "in time", "overdue").to_json()
