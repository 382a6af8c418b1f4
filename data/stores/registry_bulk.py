"""Many new claims at once, by COPY: a batch of rows is one transaction with a source of its own, so that it is kept once.

A row whose identity number and name, credit code, or place are known already adds its claims to whom they name; any other row is
somebody new, whom linkage may find to be somebody known.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any, Final

import orjson

from data.copy import copy_rows
from data.database import Connection
from data.registry.claims import Claim, NewClaim, Source, Verification
from data.registry.codes import new_code
from data.registry.fields import EntityKind
from data.registry.golden import Golden, as_text, reconcile
from data.stores.registry_places import Place, find_places_now

Row = Mapping[str, Any]
"""Cleaned values by field."""

SOURCE: Final = """
insert into registry_source (kind, reference, label, purposes, consent, by) values (%s, %s, %s, %s, %s, %s)
on conflict do nothing returning id
"""
NUMBERS: Final = "select nextval(pg_get_serial_sequence(%s, 'id')) from generate_series(1, %s)"
HIGHEST: Final = "select coalesce(max(id), 0) from registry_entity"
KNOWN: Final = """
select distinct on (q.place) q.place, e.id
  from unnest(%(places)s::integer[], %(name)s::text[], %(id_number)s::text[], %(credit_code)s::text[], %(building)s::text[],
              %(unit)s::text[], %(room)s::text[]) as q (place, name, id_number, credit_code, building, unit, room)
  join registry_entity e on e.kind = %(kind)s and e.root_id = e.id and e.erased_at is null and e.id <= %(before)s and {same}
 order by q.place, e.id
"""
SAME: Final[Mapping[EntityKind, str]] = {
    "person": "e.id_number = q.id_number and e.name = q.name",
    "enterprise": "e.credit_code = q.credit_code",
    "building": "e.building = q.building",
    "household": "e.building = q.building and e.room = q.room and e.unit is not distinct from q.unit",
    "room": "e.building = q.building and e.room = q.room and e.unit is not distinct from q.unit",
}
MARKS: Final = ("name", "id_number", "credit_code", "building", "unit", "room")
ENTITY: Final = (
    *("id", "code", "kind", "root_id", "golden", "name", "id_number", "phone", "birth_date", "sex", "credit_code"),
    *("address", "building", "unit", "room", "areas", "geom", "incomplete", "fresh_until", "stale", "claims"),
)
CLAIM: Final = ("id", "entity_id", "source_id", "field", "value", "verification", "at")
MEASURE: Final = "analyze registry_entity, registry_claim, registry_source"
TELL: Final = "select pg_notify('needle_registry', '*')"


@dataclass(frozen=True, slots=True)
class Loaded:
    """What became of a batch: numbers of its rows' entities in order, those that are new, and claims for known ones."""

    source: int
    entities: list[int]
    new: int
    added: dict[int, list[NewClaim]]


def measure(connection: Connection) -> None:
    """Let the database look at what many rows have changed, as it would by itself a minute later: until then it plans badly."""
    connection.execute(MEASURE)


def highest_entity(connection: Connection) -> int:
    """The number of the newest entity: rows of an import are never taken for one another."""
    row = connection.execute(HIGHEST).fetchone()
    return int(row[0]) if row else 0


def load_batch(
    connection: Connection,
    kind: EntityKind,
    source: Source,
    rows: Sequence[Row],
    at: datetime | Sequence[datetime],
    verification: Verification = "none",
    before: int | None = None,
) -> Loaded | None:
    """Keep rows of one kind as claims of one source; None where this source was kept already. The caller commits.

    Golden values of new entities are written with them. Claims of entities that were there are returned, for ``add_said``.

    Parameters
    ----------
    rows : sequence of mapping
        Cleaned values by field; no empty ones.
    at : datetime or sequence of datetime
        When it was so, aware; one for all or one a row.
    before : int or None
        Only entities up to this number count as known; None: all of now.
    """
    values = (source.kind, source.reference, source.label, list(source.purposes), source.consent, source.by)
    kept = connection.execute(SOURCE, values).fetchone()
    if kept is None:
        return None
    source = replace(source, id=int(kept[0]))
    moments = [at] * len(rows) if isinstance(at, datetime) else list(at)
    known = find_known(connection, kind, rows, highest_entity(connection) if before is None else before)
    fresh = [place for place in range(len(rows)) if place not in known]
    numbers = take(connection, "registry_entity", len(fresh))
    write_new(
        connection, kind, source, [(n, rows[p], moments[p]) for n, p in zip(numbers, fresh, strict=True)], verification
    )
    added: dict[int, list[NewClaim]] = {}
    for place, entity in known.items():
        said = [NewClaim(name, value, moments[place], verification) for name, value in rows[place].items()]
        added.setdefault(entity, []).extend(said)
    entities = known | dict(zip(fresh, numbers, strict=True))
    connection.execute(TELL)
    return Loaded(int(kept[0]), [entities[place] for place in range(len(rows))], len(fresh), added)


