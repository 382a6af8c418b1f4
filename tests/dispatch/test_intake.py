"""Intake: what is refused and how it is said, what is kept, and that nothing is acknowledged before its commit."""

import asyncio
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

import httpx
import orjson
import pytest
from fastapi import FastAPI
from hypothesis import given
from hypothesis import strategies as st

from dashboard.api import Api
from data.database import connect, open_pool
from dispatch.intake import MAX_BATCH_REPORTS, MAX_REPORT_BYTES, IncomingReport, read_batch, read_report
from dispatch.reference import load_reference
from geo.errors import NeedleError
from tests.signed_in import behind_sessions

DATUMS: Mapping[str, str | None] = {"snap": "gcj02", "walk_in": None}
GOOD: dict[str, Any] = {
    "channel": "snap",
    "key": "k1",
    "reported_at": "2026-11-24T10:00:00+08:00",
    "matter": "2026:event:09006",
    "text": "占道经营",
    "lng": 116.1,
    "lat": 39.9,
    "crs": None,
    "accuracy_m": 12.0,
    "address": None,
    "reporter": None,
}


def read(**changes: Any) -> IncomingReport:
    return read_report(orjson.dumps(GOOD | changes), DATUMS)


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"lng": None, "lat": None},
        {"crs": "wgs84"},
        {"crs": "EPSG:4547", "lng": 500000.0, "lat": 4400000},
        {"channel": "walk_in", "lng": None, "lat": None},
        {"channel": "walk_in", "crs": "bd09"},
        {"matter": None},
        {"matter": "nobody:knows:this"},
        {"reported_at": "2026-11-24 10:00Z"},
        {"reporter": {"name": "张"}, "photos": ["a.jpg"]},
        {"text": "反斜杠 \\u0000 写出来可以"},
        {"lng": 1000, "lat": -1000},
    ],
)
def test_accepted(changes: dict[str, Any]) -> None:
    report = read(**changes)
    assert report.key == (changes.get("channel", "snap"), "k1")
    assert orjson.loads(report.body) == GOOD | changes


@pytest.mark.parametrize(
    ("changes", "code", "field"),
    [
        ({"channel": None}, "report.field", "channel"),
        ({"channel": "nobody"}, "report.channel_unknown", None),
        ({"key": ""}, "report.field", "key"),
        ({"key": "k" * 201}, "report.field", "key"),
        ({"key": 5}, "report.field", "key"),
        ({"reported_at": "2026-11-24T10:00:00"}, "report.field", "reported_at"),
        ({"reported_at": "2026-02-30T10:00:00Z"}, "report.field", "reported_at"),
        ({"reported_at": "yesterday"}, "report.field", "reported_at"),
        ({"lng": None}, "report.field", "lng"),
        ({"lat": "39.9"}, "report.field", "lat"),
        ({"lat": True}, "report.field", "lat"),
        ({"accuracy_m": -1}, "report.field", "accuracy_m"),
        ({"text": ["a"]}, "report.field", "text"),
        ({"text": "a\0b"}, "report.field", "text"),
        ({"reporter": {"名\0": 1}}, "report.field", "text"),
        ({"reporter": "张"}, "report.field", "reporter"),
        ({"crs": "mars"}, "crs.unknown", None),
        ({"channel": "walk_in"}, "crs.missing", None),
        ({"text": "字" * MAX_REPORT_BYTES}, "report.too_large", None),
    ],
)
def test_refused_with_what_to_do(changes: dict[str, Any], code: str, field: str | None) -> None:
    with pytest.raises(NeedleError) as refused:
        read(**changes)
    assert refused.value.code == code
    assert refused.value.context.get("field") == field
    assert refused.value.sentence("zh")
    assert refused.value.sentence("en")


@pytest.mark.parametrize("raw", [b"", b"{", b"[1]", b'"text"', b"nan", b"\xff"])
def test_what_is_no_object_is_refused(raw: bytes) -> None:
    with pytest.raises(NeedleError) as refused:
        read_report(raw, DATUMS)
    assert refused.value.code in ("report.not_json", "report.field")


@given(st.recursive(st.none() | st.booleans() | st.floats() | st.text(), lambda v: st.dictionaries(st.text(), v)))
def test_no_json_breaks_the_check(value: Any) -> None:
    try:
        raw = orjson.dumps(GOOD | value if isinstance(value, dict) else value)
    except orjson.JSONEncodeError:
        return
    with suppress(NeedleError):
        read_report(raw, DATUMS)


