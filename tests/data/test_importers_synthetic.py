"""Streams for a city that publishes none, and the replay of what happened."""

from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import Any

import numpy as np
import pytest
import shapely

from data.importers.synthetic import in_datum, point_inside, synthetic_reports
from data.importers.wire import paced
from data.profile import load_profile
from geo.datums import gcj02_to_wgs84
from geo.errors import NeedleError
from geo.layers import Layer

START = datetime(2026, 7, 1, 0, 0, tzinfo=UTC)


@pytest.fixture(scope="module")
def two_areas() -> Layer:
    small, large = shapely.box(116.30, 39.90, 116.31, 39.91), shapely.box(116.40, 39.80, 116.80, 40.20)
    return Layer("subdistrict", ("1", "2"), ("小街道", "大街道"), (None, None), np.array([small, large], dtype=object))


def reports(layer: Layer, count: int, **options: Any) -> list[dict[str, Any]]:
    return list(
        islice(synthetic_reports(load_profile("beijing"), layer, options.pop("start", START), **options), count)
    )


def test_the_same_seed_and_start_give_the_same_reports(two_areas: Layer) -> None:
    assert reports(two_areas, 50) == reports(two_areas, 50)
    assert reports(two_areas, 50) != reports(two_areas, 50, seed=7)


def test_keys_are_never_shared_by_two_streams(two_areas: Layer) -> None:
    streams = [
        reports(two_areas, 40),
        reports(two_areas, 40, seed=7),
        reports(two_areas, 40, start=START + timedelta(days=1)),
    ]
    keys = [report["key"] for stream in streams for report in stream]
    assert len(set(keys)) == 120


def test_points_are_sent_in_gcj02_and_lie_inside_the_areas(two_areas: Layer) -> None:
    sent = reports(two_areas, 300)
    assert {report["crs"] for report in sent} == {"gcj02"}
    lng, lat = gcj02_to_wgs84(np.array([r["lng"] for r in sent]), np.array([r["lat"] for r in sent]))
    grown = shapely.buffer(shapely.union_all(two_areas.polygons), 1e-6)
    assert shapely.contains_xy(grown, lng, lat).all()
    raw = shapely.contains_xy(grown, [r["lng"] for r in sent], [r["lat"] for r in sent])
    assert raw.sum() < 300


def test_small_areas_are_as_likely_as_large_ones(two_areas: Layer) -> None:
    share = np.mean([report["address"] == "小街道" for report in reports(two_areas, 600)])
    assert 0.4 < share < 0.6


def test_there_is_a_daily_rhythm(two_areas: Layer) -> None:
    times = [datetime.fromisoformat(report["reported_at"]) for report in reports(two_areas, 20_000)]
    hours = [t.hour for t in times if t < START + timedelta(days=1)]
    night, morning = sum(h in (2, 3) for h in hours), sum(h in (8, 9) for h in hours)
    assert 15 < morning / night < 40
    assert len(hours) == pytest.approx(14_400, rel=0.05)


def test_times_go_forward_in_the_citys_zone(two_areas: Layer) -> None:
    times = [datetime.fromisoformat(report["reported_at"]) for report in reports(two_areas, 100)]
    assert times == sorted(times)
    assert {t.utcoffset() for t in times} == {timedelta(hours=8)}


def test_only_a_city_with_a_synthetic_source_can_be_streamed(two_areas: Layer) -> None:
    with pytest.raises(NeedleError) as caught:
        next(synthetic_reports(load_profile("boston"), two_areas, START))
    assert caught.value.code == "replay.nothing"


def test_a_point_is_found_even_in_a_sliver() -> None:
    sliver = shapely.Polygon([(0, 0), (1, 1), (1, 1.01)])
    lng, lat = point_inside(sliver, np.random.default_rng(1))
    assert shapely.contains_xy(sliver, lng, lat)


def test_wgs84_is_sent_as_it_is() -> None:
    assert in_datum(116.4, 39.9, "wgs84") == (116.4, 39.9)


def test_a_replay_keeps_keys_and_compresses_the_spacing() -> None:
    past = [
        {"key": "a", "reported_at": "2015-01-01T00:00:00+00:00"},
        {"key": "b", "reported_at": "2015-01-01T01:00:00+00:00"},
    ]
    now = datetime(2026, 7, 1, 12, 0, tzinfo=UTC)
    (first, a), (second, b) = paced(past, now, speed=60)
    assert (first, second) == (0, 60)
    assert (a["key"], b["key"]) == ("a", "b")
    assert datetime.fromisoformat(a["reported_at"]) == now
    assert datetime.fromisoformat(b["reported_at"]) == now + timedelta(seconds=60)


def test_a_replay_may_keep_the_times_of_old() -> None:
    past = [{"key": "a", "reported_at": "2015-01-01T00:00:00+00:00"}]
    ((_, report),) = paced(past, datetime(2026, 7, 1, tzinfo=UTC), speed=1, restamp=False)
    assert report == past[0]
