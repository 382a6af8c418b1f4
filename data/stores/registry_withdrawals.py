"""What is taken back: claims, all that rests on a consent, a whole entity. That something was there stays known.

PIPL art. 15 and 47: a consent is withdrawn as easily as it was given, and what rested on it alone is erased.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import psycopg

from data.registry.claims import Verification
from data.stores.audit import Deed, add_entries
from data.stores.registry_claims import lock_roots, refresh, tell

AsyncConnection = psycopg.AsyncConnection[Any]

OWNERS: Final = "select distinct entity_id from registry_claim where id = any (%s)"
WITHDRAW: Final = """
update registry_claim
   set withdrawn_at = coalesce(withdrawn_at, now()),
       erased_at = case when %(erase)s then coalesce(erased_at, now()) else erased_at end,
       value = case when %(erase)s then null else value end
 where id = any (%(claims)s) and (withdrawn_at is null or (%(erase)s and erased_at is null))
returning id
"""
RESTING_ON: Final = """
select c.id from registry_claim c join registry_entity e on e.id = c.entity_id join registry_source s on s.id = c.source_id
 where e.root_id = %s and s.consent = %s and (c.withdrawn_at is null or c.erased_at is null)
"""
ALL_OF: Final = """
select c.id from registry_claim c join registry_entity e on e.id = c.entity_id where e.root_id = %s and c.erased_at is null
"""
RELATIONS_OF: Final = """
update registry_relation set withdrawn_at = now()
 where withdrawn_at is null and (subject_id in (select id from registry_entity where root_id = %(root)s)
       or object_id in (select id from registry_entity where root_id = %(root)s))
returning subject_id, object_id
"""
#: Of an erased entity its number, its code and its days are left.
EMPTY: Final = """
update registry_entity
   set golden = '{}', name = null, id_number = null, phone = null, birth_date = null, sex = null, credit_code = null,
       address = null, building = null, unit = null, room = null, areas = '{}', geom = null, incomplete = true,
       fresh_until = null, stale = false, claims = 0, updated_at = now(), erased_at = now()
 where root_id = %s
returning id, code
"""
DROP_DOUBTS: Final = """
update registry_doubt set state = 'dropped', decided_by = %(by)s, decided_at = now(), evidence = '[]'
 where state = 'open' and (left_id = any (%(entities)s) or right_id = any (%(entities)s))
"""
FORGET_EVIDENCE: Final = """
update registry_merge set evidence = '[]' where survivor_id = any (%(entities)s) or absorbed_id = any (%(entities)s)
"""
FORGET_DOUBTS: Final = """
update registry_doubt set evidence = '[]' where left_id = any (%(entities)s) or right_id = any (%(entities)s)
"""
#: What was said is proved now: the same value once more, with its proof.
VERIFY: Final = """
insert into registry_claim (entity_id, source_id, field, value, verification, at)
select c.entity_id, c.source_id, c.field, c.value, %(verification)s, c.at
  from registry_claim c join registry_source s on s.id = c.source_id
 where s.kind = %(kind)s and s.reference = %(reference)s and c.withdrawn_at is null and c.erased_at is null
   and c.verification = 'none'
   and not exists (select from registry_claim p where p.source_id = c.source_id and p.entity_id = c.entity_id
                    and p.field = c.field and p.verification = %(verification)s)
returning entity_id
"""


@dataclass(frozen=True, slots=True)
class Erasure:
    """The receipt of an erasure: the entity's code, how many claims and relations are gone."""

    code: str
    claims: int
    relations: int


async def withdraw_claims(connection: AsyncConnection, claims: Sequence[int], *, erase: bool) -> int:
    """Take claims back; golden values follow. How many stood until now. The caller commits.

    Parameters
    ----------
    erase : bool
        Their values are deleted as well, which nothing brings back.
    """
    owners = [row[0] for row in await (await connection.execute(OWNERS, (list(claims),))).fetchall()]
    roots = await lock_roots(connection, owners)
    done = await (await connection.execute(WITHDRAW, {"claims": list(claims), "erase": erase})).fetchall()
    if roots:
        await refresh(connection, dict(roots.values()))
    return len(done)


async def withdraw_consent(connection: AsyncConnection, entity: int, consent: str, by: str) -> int:
    """Erase what is held of an entity because of one consent; how many claims. The caller commits.

    Raises
    ------
    NeedleError
        ``registry.entity_unknown``, ``registry.erased``.
    """
    ((root, _),) = (await lock_roots(connection, [entity])).values()
    rows = await (await connection.execute(RESTING_ON, (root, consent))).fetchall()
    erased = await withdraw_claims(connection, [row[0] for row in rows], erase=True)
    detail = {"consent": consent, "claims": erased}
    await add_entries(connection, [Deed(by, "registry.withdraw", str(root), detail=detail)])
    return erased


async def erase_entity(connection: AsyncConnection, entity: int, by: str) -> Erasure:
    """Erase an entity and all that was merged into it: values, relations, evidence. The caller commits.

    Its code stays known, so that nobody takes it for another; so does that it was erased, and by whom (audit).

    Raises
    ------
    NeedleError
        ``registry.entity_unknown``, ``registry.erased``.
    """
    ((root, _),) = (await lock_roots(connection, [entity])).values()
    claims = [row[0] for row in await (await connection.execute(ALL_OF, (root,))).fetchall()]
    await connection.execute(WITHDRAW, {"claims": claims, "erase": True})
    ends = await (await connection.execute(RELATIONS_OF, {"root": root})).fetchall()
    rows = await (await connection.execute(EMPTY, (root,))).fetchall()
    entities = {"entities": [row[0] for row in rows], "by": by}
    for statement in (DROP_DOUBTS, FORGET_DOUBTS, FORGET_EVIDENCE):
        await connection.execute(statement, entities)
    code = next(str(row[1]) for row in rows if row[0] == root)
    detail = {"claims": len(claims), "relations": len(ends)}
    await add_entries(connection, [Deed(by, "registry.erase", code, detail=detail)])
    await tell(connection, sorted({row[0] for row in rows} | {end for row in ends for end in row}))
    return Erasure(code, len(claims), len(ends))


async def verify_source(connection: AsyncConnection, kind: str, reference: str, verification: Verification) -> int:
    """Note that who sent a source proved who they are: its claims stand as verified; how many. The caller commits.

    A second time changes nothing.

    Raises
    ------
    NeedleError
        ``registry.erased``.
    """
    if verification == "none":
        return 0
    said = {"kind": kind, "reference": reference, "verification": verification}
    owners = [row[0] for row in await (await connection.execute(VERIFY, said)).fetchall()]
    roots = await lock_roots(connection, owners)
    if roots:
        await refresh(connection, dict(roots.values()))
    return len(owners)
