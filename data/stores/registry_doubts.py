"""Doubtful pairs: found by linkage, decided by a person with one key."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import psycopg
from psycopg.rows import class_row
from psycopg.types.json import Jsonb

from data.stores.registry_merges import keep_apart, merge
from geo.errors import NeedleError

AsyncConnection = psycopg.AsyncConnection[Any]

#: Two that are one already, or are kept apart, are no doubt; one that is open learns the newest evidence.
SAVE: Final = """
insert into registry_doubt as held (left_id, right_id, cluster, weight, evidence)
select least(l.root_id, r.root_id), greatest(l.root_id, r.root_id), min(g.cluster), max(g.weight), (array_agg(g.evidence))[1]
  from unnest(%s::bigint[], %s::bigint[], %s::bigint[], %s::float8[], %s::jsonb[]) as g (one, other, cluster, weight, evidence)
  join registry_entity l on l.id = g.one join registry_entity r on r.id = g.other
 where l.root_id <> r.root_id and not exists (
       select from registry_apart a join registry_entity x on x.id = a.left_id join registry_entity y on y.id = a.right_id
        where least(x.root_id, y.root_id) = least(l.root_id, r.root_id)
          and greatest(x.root_id, y.root_id) = greatest(l.root_id, r.root_id)
          and a.left_id in (select id from registry_entity where root_id in (l.root_id, r.root_id)))
 group by least(l.root_id, r.root_id), greatest(l.root_id, r.root_id)
on conflict (left_id, right_id) where state = 'open' do update
   set weight = excluded.weight, evidence = excluded.evidence, cluster = excluded.cluster
returning id
"""
OPEN: Final = """
select d.id, l.id as left_id, r.id as right_id, d.cluster, d.weight, d.evidence, d.created_at, l.code as left_code,
       r.code as right_code, l.kind, l.golden as left_golden, r.golden as right_golden
  from registry_doubt d join registry_entity one on one.id = d.left_id join registry_entity other on other.id = d.right_id
  join registry_entity l on l.id = one.root_id join registry_entity r on r.id = other.root_id
 where d.state = 'open' and l.id <> r.id and (%(after)s::float8 is null or (d.weight, -d.id) < (%(after)s, -%(after_id)s::bigint))
 order by d.weight desc, d.id limit %(most)s
"""
COUNT: Final = "select count(*) from registry_doubt where state = 'open'"
LOCK: Final = "select left_id, right_id, weight, evidence, state from registry_doubt where id = %s for update"
DROP: Final = """
update registry_doubt set state = 'dropped', decided_by = %s, decided_at = now() where id = any (%s) and state = 'open'
"""


@dataclass(frozen=True, slots=True)
class FoundDoubt:
    """Two entities that may be one. ``cluster``: the least number of those that hang together, None: only these."""

    left: int
    right: int
    weight: float
    evidence: Sequence[Mapping[str, Any]] = ()
    cluster: int | None = None


@dataclass(frozen=True, slots=True)
class DoubtRow:
    """An open doubt with both entities' golden values."""

    id: int
    left_id: int
    right_id: int
    cluster: int | None
    weight: float
    evidence: list[dict[str, Any]]
    created_at: datetime
    left_code: str
    right_code: str
    kind: str
    left_golden: dict[str, Any]
    right_golden: dict[str, Any]


async def save_doubts(connection: AsyncConnection, doubts: Sequence[FoundDoubt]) -> int:
    """Keep doubts; how many are new or renewed. The caller commits."""
    if not doubts:
        return 0
    rows = [(d.left, d.right, d.cluster, d.weight, Jsonb([dict(one) for one in d.evidence])) for d in doubts]
    found = await connection.execute(SAVE, [list(column) for column in zip(*rows, strict=True)])
    return len(await found.fetchall())


async def load_doubts(
    connection: AsyncConnection, most: int = 50, after: tuple[float, int] | None = None
) -> list[DoubtRow]:
    """Open doubts, the strongest first; ``after``: weight and number of the last one of the page before."""
    weight, number = after if after is not None else (None, None)
    async with connection.cursor(row_factory=class_row(DoubtRow)) as cursor:
        asked = {"most": most, "after": weight, "after_id": number}
        return await (await cursor.execute(OPEN, asked)).fetchall()


async def count_doubts(connection: AsyncConnection) -> int:
    """How many wait for a decision."""
    row = await (await connection.execute(COUNT)).fetchone()
    return int(row[0]) if row else 0


async def decide_doubt(connection: AsyncConnection, doubt_id: int, by: str, *, same: bool) -> int | None:
    """Decide a doubt: merge the two, or keep them apart. The caller commits.

    Returns
    -------
    int or None
        The merge's number, by which it is undone; None where they were kept apart.

    Raises
    ------
    NeedleError
        ``registry.doubt_settled``; what ``merge`` and ``keep_apart`` raise.
    """
    row = await (await connection.execute(LOCK, (doubt_id,))).fetchone()
    if row is None or row[4] != "open":
        raise NeedleError("registry.doubt_settled", doubt=doubt_id)
    left, right, weight, evidence, _ = row
    if same:
        return await merge(connection, left, right, by, weight=weight, evidence=evidence, overrule=True)
    await keep_apart(connection, left, right, by)
    return None


async def drop_doubts(connection: AsyncConnection, doubts: Sequence[int], by: str) -> None:
    """Put doubts aside without a decision. The caller commits."""
    await connection.execute(DROP, (by, list(doubts)))
