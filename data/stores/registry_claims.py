"""Claims: added for good, with the golden values that follow from them in the same transaction, and a notice."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

import orjson
import psycopg
from psycopg.rows import dict_row

from data.registry.claims import Claim, NewClaim, Source
from data.registry.codes import new_code
from data.registry.fields import EntityKind, fields_of
from data.registry.golden import Golden, as_text, reconcile
from data.registry.values import clean
from data.stores.registry_places import Place, find_places
from data.stores.registry_rows import CLAIM, to_claim
from geo.errors import NeedleError

AsyncConnection = psycopg.AsyncConnection[Any]

CHANNEL: Final = "needle_registry"
NOTICE: Final = 400
"""More entities than this in one notice are told as ``*``."""

KEEP_SOURCE: Final = """
insert into registry_source (kind, reference, label, purposes, consent, by) values (%s, %s, %s, %s, %s, %s)
on conflict (kind, reference) do update set label = excluded.label returning id
"""
NEW_ENTITIES: Final = """
with numbered as (select nextval(pg_get_serial_sequence('registry_entity', 'id')) as id, code
                    from unnest(%s::text[]) with ordinality as given (code, place) order by place)
insert into registry_entity (id, code, kind, root_id) overriding system value
select id, code, %s, id from numbered returning id, code
"""
ROOTS: Final = "select id, root_id, kind, erased_at is not null from registry_entity where id = any (%s)"
LOCK: Final = """
select id, root_id, kind, erased_at is not null from registry_entity where id = any (%s) order by id for update
"""
ADD: Final = """
insert into registry_claim (source_id, entity_id, field, value, verification, at)
select source_id, entity_id, field, value::jsonb, verification, at
  from unnest(%s::bigint[], %s::bigint[], %s::text[], %s::text[], %s::text[], %s::timestamptz[]) with ordinality
       as given (source_id, entity_id, field, value, verification, at, place)
 order by place
returning id
"""
LIVE: Final = f"{CLAIM} where e.root_id = any (%s) and c.withdrawn_at is null and c.erased_at is null"
WITH_ROOT: Final = LIVE.replace("select c.id,", "select e.root_id, c.id,")
REWRITE: Final = """
update registry_entity e
   set golden = n.golden::jsonb, name = n.name, id_number = n.id_number, phone = n.phone, birth_date = n.birth_date, sex = n.sex,
       credit_code = n.credit_code, address = n.address, building = n.building, unit = n.unit, room = n.room,
       areas = n.areas::jsonb, geom = ST_SetSRID(ST_MakePoint(n.lng, n.lat), 4326), incomplete = n.incomplete,
       fresh_until = n.fresh_until, stale = coalesce(n.fresh_until < current_date, false), claims = n.claims,
       updated_at = now()
  from unnest(%s::bigint[], %s::text[], %s::text[], %s::text[], %s::text[], %s::date[], %s::text[], %s::text[], %s::text[],
              %s::text[], %s::text[], %s::text[], %s::text[], %s::float8[], %s::float8[], %s::boolean[], %s::date[],
              %s::integer[])
       as n (id, golden, name, id_number, phone, birth_date, sex, credit_code, address, building, unit, room, areas, lng, lat,
             incomplete, fresh_until, claims)
 where e.id = n.id
"""


async def keep_source(connection: AsyncConnection, source: Source) -> int:
    """Keep where claims come from; the number of a source that was there."""
    values = (source.kind, source.reference, source.label, list(source.purposes), source.consent, source.by)
    row = await (await connection.execute(KEEP_SOURCE, values)).fetchone()
    assert row is not None
    return int(row[0])


async def create_entities(connection: AsyncConnection, kind: EntityKind, count: int = 1) -> list[tuple[int, str]]:
    """New entities of which nothing is known yet: numbers and codes. The caller adds claims, and commits."""
    codes = [new_code() for _ in range(count)]
    rows = await (await connection.execute(NEW_ENTITIES, (codes, kind))).fetchall()
    return [(int(number), str(code)) for number, code in rows]


async def add_claims(
    connection: AsyncConnection, source: Source, claims: Mapping[int, Sequence[NewClaim]]
) -> list[int]:
    """Add claims of one source to entities, by their numbers; golden values follow. The caller commits.

    Values are cleaned to their fields' types; what says nothing is left out.

    Returns
    -------
    list of int
        Numbers of the claims, in order.

    Raises
    ------
    NeedleError
        ``registry.entity_unknown``, ``registry.erased``, ``registry.field_unknown``, ``registry.value_invalid``.
    """
    source_id = await keep_source(connection, source)
    return await add_said(connection, [(source_id, claims)])


async def add_said(
    connection: AsyncConnection, said: Sequence[tuple[int, Mapping[int, Sequence[NewClaim]]]]
) -> list[int]:
    """``add_claims`` of many sources that are kept already: (number of the source, claims by entity)."""
    roots = await lock_roots(connection, {entity for _, claims in said for entity in claims})
    rows = [
        (source, entity, one.field, as_text(value).decode(), one.verification, one.at)
        for source, claims in said
        for entity, ones in claims.items()
        for one in ones
        if (value := cleaned(roots[entity][1], one)) is not None
    ]
    if not rows:
        return []
    added = await connection.execute(ADD, [list(column) for column in zip(*rows, strict=True)])
    numbers = [int(row[0]) for row in await added.fetchall()]
    await refresh(connection, dict(roots.values()))
    return numbers


def cleaned(kind: EntityKind, one: NewClaim) -> Any:
    """A claim's value as it is kept."""
    field = fields_of(kind).get(one.field)
    if field is None:
        raise NeedleError("registry.field_unknown", field=f"{kind}.{one.field}")
    return clean(field, one.value)


