"""What the registry knows of those who are about to be asked: golden values for their packets, and how much they filled in.

Only of whom the registry knows for sure behind a link: its target is an entity's code, or the telephone and the name that the
list gives are those of exactly one. What somebody said of themselves by an earlier link, ``earlier_answers`` brings.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Final

from data.database import Connection
from data.registry.fields import Field, by_question
from data.stores.links import Target
from data.stores.registry_access import NOTE, Read

PURPOSE: Final = "prefill"

#: Those who are asked, with themselves and with where they live or what they rent.
HELD: Final = """
with known as (
    select distinct on (q.place) q.place, root.id
      from unnest(%(places)s::integer[], %(kinds)s::text[], %(targets)s::text[], %(names)s::text[], %(phones)s::text[])
           as q (place, kind, target, name, phone)
      cross join lateral (
        select e.root_id from registry_entity e where e.code = q.target and e.kind = q.kind
        union all
        select min(e.id) from registry_entity e
         where e.kind = q.kind and e.phone = q.phone and e.name = q.name and e.root_id = e.id and e.erased_at is null
        having count(*) = 1) as found (root_id)
      join registry_entity root on root.id = found.root_id and root.erased_at is null
     order by q.place),
about as (
    select place, id from known
    union
    select known.place, o.root_id from known
      join registry_entity mine on mine.root_id = known.id
      join registry_relation r on r.subject_id = mine.id and r.kind in ('lives_in', 'rents')
       and r.withdrawn_at is null and r.until is null
      join registry_entity o on o.id = r.object_id)
select about.place, e.id, e.kind, held.key, held.value, coalesce(nullif(s.label, ''), s.reference)
  from about join registry_entity e on e.id = about.id and e.erased_at is null
  cross join lateral jsonb_each(e.golden) as held join registry_source s on s.id = (held.value ->> 'source')::bigint
 where e.kind || '.' || held.key = any (%(fields)s) and (s.purposes && array['*', %(purpose)s])
   and exists (select from registry_purpose p
                where p.code = %(purpose)s and p.active and e.kind || '.' || held.key = any (p.needs))
"""
SAVE: Final = """
insert into registry_filling (outreach_id, kind, target, asked, filled, claims) values (%s, %s, %s, %s, %s, %s)
on conflict (outreach_id, kind, target) do nothing
"""


@dataclass(frozen=True, slots=True)
class Held:
    """A golden value of somebody who is asked. ``field``: the question bank's key; ``source``: as people read it."""

    entity: int
    field: str
    value: Any
    at: datetime
    source: str
    claim: int


@dataclass(frozen=True, slots=True)
class Filled:
    """How much of a form was filled in for one target. ``claims``: of the registry, that were used."""

    kind: str
    target: str
    asked: int
    filled: int
    claims: tuple[int, ...]


def load_held(connection: Connection, targets: Sequence[Target], questions: Collection[str]) -> dict[int, list[Held]]:
    """What is known of targets, by their place in the sequence; nothing that is sensitive, and nothing of strangers."""
    fields = {by_question()[key].key: by_question()[key] for key in questions if key in by_question()}
    wanted = [key for key, field in fields.items() if field.sensitivity != "sensitive"]
    if not wanted or not targets:
        return {}
    asked = {
        "places": list(range(len(targets))),
        "kinds": [target.kind for target in targets],
        "targets": [target.target for target in targets],
        "names": [target.recipient.name if target.recipient else None for target in targets],
        "phones": [target.recipient.phone if target.recipient else None for target in targets],
        "fields": wanted,
        "purpose": PURPOSE,
    }
    found: dict[int, list[Held]] = {}
    for place, entity, kind, name, held, source in connection.execute(HELD, asked):
        field = fields[f"{kind}.{name}"]
        at = datetime.fromisoformat(held["at"])
        found.setdefault(place, []).append(
            Held(entity, field.question, as_said(field, held["value"]), at, source, held["claim"])
        )
    return found


def as_said(field: Field, value: Any) -> Any:
    """A value as a question's answer has it."""
    if field.type == "date":
        return date.fromisoformat(value)
    return Decimal(str(value)) if field.type == "decimal" else value


def note_filled(
    connection: Connection, outreach_id: int, filled: Sequence[Filled], held: Mapping[int, Sequence[Held]]
) -> None:
    """Write down how much was filled in, and whose values were read for it. The caller commits."""
    with connection.cursor() as cursor:
        cursor.executemany(SAVE, [(outreach_id, f.kind, f.target, f.asked, f.filled, list(f.claims)) for f in filled])
        cursor.executemany(NOTE, [read.values() for read in reads_of(outreach_id, held)])


def reads_of(outreach_id: int, held: Mapping[int, Sequence[Held]]) -> Iterator[Read]:
    """Each entity once for a packet, with the fields that went into it."""
    for values in held.values():
        by_entity: dict[int, list[str]] = {}
        for one in values:
            by_entity.setdefault(one.entity, []).append(by_question()[one.field].name)
        for entity, names in by_entity.items():
            yield Read(entity, "system", f"outreach:{outreach_id}", PURPOSE, tuple(sorted(names)))
