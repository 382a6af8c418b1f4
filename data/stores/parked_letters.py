"""Letters that cannot be filed as they are: kept sealed on the government's side, with the reason, until somebody looks."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import psycopg
from psycopg.rows import class_row

AsyncConnection = psycopg.AsyncConnection[tuple[Any, ...]]

PARK: Final = """
insert into parked_letter (mail_id, kind, key_id, link_id, sealed, received_at, reason, detail)
values (%s, %s, %s, %s, %s, %s, %s, %s)
on conflict (mail_id) do update set reason = excluded.reason, detail = excluded.detail, retry_at = null, settled_at = null,
    tries = least(parked_letter.tries + 1, 30000)
"""
SETTLE: Final = (
    "update parked_letter set settled_at = now(), retry_at = null where mail_id = any (%s) and settled_at is null"
)
AGAIN: Final = """
select mail_id, kind, key_id, sealed, extract(epoch from received_at)::float8, link_id
  from parked_letter where retry_at is not null and settled_at is null order by retry_at limit %s
"""
LIST: Final = """
select mail_id, kind, key_id, received_at, parked_at, reason, detail, tries, retry_at, settled_at,
       octet_length(sealed) as bytes
  from parked_letter where (settled_at is not null) = %s order by parked_at desc limit %s
"""
COUNTS: Final = """
select count(*) filter (where settled_at is null)::int, min(parked_at) filter (where settled_at is null),
       count(*) filter (where settled_at > now() - interval '7 days')::int,
       (select count(*)::int from form_submission where mail_id is not null and received_at > now() - interval '1 day'),
       (select count(*)::int from link_use where given_back and at > now() - interval '1 day')
  from parked_letter
"""
RETRY: Final = """
update parked_letter set retry_at = now()
 where settled_at is null and retry_at is null and (%(mail)s::text is null or mail_id = %(mail)s)
"""
OPEN: Final = "select count(*) from (select from parked_letter where settled_at is null limit %s) as parked"


@dataclass(frozen=True, slots=True)
class LetterToPark:
    """A letter with why it is parked. ``reason``: a code of the catalogue, ``detail``: what its sentence names."""

    mail_id: str
    kind: str
    key_id: str
    link_id: int | None
    sealed: bytes
    received_at: datetime
    reason: str
    detail: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class ParkedRow:
    """A parked letter as its page shows it; nothing of what is in it."""

    mail_id: str
    kind: str
    key_id: str
    received_at: datetime
    parked_at: datetime
    reason: str
    detail: Mapping[str, Any]
    tries: int
    retry_at: datetime | None
    settled_at: datetime | None
    bytes: int


@dataclass(frozen=True, slots=True)
class LetterCounts:
    """How many are parked and since when, settled in a week; answers filed and rejected in a day."""

    parked: int
    oldest_at: datetime | None
    settled: int
    filed: int
    rejected: int


async def park(connection: AsyncConnection, letters: Sequence[LetterToPark]) -> None:
    """Keep letters with their reasons; one that is parked already was tried once more."""
    rows = [
        (x.mail_id, x.kind, x.key_id, x.link_id, x.sealed, x.received_at, x.reason, dict(x.detail)) for x in letters
    ]
    if rows:
        async with connection.cursor() as cursor:
            await cursor.executemany(PARK, rows)


async def settle(connection: AsyncConnection, mail_ids: Sequence[str]) -> int:
    """These letters are done with, whether they were parked or not; how many were."""
    return (await connection.execute(SETTLE, (list(mail_ids),))).rowcount


async def load_again(connection: AsyncConnection, at_most: int) -> list[tuple[str, str, str, bytes, float, int | None]]:
    """Letters that somebody asked to try again: id, kind, key, sealed, received (Unix seconds), link."""
    return await (await connection.execute(AGAIN, (at_most,))).fetchall()


async def load_parked(connection: AsyncConnection, at_most: int, *, settled: bool = False) -> list[ParkedRow]:
    """Parked letters, the newest first; or those that were."""
    async with connection.cursor(row_factory=class_row(ParkedRow)) as cursor:
        return await (await cursor.execute(LIST, (settled, at_most))).fetchall()


async def load_counts(connection: AsyncConnection) -> LetterCounts:
    """The numbers above the list."""
    row = await (await connection.execute(COUNTS)).fetchone()
    assert row is not None
    return LetterCounts(*row)


async def ask_again(connection: AsyncConnection, mail_id: str | None = None) -> int:
    """Have one parked letter, or all, tried again by the courier; how many."""
    return (await connection.execute(RETRY, {"mail": mail_id})).rowcount


async def count_parked(connection: AsyncConnection, at_most: int) -> int:
    """How many are parked, counted no further than ``at_most``."""
    row = await (await connection.execute(OPEN, (at_most,))).fetchone()
    return int(row[0]) if row else 0
