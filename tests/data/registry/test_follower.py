"""Who comes in anew is found to be somebody who is there, or waits for a person: never on a name alone, never against a split."""

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import contextmanager
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from data.database import AsyncPool, connect, open_pool
from data.demo.enterprise_tellings import enterprise_tellings
from data.demo.people_records import invented_dwellings, persons
from data.demo.person_tellings import tellings
from data.importers.registry import check
from data.linkage.follower import Follower
from data.registry.claims import NewClaim, Source
from data.registry.fields import EntityKind, fields_of
from data.stores.reading import reading
from data.stores.registry_bulk import load_batch
from data.stores.registry_claims import add_claims, create_entities
from data.stores.registry_merges import load_merges, undo_merge
from data.stores.registry_unlinked import count_waiting
from tests.patience import until

NOW = datetime(2026, 11, 24, 8, tzinfo=UTC)
WANG = {"name": "王建国", "id_number": "11010119000101009X", "phone": "13900000001"}


@pytest.fixture
async def pool(ground_url: str) -> AsyncIterator[AsyncPool]:
    async with open_pool(ground_url, size=3) as pool:
        yield pool


async def say(pool: AsyncPool, source: str, *said: dict[str, Any], kind: EntityKind = "person") -> list[int]:
    """Somebody new for each, of whom a source says this."""
    async with reading(pool) as connection:
        numbers = [number for number, _ in await create_entities(connection, kind, len(said))]
        claims = {n: [NewClaim(f, v, NOW) for f, v in one.items()] for n, one in zip(numbers, said, strict=True)}
        await add_claims(connection, Source("form", source), claims)
    return numbers


async def linked(follower: Follower) -> None:
    """Everything that waits."""
    while await follower():
        pass


async def roots_of(pool: AsyncPool, numbers: Sequence[int]) -> list[int]:
    async with reading(pool) as connection:
        query = "select id, root_id from registry_entity where id = any (%s)"
        found = dict(await (await connection.execute(query, (list(numbers),))).fetchall())
    return [found[number] for number in numbers]


async def doubts(pool: AsyncPool) -> list[tuple[int, int]]:
    async with reading(pool) as connection:
        query = "select left_id, right_id from registry_doubt where state = 'open' order by 1, 2"
        return [(row[0], row[1]) for row in await (await connection.execute(query)).fetchall()]


async def test_who_is_sure_is_merged_with_its_evidence_and_a_name_alone_is_nobody(pool: AsyncPool) -> None:
    (known,) = await say(pool, "a", WANG)
    follower = Follower(pool)
    await linked(follower)
    same, namesake, other = await say(pool, "b", {**WANG, "phone": "13900000002"}, {"name": "王建国"}, {"name": "李强"})
    await linked(follower)
    assert await roots_of(pool, [same, namesake, other]) == [known, namesake, other]
    async with reading(pool) as connection:
        (note,) = await load_merges(connection, known)
        assert await count_waiting(connection) == 0
    assert note.by == "linker"
    assert note.weight is not None
    assert {one["field"]: one["level"] for one in note.evidence}["id_number"] == "same"


async def test_a_correction_links_whom_nothing_linked_before(pool: AsyncPool) -> None:
    known, nameless = await say(pool, "a", WANG, {"name": "王建国", "birth_date": "1950-02-03"})
    follower = Follower(pool)
    await linked(follower)
    assert await roots_of(pool, [nameless]) == [nameless]
    async with reading(pool) as connection:
        proof = [NewClaim("id_number", WANG["id_number"], NOW, "document")]
        await add_claims(connection, Source("resident", "c"), {nameless: proof})
    await linked(follower)
    assert await roots_of(pool, [nameless]) == [known]


async def test_what_was_split_stays_apart(pool: AsyncPool) -> None:
    known, same = await say(pool, "a", WANG, {**WANG, "phone": "13900000002"})
    follower = Follower(pool)
    await linked(follower)
    async with reading(pool) as connection:
        (note,) = await load_merges(connection, known)
        await undo_merge(connection, note.id, "steward")
        await add_claims(connection, Source("form", "b"), {same: [NewClaim("phone", "13900000003", NOW)]})
    for again in (follower, Follower(pool)):
        await linked(again)
    assert await roots_of(pool, [known, same]) == [known, same]
    assert await doubts(pool) == []


async def test_two_valid_numbers_never_meet_over_a_third_record(pool: AsyncPool) -> None:
    other = {"name": "王建国", "id_number": "310101190002280021", "phone": WANG["phone"]}
    one, two = await say(pool, "a", WANG, other)
    follower = Follower(pool)
    await linked(follower)
    (third,) = await say(pool, "b", {"name": "王建国", "phone": WANG["phone"]})
    await linked(follower)
    roots = await roots_of(pool, [one, two, third])
    assert roots[0] != roots[1]
    assert {pair for pair in await doubts(pool) if third in pair or roots[2] in pair}


