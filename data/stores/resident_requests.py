"""What residents asked about their own record: each once, however often its mail is tried; and who has read that record."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import psycopg
from psycopg.rows import class_row

AsyncConnection = psycopg.AsyncConnection[Any]

KEEP: Final = """
insert into resident_request (mail_id, entity_id, step, way) values (%s, %s, %s, %s) on conflict do nothing returning mail_id
"""
#: What the portal still shows of packets that were made before a moment.
TO_CLEAR: Final = "select mail_id from resident_request where cleared_at is null and at < %s order by at limit %s"
CLEARED: Final = "update resident_request set cleared_at = now() where mail_id = any (%s)"
CODES: Final = "select code from registry_entity where root_id = %s"
#: As the resident reads it: the office and what for, not which of its people.
READERS: Final = """
select read.at, read.reader, account.role, department.name_zh as office_zh, department.name_en as office_en,
       read.purpose, purpose.name_zh as purpose_zh, purpose.name_en as purpose_en, read.fields
  from registry_read as read
  left join account on read.reader = 'account' and account.username = read.name
  left join team on team.id = account.team_id
  left join department_key as key on read.reader = 'department' and key.id::text = read.name
  left join department on department.code = coalesce(key.department_code, account.department_code, team.department_code)
  left join registry_purpose as purpose on purpose.code = read.purpose
 where read.entity_id = any (%s)
 order by read.id desc limit %s
"""


@dataclass(frozen=True, slots=True)
class ReaderRow:
    """One read of a record. ``reader``: account, department, resident, system; ``role``: of an account."""

    at: datetime
    reader: str
    role: str | None
    office_zh: str | None
    office_en: str | None
    purpose: str
    purpose_zh: str | None
    purpose_en: str | None
    fields: list[str]


async def keep_request(connection: AsyncConnection, mail_id: str, entity: int | None, step: str, way: str) -> bool:
    """Note what a mail asks of a record (None: nothing is held of who asks); False: it was done before. The caller commits."""
    return await (await connection.execute(KEEP, (mail_id, entity, step, way))).fetchone() is not None


async def load_to_clear(connection: AsyncConnection, before: datetime, at_most: int) -> list[str]:
    """Mails whose packets were made before a moment and may lie in the mailbox still."""
    return [row[0] for row in await (await connection.execute(TO_CLEAR, (before, at_most))).fetchall()]


async def mark_cleared(connection: AsyncConnection, mails: Sequence[str]) -> None:
    """These packets lie in the mailbox no longer."""
    await connection.execute(CLEARED, (list(mails),))


async def load_codes(connection: AsyncConnection, root: int) -> list[str]:
    """Codes of an entity and of what was merged into it."""
    return [row[0] for row in await (await connection.execute(CODES, (root,))).fetchall()]


async def load_readers(connection: AsyncConnection, entities: Sequence[int], at_most: int) -> list[ReaderRow]:
    """Who read a record (its number and those merged into it), the newest first."""
    async with connection.cursor(row_factory=class_row(ReaderRow)) as cursor:
        return await (await cursor.execute(READERS, (list(entities), at_most))).fetchall()
