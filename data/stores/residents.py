"""Residents' reports in the base database: which came by the portal, and how their cases stand."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import psycopg
from psycopg.rows import class_row

AsyncConnection = psycopg.AsyncConnection[tuple[Any, ...]]
RECENT_S: Final = 900

REMEMBER: Final = """
insert into resident_mail (id, report_id, reply_key) values (%s, %s, %s) on conflict (id) do nothing
"""
CASE_OF: Final = """
select coalesce(case_merge.main_case_id, report.case_id), resident_mail.reply_key
  from resident_mail join report on report.id = report_id left join case_merge on case_merge.case_id = report.case_id
 where resident_mail.id = %s
"""
WAS_GIVEN: Final = "select exists (select from case_event where case_id = %s and payload ->> 'mail' = %s)"

#: A merged case goes on as its main one (never merged itself): the events of both count.
MOVED: Final = """
select resident_mail.id, reply_key, cases.id as case_id, cases.number, matter.name_zh as matter_zh,
       matter.name_en as matter_en, cases.seq + coalesce(main.seq, 0) as seq
  from cases join report on report.case_id = cases.id join resident_mail on resident_mail.report_id = report.id
       join matter on matter.id = cases.matter_id
       left join case_merge on case_merge.case_id = cases.id left join cases as main on main.id = case_merge.main_case_id
 where cases.seq + coalesce(main.seq, 0) > told_seq {of_late} limit %(limit)s
"""
OF_LATE: Final = """
   and cases.id in (
       with moved as (select id from cases where updated_at > now() - make_interval(secs => %(recent)s))
       select id from moved union all
       select case_merge.case_id from case_merge join moved on moved.id = case_merge.main_case_id)
"""
STEPS: Final = """
select case_id, seq, at, action, from_state, to_state from case_event where case_id = %(id)s
union all
select late.case_id, late.seq, late.at, late.action, late.from_state, late.to_state
  from case_event as merging join case_event as late on late.case_id = (merging.payload ->> 'main_case')::bigint
 where merging.case_id = %(id)s and merging.action = 'merge' and late.at >= merging.at
 order by at, seq
"""
CASE_NOW: Final = """
select now.state, now.due_at, now.closed_at, department.name_zh as department_zh, department.name_en as department_en
  from cases as own
       left join case_event as merging on merging.case_id = own.id and action = 'merge' and own.state = 'merged'
       join cases as now on now.id = coalesce((payload ->> 'main_case')::bigint, own.id)
       left join department on department.code = now.department_code
 where own.id = %(id)s
"""
UNTOLD: Final = """
select count(*)::int, min(cases.updated_at) from resident_mail join report on report.id = report_id
       join cases on cases.id = report.case_id
 where cases.seq > told_seq and cases.updated_at < now() - make_interval(secs => %s)
"""
TOLD: Final = "update resident_mail set told_seq = greatest(told_seq, %s) where id = %s"


@dataclass(frozen=True, slots=True)
class UntoldRow:
    """A resident's report whose case has moved since they were told."""

    id: str
    reply_key: bytes
    case_id: int
    number: str
    matter_zh: str
    matter_en: str
    seq: int


@dataclass(frozen=True, slots=True)
class StepRow:
    """One event of a case, as far as its reporter is told of it."""

    case_id: int
    seq: int
    at: datetime
    action: str
    from_state: str
    to_state: str


@dataclass(frozen=True, slots=True)
class NowRow:
    """How a case stands."""

    state: str
    due_at: datetime | None
    closed_at: datetime | None
    department_zh: str | None
    department_en: str | None


async def remember(connection: AsyncConnection, mail_id: str, report_id: int, reply_key: bytes) -> None:
    """Keep that a report came by this mail; a second time changes nothing."""
    await connection.execute(REMEMBER, (mail_id, report_id, reply_key))


async def case_of(connection: AsyncConnection, mail_id: str) -> tuple[int | None, bytes] | None:
    """The case of a mail's report (its main one where merged, None: not yet) and its reply key; None: it never came."""
    return await (await connection.execute(CASE_OF, (mail_id,))).fetchone()


async def was_given(connection: AsyncConnection, case_id: int, mail_id: str) -> bool:
    """Whether a mail's command is among the events of a case."""
    row = await (await connection.execute(WAS_GIVEN, (case_id, mail_id))).fetchone()
    return row == (True,)


async def load_untold(connection: AsyncConnection, everything: bool, limit: int) -> list[UntoldRow]:
    """Reports whose cases have moved since their senders were told; only by moves of late unless ``everything``."""
    async with connection.cursor(row_factory=class_row(UntoldRow)) as cursor:
        query = MOVED.format(of_late="" if everything else OF_LATE)
        await cursor.execute(query, {"recent": RECENT_S, "limit": limit})
        return await cursor.fetchall()


async def load_story(connection: AsyncConnection, case_id: int) -> tuple[list[StepRow], NowRow]:
    """A case's steps, and how it stands; a merged case goes on with what its main case did since."""
    async with connection.cursor(row_factory=class_row(StepRow)) as steps:
        await steps.execute(STEPS, {"id": case_id})
        story = await steps.fetchall()
    async with connection.cursor(row_factory=class_row(NowRow)) as now:
        await now.execute(CASE_NOW, {"id": case_id})
        standing = await now.fetchone()
    assert standing is not None
    return story, standing


async def save_told(connection: AsyncConnection, rows: Sequence[tuple[str, int]]) -> None:
    """Keep up to which seq the senders of mails (id, seq) have been told."""
    async with connection.cursor() as cursor:
        await cursor.executemany(TOLD, [(seq, mail_id) for mail_id, seq in rows])


async def count_untold(connection: AsyncConnection, older_than_s: float) -> tuple[int, datetime | None]:
    """How many residents were not told for so long that their case moved, and since when the oldest waits."""
    row = await (await connection.execute(UNTOLD, (older_than_s,))).fetchone()
    return (int(row[0]), row[1]) if row else (0, None)
