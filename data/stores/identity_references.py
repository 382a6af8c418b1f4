"""What is kept of faces: consents, templates (sealed), and what was deleted, with receipts."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final

import psycopg
from psycopg.rows import class_row
from psycopg.types.json import Jsonb

AsyncConnection = psycopg.AsyncConnection[tuple[Any, ...]]

CONSENT: Final = """
insert into identity_consent (purpose_id, version, subject, guardian, keeps, channel, mail_id, receipt, given_at)
values (%s, %s, %s, %s, %s, %s, %s, %s, %s)
on conflict (mail_id) do update set mail_id = excluded.mail_id returning id
"""
CONSENTS: Final = """
select id, purpose_id, version, subject, keeps, receipt, given_at, withdrawn_at from identity_consent
 where subject = %s order by id desc
"""
WITHDRAW: Final = """
update identity_consent set withdrawn_at = now() where subject = %s and withdrawn_at is null returning id
"""
KEEP: Final = """
insert into identity_reference (subject, purpose_id, consent_id, source, model, sealed, by, expires_at)
values (%s, %s, %s, %s, %s, %s, %s, %s)
on conflict (subject, purpose_id, model) do update
   set consent_id = excluded.consent_id, source = excluded.source, sealed = excluded.sealed, by = excluded.by,
       created_at = now(), expires_at = excluded.expires_at
"""
FIND: Final = """
select reference.id, reference.subject, reference.source, reference.sealed
  from identity_reference as reference join identity_consent as consent on consent.id = consent_id
 where reference.subject = %s and reference.purpose_id = %s and model = %s and expires_at > now() and withdrawn_at is null
"""
#: A capture that waits is deleted with the consent that it rests on.
DELETE: Final = {
    "withdrawn": "delete from identity_reference where subject = %(subject)s returning subject",
    "expired": "delete from identity_reference where expires_at <= %(now)s returning subject",
    "purpose_ended": "delete from identity_reference where purpose_id = %(purpose)s returning subject",
}
NOTE: Final = """
insert into identity_deletion (subject, what, why, count, receipt)
select subject, 'template', %s, count, receipt
  from unnest(%s::text[], %s::integer[], %s::text[]) as gone (subject, count, receipt)
"""
KEPT_OF: Final = """
select source, min(created_at), max(expires_at) from identity_reference where subject = any (%s) and expires_at > now()
 group by source order by source
"""
STORED: Final = "select count(distinct subject)::integer from identity_reference"
DELETIONS: Final = """
select subject, what, why, count, receipt, at from identity_deletion order by id desc limit %s
"""
DUTY: Final = "insert into identity_duty (kind, detail, due_on) values (%s, %s, %s) on conflict do nothing"
DONE: Final = "update identity_duty set done_at = now(), by = %s where id = %s and done_at is null"
FILED: Final = "select exists (select from identity_duty where kind = 'file' and done_at is not null)"
DUTIES: Final = """
select id, kind, detail, due_on, opened_at, done_at, by from identity_duty
 order by done_at is not null, due_on nulls last, id limit %s
