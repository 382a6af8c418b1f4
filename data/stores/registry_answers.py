"""What forms say becomes claims: found whom it is said of, kept once an answer, in the transaction that files the answer.

Somebody is known again by the link that asked them, by identity number and name, by telephone and name, by building, room and
name; a household and a room by where they are, an enterprise by its code or by name and building. Never by a name alone. Who is
not found is new; whether that is somebody known already, linkage asks afterwards.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final

import psycopg

from data.registry.claims import NewClaim, Relation
from data.registry.sayings import Saying, Told, judge_filled, waves
from data.stores.registry_buildings import ensure_buildings
from data.stores.registry_claims import add_said, create_entities
from data.stores.registry_relations import add_known_relations

AsyncConnection = psycopg.AsyncConnection[Any]

NEW_SOURCES: Final = """
insert into registry_source (kind, reference, label, purposes, consent, by)
select kind, reference, label, string_to_array(purposes, ' '), consent, by
  from unnest(%s::text[], %s::text[], %s::text[], %s::text[], %s::text[], %s::text[])
       as given (kind, reference, label, purposes, consent, by)
on conflict do nothing returning id, kind, reference
"""
FIND: Final = """
select distinct on (q.place) q.place, found.id
  from unnest(%s::integer[], %s::text[], %s::text[], %s::text[], %s::text[], %s::text[], %s::text[], %s::text[], %s::text[],
              %s::text[], %s::bigint[])
       as q (place, kind, name, id_number, phone, credit_code, building, unit, room, address, link)
  cross join lateral (
    select root.id, 0 as rank from link l join registry_entity e on e.code = l.target
      join registry_entity root on root.id = e.root_id where l.id = q.link and e.kind = q.kind
    union all
    select root.id, 1 from link l join link same on same.target = l.target and same.kind = l.kind and same.label = l.label
      join registry_recipient r on r.link_id = same.id and r.kind = q.kind
      join registry_entity e on e.id = r.entity_id join registry_entity root on root.id = e.root_id where l.id = q.link
    union all
    select e.id, 2 from registry_entity e
     where q.kind = 'person' and e.kind = q.kind and e.id_number = q.id_number and e.name = q.name
    union all
    select e.id, 3 from registry_entity e
     where q.kind = 'person' and e.kind = q.kind and e.phone = q.phone and e.name = q.name
    union all
    select e.id, 4 from registry_entity e
     where q.kind = 'person' and e.kind = q.kind and e.building = q.building and e.room = q.room and e.name = q.name
       and e.unit is not distinct from q.unit
    union all
    select e.id, 5 from registry_entity e
     where q.kind in ('household', 'room') and e.kind = q.kind and e.building = q.building and e.room = q.room
       and (e.unit is not distinct from q.unit or q.unit is null and 1 = (
            select count(*) from registry_entity o where o.building = q.building and o.kind = q.kind and o.room = q.room
               and o.root_id = o.id and o.erased_at is null))
    union all
    select e.id, 6 from registry_entity e
     where q.kind = 'household' and q.building is null and e.kind = q.kind and e.address = q.address
    union all
    select e.id, 7 from registry_entity e where q.kind = 'enterprise' and e.kind = q.kind and e.credit_code = q.credit_code
    union all
    select e.id, 8 from registry_entity e
     where q.kind = 'enterprise' and e.kind = q.kind and e.building = q.building and e.name = q.name
       and (q.credit_code is null or e.credit_code is null)) as found (id, rank)
  join registry_entity standing on standing.id = found.id and standing.root_id = standing.id and standing.erased_at is null
 order by q.place, found.rank, found.id
"""
MARKS: Final = ("name", "id_number", "phone", "credit_code", "building", "unit", "room", "address")
PARTS: Final = ("household", "room", "enterprise")
"""What is part of a building."""
RECIPIENTS: Final = """
insert into registry_recipient (link_id, kind, entity_id)
select link_id, kind, entity_id from unnest(%s::bigint[], %s::text[], %s::bigint[]) as given (link_id, kind, entity_id)
on conflict do nothing
"""
FILLED: Final = """
select l.id, e.kind, c.field, c.value from link l
  join registry_filling f on (f.outreach_id, f.kind, f.target) = (l.outreach_id, l.kind, l.target) and f.kept is null
  join registry_claim c on c.id = any (f.claims) and c.value is not null join registry_entity e on e.id = c.entity_id
 where l.id = any (%s)
"""
JUDGE: Final = """
update registry_filling f set kept = given.kept, corrected = given.corrected
  from unnest(%s::bigint[], %s::integer[], %s::integer[]) as given (link_id, kept, corrected) join link l on l.id = given.link_id
 where (f.outreach_id, f.kind, f.target) = (l.outreach_id, l.kind, l.target) and f.kept is null
