"""Tables of events as columns: nothing is dropped, and every row says what is wrong with it."""

from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import pandas as pd
import pytest

from data.importers.columns import moments, recorded_codes, texts, verbatim
from data.importers.events import EventTable, read_events
from data.profile_model import ChannelSource, Title
from geo.datums import wgs84_to_gcj02
from geo.errors import NeedleError
from tests.data.conftest import event_rows, event_source

BOSTON_CLOCK = "%m/%d/%Y %I:%M:%S %p"


def read(*changes: dict[str, Any], **source_changes: Any) -> EventTable:
    return read_events(event_rows(*changes), event_source(**source_changes))


@pytest.mark.parametrize(
    ("said", "zone", "meant"),
    [
        ("2026-01-15 08:00:00", "Asia/Shanghai", datetime(2026, 1, 15, 0, 0, tzinfo=UTC)),
        ("2026-01-15T08:00:00+01:00", "Asia/Shanghai", datetime(2026, 1, 15, 7, 0, tzinfo=UTC)),
        ("2026-01-15T08:00:00Z", "Asia/Shanghai", datetime(2026, 1, 15, 8, 0, tzinfo=UTC)),
        # autumn repeats an hour: the first is meant; spring leaves one out: the next moment that exists
        ("2015-11-01 01:30:00", "America/New_York", datetime(2015, 11, 1, 5, 30, tzinfo=UTC)),
        ("2015-03-08 02:30:00", "America/New_York", datetime(2015, 3, 8, 7, 0, tzinfo=UTC)),
    ],
)
def test_moments_are_local_unless_they_name_an_offset(said: str, zone: str, meant: datetime) -> None:
    found = moments(pd.DataFrame({"t": [said]}), "t", "ISO8601", zone)
    assert found.iat[0] == meant


def test_a_city_may_write_its_clock_in_its_own_way() -> None:
    table = pd.DataFrame({"t": ["01/02/2015 09:08:42 AM", "13/40/2015 nonsense", None]})
    found = moments(table, "t", BOSTON_CLOCK, "America/New_York")
    assert found.iat[0] == datetime(2015, 1, 2, 14, 8, 42, tzinfo=UTC)
    assert found.isna().tolist() == [False, True, True]


def test_offsets_and_local_times_may_stand_in_one_column() -> None:
    table = pd.DataFrame({"t": ["2026-01-01T00:00:00", "2026-01-01T00:00:00+00:00"]})
    first, second = moments(table, "t", "ISO8601", "Asia/Shanghai").tolist()
    assert second - first == timedelta(hours=8)


def test_texts_lose_blanks_and_empty_decimals() -> None:
    table = pd.DataFrame({"t": [" a ", "  ", None, 7.0, 7.5]}, dtype=object)
    assert texts(table, "t").tolist() == ["a", None, None, "7", "7.5"]


def test_recorded_numbers_are_codes() -> None:
    table = pd.DataFrame({"d": ["12.0", "3", None, "C-11"]})
    assert recorded_codes(table, "d", "number").tolist() == ["12", "3", None, "C-11"]


def test_a_row_is_kept_verbatim_with_nulls_for_nothing() -> None:
    table = pd.DataFrame({"a": ["x\x00y", None], "b": [1.5, np.nan]})
    assert verbatim(table) == [{"a": "xy", "b": 1.5}, {"a": None, "b": None}]


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({}, None),
        ({"opened": "yesterday"}, "event.time_invalid"),
        ({"id": None}, "event.key_missing"),
        ({"status": "perhaps"}, "event.status_unknown"),
        ({"status": None}, "event.status_unknown"),
        ({"status": "closed", "closed": "2026-03-01 09:59:59"}, "event.closed_before_opened"),
        ({"status": "closed"}, "event.closed_without_time"),
    ],
)
def test_each_row_says_what_is_wrong_with_it(change: dict[str, Any], problem: str | None) -> None:
    assert read(change).problems == [(problem,) if problem else ()]


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({}, ""),
        ({"lng": None}, "coordinate.missing"),
        ({"lng": 0, "lat": 0}, "coordinate.missing"),
        ({"lng": 39.9, "lat": 116.4}, "coordinate.swapped"),
        ({"lng": 447_000.0, "lat": 4_417_000.0}, "coordinate.range"),
    ],
)
def test_an_impossible_location_is_unknown_with_its_reason(change: dict[str, Any], code: str) -> None:
    events = read(change, {"id": "2"})
    assert events.location_problem.tolist() == [code, ""]
    assert np.isnan(events.lng).tolist() == [code != "", False]


def test_a_file_that_contradicts_its_datum_altogether_is_refused() -> None:
    with pytest.raises(NeedleError) as caught:
        read({"lng": 39.9, "lat": 116.4})
    assert caught.value.code == "coordinate.swapped"


def test_a_repeated_key_is_noted_on_its_second_row() -> None:
    assert read({}, {"id": "2"}, {}).problems == [(), (), ("event.key_repeated",)]


def test_a_row_without_a_key_gets_one_from_its_content() -> None:
    first, again, other = read({"id": None}), read({"id": None}), read({"id": None, "type": "noise"})
    assert first.key[0] == again.key[0]
    assert first.key[0] != other.key[0]
    assert first.key[0].startswith("row-")


def test_where_the_status_is_unknown_the_closing_time_decides() -> None:
    events = read(
        {"status": "?", "closed": "2026-03-02 10:00:00"}, {"status": "?"}, {"status": "open", "closed": "2026-03-02"}
    )
    assert events.closed.tolist() == [True, False, False]


def test_a_geocoders_default_spot_is_no_location() -> None:
    spot = [{"id": str(i), "lng": 116.3, "lat": 39.8} for i in range(600)]
    real = [{"id": f"r{i}", "lng": 116.4 + i / 1e4, "lat": 39.9} for i in range(400)]
    events = read(*spot, *real)
    assert events.problem_counts()["coordinate.default_spot"] == 600
    assert np.isfinite(events.lng).sum() == 400


def test_a_foreign_datum_is_shifted_and_the_recorded_point_kept() -> None:
    x, y = wgs84_to_gcj02(116.4, 39.9)
    events = read({"lng": x, "lat": y}, crs="gcj02")
    assert events.lng[0] == pytest.approx(116.4, abs=1e-8)
    assert events.lat[0] == pytest.approx(39.9, abs=1e-8)
    assert (events.x[0], events.y[0]) == (x, y)


def test_channels_are_told_by_what_the_column_says() -> None:
    web = ChannelSource(code="web", title=Title(zh="网站", en="Web"), uncertainty_m=10, values=("Self Service",))
    columns = event_source().columns.model_copy(update={"channel": "via"})
    source = event_source(columns=columns, channel="call")
    events = read_events(event_rows({"via": "Self Service"}, {"via": "Pigeon"}), source, (web,))
    assert events.channel.tolist() == ["web", "call"]
