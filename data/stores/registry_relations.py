"""Who lives in, owns, rents, works at, is guardian of, is part of whom: added, ended, withdrawn, read from either side."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final, Literal

import psycopg
from psycopg.rows import class_row

from data.registry.claims import ALLOWED, Relation, Source
from data.stores.registry_claims import keep_source, lock_roots, tell
from geo.errors import NeedleError

AsyncConnection = psycopg.AsyncConnection[Any]

ADD: Final = """
insert into registry_relation (source_id, subject_id, kind, object_id, since, until)
select given.* from unnest(%s::bigint[], %s::bigint[], %s::text[], %s::bigint[], %s::date[], %s::date[]) as given
on conflict do nothing
"""
#: A relation of what was merged is its survivor's; two that became one are told once.
READ: Final = """
select distinct on (r.kind, direction, other.id) r.id, r.kind, direction, other.id as other, other.code, other.kind as other_kind,
       coalesce(other.name, other.address) as label, r.since, r.until, s.kind as source, s.label as source_label, r.created_at
  from registry_relation r join registry_source s on s.id = r.source_id
  join registry_entity subject on subject.id = r.subject_id join registry_entity object on object.id = r.object_id
  cross join lateral (values ('out', subject.root_id, object.root_id), ('in', object.root_id, subject.root_id))
       as seen (direction, mine, theirs)
  join registry_entity other on other.id = seen.theirs
 where r.withdrawn_at is null and seen.mine = %(root)s and seen.theirs <> seen.mine and other.erased_at is null
   and (subject.root_id = %(root)s or object.root_id = %(root)s)
   and r.id in (select id from registry_relation where subject_id in (select id from registry_entity where root_id = %(root)s)
                union all
                select id from registry_relation where object_id in (select id from registry_entity where root_id = %(root)s))
 order by r.kind, direction, other.id, r.until desc nulls first, r.id desc
"""
END: Final = "update registry_relation set until = %s where id = %s and until is null returning subject_id, object_id"
WITHDRAW: Final = """
update registry_relation set withdrawn_at = now() where id = any (%s) and withdrawn_at is null returning subject_id, object_id
"""


@dataclass(frozen=True, slots=True)
class RelationRow:
    """A relation as one of its two sees it.

    Attributes
    ----------
    direction : {'out', 'in'}
        out: the entity is the subject; in: the object.
    other : int
        Number of the one at the other end, after merges; ``label``: its name or address.
    """

    id: int
    kind: str
    direction: Literal["out", "in"]
    other: int
    code: str
    other_kind: str
    label: str | None
    since: date | None
    until: date | None
    source: str
    source_label: str
    created_at: datetime


async def add_relations(connection: AsyncConnection, source: Source, relations: Sequence[Relation]) -> None:
    """Add relations of one source; one that stands already stays. The caller commits.

    Raises
    ------
    NeedleError
        ``registry.entity_unknown``, ``registry.erased``, ``registry.relation_kinds``.
    """
    if not relations:
        return
    ends = {number for one in relations for number in (one.subject, one.object)}
    kinds = {number: kind for number, (_, kind) in (await lock_roots(connection, ends)).items()}
    for one in relations:
        if (kinds[one.subject], kinds[one.object]) not in ALLOWED[one.kind]:
            raise NeedleError(
                "registry.relation_kinds", relation=one.kind, subject=kinds[one.subject], object=kinds[one.object]
            )
    source_id = await keep_source(connection, source)
    await add_known_relations(connection, [(source_id, one) for one in relations])
    await tell(connection, sorted(ends))


async def add_known_relations(connection: AsyncConnection, relations: Sequence[tuple[int, Relation]]) -> None:
    """Add relations whose ends are known to stand and to be of the right kinds, each with its source's number."""
    rows = [(source, one.subject, one.kind, one.object, one.since, one.until) for source, one in relations]
    if rows:
        await connection.execute(ADD, [list(column) for column in zip(*rows, strict=True)])


async def load_relations(connection: AsyncConnection, root: int) -> list[RelationRow]:
    """The relations of an entity and of what was merged into it, from both sides."""
    async with connection.cursor(row_factory=class_row(RelationRow)) as cursor:
        return await (await cursor.execute(READ, {"root": root})).fetchall()


async def end_relation(connection: AsyncConnection, relation: int, until: date) -> None:
    """Let a relation end on a day: who moved out lived there. The caller commits."""
    row = await (await connection.execute(END, (until, relation))).fetchone()
    if row is not None:
        await tell(connection, sorted(row))


async def withdraw_relations(connection: AsyncConnection, relations: Sequence[int]) -> None:
    """Take relations back: they never were. The caller commits."""
    rows = await (await connection.execute(WITHDRAW, (list(relations),))).fetchall()
    await tell(connection, sorted({end for row in rows for end in row}))
