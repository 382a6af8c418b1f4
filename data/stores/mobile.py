"""What a phone shows: a team's tasks, what a grid worker is asked to look at, what they reported, and what lies at a place."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, TypeVar

import psycopg
from psycopg.rows import class_row

from data.stores.workbench import SMALLEST_DEGREE_M

AsyncConnection = psycopg.AsyncConnection[Any]
Row = TypeVar("Row")
MOST_TASKS: Final = 200
MOST_CHECKS: Final = 60
MOST_REPORTS: Final = 40
FREQUENT_DAYS: Final = 90
ADDRESS_WITHIN_M: Final = 120.0


@dataclass(frozen=True, slots=True)
class PhoneCase:
    """A case as a phone shows it. ``photos``: digests; ``closing``: what closes it; ``verifier``: the actor asked to look."""

    id: int
    number: str
    title: str
    matter_zh: str
    matter_en: str
    address: str | None
    lng: float | None
    lat: float | None
    uncertainty_m: float | None
    state: str
    state_zh: str
    state_en: str
    urgent: bool
    department_code: str | None
    department_zh: str | None
    department_en: str | None
    team_id: int | None
    team: str | None
    reported_at: datetime
    due_at: datetime | None
    returns: int
    text: str | None
    photos: list[str]
    closing: str | None
    arrived_at: datetime | None
    verifier: str | None


@dataclass(frozen=True, slots=True)
class OwnReport:
    """What somebody reported and what became of it; all of the case is None while the report waits to be opened."""

    report_id: int
    key: str
    reported_at: datetime
    matter_zh: str | None
    matter_en: str | None
    case_id: int | None
    number: str | None
    state: str | None
    state_zh: str | None
    state_en: str | None
    department_zh: str | None
    department_en: str | None
    team: str | None
    due_at: datetime | None
    closed_at: datetime | None
    address: str | None


@dataclass(frozen=True, slots=True)
class CaseName:
    """What a case is called: its matter and its address."""

    id: int
    matter_zh: str
    matter_en: str
    address: str | None


@dataclass(frozen=True, slots=True)
class PlaceHere:
    """What lies at a point: the nearest address, the unit cell, and the finest administrative area with its name."""

    address: str | None
    cell: str | None
    area: str | None


@dataclass(frozen=True, slots=True)
class PersonNames:
    """The names behind a person's team and department; None where they have none."""

    team: str | None
    department_zh: str | None
    department_en: str | None


CASE: Final = """
select cases.id, cases.number, cases.title, matter.name_zh as matter_zh, matter.name_en as matter_en, cases.address,
       ST_X(cases.geom) as lng, ST_Y(cases.geom) as lat, cases.uncertainty_m, cases.state, case_state.name_zh as state_zh,
       case_state.name_en as state_en, cases.urgent, cases.department_code, department.name_zh as department_zh,
       department.name_en as department_en, cases.team_id, team.name as team, cases.reported_at, cases.due_at, cases.returns,
       (select report.body ->> 'text' from report where report.case_id = cases.id order by report.id limit 1) as text,
       array(select photo.digest from report
                    cross join lateral jsonb_array_elements_text(
                        case jsonb_typeof(report.body -> 'photos') when 'array' then report.body -> 'photos'
                             else '[]' end) as named (digest)
                    join photo using (digest)
              where report.case_id = cases.id order by report.id) as photos,
       (select closing_action from filing_condition where matter_id = matter.id order by number limit 1) as closing,
       (select max(at) from case_event where case_id = cases.id and payload ? 'arrived_place'
           and at >= coalesce(cases.dispatched_at, cases.reported_at)) as arrived_at,
       (select payload ->> 'verifier' from case_event where case_id = cases.id and action = 'request_check'
         order by seq desc limit 1) as verifier
  from cases join matter on matter.id = cases.matter_id join case_state on case_state.code = cases.state
       left join department on department.code = cases.department_code left join team on team.id = cases.team_id
"""
TASKS: Final = (
    CASE
    + """
 where cases.id in (select case_id from task where team_id = %(team)s and done_at is null)
 order by cases.urgent desc, cases.due_at nulls last, cases.id limit %(most)s
"""
)
CHECKS: Final = (
    CASE
    + """
 where cases.state in ('checking', 'verifying_info') and cases.closed_at is null
   and (cases.state = 'verifying_info' or %(actor)s = (
        select payload ->> 'verifier' from case_event where case_id = cases.id and action = 'request_check'
         order by seq desc limit 1))
 order by cases.updated_at, cases.id limit %(most)s
"""
)
ONE: Final = CASE + " where cases.id = %(case)s"

