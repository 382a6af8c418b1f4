"""Keys of departments that read the registry, and who has read whose record: rows of reads are only added."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import psycopg
from psycopg.rows import class_row

from data.stores.channel_keys import hash_key
from geo.errors import NeedleError

AsyncConnection = psycopg.AsyncConnection[Any]

COLUMNS: Final = (
    "id, department_code, holder, purposes, area_layer, area_codes, per_minute, rows_a_day, created_at, revoked_at"
)
KEEP_KEY: Final = """
insert into department_key (hash, department_code, holder, purposes, area_layer, area_codes, per_minute, rows_a_day)
select %(hash)s, code, %(holder)s, %(purposes)s, %(area_layer)s, %(area_codes)s, %(per_minute)s, %(rows_a_day)s
  from department where code = %(department)s
returning id
"""
REVOKE: Final = "update department_key set revoked_at = coalesce(revoked_at, now()) where id = %s"
NOTE: Final = "insert into registry_read (entity_id, reader, name, purpose, fields) values (%s, %s, %s, %s, %s)"
#: Of a person's record, with those that were merged into it; names as people know them.
READS: Final = """
select read.at, read.reader, read.name, read.purpose, read.fields,
       case read.reader when 'account' then account.name when 'department' then department.name_zh end as known_as,
       department.name_en
  from registry_read as read
  left join account on read.reader = 'account' and account.username = read.name
  left join department_key as key on read.reader = 'department' and key.id::text = read.name
  left join department on department.code = key.department_code
 where read.entity_id = any (%(entities)s)
 order by read.id desc limit %(most)s
"""
READ_TODAY: Final = """
select count(*) from registry_read where reader = 'department' and name = %s and at >= %s
"""
USED: Final = "select name, count(*), max(at) from registry_read where reader = 'department' group by name"


@dataclass(frozen=True, slots=True)
class DepartmentKey:
    """What a department's system may read: for which purposes, in which areas (none: the whole city), how much."""

    id: int
    department_code: str
    holder: str
    purposes: list[str]
    area_layer: str | None
    area_codes: list[str]
    per_minute: int
    rows_a_day: int
    created_at: datetime
    revoked_at: datetime | None


@dataclass(frozen=True, slots=True)
class NewKey:
    """A key to be kept."""

    department: str
    holder: str
    purposes: list[str]
    area_layer: str | None
    area_codes: list[str]
    per_minute: int
    rows_a_day: int


@dataclass(frozen=True, slots=True)
class Read:
    """One record, read by somebody. ``reader``: account, department, resident, system. ``fields``: those shown in full."""

    entity: int
    reader: str
    name: str
    purpose: str
    fields: tuple[str, ...]

    def values(self) -> tuple[Any, ...]:
        """In the order of ``NOTE``."""
        return (self.entity, self.reader, self.name, self.purpose, list(self.fields))


@dataclass(frozen=True, slots=True)
class ReadRow:
    """One read of a record. ``known_as``: the reader's name where it has one; ``name_en``: a department's in English."""

    at: datetime
    reader: str
    name: str
    purpose: str
    fields: list[str]
    known_as: str | None
    name_en: str | None


async def save_key(connection: AsyncConnection, key: str, wanted: NewKey) -> int:
    """Keep a new key's hash; its number.

    Raises
    ------
    NeedleError
        ``registry.department_unknown``.
    """
    values = {name: getattr(wanted, name) for name in NewKey.__slots__} | {"hash": hash_key(key)}
    row = await (await connection.execute(KEEP_KEY, values)).fetchone()
    if row is None:
        raise NeedleError("registry.department_unknown", department=wanted.department)
    return int(row[0])


async def load_keys(connection: AsyncConnection) -> list[DepartmentKey]:
    """Every key, the newest first."""
    async with connection.cursor(row_factory=class_row(DepartmentKey)) as cursor:
        return await (await cursor.execute(f"select {COLUMNS} from department_key order by id desc")).fetchall()


async def find_department_key(connection: AsyncConnection, key: str) -> DepartmentKey | None:
    """Whose key this is; None where it is unknown or revoked."""
    async with connection.cursor(row_factory=class_row(DepartmentKey)) as cursor:
        found = await cursor.execute(
            f"select {COLUMNS} from department_key where hash = %s and revoked_at is null", (hash_key(key),)
        )
        return await found.fetchone()


async def revoke_department_key(connection: AsyncConnection, number: int) -> None:
    """Let a key open nothing any more; ``channel.key_unknown`` where there is none of this number."""
    if (await connection.execute(REVOKE, (number,))).rowcount == 0:
        raise NeedleError("channel.key_unknown", key_id=number)


async def note_reads(connection: AsyncConnection, reads: Sequence[Read]) -> None:
    """Write down who reads whose record; in the reading's own transaction, before anything is shown."""
    async with connection.cursor() as cursor:
        await cursor.executemany(NOTE, [read.values() for read in reads])


async def load_reads(connection: AsyncConnection, entities: Sequence[int], most: int) -> list[ReadRow]:
    """Who read a record (its number and those merged into it), the newest first."""
    async with connection.cursor(row_factory=class_row(ReadRow)) as cursor:
        return await (await cursor.execute(READS, {"entities": list(entities), "most": most})).fetchall()


async def count_reads(connection: AsyncConnection, key: int, since: datetime) -> int:
    """How many records a key has read since a moment; other readings by it wait until this one is noted."""
    await connection.execute("select id from department_key where id = %s for update", (key,))
    row = await (await connection.execute(READ_TODAY, (str(key), since))).fetchone()
    return int(row[0]) if row else 0


async def count_by_key(connection: AsyncConnection) -> dict[str, tuple[int, datetime]]:
    """How many records each key has read, and when last, by its number."""
    rows = await (await connection.execute(USED)).fetchall()
    return {name: (int(count), last) for name, count, last in rows}
