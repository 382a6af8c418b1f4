"""Following ``case_event``: each look at the log finds the events that no look before has found, none left out, none twice.

Ids are taken from a sequence while a transaction runs, and become visible when it ends: a later id may be seen before an earlier
one. A follower therefore remembers the ids it has not seen below the highest it has, and looks for them again until every
transaction that could still bring them has ended (``pg_current_snapshot``). This holds because whoever writes an event has locked
or written another row of the same transaction before, and so has its transaction id.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Final

from psycopg import AsyncConnection

Connection = AsyncConnection[Any]
AT_ONCE: Final = 50_000
RECENT: Final = 10_000
"""How far below the highest id a follower that begins looks for transactions still running."""

LOOK: Final = """
select pg_snapshot_xmin(pg_current_snapshot())::text::bigint, pg_snapshot_xmax(pg_current_snapshot())::text::bigint,
       coalesce(array_agg(id order by id), '{}'), coalesce(array_agg(case_id order by id), '{}')
  from (select id, case_id from unnest(%(first)s::bigint[], %(last)s::bigint[]) as hole (first, last)
               join case_event on id between hole.first and hole.last
        union all
        (select id, case_id from case_event where id > %(seen)s order by id limit %(limit)s)) as found
"""

CHANGED: Final = """
select distinct case_id from (select case_id from case_event where id > %s order by id limit %s) as late limit %s
"""


@dataclass(frozen=True)
class Look:
    """What one look saw. ``xmin``, ``xmax``: transactions below the first have ended, none from the second on had begun."""

    xmin: int
    xmax: int
    ids: Sequence[int]
    cases: Sequence[int]


@dataclass(frozen=True)
class Hole:
    """Ids not seen, from ``first`` to ``last``; they can no longer come once all transactions below ``until`` have ended."""

    first: int
    last: int
    until: int


class Follower:
    """Where a reader of the log stands. ``seen``: the highest id it has seen."""

    def __init__(self) -> None:
        self.seen = 0
        self.holes: list[Hole] = []

    @property
    def event(self) -> int:
        """Every event up to this id has been found, or never will be there."""
        return self.holes[0].first - 1 if self.holes else self.seen

    def take(self, look: Look) -> None:
        """Note what a look found."""
        still = [part for hole in self.holes for part in _without(hole, look.ids) if hole.until > look.xmin]
        fresh = [self.seen, *(id for id in look.ids if id > self.seen)]
        self.holes = still + [Hole(a + 1, b - 1, look.xmax) for a, b in pairwise(fresh) if b > a + 1]
        self.seen = fresh[-1]

    async def begin(self, connection: Connection) -> None:
        """Stand at the end of the log: only what becomes visible after this moment will be found."""
        highest = await (await connection.execute("select coalesce(max(id), 0) from case_event")).fetchone()
        self.seen = max(0, (highest[0] if highest else 0) - RECENT)
        while len((await self._look(connection)).ids) >= AT_ONCE:
            pass

    async def catch_up(self, connection: Connection, cases: set[int]) -> None:
        """Add to ``cases`` those of every event that became visible since the last look."""
        while True:
            look = await self._look(connection)
            cases.update(look.cases)
            if len(look.ids) < AT_ONCE:
                return

    async def _look(self, connection: Connection) -> Look:
        firsts, lasts = [hole.first for hole in self.holes], [hole.last for hole in self.holes]
        values = {"first": firsts, "last": lasts, "seen": self.seen, "limit": AT_ONCE}
        row = await (await connection.execute(LOOK, values)).fetchone()
        assert row is not None, "aggregates without group by give one row"
        look = Look(*row)
        self.take(look)
        return look


def _without(hole: Hole, ids: Sequence[int]) -> list[Hole]:
    """What is left of a hole when some ids (ascending) have come."""
    inside = ids[bisect_left(ids, hole.first) : bisect_right(ids, hole.last)]
    edges = [hole.first - 1, *inside, hole.last + 1]
    return [Hole(a + 1, b - 1, hole.until) for a, b in pairwise(edges) if b > a + 1]


async def load_changed_since(connection: Connection, event: int, limit: int) -> list[int]:
    """Cases with events above ``event``, at most ``limit`` (then there may be more): the catch-up of a reader after a gap."""
    cursor = await connection.execute(CHANGED, (event, AT_ONCE, limit))
    return [row[0] for row in await cursor.fetchall()]
