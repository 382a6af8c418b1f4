"""The pyramid in the database: cases counted by H3 cell, level and state, exact in every transaction.

Triggers on ``cases`` append what changes to ``case_pyramid_change`` (resolution 9), so that two transactions never wait for one
busy cell; ``fold`` brings changes into ``case_pyramid`` (resolutions 4 to 9) in batches. Readers add both up in one statement.
"""

from collections.abc import Mapping
from typing import Any, Final

from psycopg import AsyncConnection

from data.database import Connection

FOLDED_AT_ONCE: Final = 20_000
LOCK: Final = 0x6E70_7972

ALONE_SQL: Final = "select pg_try_advisory_xact_lock(%s)"

FOLD_SQL: Final = """
with taken as (
    delete from case_pyramid_change
     where ctid = any (array(select ctid from case_pyramid_change limit %s for update skip locked))
    returning cell, state, urgent, cases),
finest as (select cell, state, urgent, sum(cases) as cases from taken group by 1, 2, 3),
folded as (
    insert into case_pyramid (resolution, cell, state, urgent, cases)
    select resolution, h3_ancestor(cell, resolution), state, urgent, sum(cases)
      from finest cross join generate_series(4, 9) as resolution
     group by 1, 2, 3, 4 having sum(cases) <> 0
    on conflict (resolution, cell, state, urgent) do update set cases = case_pyramid.cases + excluded.cases)
select count(*) from taken
"""

LEVEL_SQL: Final = """
select cell, state, urgent, sum(cases)::int
  from (select cell, state, urgent, cases from case_pyramid where resolution = %(resolution)s
        union all
        select h3_ancestor(cell, %(resolution)s), state, urgent, cases from case_pyramid_change) as counted
 group by 1, 2, 3 having sum(cases) <> 0
"""

RECOUNT_SQL: Final = """
select h3_ancestor(h3_9, %(resolution)s), state, urgent, count(*)::int from cases where h3_9 is not null group by 1, 2, 3
"""

Counts = Mapping[tuple[int, str, bool], int]
"""(cell, state, urgent) -> cases."""


def fold(connection: Connection, limit: int = FOLDED_AT_ONCE) -> int:
    """Fold at most ``limit`` changes into the pyramid; how many it were. In a transaction of its own, or as part of an open one.

    One at a time: 0 at once where somebody else is folding. Cheap when there is nothing to do.
    """
    with connection.transaction():
        alone = connection.execute(ALONE_SQL, (LOCK,)).fetchone()
        if alone is None or not alone[0]:
            return 0
        (folded,) = connection.execute(FOLD_SQL, (limit,)).fetchone() or (0,)
    return int(folded)


async def load_level(connection: AsyncConnection[Any], resolution: int) -> Counts:
    """The cases of every cell of a resolution (4 to 9), as of this statement."""
    return await _counts(connection, LEVEL_SQL, resolution)


async def recount_level(connection: AsyncConnection[Any], resolution: int) -> Counts:
    """The same, counted from the cases one by one: slow, to check the other."""
    return await _counts(connection, RECOUNT_SQL, resolution)


async def _counts(connection: AsyncConnection[Any], query: str, resolution: int) -> Counts:
    cursor = await connection.execute(query, {"resolution": resolution})
    return {(cell, state, urgent): cases for cell, state, urgent, cases in await cursor.fetchall()}