DONE_SINCE: Final = """
select count(*)::int from task where team_id = %s and outcome = 'done' and done_at >= %s
"""
NAMES: Final = """
select (select name from team where id = %(team)s) as team, department.name_zh as department_zh,
       department.name_en as department_en
  from (select) as one left join department on department.code = %(department)s
"""
REPORTS: Final = """
select report.id as report_id, report.idempotency_key as key, report.reported_at, matter.name_zh as matter_zh,
       matter.name_en as matter_en, cases.id as case_id, cases.number, cases.state, case_state.name_zh as state_zh,
       case_state.name_en as state_en, department.name_zh as department_zh, department.name_en as department_en,
       team.name as team, cases.due_at, cases.closed_at, coalesce(cases.address, report.body ->> 'address') as address
  from phone_report join report on report.id = phone_report.report_id
       left join cases on cases.id = report.case_id
       left join case_state on case_state.code = cases.state
       left join department on department.code = cases.department_code
       left join team on team.id = cases.team_id
       left join matter on matter.id = coalesce(cases.matter_id, (
            select id from matter as said where said.edition || ':' || said.kind || ':' || said.code = report.body ->> 'matter'))
 where phone_report.actor = %(actor)s order by report.id desc limit %(most)s
"""
CASE_NAMES: Final = """
select cases.id, name_zh as matter_zh, name_en as matter_en, address
  from cases join matter on matter.id = matter_id where cases.id = any(%(cases)s)
"""
DEPARTMENT_OF: Final = "select department_code from team where id = %s"
DEPARTMENT_CASES: Final = (
    CASE
    + """
 where cases.department_code = %(department)s and cases.closed_at is null and cases.state = any(%(states)s)
 order by cases.urgent desc, cases.due_at nulls last, cases.id limit %(most)s
"""
)
TEAMS_OF: Final = "select id, name from team where department_code = %s order by name"
ADD_REPORT: Final = "insert into phone_report (report_id, actor) values (%s, %s) on conflict (report_id) do nothing"
#: Of the national editions the newest, and the city's own; what the city has most of lately first.
MATTERS: Final = """
with lately as (select matter_id, count(*)::int as cases from cases
                 where reported_at > now() - make_interval(days => %(days)s) group by matter_id)
select edition || ':' || kind || ':' || code, name_zh, name_en, major_name, coalesce(lately.cases, 0)
  from matter left join lately on lately.matter_id = matter.id
 where edition <> 'needle'
   and (edition !~ '^[0-9]{4}$' or edition = (select max(edition) from matter where edition ~ '^[0-9]{4}$'))
 order by 5 desc, kind desc, code
"""
MATTER_ID: Final = "select id from matter where edition || ':' || kind || ':' || code = %s"
HERE: Final = """
with point as (select ST_SetSRID(ST_MakePoint(%(lng)s, %(lat)s), 4326) as geom)
select (select address from (select address, building.geom from building, point
          where building.geom && ST_Expand(point.geom, %(degrees)s) order by building.geom <-> point.geom limit 1) as nearest,
          point
         where ST_Distance(nearest.geom::geography, point.geom::geography) <= %(metres)s) as address,
       (select grid_cell.code from grid_cell join generation on generation.id = generation_id and valid_to is null, point
         where ST_Covers(grid_cell.geom, point.geom) order by grid_cell.code limit 1) as cell,
       (select area.name from area join generation on generation.id = generation_id and valid_to is null
               join layer on layer.name = generation.layer and layer.kind = 'area', point
         where ST_Covers(area.geom, point.geom) order by layer.rank desc limit 1) as area
"""


