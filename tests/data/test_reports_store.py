"""Reports are stored once, whatever is sent twice; claimed by one worker only; and survive a broken connection."""

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime

import orjson
import pytest

from data.database import Connection, connect, open_pool
from data.stores.reports import Receipt, ReportWriter, claim, crowded_points, mark_handled
from dispatch.reference import load_reference
from geo.errors import NeedleError


@pytest.fixture
def url(database_url: str) -> str:
    """A database that knows the channels."""
    load_reference(database_url)
    return database_url


def said(key: str, **more: object) -> bytes:
    return orjson.dumps({"channel": "snap", "key": key, "reported_at": "2026-11-24T10:00:00+08:00", **more})


async def write(writer: ReportWriter, keys: Sequence[str]) -> list[Receipt]:
    return await writer.write([said(key) for key in keys], [("snap", key) for key in keys])


def count(url: str) -> int:
    with connect(url) as connection:
        row = connection.execute("select count(*) from report").fetchone()
    assert row is not None
    return int(row[0])


async def test_a_duplicate_gets_the_id_it_had(url: str) -> None:
    async with open_pool(url) as pool:
        writer = ReportWriter(pool)
        first = await write(writer, ["a", "b", "a"])
        again = await write(writer, ["b", "c", "a"])
        await writer.close()
    assert [r.duplicate for r in first] == [False, False, True]
    assert [r.duplicate for r in again] == [True, False, True]
    assert first[0].id == first[2].id == again[2].id
    assert first[1].id == again[0].id
    assert count(url) == 3


async def test_many_writers_of_the_same_keys_store_each_once(url: str) -> None:
    keys = [str(n) for n in range(50)]
    async with open_pool(url) as pool:
        writers = [ReportWriter(pool) for _ in range(4)]
        answers = await asyncio.gather(*(write(w, keys) for w in writers))
        for writer in writers:
            await writer.close()
    assert count(url) == 50
    assert len({tuple(r.id for r in answer) for answer in answers}) == 1
    assert sum(not r.duplicate for answer in answers for r in answer) == 50


async def test_what_jsonb_refuses_is_told_and_stores_nothing(url: str) -> None:
    async with open_pool(url) as pool:
        writer = ReportWriter(pool)
        with pytest.raises(NeedleError) as refused:
            await writer.write([said("a"), said("b", channel="nobody")], [("snap", "a"), ("nobody", "b")])
        await writer.close()
    assert refused.value.code == "report.unstorable"
    assert count(url) == 0


async def test_a_killed_backend_does_not_lose_the_group(url: str) -> None:
    async with open_pool(url) as pool:
        writer = ReportWriter(pool)
        await write(writer, ["a"])
        assert writer.connection is not None
        pid = writer.connection.info.backend_pid
        with connect(url, autocommit=True) as other:
            other.execute("select pg_terminate_backend(%s, 5000)", (pid,))
        receipts = await write(writer, ["a", "b"])
        await writer.close()
    assert [r.duplicate for r in receipts] == [True, False]
    assert count(url) == 2


def add(connection: Connection, keys: Sequence[str], **more: object) -> None:
    for key in keys:
        connection.execute(
            "insert into report (channel, idempotency_key, body, reported_at) values ('snap', %s, %s, now())",
            (key, said(key, **more).decode()),
        )
    connection.commit()


def test_two_workers_never_hold_the_same_report(url: str) -> None:
    with connect(url) as one, connect(url) as other:
        add(one, ["a", "b", "c"])
        first, second = claim(one, 2), claim(other, 2)
        assert [r.body["key"] for r in first] == ["a", "b"]
        assert [r.body["key"] for r in second] == ["c"]
        mark_handled(one, datetime.now(UTC), [(r.id, None, "coordinate.missing") for r in first])
        one.commit()
        other.rollback()
        assert [r.body["key"] for r in claim(one, 5)] == ["c"]


def test_a_point_that_too_many_share_is_a_default_spot(url: str) -> None:
    with connect(url) as connection:
        add(connection, [f"d{n}" for n in range(12)], lng=116.5, lat=39.9)
        add(connection, [f"e{n}" for n in range(6)], lng=116.6, lat=39.9)
        add(connection, ["nowhere"], lng=None, lat=None)
        assert crowded_points(connection, 1_000, 10, 0.02) == {(116.5, 39.9)}
        assert crowded_points(connection, 1_000, 10, 0.9) == set()
