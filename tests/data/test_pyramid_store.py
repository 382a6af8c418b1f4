"""The pyramid in the database is exact: after any changes, folded or not, and with several connections, some of them killed."""

import random
import threading

import h3.api.numpy_int as h3
import psycopg
import pytest
from psycopg import errors

from data import migrate
from data.database import SESSION, Connection, connect
from data.stores.pyramid import fold, load_level, recount_level
from dispatch.reference import load_reference

CELLS = [int(h3.latlng_to_cell(39.9 + 0.004 * k, 116.4 + 0.01 * (k % 7), 9)) for k in range(20)]
ADD = """
insert into cases (number, channel, matter_id, title, h3_9, state, urgent, reported_at, seq, hash, updated_at)
select gen_random_uuid()::text, '12345', (select min(id) from matter), 'x', cell, 'reported', false, now(), 1, '', now()
  from unnest(%s::bigint[]) as cell
"""
MOVES = (
    "update cases set state = 'handling' where id = any(%s)",
    "update cases set state = 'closed', urgent = not urgent where id = any(%s)",
    "update cases set h3_9 = null where id = any(%s)",
    f"update cases set h3_9 = {CELLS[3]} where id = any(%s)",
    "update cases set title = 'y' where id = any(%s)",
    "delete from cases where id = any(%s)",
)


@pytest.fixture
def url(database_url: str) -> str:
    load_reference(database_url)
    return database_url


def change(connection: Connection, draw: random.Random) -> None:
    """One or a few statements of a worker or a desk."""
    for _ in range(draw.randint(1, 3)):
        if draw.random() < 0.4:
            connection.execute(ADD, ([*draw.choices(CELLS, k=draw.randint(1, 30)), None],))
            continue
        ids = [
            row[0]
            for row in connection.execute("select id from cases order by random() limit %s", (draw.randint(1, 9),))
        ]
        connection.execute(draw.choice(MOVES), (sorted(ids),))


async def check(url: str) -> int:
    """Every level is a recount; how many cases there are."""
    async with await psycopg.AsyncConnection.connect(url, options=SESSION) as connection:
        for resolution in range(4, 10):
            counted = await recount_level(connection, resolution)
            assert await load_level(connection, resolution) == counted
    return sum(counted.values())


@pytest.mark.parametrize("seed", range(3))
async def test_after_any_changes_it_is_a_recount(url: str, seed: int) -> None:
    draw = random.Random(seed)
    with connect(url) as connection:
        for step in range(40):
            change(connection, draw)
            if draw.random() < 0.3:
                fold(connection, draw.randint(1, 40))
            (connection.rollback if draw.random() < 0.3 else connection.commit)()
            if step % 8 == 0:
                await check(url)
        assert await check(url) > 0
        while fold(connection, 1_000):
            connection.commit()
        assert connection.execute("select count(*) from case_pyramid_change").fetchone() == (0,)
        connection.commit()
    assert await check(url) > 0


class Changer(threading.Thread):
    """Changes cases over connections of its own, some killed in the middle of a transaction."""

    def __init__(self, url: str, seed: int) -> None:
        super().__init__()
        self.url, self.draw, self.killed = url, random.Random(seed), 0

    def run(self) -> None:
        for _ in range(6):
            try:
                self._some_transactions()
            except psycopg.OperationalError:
                self.killed += 1

    def _some_transactions(self) -> None:
        with connect(self.url) as connection:
            for number in range(6):
                change(connection, self.draw)
                fold(connection, self.draw.randint(1, 50))
                if number == 5:
                    connection.execute("select pg_terminate_backend(pg_backend_pid())")
                try:
                    connection.commit()
                except errors.DeadlockDetected:
                    connection.rollback()


async def test_many_connections_and_killed_ones_leave_it_exact(url: str) -> None:
    changers = [Changer(url, seed) for seed in range(4)]
    for changer in changers:
        changer.start()
    for changer in changers:
        changer.join()
    assert sum(changer.killed for changer in changers) > 0
    assert await check(url) > 0


def test_an_open_transaction_makes_nobody_wait(url: str) -> None:
    with connect(url) as one, connect(url) as other:
        other.execute("set lock_timeout = '5s'")
        one.execute(ADD, ([CELLS[0]],))
        other.execute(ADD, ([CELLS[0]],))
        other.commit()
        assert fold(one) == 2
        assert fold(other) == 0
        one.commit()


def test_deleting_all_leaves_nothing(url: str) -> None:
    with connect(url) as connection:
        connection.execute(ADD, (CELLS,))
        fold(connection, 5)
        connection.execute("delete from cases")
        assert fold(connection) > 0
        assert connection.execute("select coalesce(sum(abs(cases)), 0) from case_pyramid").fetchone() == (0,)


async def test_the_migration_counts_what_is_there(url: str) -> None:
    with connect(url) as connection:
        connection.execute(ADD, (CELLS * 3,))
    (file,) = (migrate.FOLDER / "versions").glob("*_case_pyramid.py")
    migrate.downgrade(url, f"{int(file.name[:4]) - 1:04d}")
    with connect(url) as connection:
        connection.execute(ADD, (CELLS,))
    migrate.upgrade(url)
    assert await check(url) == 4 * len(CELLS)