"""


async def file_told(connection: AsyncConnection, answers: Sequence[Told]) -> int:
    """Make claims of what answers say; how many. An answer whose claims are kept already changes nothing. The caller commits."""
    return sum([await _file(connection, each) for each in waves(answers)])


async def _file(connection: AsyncConnection, answers: Sequence[Told]) -> int:
    """Answers about different entities."""
    fresh = await _new_sources(connection, answers)
    if not fresh:
        return 0
    sayings = [(place, saying) for place, (_, one) in enumerate(fresh) for saying in one.sayings]
    codes = {one.values["building"] for _, one in sayings if "building" in one.values}
    buildings = await ensure_buildings(connection, codes)
    entities = await _whom(connection, [saying for _, saying in sayings], buildings)
    said: list[dict[int, list[NewClaim]]] = [{} for _ in fresh]
    for (place, saying), entity in zip(sayings, entities, strict=True):
        one = fresh[place][1]
        said[place].setdefault(entity, []).extend(saying.claims(one.at, one.verification))
    claims = await add_said(connection, [(source, said[place]) for place, (source, _) in enumerate(fresh)])
    await _relate(connection, fresh, sayings, entities, buildings)
    await _remember(connection, [saying for _, saying in sayings], entities)
    await _judge(connection, [one for _, one in fresh])
    return len(claims)


async def _new_sources(connection: AsyncConnection, answers: Sequence[Told]) -> list[tuple[int, Told]]:
    """Sources of answers that say something, with their numbers; those that were kept before are left out."""
    saying = {(one.source.kind, one.source.reference): one for one in answers if one.sayings}
    if not saying:
        return []
    rows = [
        (s.kind, s.reference, s.label, " ".join(s.purposes), s.consent, s.by)
        for s in (one.source for one in saying.values())
    ]
    found = await connection.execute(NEW_SOURCES, [list(column) for column in zip(*rows, strict=True)])
    return [(number, saying[kind, reference]) for number, kind, reference in await found.fetchall()]


async def _whom(connection: AsyncConnection, sayings: Sequence[Saying], buildings: Mapping[str, int]) -> list[int]:
    """The entity of each; one that nobody knows yet is made, once for all that say the same of it."""
    rows = [
        (
            place,
            one.kind,
            *(one.values.get(mark) for mark in MARKS),
            one.asked.link if one.asked and one.is_recipient else None,
        )
        for place, one in enumerate(sayings)
    ]
    found = await connection.execute(FIND, [list(column) for column in zip(*rows, strict=True)])
    known: dict[int, int] = dict(await found.fetchall())
    for place, one in enumerate(sayings):
        if one.kind == "building" and one.values.get("building") in buildings:
            known[place] = buildings[one.values["building"]]
    made: dict[tuple[Any, ...], int] = {}
    for place, one in enumerate(sayings):
        if place not in known:
            marks = rows[place][1:]
            if marks not in made:
                ((made[marks], _),) = await create_entities(connection, one.kind)
            known[place] = made[marks]
    return [known[place] for place in range(len(sayings))]


async def _relate(
    connection: AsyncConnection,
    fresh: Sequence[tuple[int, Told]],
    sayings: Sequence[tuple[int, Saying]],
    entities: Sequence[int],
    buildings: Mapping[str, int],
) -> None:
    """Who of one answer is what to whom, and what is part of which building."""
    first = {place: at for at, (place, _) in reversed(list(enumerate(sayings)))}
    relations = [
        (source, Relation(entities[first[place] + subject], kind, entities[first[place] + object_]))
        for place, (source, one) in enumerate(fresh)
        for subject, kind, object_ in one.ties
    ]
    relations += [
        (fresh[place][0], Relation(entity, "part_of", buildings[saying.values["building"]]))
        for (place, saying), entity in zip(sayings, entities, strict=True)
        if saying.kind in PARTS and saying.values.get("building") in buildings
    ]
    await add_known_relations(connection, relations)


async def _remember(connection: AsyncConnection, sayings: Sequence[Saying], entities: Sequence[int]) -> None:
    """Whom each link asked, so that they are known again."""
    rows = [
        (one.asked.link, one.kind, entity)
        for one, entity in zip(sayings, entities, strict=True)
        if one.is_recipient and one.asked is not None
    ]
    if rows:
        await connection.execute(RECIPIENTS, [list(column) for column in zip(*rows, strict=True)])


async def _judge(connection: AsyncConnection, answers: Sequence[Told]) -> None:
    """How many of the values that were filled in came back as they were; the first answer of a link counts."""
    linked = {asked.link: one for one in reversed(answers) if (asked := one.asked) is not None}
    filled: dict[int, list[tuple[str, str, Any]]] = {}
    for link, kind, name, value in await (await connection.execute(FILLED, (list(linked),))).fetchall():
        filled.setdefault(link, []).append((kind, name, value))
    rows = [(link, *judge_filled(values, linked[link].sayings)) for link, values in filled.items()]
    if rows:
        await connection.execute(JUDGE, [list(column) for column in zip(*rows, strict=True)])
