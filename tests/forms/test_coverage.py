"""Coverage: the table of denominators, and counts that equal a recount whatever happened, whoever did it at the same time."""

import threading
from collections.abc import Sequence

import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from psycopg import errors

from data.database import SESSION, Connection, connect
from data.stores.coverage import CHANNEL, COUNTS, HELD, RECOUNT, add_visit, set_households
from forms.coverage import FIELDS, OUTCOMES, VISITS, Counts, counts_of, outcome_of
from geo.errors import NeedleError
from tests.patience import PATIENCE_S

KINDS = ("person", "household", "building", "area")
ADD = """
insert into link (outreach_id, kind, target, label, areas, token_hash, expires_at)
select %s, kind, target, target, areas::jsonb, sha256((%s || kind || target)::bytea), now() + interval '1 day'
  from unnest(%s::text[], %s::text[], %s::text[]) as new (kind, target, areas) returning id
"""
ACCOUNT = """
insert into account (username, name, role, area_layer, area_codes) values (%s, %s, 'grid_worker', %s, %s) returning id
"""


@pytest.mark.parametrize(
    ("kind", "uses", "visited", "households", "expected"),
    [
        ("person", 0, None, None, Counts(unknown=1)),
        ("person", 1, None, None, Counts(answered=1, answers=1)),
        ("household", 3, "refused", None, Counts(answered=1, answers=3)),
        ("household", 0, "vacant", None, Counts(vacant=1)),
        ("person", 0, "not_reachable", None, Counts(not_reachable=1)),
        ("building", 5, None, 12, Counts(answered=5, unknown=7, answers=5)),
        ("building", 5, "refused", 12, Counts(answered=5, refused=7, answers=5)),
        ("building", 15, None, 12, Counts(answered=12, answers=15)),
        ("building", 0, None, None, Counts(doors_unknown=1)),
        ("building", 9, None, None, Counts(doors_answered=1, answers=9)),
        ("building", 0, "vacant", None, Counts(doors_vacant=1)),
        ("building", 0, "not_reachable", None, Counts(doors_not_reachable=1)),
        ("area", 40, None, None, Counts(answers=40)),
        ("area", 0, "refused", None, Counts()),
    ],
)
def test_a_link_counts_as_what_it_is(
    kind: str, uses: int, visited: str | None, households: int | None, expected: Counts
) -> None:
    assert counts_of(kind, uses, visited, households) == expected


visited = st.sampled_from([None, *VISITS[:-1]])
links = st.tuples(st.sampled_from(KINDS), st.integers(0, 30), visited, st.none() | st.integers(1, 30))


@given(st.lists(links, max_size=12))
def test_outcomes_add_up_to_the_denominator_and_no_share_is_made_of_an_unknown_number(
    found: list[tuple[str, int, str | None, int | None]],
) -> None:
    total = sum((counts_of(*link) for link in found), Counts())
    known = sum(h or 0 for kind, _, _, h in found if kind == "building")
    known += sum(kind in ("person", "household") for kind, *_ in found)
    doors = sum(kind == "building" and number is None for kind, _, _, number in found)
    assert (total.recipients, total.doors, total.settled + total.left) == (known, doors, known + doors)
    assert total.answers == sum(uses for _, uses, _, _ in found) >= total.answered
    assert (total.share is None) == (known == 0)
    assert all(outcome_of(uses, met) in OUTCOMES for _, uses, met, _ in found)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=40)
@given(st.lists(links, min_size=1, max_size=40))
def test_the_database_counts_a_link_as_the_code_does(
    connection: Connection, found: list[tuple[str, int, str | None, int | None]]
) -> None:
    query = f"""select {COUNTS} from unnest(%s::text[], %s::int[], %s::text[], %s::int[]) with ordinality
                as link (kind, uses, visited, households, at), lateral coverage_of(kind, uses, visited, households) order by at"""
    rows = connection.execute(query.encode(), [list(column) for column in zip(*found, strict=True)]).fetchall()
    assert [Counts(*row) for row in rows] == [counts_of(*link) for link in found]
    assert ", ".join(FIELDS) == COUNTS


