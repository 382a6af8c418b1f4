"""The mirror holds what the database holds: after loading, and after any change that it was told of."""

import random
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import numpy as np
import psycopg
import pytest
from hypothesis import given
from hypothesis import strategies as st

from data.cluster import Cluster
from data.database import SESSION, connect
from data.demo.city import make_city
from data.demo.load import load_city
from data.demo.size import BLOCK
from data.mirror.columns import COLUMNS, CaseMirror, Words
from data.mirror.interning import distinct_texts
from data.mirror.loading import load_mirror
from data.mirror.patching import patch
from data.mirror.tones import TONES
from dispatch.matters import matters
from dispatch.reference import load_reference

REFERENCE = datetime(2026, 11, 24, 3, 20, tzinfo=UTC)
SQL = """
select c.id, floor((st_x(geom) + 180) / 360 * 4294967296)::int8,
       floor((1 - asinh(tan(radians(st_y(geom)))) / pi()) / 2 * 4294967296)::int8, coalesce(h3_9, 0), state, channel, matter_id,
       department_code, coalesce(team_id, 0), urgent, floor(extract(epoch from reported_at))::int8,
       coalesce(floor(extract(epoch from due_at)), 0)::int8, coalesce(floor(extract(epoch from dispatched_at)), 0)::int8,
       coalesce(floor(extract(epoch from answered_at)), 0)::int8, coalesce(floor(extract(epoch from closed_at)), 0)::int8,
       floor(extract(epoch from updated_at))::int8, areas,
       m.edition || ':' || m.kind || ':' || m.major_code,
       array(select distinct department_code from whistle_party p
              where p.case_id = c.id and not lead and p.state <> 'released' order by 1)
  from cases c join matter m on m.id = c.matter_id order by c.id
"""


@pytest.fixture(scope="module")
def mirrored_template(cluster: Cluster) -> Iterator[str]:
    url = cluster.copy_database("template", "mirrored")
    load_reference(url)
    with connect(url) as connection:
        load_city(connection, make_city(BLOCK), matters().values(), REFERENCE)
    yield "mirrored"
    cluster.drop_database("mirrored")


@pytest.fixture
def url(cluster: Cluster, mirrored_template: str) -> Iterator[str]:
    yield cluster.copy_database(mirrored_template, "mirrored_copy")
    cluster.drop_database("mirrored_copy")


def word(values: tuple[str, ...], index: int) -> str | None:
    return None if index < 0 else values[index]


def row_as_sql(mirror: CaseMirror, row: int) -> tuple[Any, ...]:
    """A row in the words of ``SQL``."""
    placed = bool(mirror.placed[row])
    areas = {layer: word(mirror.area_codes[layer], int(column[row])) for layer, column in mirror.areas.items()}
    return (
        int(mirror.id[row]),
        int(mirror.x[row]) if placed else None,
        int(mirror.y[row]) if placed else None,
        int(mirror.hex[row]),
        mirror.states[mirror.state[row]],
        mirror.channels[mirror.channel[row]],
        mirror.matters[mirror.matter[row]],
        word(mirror.departments, int(mirror.department[row])),
        int(mirror.team[row]),
        bool(mirror.urgent[row]),
        *(
            int(getattr(mirror, name)[row])
            for name in ("reported", "due", "dispatched", "answered", "closed", "updated")
        ),
        {layer: code for layer, code in areas.items() if code is not None},
        mirror.majors[mirror.matter[row]],
        list(mirror.words.helpers.values[mirror.helpers[row]]),
    )


def check(mirror: CaseMirror, url: str) -> None:
    with connect(url) as connection:
        expected = connection.execute(SQL).fetchall()
    ids = np.array([row[0] for row in expected], np.int64)
    rows = mirror.row_of(ids)
    assert sorted(rows.tolist()) == list(range(mirror.count))
    for row, wanted in zip(rows.tolist(), expected, strict=True):
        found = row_as_sql(mirror, row)
        assert found[:1] + found[3:] == wanted[:1] + wanted[3:]
        for got, said in zip(found[1:3], wanted[1:3], strict=True):
            assert (got is None) == (said is None)
            assert got is None or abs(got - said) <= 1


async def test_a_loaded_mirror_is_the_table(url: str) -> None:
    told: list[tuple[int, int]] = []
    async with await psycopg.AsyncConnection.connect(url, options=SESSION) as connection:
        mirror = await load_mirror(connection, lambda done, total: told.append((done, total)))
        last = await (await connection.execute("select max(id) from case_event")).fetchone()
    check(mirror, url)
    assert told[-1] == (BLOCK.cases, BLOCK.cases)
    assert last == (mirror.event,)
    assert {TONES[mirror.tones[mirror.states.index(s)]] for s in ("closed", "void")} == {"done"}
    assert TONES[mirror.tones[mirror.states.index("handling")]] == "work"