async def test_households_of_one_dwelling_are_one_unless_a_person_must_say(pool: AsyncPool) -> None:
    home = {"building": "B1", "unit": "2", "room": "501", "head": "王建国"}
    first, same, elsewhere, half, others = await say(
        pool,
        "a",
        home,
        {**home, "room": "0501"},
        {**home, "room": "502"},
        {"building": "B1", "room": "501"},
        {**home, "head": "李强"},
        kind="household",
    )
    await linked(Follower(pool))
    assert await roots_of(pool, [first, same, elsewhere, half, others]) == [first, first, elsewhere, half, others]
    assert await doubts(pool) == [(first, half), (first, others), (half, others)]


@pytest.mark.parametrize("kind", ["person", "enterprise"])
async def test_new_records_find_those_who_are_there(pool: AsyncPool, ground_url: str, kind: EntityKind) -> None:
    """Against the truth of how the records were made: those that arrive one by one, after most are there."""
    records, truth = told_of(kind)
    fields = [name for name in records.columns if name in fields_of(kind)]
    checked = check(records.fillna("").astype(str), kind, dict(zip(fields, fields, strict=True)))
    bad = {reject.line - 2 for reject in checked.rejects}
    who = np.array([one for at, one in enumerate(truth.tolist()) if at not in bad])
    late = len(checked.rows) - 250
    follower = Follower(pool)
    numbers = load(ground_url, kind, "early", checked.rows[:late])
    await linked(follower)
    numbers += load(ground_url, kind, "late", checked.rows[late:])
    await linked(follower)
    roots = await roots_of(pool, numbers)
    found = pairs_of(np.array(roots), late)
    there = pairs_of(who, late)
    assert len(found & there) / len(found) > 0.98
    assert len(found & there) / len(there) > 0.85


def told_of(kind: str) -> tuple[pd.DataFrame, np.ndarray[Any, Any]]:
    if kind == "enterprise":
        return enterprise_tellings(500, 7)
    rng = np.random.default_rng(7)
    told = tellings(persons(220, rng, date(2026, 11, 24)), invented_dwellings(220, rng), rng)
    return told.records, told.person


def load(url: str, kind: EntityKind, name: str, rows: Sequence[dict[str, Any]]) -> list[int]:
    """Everybody new, so that only linkage finds who is one."""
    with connect(url) as connection:
        loaded = load_batch(connection, kind, Source("import", name), rows, NOW, before=0)
    assert loaded is not None
    return loaded.entities


def pairs_of(labels: "np.ndarray[Any, Any]", late: int) -> set[tuple[int, int]]:
    """Pairs of one label of which one at least came late."""
    return {(a, b) for b in range(late, len(labels)) for a in range(b) if labels[a] == labels[b]}


@contextmanager
def running(url: str, home: Path) -> Any:
    """``needle registry follow``, as it is started."""
    environment = os.environ | {"NEEDLE_DATABASE_URL": url, "NEEDLE_HOME": str(home)}
    command = [sys.executable, "-m", "dashboard.cli", "registry", "follow"]
    process = subprocess.Popen(command, env=environment)
    try:
        yield process
    finally:
        process.kill()
        process.wait()


async def test_killed_and_started_again_it_loses_nothing(pool: AsyncPool, ground_url: str, tmp_path: Path) -> None:
    (known,) = await say(pool, "a", WANG)
    async with reading(pool) as connection:
        await connection.execute("update registry_entity set fresh_until = current_date - 1")
    with running(ground_url, tmp_path) as process:
        await asyncio.to_thread(until, lambda: stale(ground_url) == 1, "what has grown old to be noted")
        await asyncio.to_thread(until, lambda: waiting(ground_url) == 0, "the first to be looked at")
        process.send_signal(signal.SIGKILL)
        process.wait()
    (missed,) = await say(pool, "b", {**WANG, "phone": "13900000002"})
    with running(ground_url, tmp_path):
        await asyncio.to_thread(until, lambda: waiting(ground_url) == 0, "what came meanwhile")
        assert await roots_of(pool, [missed]) == [known]
        (heard,) = await say(pool, "c", {**WANG, "phone": "13900000003"})
        await asyncio.to_thread(until, lambda: waiting(ground_url) == 0, "what it hears of")
        assert await roots_of(pool, [heard]) == [known]


def waiting(url: str) -> int:
    with connect(url) as connection:
        row = connection.execute("select count(*) from registry_unlinked").fetchone()
    return int(row[0]) if row else -1


def stale(url: str) -> int:
    with connect(url) as connection:
        query = "select stale from registry_density where layer = '' and kind = 'person'"
        row = connection.execute(query).fetchone()
    return int(row[0]) if row else -1
