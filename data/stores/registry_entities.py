"""An entity with all that was ever said of it: golden values, claims, and what happened to it, in order of time."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Literal

import psycopg
from psycopg.rows import class_row, dict_row

from data.registry.claims import Claim, Entity
from data.stores.registry_rows import CLAIM, ENTITY, to_claim, to_entity

AsyncConnection = psycopg.AsyncConnection[Any]

BY_CODE: Final = f"{ENTITY} where e.code = %s"
BY_NUMBER: Final = f"{ENTITY} where e.id = any (%s) order by e.id"
CLAIMS: Final = f"{CLAIM} where e.root_id = %s order by c.at desc, c.id desc"
IDENTIFIED: Final = f"""
{ENTITY} where e.root_id = e.id and e.erased_at is null and e.kind = %s
   and (e.id_number = %s or e.credit_code = %s) order by e.id limit 1
"""
TIMELINE: Final = """
select c.created_at as at, 'claimed' as what, c.field, c.id as number, s.kind as source, s.label, s.by
  from registry_claim c join registry_entity e on e.id = c.entity_id join registry_source s on s.id = c.source_id
 where e.root_id = %(root)s
union all
select c.withdrawn_at, case when c.erased_at is null then 'withdrawn' else 'erased' end, c.field, c.id, s.kind, s.label, s.by
  from registry_claim c join registry_entity e on e.id = c.entity_id join registry_source s on s.id = c.source_id
 where e.root_id = %(root)s and c.withdrawn_at is not null
union all
select m.at, 'merged', null, m.id, null, absorbed.code, m.by
  from registry_merge m join registry_entity absorbed on absorbed.id = m.absorbed_id
 where exists (select from registry_entity e where e.id = m.survivor_id and e.root_id = %(root)s)
union all
select m.undone_at, 'split', null, m.id, null, absorbed.code, m.undone_by
  from registry_merge m join registry_entity absorbed on absorbed.id = m.absorbed_id
 where m.undone_at is not null and exists (select from registry_entity e where e.id = m.survivor_id and e.root_id = %(root)s)
union all
select r.created_at, 'related', r.kind, r.id, s.kind, s.label, s.by
  from registry_relation r join registry_source s on s.id = r.source_id
 where exists (select from registry_entity e where e.id in (r.subject_id, r.object_id) and e.root_id = %(root)s)
order by at desc, number desc limit %(most)s
"""

What = Literal["claimed", "withdrawn", "erased", "merged", "split", "related"]


@dataclass(frozen=True, slots=True)
class Happening:
    """One line of an entity's history.

    Attributes
    ----------
    field : str or None
        Of a claim; of a relation, its kind.
    number : int
        Of the claim, merge or relation.
    label : str
        The source's; of a merge, the code of what was merged in.
    """

    at: datetime
    what: What
    field: str | None
    number: int
    source: str | None
    label: str
    by: str


async def load_entity(connection: AsyncConnection, code: str) -> Entity | None:
    """An entity by its code, as it stands; ``root`` says what it was merged into. None where it is unknown or not seen."""
    async with connection.cursor(row_factory=dict_row) as cursor:
        row = await (await cursor.execute(BY_CODE, (code,))).fetchone()
    return to_entity(row) if row else None


async def load_entities(connection: AsyncConnection, numbers: Sequence[int]) -> list[Entity]:
    """Entities by number, in the order of their numbers; what is not seen is absent."""
    async with connection.cursor(row_factory=dict_row) as cursor:
        return [to_entity(row) for row in await (await cursor.execute(BY_NUMBER, (list(numbers),))).fetchall()]


async def find_identified(connection: AsyncConnection, kind: str, number: str) -> Entity | None:
    """Whom an identity number or a credit code names; of several that are not merged yet the first."""
    async with connection.cursor(row_factory=dict_row) as cursor:
        row = await (await cursor.execute(IDENTIFIED, (kind, number, number))).fetchone()
    return to_entity(row) if row else None


async def load_claims(connection: AsyncConnection, root: int) -> list[Claim]:
    """Every claim of an entity and of what was merged into it, withdrawn ones too; the newest word first."""
    async with connection.cursor(row_factory=dict_row) as cursor:
        return [to_claim(row) for row in await (await cursor.execute(CLAIMS, (root,))).fetchall()]


async def load_timeline(connection: AsyncConnection, root: int, most: int = 200) -> list[Happening]:
    """What happened to an entity, the newest first."""
    async with connection.cursor(row_factory=class_row(Happening)) as cursor:
        return await (await cursor.execute(TIMELINE, {"root": root, "most": most})).fetchall()
