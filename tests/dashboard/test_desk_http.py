"""The desk's API over the demo block: windows, order, facets, places and exports, held against SQL."""

import json
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from data.cluster import Cluster
from data.database import Connection, connect
from tests.dashboard.conftest import reading


@pytest.fixture(scope="module")
def api(served_city: str) -> Iterator[httpx.Client]:
    """The API, once every case and text is read."""
    with reading(served_city) as client:
        yield client


@pytest.fixture(scope="module")
def stored(cluster: Cluster, served_city: str) -> Iterator[Connection]:
    """A connection to the same database."""
    assert served_city
    with connect(cluster.url("city_to_look_at"), autocommit=True) as connection:
        yield connection


def numbers(api: httpx.Client, **query: Any) -> list[str]:
    answer = api.get("/api/desk/rows", params={"end": 1000, **query})
    assert answer.status_code == 200, answer.text
    return [row["number"] for row in answer.json()["rows"]]


@pytest.mark.parametrize(
    ("query", "condition"),
    [
        ({}, "true"),
        ({"open": "1"}, "closed_at is null"),
        ({"open": "0", "urgent": "1"}, "closed_at is not null and urgent"),
        ({"channel": "12345,snap"}, "channel in ('12345', 'snap')"),
        ({"state": "closed"}, "state = 'closed'"),
        ({"text": "占道"}, "number ilike '%占道%' or title ilike '%占道%' or address ilike '%占道%'"),
        ({"text": "号"}, "title like '%号%' or address like '%号%'"),
    ],
)
def test_a_filter_finds_what_sql_finds(
    api: httpx.Client, stored: Connection, query: dict[str, str], condition: str
) -> None:
    statement = f"select number from cases where {condition} order by reported_at desc, id desc limit 1000"
    assert numbers(api, **query) == [row[0] for row in stored.execute(statement.encode())]


@pytest.mark.parametrize(
    ("sort", "order"),
    [
        ("number", 'number collate "C"'),
        ("-reported", "reported_at desc, id desc"),
        ("due", "due_at nulls last, id"),
        ("-due", "due_at desc nulls last, case when due_at is null then id end, id desc"),
        ("left", "case when closed_at is null then due_at end nulls last, id"),
        ("team", '(select name from team where team.id = team_id) collate "zh-x-icu" nulls last, id'),
        ("matter", '(select name_zh from matter where matter.id = matter_id) collate "zh-x-icu", id'),
        ("urgent", "urgent, id"),
        ("closed", "closed_at nulls last, id"),
    ],
)
def test_an_order_is_that_of_sql(api: httpx.Client, stored: Connection, sort: str, order: str) -> None:
    statement = f"select number from cases order by {order} limit 1000"
    assert numbers(api, sort=sort) == [row[0] for row in stored.execute(statement.encode())]


def test_windows_follow_each_other(api: httpx.Client) -> None:
    whole = numbers(api, sort="title", end=90)
    assert [*numbers(api, sort="title", end=40), *numbers(api, sort="title", start=40, end=90)] == whole


def test_a_case_knows_its_place(api: httpx.Client) -> None:
    row = api.get("/api/desk/rows", params={"sort": "address", "start": 33, "end": 34}).json()["rows"][0]
    assert api.get(f"/api/desk/place/{row['id']}", params={"sort": "address"}).json() == {"place": 33}
    assert api.get("/api/desk/place/999999999").json() == {"place": None}


@pytest.mark.parametrize(("facet", "column"), [("channel", "channel"), ("state", "state"), ("matter", "matter_id")])
def test_a_facet_counts_under_the_rest_of_the_filter(
    api: httpx.Client, stored: Connection, facet: str, column: str
) -> None:
    statement = f"select {column}::text, count(*) from cases where closed_at is null group by 1"
    expected: dict[str, int] = dict(stored.execute(statement.encode()).fetchall())
    values = api.get(f"/api/desk/facet/{facet}", params={"open": "1", facet: "1"}).json()["values"]
    assert {code: n for code, _, _, n in values if n} == expected


def test_an_areas_facet_names_the_areas(api: httpx.Client, stored: Connection) -> None:
    statement = b"select areas ->> 'subdistrict', count(*) from cases where areas ? 'subdistrict' group by 1"
    values = api.get("/api/desk/facet/area:subdistrict", params={"lang": "en"}).json()["values"]
    assert {code: n for code, _, _, n in values if n} == dict(stored.execute(statement).fetchall())
    assert all(name for _, name, _, _ in values)


def test_the_first_window_tells_where_the_cases_lie(api: httpx.Client, stored: Connection) -> None:
    bounds = api.get("/api/desk/rows", params={"end": 1}).json()["bounds"]
    statement = b"select min(ST_X(geom)), min(ST_Y(geom)), max(ST_X(geom)), max(ST_Y(geom)) from cases"
    assert bounds == pytest.approx(stored.execute(statement).fetchone(), abs=1e-6)


@pytest.mark.parametrize(
    ("path", "status", "code"),
    [
        ("/api/desk/rows?sort=colour", 422, "desk.unknown_column"),
        ("/api/desk/rows?from=yesterday", 422, "filter.invalid"),
        ("/api/desk/facet/colour", 422, "desk.unknown_column"),
        ("/api/desk/exports/none", 404, "export.unknown"),
    ],
)
def test_a_mistake_is_told_in_both_languages(api: httpx.Client, path: str, status: int, code: str) -> None:
    answer = api.get(path)
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert answer.json()["zh"]


@pytest.mark.parametrize(
    "body", [{"owner": "li", "name": " ", "query": ""}, {"name": "x"}, {"owner": "li", "name": "x" * 61, "query": ""}]
)
def test_a_view_needs_a_name(api: httpx.Client, body: dict[str, str]) -> None:
    answer = api.post("/api/desk/views", json=body)
    assert (answer.status_code, answer.json()["code"]) == (422, "view.invalid")


def test_an_export_is_watched_and_fetched_once(api: httpx.Client, stored: Connection) -> None:
    begun = api.post("/api/desk/exports", params={"format": "geojson", "open": "1", "columns": "number,state"})
    assert begun.status_code == 202
    job = begun.json()["id"]
    while not (told := api.get(f"/api/desk/exports/{job}").json())["ready"]:
        assert "error" not in told
    answer = api.get(f"/api/desk/exports/{job}/file")
    assert answer.headers["content-disposition"].endswith('.geojson"')
    features = json.loads(answer.content)["features"]
    (still_open,) = stored.execute(b"select count(*) from cases where closed_at is null").fetchall()[0]
    assert len(features) == told["total"] == still_open
    assert set(features[0]["properties"]) == {"number", "state", "lng", "lat"}
    while (gone := api.get(f"/api/desk/exports/{job}")).status_code == 200:
        pass
    assert gone.json()["code"] == "export.unknown"


def test_an_unknown_format_names_the_known_ones(api: httpx.Client) -> None:
    answer = api.post("/api/desk/exports", params={"format": "pdf"})
    assert answer.status_code == 422
    assert "geojson" in answer.json()["en"]