# --- the fold ---------------------------------------------------------------------------------------------------


def ask(connection: Connection, title: str = "a") -> int:
    row = connection.execute(
        "insert into outreach (form, title, asks, until, created_by) values ('f', %s, 'x', now() + interval '1 day', 'x')"
        " returning id",
        [title],
    ).fetchone()
    assert row is not None
    return int(row[0])


def add(connection: Connection, outreach: int, found: Sequence[tuple[str, str, str]]) -> list[int]:
    """Links as (kind, target, areas), in one statement; their numbers."""
    columns = [list(column) for column in zip(*found, strict=True)]
    return [row[0] for row in connection.execute(ADD, [outreach, str(outreach), *columns]).fetchall()]


def worker(connection: Connection, name: str = "zheng", codes: Sequence[str] | None = None) -> int:
    layer = None if codes is None else "cell"
    row = connection.execute(ACCOUNT, (name, name, layer, list(codes or ()))).fetchone()
    assert row is not None
    return int(row[0])


def held(connection: Connection) -> dict[tuple[int, str], Counts]:
    """What the fold holds, without places that everybody has left."""
    rows = connection.execute(HELD.encode()).fetchall()
    return {(o, place): Counts(*counts) for o, place, *counts in rows if Counts(*counts) != Counts()}


def recounted(connection: Connection) -> dict[tuple[int, str], Counts]:
    rows = connection.execute(RECOUNT.encode()).fetchall()
    return {(o, place): Counts(*counts) for o, place, *counts in rows if Counts(*counts) != Counts()}


MOVES = (
    "update link set uses = uses + 1, used_at = now() where id = any (%s)",
    "update link set uses = greatest(uses - 1, 0) where id = any (%s)",
    "update link set published = revision where id = any (%s)",
    "update link set revoked_at = now(), revision = revision + 1 where id = any (%s)",
    "update link set households = 3 where kind = 'building' and id = any (%s)",
    "update link set households = null where id = any (%s)",
    *(
        f"insert into visit (link_id, outcome, account_id, \"by\") select unnest(%s::bigint[]), '{outcome}', 1, 'z'"
        for outcome in VISITS
    ),
)
new_links = st.lists(
    st.tuples(
        st.sampled_from(KINDS),
        st.sampled_from("abcdefgh"),
        st.sampled_from(['{"cell": "c1", "building": "a"}', '{"cell": "c2", "building": "b"}', "{}"]),
    ),
    min_size=1,
    max_size=12,
    unique_by=lambda link: link[:2],
)
steps = st.lists(
    st.tuples(st.sampled_from(MOVES), st.sets(st.integers(0, 30), min_size=1, max_size=6), st.booleans()), max_size=15
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=30, deadline=None)
@given(new_links, new_links, steps)
def test_after_any_changes_the_fold_is_a_recount(
    connection: Connection,
    one: list[tuple[str, str, str]],
    other: list[tuple[str, str, str]],
    moves: list[tuple[str, set[int], bool]],
) -> None:
    with connection.transaction(force_rollback=True):
        connection.execute(
            "insert into account (id, username, name, role) overriding system value values (1, 'z', 'z', 'grid_worker')"
        )
        ids = [*add(connection, ask(connection), one), *add(connection, ask(connection, "b"), other)]
        for statement, chosen, kept in moves:
            with connection.transaction(force_rollback=not kept):
                connection.execute(statement.encode(), [[ids[at % len(ids)] for at in chosen]])
            assert held(connection) == recounted(connection)
        state = connection.execute("select id, kind, uses, visited, households from link").fetchall()
        newest: dict[int, str] = dict(
            connection.execute("select distinct on (link_id) link_id, outcome from visit order by 1, id desc")
        )
        assert all((newest.get(link, "unknown") == (met or "unknown")) for link, _, _, met, _ in state)
        total = sum((counts_of(*row[1:]) for row in state), Counts())
        assert sum(held(connection).values(), Counts()) == total


