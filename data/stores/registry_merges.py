"""Two entities that are one: merged, split again, kept apart for good. Claims never move, so that a split restores exactly."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import psycopg
from psycopg.rows import class_row
from psycopg.types.json import Jsonb

from data.stores.registry_claims import lock_roots, refresh
from geo.errors import NeedleError

AsyncConnection = psycopg.AsyncConnection[Any]
Evidence = Sequence[Mapping[str, Any]]

APART: Final = """
select exists (select from registry_apart a join registry_entity l on l.id = a.left_id join registry_entity r on r.id = a.right_id
                where (l.root_id, r.root_id) in ((%(left)s, %(right)s), (%(right)s, %(left)s)))
"""
FORGET_APART: Final = """
delete from registry_apart a using registry_entity l, registry_entity r
 where l.id = a.left_id and r.id = a.right_id
   and (l.root_id, r.root_id) in ((%(left)s, %(right)s), (%(right)s, %(left)s))
"""
ABSORB: Final = """
update registry_entity
   set root_id = %(survivor)s, merged_into = case id when %(absorbed)s then %(survivor)s else merged_into end, updated_at = now()
 where root_id = %(absorbed)s
"""
NOTE: Final = """
insert into registry_merge (survivor_id, absorbed_id, weight, evidence, by) values (%s, %s, %s, %s, %s) returning id
"""
#: What was merged into the one that is split off goes with it.
SPLIT: Final = """
with recursive own as (
    select id from registry_entity where id = %(absorbed)s
    union all
    select e.id from registry_entity e join own on e.merged_into = own.id)
update registry_entity e
   set root_id = %(absorbed)s, merged_into = case e.id when %(absorbed)s then null else e.merged_into end, updated_at = now()
  from own where e.id = own.id
"""
STANDING: Final = "select survivor_id, absorbed_id, undone_at from registry_merge where id = %s for update"
UNDO: Final = "update registry_merge set undone_by = %s, undone_at = now() where id = %s"
KEEP_APART: Final = """
insert into registry_apart (left_id, right_id, by) values (least(%(a)s::bigint, %(b)s), greatest(%(a)s::bigint, %(b)s), %(by)s)
on conflict do nothing
"""
#: Doubts that a decision answers: about the same two, or about two that are one now.
SETTLE: Final = """
update registry_doubt d set state = %(state)s, decided_by = %(by)s, decided_at = now()
  from registry_entity l, registry_entity r
 where d.state = 'open' and l.id = d.left_id and r.id = d.right_id
   and least(l.root_id, r.root_id) = least(%(a)s::bigint, %(b)s)
   and greatest(l.root_id, r.root_id) = greatest(%(a)s::bigint, %(b)s)
"""
MERGES: Final = """
select m.id, m.survivor_id, m.absorbed_id, m.weight, m.evidence, m.by, m.at, m.undone_by, m.undone_at
  from registry_merge m
 where exists (select from registry_entity e where e.id in (m.survivor_id, m.absorbed_id) and e.root_id = %s) order by m.id desc
"""


@dataclass(frozen=True, slots=True)
class MergeRow:
    """A merge as it is kept. ``weight``: the linker's, None by a person alone."""

    id: int
    survivor_id: int
    absorbed_id: int
    weight: float | None
    evidence: list[dict[str, Any]]
    by: str
    at: datetime
    undone_by: str | None
    undone_at: datetime | None


async def merge(
    connection: AsyncConnection,
    left: int,
    right: int,
    by: str,
    *,
    weight: float | None = None,
    evidence: Evidence = (),
    overrule: bool = False,
) -> int:
    """Make two entities one; the older number survives. The caller commits.

    Parameters
    ----------
    overrule : bool
        A person says so although the two were once kept apart.

    Returns
    -------
    int
        Number of the merge.

    Raises
    ------
    NeedleError
        ``registry.entity_unknown``, ``registry.erased``, ``registry.merge_kinds``, ``registry.one_already``,
        ``registry.kept_apart``.
    """
    found = await lock_roots(connection, (left, right))
    survivor, absorbed = sorted((found[left][0], found[right][0]))
    if found[left][1] != found[right][1]:
        raise NeedleError("registry.merge_kinds", left=found[left][1], right=found[right][1])
    if survivor == absorbed:
        raise NeedleError("registry.one_already", entity=survivor)
    await _mind_apart(connection, survivor, absorbed, overrule)
    await _settle(connection, "merged", survivor, absorbed, by)
    await connection.execute(ABSORB, {"survivor": survivor, "absorbed": absorbed})
    row = await (
        await connection.execute(NOTE, (survivor, absorbed, weight, Jsonb([dict(one) for one in evidence]), by))
    ).fetchone()
    await refresh(connection, {survivor: found[left][1]})
    assert row is not None
    return int(row[0])


async def _mind_apart(connection: AsyncConnection, survivor: int, absorbed: int, overrule: bool) -> None:
    """Refuse what was kept apart, or forget that it was."""
    ends = {"left": survivor, "right": absorbed}
    row = await (await connection.execute(APART, ends)).fetchone()
    if row == (True,) and not overrule:
        raise NeedleError("registry.kept_apart", left=survivor, right=absorbed)
    if row == (True,):
        await connection.execute(FORGET_APART, ends)


async def _settle(connection: AsyncConnection, state: str, left: int, right: int, by: str) -> None:
    await connection.execute(SETTLE, {"state": state, "a": left, "b": right, "by": by})


async def undo_merge(connection: AsyncConnection, merge_id: int, by: str) -> None:
    """Split what a merge made one: both stand as if it had never been, and are kept apart from now on. The caller commits.

    Raises
    ------
    NeedleError
        ``registry.merge_unknown``, ``registry.undone_already``.
    """
    row = await (await connection.execute(STANDING, (merge_id,))).fetchone()
    if row is None:
        raise NeedleError("registry.merge_unknown", merge=merge_id)
    survivor, absorbed, undone_at = row
    if undone_at is not None:
        raise NeedleError("registry.undone_already", merge=merge_id)
    roots = await lock_roots(connection, (survivor, absorbed))
    await connection.execute(SPLIT, {"absorbed": absorbed})
    await connection.execute(UNDO, (by, merge_id))
    await connection.execute(KEEP_APART, {"a": survivor, "b": absorbed, "by": by})
    await refresh(connection, dict([roots[survivor], (absorbed, roots[absorbed][1])]))


async def keep_apart(connection: AsyncConnection, left: int, right: int, by: str) -> None:
    """Note that two entities are two; linkage never merges them. The caller commits.

    Raises
    ------
    NeedleError
        ``registry.entity_unknown``, ``registry.erased``, ``registry.one_already``.
    """
    found = await lock_roots(connection, (left, right))
    one, other = found[left][0], found[right][0]
    if one == other:
        raise NeedleError("registry.one_already", entity=one)
    await connection.execute(KEEP_APART, {"a": one, "b": other, "by": by})
    await _settle(connection, "apart", one, other, by)


async def load_merges(connection: AsyncConnection, root: int) -> list[MergeRow]:
    """Every merge that an entity took part in, undone ones too, the newest first."""
    async with connection.cursor(row_factory=class_row(MergeRow)) as cursor:
        return await (await cursor.execute(MERGES, (root,))).fetchall()
