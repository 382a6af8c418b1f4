"""Entities that wait to be linked, what linkage needs of them and of those they may be, and what it has learned.

The queue is written by triggers in the transaction that says something new of who an entity is; a row goes when its entity was
looked at as that transaction left it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import pandas as pd
import psycopg
from psycopg.types.json import Jsonb

from data.database import Connection
from data.linkage.weights import Weights, weights_from

AsyncConnection = psycopg.AsyncConnection[Any]

AT_ONCE: Final = 200
WAITING: Final = f"""
select q.entity_id, q.version, e.kind from registry_unlinked q join registry_entity e on e.id = q.entity_id
 order by q.at, q.entity_id limit {AT_ONCE}
"""
COUNT: Final = "select count(*) from registry_unlinked"
#: Rows that another transaction holds are changing: they wait for the next time.
DONE: Final = """
delete from registry_unlinked where entity_id in (
    select q.entity_id from registry_unlinked q
      join unnest(%s::bigint[], %s::bigint[]) as done (entity_id, version) using (entity_id, version)
     order by q.entity_id for update of q skip locked)
"""
DONE_BEFORE: Final = """
delete from registry_unlinked q using registry_entity e
 where e.id = q.entity_id and e.kind = any (%(kinds)s) and (%(before)s::bigint is null or q.version < %(before)s)
"""
SEX: Final = "case sex when 'male' then '男' when 'female' then '女' end"
COLUMNS: Final[Mapping[str, Mapping[str, str]]] = {
    "person": {
        "id": "id::text",
        "name": "name",
        "id_number": "id_number",
        "phone": "phone",
        "birth_date": "birth_date::text",
        "sex": SEX,
        "building": "building",
        "unit": "unit",
        "room": "room",
        "credit_code": "credit_code",
    },
    "enterprise": {
        "id": "id::text",
        "name": "name",
        "credit_code": "credit_code",
        "phone": "phone",
        "legal_person": "golden -> 'legal_person' ->> 'value'",
        "building": "building",
        "unit": "unit",
        "room": "room",
    },
}
"""What linkage takes of each kind: SQL by column."""
RECORDS: Final = (
    "select {columns} from registry_entity where kind = %(kind)s and erased_at is null and id = any (%(ids)s)"
)
EVERY: Final = "select {columns} from registry_entity where kind = %(kind)s and erased_at is null and id > %(after)s"
PIECE: Final = 50_000
STANDING: Final = "select id, root_id from registry_entity where id = any (%s) and erased_at is null"
NUMBERS: Final = """
select root_id, array_agg(distinct coalesce(id_number, credit_code)) from registry_entity
 where root_id = any (%s) and coalesce(id_number, credit_code) is not null group by root_id
"""
HOMES: Final = """
select o.id, o.unit, o.room, o.name, o.id = e.id from registry_entity e
  join registry_entity o on o.building = e.building and o.kind = e.kind and o.root_id = o.id and o.erased_at is null
 where e.id = %s and e.root_id = e.id and e.erased_at is null and e.room is not null and o.room is not null
"""
LEARNED: Final = "select records, weights from registry_weights where kind = %s order by id desc limit 1"
LEARN: Final = "insert into registry_weights (kind, records, weights) values (%s, %s, %s)"
HOW_MANY: Final = "select count(*) from registry_entity where kind = %s and erased_at is null"


@dataclass(frozen=True, slots=True)
class Waiting:
    """An entity that waits. ``version``: the transaction that put it there last."""

    entity: int
    version: int
    kind: str


async def load_waiting(connection: AsyncConnection) -> list[Waiting]:
    """The next that wait, at most ``AT_ONCE``."""
    return [Waiting(*row) for row in await (await connection.execute(WAITING)).fetchall()]


async def count_waiting(connection: AsyncConnection) -> int:
    """How many wait."""
    row = await (await connection.execute(COUNT)).fetchone()
    return int(row[0]) if row else 0


async def note_linked(connection: AsyncConnection, done: Sequence[Waiting]) -> None:
    """Take entities off the queue, but for those of which something new was said meanwhile. The caller commits."""
    if done:
        await connection.execute(DONE, ([one.entity for one in done], [one.version for one in done]))


def note_all_linked(connection: Connection, kinds: Sequence[str], before: int | None = None) -> None:
    """Take off the queue what a batch has linked: what was written before a position, None: all. The caller commits."""
    connection.execute(DONE_BEFORE, {"kinds": list(kinds), "before": before})


# --- records ----------------------------------------------------------------------------------------------------


def statement(query: str, kind: str) -> str:
    """A query for a kind's columns."""
    return query.format(columns=", ".join(COLUMNS[kind].values()))


async def load_records_of(connection: AsyncConnection, kind: str, ids: Sequence[int]) -> list[dict[str, str | None]]:
    """Records of one kind as `data.linkage.kinds` takes them, by number; what was merged away is there as it was."""
    asked = {"kind": kind, "ids": list(ids)}
    rows = await (await connection.execute(statement(RECORDS, kind).encode(), asked)).fetchall()
    return [dict(zip(COLUMNS[kind], row, strict=True)) for row in rows]


async def load_every_record(connection: AsyncConnection, kind: str) -> pd.DataFrame:
    """Every record of one kind, piece by piece, so that no answer is large."""
    query = f"{statement(EVERY, kind)} order by registry_entity.id limit {PIECE}".encode()
    pieces = [frame(kind, [])]
    after = 0
    while rows := await (await connection.execute(query, {"kind": kind, "after": after})).fetchall():
        pieces.append(frame(kind, rows))
        after = int(rows[-1][0])
    return pd.concat(pieces, ignore_index=True)


def frame(kind: str, rows: Sequence[tuple[Any, ...]]) -> pd.DataFrame:
    """Rows of a kind's columns as linkage takes them: text, or missing."""
    columns = list(zip(*rows, strict=True)) or [()] * len(COLUMNS[kind])
    return pd.DataFrame(
        {name: pd.array(list(of), dtype="str") for name, of in zip(COLUMNS[kind], columns, strict=True)}
    )


async def load_standing(connection: AsyncConnection, entities: Sequence[int]) -> dict[int, int]:
    """What entities stand for; erased ones are absent."""
    return dict(await (await connection.execute(STANDING, (list(entities),))).fetchall())


async def load_numbers(connection: AsyncConnection, roots: Sequence[int]) -> dict[int, list[str]]:
    """Every identity number and credit code that stands for each root."""
    return dict(await (await connection.execute(NUMBERS, (list(roots),))).fetchall())


async def load_homes(
    connection: AsyncConnection, household: int
) -> list[tuple[int, str | None, str, str | None, bool]]:
    """Households of the building of one, itself too: number, unit, room, head, whether it is this one."""
    return list(await (await connection.execute(HOMES, (household,))).fetchall())


# --- what was learned -------------------------------------------------------------------------------------------


def load_weights(connection: Connection, kind: str) -> tuple[int, Weights] | None:
    """What was learned last of a kind, and of how many records; None before the first time."""
    row = connection.execute(LEARNED, (kind,)).fetchone()
    return None if row is None else (int(row[0]), weights_from(row[1]))


def save_weights(connection: Connection, kind: str, records: int, weights: Weights) -> None:
    """Keep what was learned. The caller commits."""
    connection.execute(LEARN, (kind, records, Jsonb(weights.as_json())))


def count_records(connection: Connection, kind: str) -> int:
    """How many records of a kind there are, with those that were merged away."""
    row = connection.execute(HOW_MANY, (kind,)).fetchone()
    return int(row[0]) if row else 0