def test_many_at_once_leave_a_recount_behind(database_url: str) -> None:
    """Answers, visits and households of the same buildings from several connections, none waiting for another in a ring."""
    with connect(database_url) as connection:
        account = worker(connection)
        doors = [
            (kind, f"{kind}{n}", f'{{"building": "b{n % 3}"}}') for n in range(30) for kind in ("person", "building")
        ]
        ids = add(connection, ask(connection), doors)
        connection.commit()
    failed: list[BaseException] = []

    def work(seed: int) -> None:
        try:
            with connect(database_url, autocommit=True) as connection:
                for turn in range(25):
                    mine = ids[(seed + turn) % 7 :: 7]
                    connection.execute(MOVES[(seed + turn) % 2].encode(), [mine])
                    link = ids[turn % 4]
                    visit = (link, VISITS[(seed + turn) % 4], account)
                    connection.execute(
                        "insert into visit (link_id, outcome, account_id, \"by\") values (%s, %s, %s, 'z')", visit
                    )
        except errors.Error as error:
            failed.append(error)

    threads = [threading.Thread(target=work, args=(seed,)) for seed in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failed == []
    with connect(database_url) as connection:
        assert held(connection) == recounted(connection)
        newest: dict[int, str] = dict(
            connection.execute("select distinct on (link_id) link_id, outcome from visit order by 1, id desc")
        )
        states: dict[int, str] = dict(
            connection.execute("select id, coalesce(visited, 'unknown') from link where id = any (%s)", [[*newest]])
        )
        assert states == newest


def test_a_change_is_told_by_its_places_and_a_flood_by_a_star(database_url: str) -> None:
    with connect(database_url, autocommit=True) as ears, connect(database_url, autocommit=True) as connection:
        ears.execute(f"listen {CHANNEL}".encode())
        outreach = ask(connection)
        ids = add(connection, outreach, [("building", f"b{n}", "{}") for n in range(150)])
        connection.execute(MOVES[0].encode(), [ids[:2]])
        connection.execute(MOVES[2].encode(), [ids])
        told = [notice.payload for notice in ears.notifies(timeout=PATIENCE_S, stop_after=2)]
    assert told == [f"{outreach}\n*", f"{outreach}\nb0\nb1"]


# --- who may ----------------------------------------------------------------------------------------------------


async def test_a_worker_notes_and_sees_the_doors_of_the_own_cell_only(database_url: str) -> None:
    with connect(database_url) as connection:
        connection.execute(
            "insert into layer (name, kind, title_zh, title_en, rank) values ('cell', 'grid', 'x', 'x', 3)"
        )
        own = worker(connection, "zheng", ["c1"])
        outreach = ask(connection)
        mine, far = add(connection, outreach, [("person", "p", '{"cell": "c1"}'), ("building", "b", '{"cell": "c2"}')])
        connection.commit()
    async with await psycopg.AsyncConnection.connect(database_url, options=SESSION) as scoped:
        await scoped.execute(
            "select set_config('needle.account', %s, true), set_config('role', 'needle_staff', true)", (str(own),)
        )
        await add_visit(scoped, mine, "refused", own, "郑监督", "不方便")
        for refused in (add_visit(scoped, far, "vacant", own, "郑监督", ""), set_households(scoped, far, 9)):
            with pytest.raises(NeedleError) as told:
                await refused
            assert told.value.code == "coverage.no_link"
        assert await (await scoped.execute("select link_id, outcome, note from visit")).fetchall() == [
            (mine, "refused", "不方便")
        ]
        assert len(await (await scoped.execute("select from coverage")).fetchall()) == 0, (
            "a place of no area is the city's"
        )
        await scoped.execute("reset role")
        assert await (
            await scoped.execute("select place, refused, doors_unknown from coverage order by 1")
        ).fetchall() == [
            ("", 1, 0),
            ("b", 0, 1),
        ]
