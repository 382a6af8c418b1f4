"""Checks of who somebody is: begun, proved, decided, told; what their submission is worth by that; the record of comparisons."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import orjson
import psycopg
from psycopg.rows import class_row
from psycopg.types.json import Jsonb

from data.registry.claims import VERIFICATIONS, Verification
from data.registry.fields import find_field
from data.stores.registry_withdrawals import verify_source

AsyncConnection = psycopg.AsyncConnection[tuple[Any, ...]]

ANSWERED: Final = "needle_answer"
ASKED_OF: Final = """
select submission.id, form.form_id, version.identity, link.kind, link.target, recipient.phone, recipient.name
  from form_submission as submission join form_version as version on version.id = version_id
       join form on form.id = submission.form
       left join link on link.id = submission.link_id left join recipient on recipient.link_id = link.id
 where submission.mail_id = %s
"""
#: A telephone that nobody has confirmed for long may be another person's by now.
KNOWN_AS: Final = """
select id, code, case when (golden #>> '{phone,at}')::timestamptz > now() - make_interval(days => %s) then phone end
  from registry_entity
 where kind = 'person' and root_id = id and erased_at is null and id_number = %s and name = %s
"""
COLUMNS: Final = """
    id, begun_id, mail_id, reply_key, submission_id, entity_id, subject, way, state, purpose_id, consent_id, asked, phone,
    sealed, tries, reply, created_at, expires_at
"""
BEGIN: Final = f"""
insert into identity_check (begun_id, mail_id, reply_key, submission_id, entity_id, subject, way, purpose_id, consent_id, asked,
                            code_hash, phone, sealed, reply, expires_at)
values (%(begun_id)s, %(begun_id)s, %(reply_key)s, %(submission_id)s, %(entity_id)s, %(subject)s, %(way)s, %(purpose_id)s,
        %(consent_id)s, %(asked)s, %(code_hash)s, %(phone)s, %(sealed)s, %(reply)s, %(expires_at)s)
on conflict (begun_id) do update set begun_id = excluded.begun_id returning {COLUMNS}
"""
FAILED: Final = "select way from identity_check where subject = %s and state = 'failed' and created_at > %s order by id"
CODES_BEGUN: Final = "select count(*) from identity_check where subject = %s and way = 'sms' and created_at > %s"
PROVE: Final = """
update identity_check set state = 'waiting', mail_id = %s, reply_key = %s, sealed = %s
 where id = %s and state = 'asked' and expires_at > now()
"""
#: One worker takes one; what a stopped one held is free again when its transaction is gone.
CLAIM: Final = f"""
update identity_check set tries = tries + 1 where id = (
    select id from identity_check where state = 'waiting' and way = 'face' and expires_at > now() order by tries, id limit 1
       for update skip locked) returning {COLUMNS}
"""
FINISH: Final = """
update identity_check set state = %(state)s, reply = %(reply)s, by = %(by)s, pass_hash = %(pass_hash)s, done_at = now(),
       told = false, sealed = null, phone = null, code_hash = null
 where id = %(id)s and done_at is null returning submission_id
"""
VERIFY: Final = """
update form_submission set verification = %(way)s, verified_at = now()
 where id = %(id)s and verification = 'none'
returning id, (select form_id from form where form.id = form_submission.form), link_id, instance_id
"""
EXPIRE: Final = f"""
update identity_check set state = 'expired', done_at = now(), told = false, sealed = null, phone = null, code_hash = null,
       reply = '{{"state": "expired"}}'
 where done_at is null and expires_at <= %s returning {COLUMNS}
"""
STOP: Final = """
update identity_check set state = 'withdrawn', done_at = now(), sealed = null, phone = null, code_hash = null
 where subject = %s and done_at is null and way = 'face'
"""
UNSENT: Final = f"""
select {COLUMNS} from identity_check
 where way = 'sms' and state = 'asked' and sent_at is null and expires_at > now() order by id limit %s for update skip locked
"""
CODES: Final = f"""
select {COLUMNS} from identity_check where way = 'sms' and state = 'asked' and expires_at > now() and phone is not null
"""
UNTOLD: Final = f"select {COLUMNS} from identity_check where not told order by id limit %s"
TO_CONFIRM: Final = f"""
select {COLUMNS} from identity_check
 where way = 'worker' and state = 'asked' and expires_at > now() and code_hash = %s
"""
RECORD: Final = """
insert into identity_comparison (check_id, purpose_id, calibration_id, model, detector, library, reference, distance, threshold,
                                 fmr, fnmr, risk, signs, measured, frame_marks, outcome, seconds)
values (%(check_id)s, %(purpose_id)s, %(calibration_id)s, %(model)s, %(detector)s, %(library)s, %(reference)s, %(distance)s,
        %(threshold)s, %(fmr)s, %(fnmr)s, %(risk)s, %(signs)s, %(measured)s, %(frame_marks)s, %(outcome)s, %(seconds)s)
"""
SEEN: Final = """
select distinct mark from identity_comparison, unnest(frame_marks) as mark
 where frame_marks && %(marks)s::text[] and mark = any (%(marks)s)
"""
PASS: Final = """
select subject, entity_id, way, done_at from identity_check
 where pass_hash = %s and state = 'passed' and done_at > now() - interval '30 minutes'
"""
RECORDS: Final = """
select comparison.id, at, check_id, purpose.name as purpose, model, detector, library, reference, distance, threshold, fmr, fnmr,
       risk, signs, outcome, seconds
  from identity_comparison as comparison join identity_purpose as purpose on purpose.id = purpose_id
 order by comparison.id desc limit %s
"""
TALLY: Final = """
select way, state, count(*)::integer from identity_check where created_at > %s group by way, state
"""


@dataclass(frozen=True, slots=True)
class AskedOf:
    """A submission whose sender says who they are; ``kind``, ``target``: of the link, None where it came by none."""

    submission: int
    form: str
    demand: str
    kind: str | None
    target: str | None
    phone: str | None
    name: str | None


@dataclass(frozen=True, slots=True)
class CheckRow:
    """A check as it stands."""

    id: int
    begun_id: str
    mail_id: str
    reply_key: bytes
    submission_id: int | None
    entity_id: int | None
    subject: str
    way: str
    state: str
    purpose_id: int | None
    consent_id: int | None
    asked: list[str]
    phone: bytes | None
    sealed: bytes | None
    tries: int
    reply: dict[str, Any]
    created_at: datetime
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class NewCheck:
    """A check that begins."""

    begun_id: str
    reply_key: bytes
    submission_id: int | None
    entity_id: int | None
    subject: str
    way: str
    expires_at: datetime
    reply: dict[str, Any]
    purpose_id: int | None = None
    consent_id: int | None = None
    asked: tuple[str, ...] = ()
    code_hash: bytes | None = None
    phone: bytes | None = None
    sealed: bytes | None = None


@dataclass(frozen=True, slots=True)
class Comparison:
    """The record of a comparison: what with, at which threshold and rates, how it went. No picture, no template."""

    check_id: int
    purpose_id: int
    calibration_id: int
    model: str
    detector: str
    library: str
    reference: str
    distance: float | None
    threshold: float
    fmr: float
    fnmr: float
    risk: float
    signs: tuple[str, ...]
    measured: dict[str, Any]
    frame_marks: tuple[str, ...]
    outcome: str
    seconds: float


@dataclass(frozen=True, slots=True)
class RecordRow:
    """A record for a list."""

    id: int
    at: datetime
    check_id: int
    purpose: str
    model: str
    detector: str
    library: str
    reference: str
    distance: float | None
    threshold: float
    fmr: float
    fnmr: float
    risk: float
    signs: list[str]
    outcome: str
    seconds: float


@dataclass(frozen=True, slots=True)
class Pass:
    """Who somebody is shown to be, for half an hour."""

    subject: str
    entity_id: int | None
    way: str
    at: datetime


def hash_of(text: str) -> bytes:
    """What is kept of a code or pass."""
    return hashlib.sha256(text.encode()).digest()


async def load_asked_of(connection: AsyncConnection, mail_id: str) -> AskedOf | None:
    """The submission that came by a mail; None: it is not filed."""
    async with connection.cursor() as cursor:
        row = await (await cursor.execute(ASKED_OF, (mail_id,))).fetchone()
    return AskedOf(*row) if row is not None else None


async def find_person(connection: AsyncConnection, id_number: str, name: str) -> tuple[int, str, str | None] | None:
    """The registry's person of this number *and* name: id, code, and the telephone while it counts as current."""
    fresh = find_field("person.phone").freshness_days
    return await (await connection.execute(KNOWN_AS, (fresh, id_number, name))).fetchone()


async def begin(connection: AsyncConnection, new: NewCheck) -> CheckRow:
    """Begin a check; the same mail again gives the one that it began."""
    values = {name: getattr(new, name) for name in NewCheck.__dataclass_fields__}
    async with connection.cursor(row_factory=class_row(CheckRow)) as cursor:
        asked = {**values, "asked": list(new.asked), "reply": Jsonb(new.reply)}
        row = await (await cursor.execute(BEGIN, asked)).fetchone()
    assert row is not None
    return row


async def load_check(connection: AsyncConnection, begun_id: str) -> CheckRow | None:
    """A check by the mail that began it."""
    async with connection.cursor(row_factory=class_row(CheckRow)) as cursor:
        query = f"select {COLUMNS} from identity_check where begun_id = %s"
        return await (await cursor.execute(query, (begun_id,))).fetchone()


async def failures(connection: AsyncConnection, subject: str, since: datetime) -> list[str]:
    """By which ways somebody failed since then."""
    return [row[0] for row in await (await connection.execute(FAILED, (subject, since))).fetchall()]


async def count_codes(connection: AsyncConnection, subject: str, since: datetime) -> int:
    """How many codes somebody had asked for since then."""
    row = await (await connection.execute(CODES_BEGUN, (subject, since))).fetchone()
    return int(row[0]) if row else 0


async def hand_in(connection: AsyncConnection, check: int, mail_id: str, reply_key: bytes, sealed: bytes) -> bool:
    """Put the frames of a check where the worker finds them; False: it is over, or they lie there already."""
    return (await connection.execute(PROVE, (mail_id, reply_key, sealed, check))).rowcount == 1


async def answer_as(connection: AsyncConnection, check: int, mail_id: str, reply_key: bytes) -> None:
    """Tell the sender of this mail from now on; and count the try."""
    query = "update identity_check set mail_id = %s, reply_key = %s, tries = tries + 1 where id = %s"
    await connection.execute(query, (mail_id, reply_key, check))


async def claim(connection: AsyncConnection) -> CheckRow | None:
    """The next faces to be compared."""
    async with connection.cursor(row_factory=class_row(CheckRow)) as cursor:
        return await (await cursor.execute(CLAIM)).fetchone()


async def finish(
    connection: AsyncConnection,
    check: CheckRow,
    state: str,
    reply: dict[str, Any],
    by: str | None = None,
    token: str = "",
) -> bool:
    """End a check, with what its sender is told; what passed raises its submission. Frames and code are gone with it."""
    ending = {
        "id": check.id,
        "state": state,
        "reply": Jsonb(reply),
        "by": by,
        "pass_hash": hash_of(token) if token else None,
    }
    row = await (await connection.execute(FINISH, ending)).fetchone()
    if row is not None and row[0] is not None and state == "passed":
        await verify_submission(connection, row[0], check.way)
    return row is not None


async def verify_submission(connection: AsyncConnection, submission: int, way: str) -> None:
    """Say how a submission's sender proved who they are, and tell who listens; a second way changes nothing."""
    row = await (await connection.execute(VERIFY, {"id": submission, "way": way})).fetchone()
    if row is not None:
        await verify_source(connection, "form", f"{row[1]}/{row[3]}", proof_of(way))
        told = {"form": row[1], "links": [row[2]] if row[2] else [], "buildings": [], "verified": [row[0]]}
        await connection.execute("select pg_notify(%s, %s)", (ANSWERED, orjson.dumps(told).decode()))


def proof_of(way: str) -> Verification:
    """A way of identification as the proof of what was said by it."""
    return next(proof for proof in VERIFICATIONS if proof == way)


async def load_verified(connection: AsyncConnection, submissions: Sequence[int]) -> dict[int, str]:
    """How each submission's sender proved who they are; those who did not are absent."""
    query = "select id, verification from form_submission where id = any (%s) and verification <> 'none'"
    return dict(await (await connection.execute(query, (list(submissions),))).fetchall())


async def expire(connection: AsyncConnection, now: datetime) -> list[CheckRow]:
    """End what nobody went on with; frames and codes are gone with it."""
    async with connection.cursor(row_factory=class_row(CheckRow)) as cursor:
        return await (await cursor.execute(EXPIRE, (now,))).fetchall()


async def stop(connection: AsyncConnection, subject: str) -> int:
    """End somebody's open checks by face: the consent is gone."""
    return (await connection.execute(STOP, (subject,))).rowcount


async def claim_unsent(connection: AsyncConnection, at_most: int) -> list[CheckRow]:
    """Codes to send; locked until the transaction ends."""
    async with connection.cursor(row_factory=class_row(CheckRow)) as cursor:
        return await (await cursor.execute(UNSENT, (at_most,))).fetchall()


async def load_codes(connection: AsyncConnection) -> list[CheckRow]:
    """Checks whose code went nowhere but to the spool, or waits for its answer."""
    async with connection.cursor(row_factory=class_row(CheckRow)) as cursor:
        return await (await cursor.execute(CODES)).fetchall()


async def mark_sent(connection: AsyncConnection, check: int) -> None:
    """A code is on its way."""
    await connection.execute("update identity_check set sent_at = now() where id = %s", (check,))


async def load_untold(connection: AsyncConnection, at_most: int) -> list[CheckRow]:
    """Checks whose senders wait for a word."""
    async with connection.cursor(row_factory=class_row(CheckRow)) as cursor:
        return await (await cursor.execute(UNTOLD, (at_most,))).fetchall()


async def mark_told(connection: AsyncConnection, checks: Sequence[int]) -> None:
    """Their replies lie in the mailbox."""
    await connection.execute("update identity_check set told = true where id = any (%s)", (list(checks),))


async def find_to_confirm(connection: AsyncConnection, code: str) -> CheckRow | None:
    """The check whose code somebody shows to a worker."""
    async with connection.cursor(row_factory=class_row(CheckRow)) as cursor:
        return await (await cursor.execute(TO_CONFIRM, (hash_of(code),))).fetchone()


async def record(connection: AsyncConnection, comparison: Comparison) -> None:
    """Write a comparison down."""
    values = {name: getattr(comparison, name) for name in Comparison.__dataclass_fields__}
    rest = {"signs": list(comparison.signs), "frame_marks": list(comparison.frame_marks)}
    await connection.execute(RECORD, {**values, **rest, "measured": Jsonb(comparison.measured)})


async def load_seen(connection: AsyncConnection, marks: Sequence[str]) -> set[str]:
    """Which of these frames were sent before."""
    return {row[0] for row in await (await connection.execute(SEEN, {"marks": list(marks)})).fetchall()}


async def find_pass(connection: AsyncConnection, token: str) -> Pass | None:
    """Who shows this pass; None: nobody, or no longer."""
    async with connection.cursor() as cursor:
        row = await (await cursor.execute(PASS, (hash_of(token),))).fetchone()
    return Pass(*row) if row is not None else None


async def load_records(connection: AsyncConnection, at_most: int) -> list[RecordRow]:
    """The newest comparisons."""
    async with connection.cursor(row_factory=class_row(RecordRow)) as cursor:
        return await (await cursor.execute(RECORDS, (at_most,))).fetchall()


async def tally(connection: AsyncConnection, since: datetime) -> list[tuple[str, str, int]]:
    """How many checks by way and state since then."""
    return await (await connection.execute(TALLY, (since,))).fetchall()
