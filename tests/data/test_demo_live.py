"""The live stream sends what channels send: in time, in their datum, mostly in the city, now and then wrong."""

from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import Any

import numpy as np
import pytest
import shapely

from data.database import connect
from data.demo.city import DemoCity, make_city
from data.demo.incidents import draw_incidents
from data.demo.live import LEAST_PER_MINUTE, Stream, ground_of_city, pace, reports_live
from data.demo.load import load_city
from data.demo.size import BLOCK
from dispatch.matters import matters
from dispatch.reference import load_reference
from geo.crs import parse_crs

START = datetime(2026, 11, 24, 1, 0, tzinfo=UTC)
END_S = int(START.timestamp())
COUNT = 1_500


@pytest.fixture(scope="module")
def city() -> DemoCity:
    return make_city(BLOCK)


@pytest.fixture(scope="module")
def reports(city: DemoCity) -> list[dict[str, Any]]:
    return list(islice(reports_live(city, 3, START, per_minute=60), COUNT))


def test_reports_come_in_order_about_as_often_as_asked(reports: list[dict[str, Any]]) -> None:
    moments = [datetime.fromisoformat(report["reported_at"]) for report in reports]
    assert moments[0] == START
    assert moments == sorted(moments)
    assert 0.5 < COUNT / ((moments[-1] - moments[0]).total_seconds() / 60) / 60 < 2.0


def test_the_stream_goes_on_as_busy_as_the_history_was(city: DemoCity) -> None:
    """Hour by hour of the day: the chart of a city that has run for a week reads as one."""
    days, count = 28, 20_000
    history = draw_incidents(replace(city, size=replace(city.size, days=days, cases=count, growth=0.0)), END_S)
    stream = Stream(ground_of_city(city), 3, START)
    moments, at = list[float](), START
    while at < START + timedelta(days=days):
        moments.append(at.timestamp())
        at += timedelta(seconds=stream.gap_s(at, count / (days * 1440)))
    before, after = (
        np.bincount((np.array(s) // 3600 % 24).astype(int), minlength=24) for s in (history.reported_s, moments)
    )
    assert after.sum() == pytest.approx(before.sum(), rel=0.12)
    busy = before > before.mean() / 2
    assert busy.sum() > 10
    assert after[busy] == pytest.approx(before[busy], rel=0.35)
    assert after[~busy].min() > 0.15 * after.mean()


def test_keys_are_unique_and_of_this_start(reports: list[dict[str, Any]], city: DemoCity) -> None:
    later = next(reports_live(city, 3, START.replace(hour=2)))
    assert len({report["key"] for report in reports} | {later["key"]}) == COUNT + 1


def test_every_channel_speaks_of_matters_that_exist(reports: list[dict[str, Any]]) -> None:
    assert set(Counter(report["channel"] for report in reports)) == {"12345", "snap", "grid", "sensor", "walk_in"}
    assert {report["matter"] for report in reports} <= set(matters())


def test_points_come_in_the_datum_they_declare_and_few_are_wrong(reports: list[dict[str, Any]], city: DemoCity) -> None:
    limits = shapely.union_all(city.jurisdictions.layer("district").polygons).buffer(0.002)
    inside = 0
    for report in reports:
        if report["lng"] is None or report["lng"] < 100:
            continue
        lng, lat = parse_crs(report["crs"]).to_wgs84(np.array([report["lng"]]), np.array([report["lat"]]))
        inside += limits.covers(shapely.Point(lng[0], lat[0]))
    assert 0.95 * COUNT < inside < COUNT


def test_people_report_the_same_thing_again(reports: list[dict[str, Any]]) -> None:
    spots = [(r["matter"], round(r["lng"], 3), round(r["lat"], 3)) for r in reports if r["lng"] is not None]
    assert len(set(spots)) < len(spots)


def test_the_same_seed_and_start_give_the_same_stream(reports: list[dict[str, Any]], city: DemoCity) -> None:
    assert list(islice(reports_live(city, 3, START, per_minute=60), 50)) == reports[:50]


def test_the_stream_works_from_the_database_alone(database_url: str, city: DemoCity) -> None:
    load_reference(database_url)
    with connect(database_url) as connection:
        load_city(connection, city, matters().values(), START)
        assert pace(connection) == LEAST_PER_MINUTE
        stream = reports_live(connection, 3, START)
        found = list(islice(stream, 50))
    assert all(report["address"] is None or report["address"] in set(city.buildings.addresses) for report in found)
    assert {report["channel"] for report in found} <= {"12345", "snap", "grid", "sensor", "walk_in"}