async def test_an_empty_database_has_an_empty_mirror(database_url: str) -> None:
    async with await psycopg.AsyncConnection.connect(database_url, options=SESSION) as connection:
        mirror = await load_mirror(connection)
        assert mirror.count == 0
        assert len(await patch(mirror, connection, [1, 2])) == 0
    assert mirror.row_of(np.array([5], np.int64)).tolist() == [-1]


CHANGES = (
    """
    with blown as (insert into whistle (case_id, number, street, purpose, called_at, stage, ended_at)
                   select unnest(%(ids)s::bigint[]), 9, 'x', 'emergency', now(), 0, now() on conflict do nothing
                   returning case_id)
    insert into whistle_party (case_id, number, department_code, lead, state)
    select case_id, 9, (select min(code) from department), false, 'called' from blown
    """,
    "update cases set state = 'closed', closed_at = now(), updated_at = now() where id = any(%(ids)s)",
    "update cases set geom = null, h3_9 = null, areas = '{}', department_code = null, team_id = null where id = any(%(ids)s)",
    "update cases set geom = st_translate(geom, 0.001, -0.001), urgent = not urgent where id = any(%(ids)s)",
    'update cases set areas = areas || \'{"police": "once", "fire": "F1"}\', due_at = null where id = any(%(ids)s)',
    "update cases set state = 'reopened', closed_at = null, answered_at = now() where id = any(%(ids)s)",
    "update cases set matter_id = (select max(id) from matter) where id = any(%(ids)s)",
)
NEW_CASE = """
insert into cases (id, number, channel, matter_id, title, geom, h3_9, state, reported_at, seq, hash, updated_at)
select id, 'new-' || id, channel, matter_id, title, geom, h3_9, 'reported', now(), 1, hash, now()
  from (select %(id)s::int8 as id, channel, matter_id, title, geom, h3_9, hash from cases order by id limit 1) as like_it
"""
NEW_MATTER = """
insert into matter (scheme, edition, kind, code, major_code, major_name, name_zh, name_en)
values ('city', 'x', 'event', '1', '77', 'x', 'x', 'x')
"""


@pytest.mark.parametrize("seed", range(4))
async def test_patches_are_as_good_as_loading_anew(url: str, seed: int) -> None:
    draw = random.Random(seed)
    async with await psycopg.AsyncConnection.connect(url, options=SESSION, autocommit=True) as connection:
        mirror = await load_mirror(connection)
        told: list[int] = []
        mirror.followers.append(lambda rows: told.extend(rows.tolist()))
        await connection.execute(NEW_MATTER)
        known = mirror.id[: mirror.count].tolist()
        new = [known[-1] + step for step in draw.sample(range(1, 60), 20)]  # commits come in any order of ids
        for step in range(20):
            ids = draw.sample(known, 9)
            await connection.execute(draw.choice(CHANGES), {"ids": ids})
            await connection.execute(NEW_CASE, {"id": new[step]})
            rows = await patch(mirror, connection, [*ids, new[step], 10**15])
            assert set(mirror.id[rows].tolist()) == {*ids, new[step]}
            assert told[-len(rows) :] == rows.tolist()
            known.append(new[step])
    check(mirror, url)


def test_rows_keep_their_place_when_the_mirror_grows() -> None:
    mirror = CaseMirror(Words(), capacity=2)
    ids = np.random.default_rng(1).permutation(5_000).astype(np.int64)
    for part in np.array_split(ids, 40):
        mirror.put({name: part if name == "id" else np.zeros(len(part), kind) for name, kind in COLUMNS.items()}, {})
    assert mirror.id[: mirror.count].tolist() == ids.tolist()
    assert mirror.row_of(ids).tolist() == list(range(5_000))
    assert mirror.row_of(np.array([-1, 5_000], np.int64)).tolist() == [-1, -1]


@given(st.lists(st.none() | st.text(max_size=4), max_size=40))
def test_interned_texts_are_the_texts(texts: list[str | None]) -> None:
    packed = b"".join(
        (-1).to_bytes(4, signed=True) if text is None else len(text.encode()).to_bytes(4) + text.encode()
        for text in texts
    )
    answer = bytes(12) + len(texts).to_bytes(4) + bytes(4) + packed
    codes, values = distinct_texts(answer)
    assert len(set(values)) == len(values)
    assert [None if code < 0 else values[code].decode() for code in codes.tolist()] == texts