async def team_cases(connection: AsyncConnection, team_id: int) -> list[PhoneCase]:
    """The open tasks of a team: urgent first, then the earliest due."""
    return await _all(connection, PhoneCase, TASKS, {"team": team_id, "most": MOST_TASKS})


async def department_cases(connection: AsyncConnection, department: str, states: Sequence[str]) -> list[PhoneCase]:
    """The open cases of a department in these states: urgent first, then the earliest due."""
    values = {"department": department, "states": list(states), "most": MOST_TASKS}
    return await _all(connection, PhoneCase, DEPARTMENT_CASES, values)


async def department_of(connection: AsyncConnection, team_id: int) -> str | None:
    """The department that a team belongs to; None where there is no such team."""
    row = await (await connection.execute(DEPARTMENT_OF, (team_id,))).fetchone()
    return row[0] if row else None


async def teams_of(connection: AsyncConnection, department: str) -> list[tuple[int, str]]:
    """Id and name of a department's teams."""
    return await (await connection.execute(TEAMS_OF, (department,))).fetchall()


async def cases_to_check(connection: AsyncConnection, actor: str) -> list[PhoneCase]:
    """What a grid worker is asked to verify, and what any grid worker may confirm on site; the longest waiting first."""
    return await _all(connection, PhoneCase, CHECKS, {"actor": actor, "most": MOST_CHECKS})


async def phone_case(connection: AsyncConnection, case_id: int) -> PhoneCase | None:
    """One case; None where there is none."""
    found = await _all(connection, PhoneCase, ONE, {"case": case_id})
    return found[0] if found else None


async def case_names(connection: AsyncConnection, cases: Sequence[int]) -> dict[int, CaseName]:
    """What some cases are called, by id."""
    return {name.id: name for name in await _all(connection, CaseName, CASE_NAMES, {"cases": list(cases)})}


async def done_since(connection: AsyncConnection, team_id: int, since: datetime) -> int:
    """How many tasks a team has finished since a moment."""
    row = await (await connection.execute(DONE_SINCE, (team_id, since))).fetchone()
    return int(row[0]) if row else 0


async def names_of(connection: AsyncConnection, team: int | None, department: str | None) -> PersonNames:
    """The names of a team and a department."""
    return (await _all(connection, PersonNames, NAMES, {"team": team, "department": department}))[0]


async def own_reports(connection: AsyncConnection, actor: str) -> list[OwnReport]:
    """What somebody reported by phone, the newest first."""
    return await _all(connection, OwnReport, REPORTS, {"actor": actor, "most": MOST_REPORTS})


async def add_phone_report(connection: AsyncConnection, report_id: int, actor: str) -> None:
    """Remember who sent a report; a second time changes nothing."""
    await connection.execute(ADD_REPORT, (report_id, actor))


async def load_frequent_matters(connection: AsyncConnection) -> list[tuple[str, str, str, str, int]]:
    """What may be reported: key, names in Chinese and English, major class, cases lately; the most frequent first."""
    return await (await connection.execute(MATTERS, {"days": FREQUENT_DAYS})).fetchall()


async def matter_id_of(connection: AsyncConnection, key: str) -> int | None:
    """The id behind a matter's key; None where there is none."""
    row = await (await connection.execute(MATTER_ID, (key,))).fetchone()
    return int(row[0]) if row else None


async def place_here(connection: AsyncConnection, lng: float, lat: float) -> PlaceHere:
    """What lies at a point (EPSG:4326, degrees)."""
    degrees = ADDRESS_WITHIN_M / SMALLEST_DEGREE_M
    values = {"lng": lng, "lat": lat, "metres": ADDRESS_WITHIN_M, "degrees": degrees}
    return (await _all(connection, PlaceHere, HERE, values))[0]


async def _all(connection: AsyncConnection, row: type[Row], statement: str, values: dict[str, Any]) -> list[Row]:
    async with connection.cursor(row_factory=class_row(row)) as cursor:
        return await (await cursor.execute(statement, values)).fetchall()
