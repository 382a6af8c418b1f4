"""Following the event log: every event is found once, whatever order transactions end in."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime

import psycopg
import pytest
from hypothesis import given
from hypothesis import strategies as st

from data.cluster import Cluster
from data.database import SESSION, connect
from data.demo.city import make_city
from data.demo.load import load_city
from data.demo.size import BLOCK
from data.stores.event_log import Follower, Look, load_changed_since
from dispatch.matters import matters
from dispatch.reference import load_reference

Connection = psycopg.AsyncConnection[tuple[object, ...]]


@dataclass
class Log:
    """A database in a few lines: transactions take ids while they run, and their events are seen when they commit."""

    next_id: int = 1
    next_transaction: int = 1
    running: dict[int, list[int]] = field(default_factory=dict)
    committed: set[int] = field(default_factory=set)

    def begin(self) -> None:
        self.running[self.next_transaction] = []
        self.next_transaction += 1

    def write(self, transaction: int) -> None:
        self.running[transaction].append(self.next_id)
        self.next_id += 1

    def look(self, follower: Follower) -> Look:
        xmin = min(self.running, default=self.next_transaction)
        wanted = {
            id
            for id in self.committed
            if id > follower.seen or any(hole.first <= id <= hole.last for hole in follower.holes)
        }
        ids = sorted(wanted)
        return Look(xmin, self.next_transaction, ids, ids)


moves = st.lists(
    st.tuples(st.sampled_from(["begin", "write", "commit", "abort", "look"]), st.integers(0, 9)), max_size=80
)


@given(moves)
def test_every_event_is_found_once_and_none_is_promised_too_early(steps: list[tuple[str, int]]) -> None:
    log, follower, found = Log(), Follower(), list[int]()

    def look() -> None:
        seen = log.look(follower)
        follower.take(seen)
        found.extend(seen.ids)
        unseen = log.committed | {id for ids in log.running.values() for id in ids}
        assert follower.event < min(unseen - set(found), default=follower.event + 1)

    for step, which in steps:
        transaction = sorted(log.running)[which % len(log.running)] if log.running else None
        if step == "begin":
            log.begin()
        elif step == "look":
            look()
        elif transaction is not None and step == "write":
            log.write(transaction)
        elif transaction is not None:
            ids = log.running.pop(transaction)
            log.committed |= set(ids) if step == "commit" else set()
    for transaction in list(log.running):
        log.committed |= set(log.running.pop(transaction))
    look()
    look()
    assert sorted(found) == sorted(log.committed)
    assert follower.event == follower.seen
    assert follower.holes == []


# --- the same with PostgreSQL -------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def city(cluster: Cluster) -> Iterator[str]:
    url = cluster.copy_database("template", "followed")
    load_reference(url)
    with connect(url) as connection:
        load_city(connection, make_city(BLOCK), matters().values(), datetime(2026, 11, 24, 3, 20, tzinfo=UTC))
    yield url
    cluster.drop_database("followed")


@pytest.fixture
async def connections(city: str) -> AsyncIterator[list[Connection]]:
    opened = [await psycopg.AsyncConnection.connect(city, options=SESSION) for _ in range(3)]
    yield opened
    await asyncio.gather(*(connection.close() for connection in opened))


async def add_event(connection: Connection, case: int) -> int:
    """A further event of a case, as a desk writes it; the transaction stays open."""
    await connection.execute("select from cases where id = %s for update", (case,))
    cursor = await connection.execute(
        "insert into case_event (case_id, seq, at, actor, action, from_state, to_state, previous_hash, hash)"
        " select case_id, seq + 1, now(), 'test', t.action, t.from_state, t.to_state, hash, hash"
        "   from case_event, (select * from case_transition limit 1) t where case_id = %s order by seq desc limit 1"
        " returning id",
        (case,),
    )
    row = await cursor.fetchone()
    assert row is not None
    return int(str(row[0]))


async def found_by(follower: Follower, connection: Connection) -> set[int]:
    cases: set[int] = set()
    await follower.catch_up(connection, cases)
    await connection.commit()
    return cases


async def test_an_event_that_commits_late_is_found(connections: list[Connection]) -> None:
    reader, early, late = connections
    follower = Follower()
    await follower.begin(reader)
    await reader.commit()
    assert await found_by(follower, reader) == set()
    standing = follower.event
    slow = await add_event(early, 1)
    fast = await add_event(late, 2)
    assert slow < fast
    await late.commit()
    assert await found_by(follower, reader) == {2}
    assert (follower.event, follower.seen) == (slow - 1, fast)
    assert await found_by(follower, reader) == set()
    await early.commit()
    assert await load_changed_since(reader, follower.event, 10) == [1, 2]
    assert await found_by(follower, reader) == {1}
    assert follower.event == fast > standing


async def test_an_event_that_never_comes_is_waited_for_no_longer(connections: list[Connection]) -> None:
    reader, early, late = connections
    follower = Follower()
    await follower.begin(reader)
    await reader.commit()
    lost = await add_event(early, 3)
    kept = await add_event(late, 4)
    await late.commit()
    assert await found_by(follower, reader) == {4}
    assert follower.event == lost - 1
    await early.rollback()
    assert await found_by(follower, reader) == set()
    assert follower.event == kept


async def test_a_follower_that_begins_knows_who_is_still_writing(connections: list[Connection]) -> None:
    reader, early, late = connections
    slow = await add_event(early, 5)
    await add_event(late, 6)
    await late.commit()
    follower = Follower()
    await follower.begin(reader)
    await reader.commit()
    assert follower.event < slow
    await early.commit()
    assert await found_by(follower, reader) == {5}
    assert follower.event == follower.seen


async def test_a_reader_far_behind_is_told_that_there_is_more(connections: list[Connection]) -> None:
    assert len(await load_changed_since(connections[0], 0, 11)) == 11