def find_known(connection: Connection, kind: EntityKind, rows: Sequence[Row], before: int) -> dict[int, int]:
    """Entities that rows name for sure, by the rows' places."""
    if not rows or not before:
        return {}
    asked: dict[str, Any] = {mark: [row.get(mark) for row in rows] for mark in MARKS}
    asked |= {"places": list(range(len(rows))), "kind": kind, "before": before}
    return dict(connection.execute(KNOWN.format(same=SAME[kind]).encode(), asked).fetchall())


def take(connection: Connection, table: str, count: int) -> list[int]:
    """Numbers of rows that are about to be written."""
    return [row[0] for row in connection.execute(NUMBERS, (table, count))]


def write_new(
    connection: Connection,
    kind: EntityKind,
    source: Source,
    new: Sequence[tuple[int, Row, datetime]],
    verification: Verification,
) -> None:
    """New entities (number, values, moment) with their claims and golden values."""
    if not new:
        return
    claims = iter(take(connection, "registry_claim", sum(len(row) for _, row, _ in new)))
    codes = {row["building"] for _, row, _ in new if "building" in row}
    places = find_places_now(connection, codes) if codes else {}
    entities, said = [], []
    for number, row, at in new:
        golden = golden_of(kind, source, number, row, at, verification, claims)
        entities.append(entity_row(number, kind, golden, places.get(row.get("building", "")), len(row)))
        said += [
            (claim.id, number, source.id, name, as_text(claim.value).decode(), verification, at)
            for name, claim in golden.winners.items()
        ]
    copy_rows(connection, "registry_entity", ENTITY, entities)
    copy_rows(connection, "registry_claim", CLAIM, said)


def write_entities(connection: Connection, kind: EntityKind, said: Mapping[int, Sequence[Claim]]) -> None:
    """New entities (numbers from ``take``) with claims of several sources, whose numbers they know. The caller commits."""
    goldens = {number: reconcile(kind, claims) for number, claims in said.items()}
    codes = {golden.columns()["building"] for golden in goldens.values()} - {None}
    places = find_places_now(connection, codes) if codes else {}
    rows = [
        entity_row(number, kind, golden, places.get(golden.columns()["building"]), len(said[number]))
        for number, golden in goldens.items()
    ]
    claims = [
        (c.id, number, c.source.id, c.field, as_text(c.value).decode(), c.verification, c.at)
        for number, ones in said.items()
        for c in ones
    ]
    copy_rows(connection, "registry_entity", ENTITY, rows)
    copy_rows(connection, "registry_claim", CLAIM, claims)


def keep_source(connection: Connection, source: Source) -> Source:
    """Keep a source that is new; the same with its number."""
    values = (source.kind, source.reference, source.label, list(source.purposes), source.consent, source.by)
    row = connection.execute(SOURCE, values).fetchone()
    assert row is not None, "it is new"
    return replace(source, id=int(row[0]))


def golden_of(
    kind: EntityKind, source: Source, number: int, row: Row, at: datetime, verification: Verification, claims: Any
) -> Golden:
    """Each value stands, being the only one."""
    return Golden(
        kind,
        {name: Claim(next(claims), number, name, value, at, verification, source, at) for name, value in row.items()},
    )


def entity_row(number: int, kind: EntityKind, golden: Golden, place: Place | None, claims: int) -> tuple[Any, ...]:
    """A row of ``ENTITY``."""
    columns = golden.columns()
    until = golden.fresh_until
    return (
        *(number, new_code(), kind, number, orjson.dumps(golden.as_json()).decode()),
        *(columns[name] for name in ("name", "id_number", "phone", "birth_date", "sex", "credit_code", "address")),
        *(columns[name] for name in ("building", "unit", "room")),
        orjson.dumps(place.areas).decode() if place else "{}",
        f"SRID=4326;POINT({place.lng!r} {place.lat!r})" if place else None,
        *(golden.incomplete, until, until is not None and until < datetime.now(UTC).date(), claims),
    )