"""


@dataclass(frozen=True, slots=True)
class NewConsent:
    """A consent as it came. ``guardian``: sealed, of a child under 14; ``keeps``: whether the template may be kept."""

    purpose: int
    version: int
    subject: str
    guardian: bytes | None
    keeps: bool
    channel: str
    mail_id: str | None
    receipt: str
    given_at: datetime


@dataclass(frozen=True, slots=True)
class ConsentRow:
    """A consent as it is kept."""

    id: int
    purpose_id: int
    version: int
    subject: str
    keeps: bool
    receipt: str
    given_at: datetime
    withdrawn_at: datetime | None


@dataclass(frozen=True, slots=True)
class ReferenceRow:
    """A sealed template."""

    id: int
    subject: str
    source: str
    sealed: bytes


@dataclass(frozen=True, slots=True)
class Deletion:
    """What was deleted."""

    subject: str
    what: str
    why: str
    count: int
    receipt: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Duty:
    """What has to be done towards an authority or a person."""

    id: int
    kind: str
    detail: dict[str, Any]
    due_on: date | None
    opened_at: datetime
    done_at: datetime | None
    by: str | None


async def keep_consent(connection: AsyncConnection, given: NewConsent) -> int:
    """Keep a consent; the same mail again is the same consent. Its number."""
    values = (given.purpose, given.version, given.subject, given.guardian, given.keeps, given.channel, given.mail_id)
    row = await (await connection.execute(CONSENT, (*values, given.receipt, given.given_at))).fetchone()
    assert row is not None
    return int(row[0])


async def load_consents(connection: AsyncConnection, subject: str) -> list[ConsentRow]:
    """What somebody consented to, newest first."""
    async with connection.cursor(row_factory=class_row(ConsentRow)) as cursor:
        return await (await cursor.execute(CONSENTS, (subject,))).fetchall()


async def withdraw(connection: AsyncConnection, subject: str) -> int:
    """Take back every consent of somebody; how many. The caller deletes what rested on them."""
    return len(await (await connection.execute(WITHDRAW, (subject,))).fetchall())


async def keep_reference(
    connection: AsyncConnection,
    subject: str,
    purpose: int,
    consent: int,
    source: str,
    model: str,
    sealed: bytes,
    by: str,
    expires_at: datetime,
) -> None:
    """Keep a template in place of an older one."""
    await connection.execute(KEEP, (subject, purpose, consent, source, model, sealed, by, expires_at))


async def find_reference(connection: AsyncConnection, subject: str, purpose: int, model: str) -> ReferenceRow | None:
    """Somebody's template for this purpose and model, while its consent holds: of no other purpose, ever."""
    async with connection.cursor(row_factory=class_row(ReferenceRow)) as cursor:
        return await (await cursor.execute(FIND, (subject, purpose, model))).fetchone()


async def load_kept(connection: AsyncConnection, subjects: Sequence[str]) -> list[tuple[str, datetime, datetime]]:
    """Templates that are kept of somebody: from where, since and until when."""
    return await (await connection.execute(KEPT_OF, (list(subjects),))).fetchall()


async def delete_references(connection: AsyncConnection, why: str, receipt: str, **which: Any) -> int:
    """Delete templates and note it: ``withdrawn`` (of ``subject``), ``expired`` (at ``now``), ``purpose_ended`` (``purpose``)."""
    gone = [row[0] for row in await (await connection.execute(DELETE[why], which)).fetchall()]
    await note_deletions(connection, why, gone, receipt)
    return len(gone)


async def note_deletions(connection: AsyncConnection, why: str, subjects: Sequence[str], receipt: str) -> None:
    """Write down what is gone, one row a person."""
    persons = sorted(set(subjects))
    if persons:
        counts = [list(subjects).count(person) for person in persons]
        await connection.execute(NOTE, (why, persons, counts, [receipt] * len(persons)))


async def count_stored(connection: AsyncConnection) -> int:
    """How many persons' faces are stored now: the stock that filing goes by."""
    row = await (await connection.execute(STORED)).fetchone()
    assert row is not None
    return int(row[0])


async def load_deletions(connection: AsyncConnection, at_most: int) -> list[Deletion]:
    """The newest deletions."""
    async with connection.cursor(row_factory=class_row(Deletion)) as cursor:
        return await (await cursor.execute(DELETIONS, (at_most,))).fetchall()


async def open_duty(connection: AsyncConnection, kind: str, detail: dict[str, Any], due_on: date | None) -> None:
    """Note what has to be done; filing is noted once."""
    await connection.execute(DUTY, (kind, Jsonb(detail), due_on))


async def load_duties(connection: AsyncConnection, at_most: int) -> list[Duty]:
    """What is to be done first, then what is done."""
    async with connection.cursor(row_factory=class_row(Duty)) as cursor:
        return await (await cursor.execute(DUTIES, (at_most,))).fetchall()


async def finish_duty(connection: AsyncConnection, duty: int, by: str) -> bool:
    """Note that something was done, by whom; False: it is unknown, or was done before."""
    return (await connection.execute(DONE, (by, duty))).rowcount == 1


async def was_filed(connection: AsyncConnection) -> bool:
    """Whether the stored faces were filed with the authority, so that changes are filed too."""
    return await (await connection.execute(FILED)).fetchone() == (True,)
