"""Reports and the steps of their cases, as a GeoReport client asks for them. Points in EPSG:4326; times aware."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import psycopg
from psycopg.rows import class_row

AsyncConnection = psycopg.AsyncConnection[tuple[Any, ...]]


@dataclass(frozen=True, slots=True)
class ServiceRow:
    """A matter with its filing conditions as (number, words)."""

    key: str
    name_zh: str
    name_en: str
    major: str
    conditions: list[tuple[int, str]]


@dataclass(frozen=True, slots=True)
class RequestRow:
    """A report and its case, names in both languages; what belongs to a case is None before there is one."""

    id: int
    channel: str
    state: str | None
    state_zh: str | None
    state_en: str | None
    matter: str | None
    matter_zh: str | None
    matter_en: str | None
    requested_at: datetime
    updated_at: datetime
    due_at: datetime | None
    agency_zh: str | None
    agency_en: str | None
    text: str | None
    address: str | None
    lng: float | None
    lat: float | None
    photos: list[str]


@dataclass(frozen=True, slots=True)
class UpdateRow:
    """One event of a request's case. ``words`` and ``photos`` are what somebody added to the case with it."""

    id: int
    request_id: int
    channel: str
    state: str
    state_zh: str
    state_en: str
    at: datetime
    words: str | None
    photos: list[str]


SERVICES = """
select matter.edition || ':' || matter.kind || ':' || matter.code as key, name_zh, name_en, major_name as major,
       (select coalesce(jsonb_agg(jsonb_build_array(number, condition) order by number), '[]'::jsonb)
          from filing_condition where matter_id = matter.id) as conditions
  from matter where %(key)s::text is null or matter.edition || ':' || matter.kind || ':' || matter.code = %(key)s
 order by edition desc, kind, code
"""

REQUESTS = """
select report.id, report.channel, cases.state, case_state.name_zh as state_zh, case_state.name_en as state_en,
       coalesce(matter.edition || ':' || matter.kind || ':' || matter.code, report.body ->> 'matter') as matter,
       matter.name_zh as matter_zh, matter.name_en as matter_en,
       report.reported_at as requested_at, coalesce(cases.updated_at, report.received_at) as updated_at, cases.due_at,
       department.name_zh as agency_zh, department.name_en as agency_en,
       report.body ->> 'text' as text, coalesce(cases.address, report.body ->> 'address') as address,
       ST_X(cases.geom) as lng, ST_Y(cases.geom) as lat, coalesce(report.body -> 'photos', '[]'::jsonb) as photos
  from {source}
       left join matter on matter.id = cases.matter_id
       left join case_state on case_state.code = cases.state
       left join department on department.code = cases.department_code
"""

BY_ID = REQUESTS.format(source="report left join cases on cases.id = report.case_id") + (
    " where report.id = any(%(ids)s) order by report.id"
)

IN_SPAN = (
    REQUESTS.format(source="cases join report on report.case_id = cases.id")
    + """
 where cases.reported_at >= %(start)s and cases.reported_at <= %(end)s
   and (%(states)s::text[] is null or cases.state = any(%(states)s))
   and (%(codes)s::text[] is null or matter.edition || ':' || matter.kind || ':' || matter.code = any(%(codes)s))
 order by cases.reported_at desc, report.id desc limit %(limit)s offset %(offset)s
"""
)

UPDATES = """
select case_event.id, report.id as request_id, report.channel, to_state as state, name_zh as state_zh, name_en as state_en,
       at, case when action = 'remark' then payload ->> 'text' end as words,
       case when action = 'remark' and jsonb_typeof(payload -> 'photos') = 'array' then payload -> 'photos'
            else '[]'::jsonb end as photos
  from case_event join report on report.case_id = case_event.case_id join case_state on case_state.code = to_state
 where at >= %(start)s and at <= %(end)s and (%(ids)s::bigint[] is null or report.id = any(%(ids)s))
 order by at, case_event.id limit %(limit)s offset %(offset)s
"""

CASE_OF = """
select report.channel, coalesce(case_merge.main_case_id, report.case_id), cases.state
  from report left join case_merge on case_merge.case_id = report.case_id
       left join cases on cases.id = coalesce(case_merge.main_case_id, report.case_id)
 where report.id = %s
"""

EVENT_OF = "select id from case_event where case_id = %s and payload ->> 'once' = %s"


async def load_services(connection: AsyncConnection, key: str | None = None) -> list[ServiceRow]:
    """Every matter of this city, the newest edition first; or the one of ``key``."""
    async with connection.cursor(row_factory=class_row(ServiceRow)) as cursor:
        return await (await cursor.execute(SERVICES, {"key": key})).fetchall()


async def load_requests(connection: AsyncConnection, ids: Sequence[int]) -> list[RequestRow]:
    """These reports; unknown ids are left out."""
    async with connection.cursor(row_factory=class_row(RequestRow)) as cursor:
        return await (await cursor.execute(BY_ID, {"ids": list(ids)})).fetchall()


async def load_requests_between(
    connection: AsyncConnection,
    start: datetime,
    end: datetime,
    *,
    states: Sequence[str] | None,
    codes: Sequence[str] | None,
    limit: int,
    offset: int,
) -> list[RequestRow]:
    """Reports whose cases were reported within a stretch of time, the newest first. ``states``, ``codes``: None for all."""
    values = {
        "start": start,
        "end": end,
        "states": list(states) if states is not None else None,
        "codes": list(codes) if codes is not None else None,
        "limit": limit,
        "offset": offset,
    }
    async with connection.cursor(row_factory=class_row(RequestRow)) as cursor:
        return await (await cursor.execute(IN_SPAN, values)).fetchall()


async def load_updates(
    connection: AsyncConnection, start: datetime, end: datetime, ids: Sequence[int] | None, limit: int, offset: int
) -> list[UpdateRow]:
    """Steps of reported cases within a stretch of time, the oldest first; of the requests ``ids``, None for all."""
    values = {
        "start": start,
        "end": end,
        "ids": list(ids) if ids is not None else None,
        "limit": limit,
        "offset": offset,
    }
    async with connection.cursor(row_factory=class_row(UpdateRow)) as cursor:
        return await (await cursor.execute(UPDATES, values)).fetchall()


async def case_of_request(connection: AsyncConnection, request_id: int) -> tuple[str, int | None, str | None] | None:
    """A request's channel, and the case that it became with its state (its main case where it was merged); None: unknown."""
    return await (await connection.execute(CASE_OF, (request_id,))).fetchone()


async def event_of(connection: AsyncConnection, case_id: int, once: str) -> int:
    """The id of the event that a command left which its sender named ``once``."""
    row = await (await connection.execute(EVENT_OF, (case_id, once))).fetchone()
    assert row is not None, "the command was carried out"
    return int(row[0])