def test_a_batch_keeps_the_good_and_names_the_bad() -> None:
    lines = [orjson.dumps(GOOD), b"{oops", orjson.dumps(GOOD | {"key": ""}), b"", orjson.dumps(GOOD | {"key": "k2"})]
    items = read_batch(b"\n".join(lines), DATUMS)
    assert [getattr(i, "code", "ok") for i in items] == ["ok", "report.not_json", "report.field", "ok"]
    array = read_batch(orjson.dumps([GOOD, 7, GOOD | {"crs": "mars"}]), DATUMS)
    assert [getattr(i, "code", "ok") for i in array] == ["ok", "report.field", "crs.unknown"]


def test_a_batch_has_a_bound() -> None:
    with pytest.raises(NeedleError) as refused:
        read_batch(b"\n".join([b"{}"] * (MAX_BATCH_REPORTS + 1)), DATUMS)
    assert refused.value.code == "report.too_many"


class Door:
    """The API of one process over a real database, asked over HTTP without a socket."""

    def __init__(self, client: httpx.AsyncClient, api: Api, url: str) -> None:
        self.client, self.api, self.url = client, api, url

    async def post(self, content: bytes, path: str = "/api/reports") -> httpx.Response:
        return await self.client.post(path, content=content)

    def stored(self) -> list[tuple[int, str]]:
        with connect(self.url) as connection:
            return connection.execute("select id, idempotency_key from report order by id").fetchall()


@pytest.fixture
async def door(database_url: str) -> Any:
    load_reference(database_url)
    async with open_pool(database_url) as pool, Api(pool) as api:
        app = FastAPI()
        app.include_router(api.router)
        transport = httpx.ASGITransport(behind_sessions(app, pool, database_url))
        async with httpx.AsyncClient(transport=transport, base_url="http://needle") as client:
            yield Door(client, api, database_url)


async def test_a_report_is_there_when_it_is_acknowledged(door: Door) -> None:
    answer = await door.post(orjson.dumps(GOOD))
    assert answer.status_code == 201
    assert door.stored() == [(answer.json()["id"], "k1")]
    again = await door.post(orjson.dumps(GOOD | {"text": "又来一次"}))
    assert again.status_code == 200
    assert again.json() == {"id": answer.json()["id"], "duplicate": True}


async def test_the_body_is_kept_word_for_word(door: Door) -> None:
    await door.post(orjson.dumps(GOOD | {"extra": {"自定义": [1, 2.5]}}))
    with connect(door.url) as connection:
        row = connection.execute("select body from report").fetchone()
    assert row is not None
    assert row[0] == GOOD | {"extra": {"自定义": [1, 2.5]}}


async def test_two_hundred_senders_at_once_each_get_their_own_answer(door: Door) -> None:
    answers = await asyncio.gather(*(door.post(orjson.dumps(GOOD | {"key": f"k{n % 150}"})) for n in range(200)))
    ids = dict(door.stored())
    assert len(ids) == 150
    for n, answer in enumerate(answers):
        assert ids[answer.json()["id"]] == f"k{n % 150}"
    assert sum(a.status_code == 201 for a in answers) == 150


async def test_errors_come_with_their_status_in_both_languages(door: Door) -> None:
    answer = await door.post(orjson.dumps(GOOD | {"channel": "nobody"}))
    assert answer.status_code == 422
    assert answer.json()["code"] == "report.channel_unknown"
    assert "snap" in answer.json()["zh"]
    assert (await door.post(b"x" * (MAX_REPORT_BYTES + 1))).status_code == 413
    assert (await door.client.get("/api/reports")).status_code == 405


async def test_a_batch_over_http(door: Door) -> None:
    items = [GOOD | {"key": f"k{n}"} for n in range(300)] + [GOOD | {"key": "k0"}, GOOD | {"lat": "x"}]
    answer = (await door.post(orjson.dumps(items), "/api/reports/batch")).json()
    assert (answer["stored"], answer["duplicates"]) == (300, 1)
    assert answer["ids"][300] == answer["ids"][0]
    assert answer["ids"][301] is None
    assert [(e["index"], e["code"]) for e in answer["errors"]] == [(301, "report.field")]
    assert len(door.stored()) == 300


async def test_leaving_stores_what_still_waits(database_url: str) -> None:
    load_reference(database_url)
    async with open_pool(database_url) as pool:
        async with Api(pool) as api:
            sent = [asyncio.create_task(api.intake.receive(read(key=f"k{n}"))) for n in range(20)]
            await asyncio.sleep(0)
        receipts = await asyncio.gather(*sent)
    assert len({r.id for r in receipts}) == 20
