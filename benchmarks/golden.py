"""A claim's transaction: claim, golden value, columns that are searched, counts by place and notice, committed together.

Each person has claims of three sources already and lies in a building. The peer leaves the golden record to a job: it writes the
claim alone, as a registry does whose golden records are made overnight.
"""

import asyncio
from datetime import UTC, datetime, timedelta
from time import perf_counter
from typing import Any, Final

import psycopg

from benchmarks.publish import database
from benchmarks.result import Progress, Result, Size, p50_p99
from data.database import SESSION, connect
from data.demo.city import make_city
from data.demo.load import load_ground
from data.demo.load_registry import load_registry
from data.demo.size import BLOCK, DISTRICT
from data.registry.claims import NewClaim, Source
from data.stores.registry_claims import add_claims

BAR: Final = "the golden value in the claim's own transaction, p99 < 50 ms"
BAR_MS: Final = 50.0
TIMES: Final = 1_000
PERSONS: Final = "select id from registry_entity where kind = 'person' order by id limit %s"
ALONE: Final = """
insert into registry_claim (entity_id, source_id, field, value, verification, at)
select %s, min(id), 'phone', '"13900000000"', 'none', now() from registry_source
"""


def run(size: Size, progress: Progress) -> Result:
    """Claims one after the other, each committed to disk."""
    with database() as url:
        progress("loading a registry", 0.0)
        city = make_city(BLOCK if size == "small" else DISTRICT)
        with connect(url) as connection:
            load_ground(connection, city, datetime.now(UTC))
            load_registry(connection, city, datetime.now(UTC))
        progress("adding claims", 0.5)
        whole, alone = asyncio.run(timed(url))
    p50, p99 = p50_p99(whole)
    ours = {"p50_ms": p50, "p99_ms": p99, "claims": float(len(whole))}
    _, bare = p50_p99(alone)
    return Result("golden", BAR, p99 < BAR_MS, ours, {"claim alone": {"p99_ms": bare, "ratio": bare / p99}})


async def timed(url: str) -> tuple[list[float], list[float]]:
    """Milliseconds of each transaction: with the golden record, and of the claim alone."""
    async with await psycopg.AsyncConnection.connect(url, options=SESSION) as base:
        people = [row[0] for row in await (await base.execute(PERSONS, (TIMES,))).fetchall()]
        await base.commit()
        whole = [await claimed(base, person, turn) for turn, person in enumerate(people)]
        return whole, [await claimed_alone(base, person) for person in people]


async def claimed(base: psycopg.AsyncConnection[Any], person: int, turn: int) -> float:
    """One claim of a telephone number, with all that follows from it."""
    at = datetime.now(UTC) - timedelta(days=turn % 300)
    start = perf_counter()
    await add_claims(base, Source("resident", f"bench-{turn}"), {person: [NewClaim("phone", f"139{turn:08d}", at)]})
    await base.commit()
    return (perf_counter() - start) * 1000


async def claimed_alone(base: psycopg.AsyncConnection[Any], person: int) -> float:
    """The row of the claim and nothing else."""
    start = perf_counter()
    await base.execute(ALONE, (person,))
    await base.commit()
    return (perf_counter() - start) * 1000