async def lock_roots(connection: AsyncConnection, entities: Iterable[int]) -> dict[int, tuple[int, EntityKind]]:
    """What each entity stands for now, and the kind of both; these rows stay locked until the transaction ends.

    Raises
    ------
    NeedleError
        ``registry.entity_unknown``, ``registry.erased``.
    """
    wanted, held = sorted(set(entities)), set[int]()
    while True:
        rows = await (await connection.execute(ROOTS, (wanted,))).fetchall()
        missing = set(wanted) - {row[0] for row in rows}
        if missing:
            raise NeedleError("registry.entity_unknown", entity=min(missing))
        gone = [row[0] for row in rows if row[3]]
        if gone:
            raise NeedleError("registry.erased", entity=gone[0])
        roots = {row[1] for row in rows}
        if roots <= held:
            return {row[0]: (row[1], row[2]) for row in rows}
        locked = await (await connection.execute(LOCK, (sorted(roots),))).fetchall()
        if roots == set(wanted) and all(row[0] == row[1] and not row[3] for row in locked):
            return {row[0]: (row[1], row[2]) for row in locked}
        held |= roots


async def refresh(connection: AsyncConnection, kinds: Mapping[int, EntityKind]) -> None:
    """Work out the golden values of locked roots (with their kinds) anew, from all claims that stand for them, and tell it."""
    roots = sorted(kinds)
    async with connection.cursor(row_factory=dict_row) as cursor:
        rows = await (await cursor.execute(WITH_ROOT, (roots,))).fetchall()
    claims: dict[int, list[Claim]] = {root: [] for root in roots}
    for row in rows:
        claims[row["root_id"]].append(to_claim(row))
    golden = {root: reconcile(kinds[root], claims[root]) for root in roots}
    await write(connection, golden, {root: len(found) for root, found in claims.items()})
    await tell(connection, roots)


async def write(connection: AsyncConnection, golden: Mapping[int, Golden], counts: Mapping[int, int]) -> None:
    """Keep golden values with their entities, in one statement."""
    found = {root: one.columns() for root, one in golden.items()}
    buildings = {str(columns["building"]) for columns in found.values() if columns["building"]}
    places = await find_places(connection, buildings) if buildings else {}
    rows = [
        rewritten(root, one, found[root], places.get(found[root]["building"]), counts[root])
        for root, one in golden.items()
    ]
    await connection.execute(REWRITE, [list(column) for column in zip(*rows, strict=True)])


def rewritten(
    root: int, golden: Golden, columns: Mapping[str, Any], place: Place | None, claims: int
) -> tuple[Any, ...]:
    """One row of ``REWRITE``."""
    return (
        root,
        orjson.dumps(golden.as_json()).decode(),
        columns["name"],
        columns["id_number"],
        columns["phone"],
        columns["birth_date"],
        columns["sex"],
        columns["credit_code"],
        columns["address"],
        columns["building"],
        columns["unit"],
        columns["room"],
        orjson.dumps(place.areas if place else {}).decode(),
        place.lng if place else None,
        place.lat if place else None,
        golden.incomplete,
        golden.fresh_until,
        claims,
    )


async def tell(connection: AsyncConnection, entities: Sequence[int]) -> None:
    """Tell which entities changed, when the transaction ends."""
    payload = ",".join(map(str, entities)) if len(entities) <= NOTICE else "*"
    await connection.execute("select pg_notify(%s, %s)", (CHANNEL, payload))
