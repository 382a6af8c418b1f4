"""The floor under a command: what PostgreSQL alone takes for a lock, a row more, a row changed and a notice, fifty at once."""

import asyncio
import json
import random
import sys
import time

import uvloop

from benchmarks.peers.cores import REST, stay_on
from data.database import AsyncPool, open_pool

TABLES = """
create table if not exists floor_case (id integer primary key, seq integer not null default 0);
create table if not exists floor_event (case_id integer, seq integer, payload jsonb, primary key (case_id, seq));
insert into floor_case (id) select generate_series(1, 250) on conflict do nothing;
"""
LOCK = "select seq from floor_case where id = %s for update"
ADD = "insert into floor_event values (%s, %s, '{}')"
MOVE = "update floor_case set seq = %s where id = %s"
TELL = "select pg_notify('floor', %s)"


async def one(pool: AsyncPool, case_id: int) -> None:
    """One transaction of the floor."""
    async with pool.connection() as connection:
        row = await (await connection.execute(LOCK, (case_id,))).fetchone()
        assert row is not None
        await connection.execute(ADD, (case_id, row[0] + 1))
        await connection.execute(MOVE, (row[0] + 1, case_id))
        await connection.execute(TELL, (str(case_id),))


async def run(url: str, people: int, seconds: float) -> list[float]:
    """Times of all transactions, in seconds."""
    took: list[float] = []
    async with open_pool(url, size=people) as pool:
        async with pool.connection() as connection:
            await connection.execute(TABLES)
        ends = time.perf_counter() + seconds

        async def work(number: int) -> None:
            chance = random.Random(number)
            while (start := time.perf_counter()) < ends:
                await one(pool, chance.randint(1, 250))
                took.append(time.perf_counter() - start)

        await asyncio.gather(*map(work, range(people)))
    return took


def main() -> None:
    """Print the times as JSON: database URL, people, seconds."""
    stay_on(REST)
    sys.stdout.write(json.dumps(uvloop.run(run(sys.argv[1], int(sys.argv[2]), float(sys.argv[3])))))


if __name__ == "__main__":
    main()
