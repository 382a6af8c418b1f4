"""Tiles of cases over HTTP: what the database holds is what a map gets, a revisit costs nothing, a change is seen."""

import time
from collections.abc import Iterator
from math import asinh, pi, radians, tan
from typing import Any

import httpx
import pytest

from data.database import connect
from geo.mvt_reading import read_tile
from tests.patience import PATIENCE_S

SEVERAL = "select count(*) from cases where geom is not null and {}"
ONE = (
    "select id, st_x(geom), st_y(geom), state, extract(epoch from reported_at)::bigint / 60, channel from cases"
    " where geom is not null and closed_at is null order by id desc limit 1"
)
ANY_EVENT = """
insert into case_event (case_id, seq, at, actor, action, from_state, to_state, previous_hash, hash)
select id, seq + 1, now(), 'system', action, from_state, to_state, hash, sha256(hash)
  from cases join case_transition on from_state = state where id = %s limit 1
"""


@pytest.fixture
def client(served: str) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=served) as client:
        yield client


def tile_at(zoom: int, lng: float, lat: float) -> tuple[int, int, int]:
    side = 2**zoom
    return zoom, int((lng + 180) / 360 * side), int((1 - asinh(tan(radians(lat))) / pi) / 2 * side)


def get(client: httpx.Client, tile: tuple[int, int, int], query: str = "", **headers: str) -> httpx.Response:
    """A tile, once the cases are there."""
    until = time.monotonic() + PATIENCE_S
    while True:
        zoom, column, row = tile
        answer = client.get(f"/tiles/cases/{zoom}/{column}/{row}.mvt?{query}", headers=headers)
        if answer.status_code != 503 or time.monotonic() > until:
            return answer
        assert answer.headers["retry-after"] == "1"


def query(url: str, statement: str) -> tuple[Any, ...]:
    with connect(url) as connection:
        row = connection.execute(statement).fetchone()
    assert row is not None
    return row


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ("", "true"),
        ("open=1", "closed_at is null"),
        ("urgent=1&channel=12345,snap", "urgent and channel in ('12345', 'snap')"),
        ("state=closed&after=3", "state = 'closed'"),
    ],
)
def test_far_out_hexagons_count_what_fits(client: httpx.Client, block_url: str, asked: str, said: str) -> None:
    _, lng, lat, *_ = query(block_url, ONE)
    zoom, column, row = tile_at(9, lng, lat)
    around = [(zoom, column + dx, row + dy) for dx in (-1, 0, 1) for dy in (-1, 0, 1)]
    layers = [read_tile(get(client, tile, asked).content) for tile in around]
    counted = sum(f.properties["a"] for found in layers if "hexpoint" in found for f in found["hexpoint"].features)
    assert (counted,) == query(block_url, SEVERAL.format(said))


def test_near_by_every_case_is_a_mark(client: httpx.Client, block_url: str) -> None:
    case, lng, lat, state, reported, channel = query(block_url, ONE)
    tile = tile_at(15, lng, lat)
    found = {f.id: f.properties for f in read_tile(get(client, tile).content)["case"].features}
    assert {key: found[case][key] for key in "srhc"} == {"s": state, "r": reported, "h": channel, "c": 0}
    fits = read_tile(get(client, tile, f"state={state}&open=1").content)["case"].features
    assert {f.id for f in fits} == {id_ for id_, mark in found.items() if mark["s"] == state}


def test_a_revisit_is_answered_in_a_word_until_a_case_changes(client: httpx.Client, block_url: str) -> None:
    case, lng, lat, *_ = query(block_url, ONE)
    tile = tile_at(15, lng, lat)
    first = get(client, tile)
    assert get(client, tile, **{"If-None-Match": first.headers["etag"]}).status_code == 304
    with connect(block_url) as connection:
        connection.execute("update cases set urgent = not urgent where id = %s", (case,))
        connection.execute(ANY_EVENT, (case,))
        connection.execute("select pg_notify('needle_case', %s)", (str(case),))
    until = time.monotonic() + PATIENCE_S
    while (again := get(client, tile, **{"If-None-Match": first.headers["etag"]})).status_code == 304:
        assert time.monotonic() < until
    marks = [{f.id: f.properties["u"] for f in read_tile(a.content)["case"].features} for a in (first, again)]
    assert marks[1].pop(case) == 1 - marks[0].pop(case)
    assert marks[0] == marks[1]


def test_a_wrong_filter_and_a_tile_that_is_none(client: httpx.Client) -> None:
    answer = get(client, (12, 0, 0), "urgent=perhaps")
    assert (answer.status_code, answer.json()["code"]) == (422, "filter.invalid")
    assert get(client, (3, 9, 9)).status_code == 404
    assert get(client, (12, 0, 0)).status_code == 204
