"""What the desk's actions need of a case, and the teams that a case may be sent to."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import psycopg
from psycopg.rows import class_row

Connection = psycopg.AsyncConnection[Any]


@dataclass(frozen=True, slots=True)
class ActionCase:
    """A case as far as its next move depends on it.

    ``classified``: its matter is known; ``proposed_…``: whom its newest decision chose, None where nobody.
    """

    id: int
    number: str
    title: str
    state: str
    seq: int
    matter_id: int
    classified: bool
    returns: int
    department: str | None
    team_id: int | None
    areas: dict[str, str]
    lng: float | None
    lat: float | None
    proposed_team: int | None
    proposed_name: str | None
    proposed_department: str | None
    late: bool = False
    appeal: str | None = None


@dataclass(frozen=True, slots=True)
class FoundTeam:
    """A team that a case could go to. ``distance_m``: from where it is now; ``empowered``: its department may act there."""

    id: int
    name: str
    department: str
    department_zh: str
    department_en: str
    load: int
    capacity: int
    distance_m: float | None
    empowered: bool
    reason: str | None


@dataclass(frozen=True, slots=True)
class CalledParty:
    """A department of a case's open whistle."""

    department: str
    name_zh: str
    name_en: str
    lead: bool
    state: str


CASES: Final = """
select c.id, c.number, c.title, c.state, c.seq, c.matter_id, matter.edition <> %s as classified,
       c.returns, c.department_code as department, c.team_id, c.areas,
       ST_X(c.geom) as lng, ST_Y(c.geom) as lat, decided.team_id as proposed_team, team.name as proposed_name,
       team.department_code as proposed_department, coalesce(c.answered_at > c.due_at, false) as late, appealed.appeal
  from unnest(%s::bigint[]) with ordinality as wanted (id, place) join cases c using (id)
       join matter on matter.id = c.matter_id
       left join lateral (select team_id from decision where case_id = c.id order by decision.id desc limit 1) as decided on true
       left join team on team.id = decided.team_id
       left join lateral (
           select case action when 'appeal_timeout' then 'asked' when 'back_appeal' then 'backed' else 'ended' end as appeal
             from case_event where case_id = c.id and c.state = 'closed' and from_state = 'closed' and to_state = 'closed'
            order by seq desc limit 1) as appealed on true
 order by place
"""

#: The newest decision says of each team that it looked at why it was passed over: without the power or not.
TEAMS: Final = """
with looked as (
    select (candidate ->> 'team')::int as team_id, candidate ->> 'reason' as reason
      from (select candidates from decision where case_id = %(case)s order by id desc limit 1) as newest
           cross join lateral jsonb_array_elements(newest.candidates) as candidate),
able as (
    select distinct team.department_code from looked join team on team.id = looked.team_id
     where looked.reason <> 'no_power')
select team.id, team.name, department.code as department, department.name_zh as department_zh,
       department.name_en as department_en,
       (select count(*)::int from task where task.team_id = team.id and done_at is null) as load, team.capacity,
       st_distance(coalesce(team.position, team.base)::geography, cases.geom::geography) as distance_m,
       coalesce(team.department_code in (select department_code from able), false) as empowered, looked.reason
  from cases cross join team join department on department.code = team.department_code
       left join looked on looked.team_id = team.id
 where cases.id = %(case)s and team.id is distinct from cases.team_id
   and (%(words)s = '' or team.name ilike %(like)s or department.name_zh ilike %(like)s or department.name_en ilike %(like)s)
 order by empowered desc, distance_m nulls last, team.id limit %(limit)s
"""

MATTERS: Final = """
select edition || ':' || kind || ':' || code, name_zh, name_en, major_name from matter
 where edition <> %(unclassified)s and (name_zh ilike %(like)s or name_en ilike %(like)s or code like %(like)s)
 order by edition desc, code limit %(limit)s
"""

DEPARTMENTS: Final = "select code, name_zh, name_en from department order by level, code"

#: Appeals against a delay that nobody has judged to the end; what happens to a closed case and leaves it closed is about one.
APPEALS: Final = """
select case_id, action from (
    select distinct on (case_id) case_id, action from case_event
     where from_state = 'closed' and to_state = 'closed' order by case_id, seq desc) as newest
       join cases on cases.id = case_id
 where cases.state = 'closed' and action in ('appeal_timeout', 'back_appeal') order by case_id limit %s
"""

#: Joint work that is reported done and waits for the word of the street that whistled.
TO_CONFIRM: Final = """
select case_id from whistle join cases on cases.id = case_id
 where ended_at is null and cases.state = 'handled' order by case_id limit %s
"""

PARTIES: Final = """
select p.department_code as department, d.name_zh, d.name_en, p.lead, p.state
  from whistle w join whistle_party p using (case_id, number) join department d on d.code = p.department_code
 where w.case_id = %s and w.ended_at is null order by not p.lead, p.department_code
"""


async def load_action_cases(connection: Connection, ids: Sequence[int], unclassified: str) -> list[ActionCase]:
    """Cases by id, in the order of the ids; unknown ones are left out. ``unclassified``: the edition of matters nobody knows."""
    async with connection.cursor(row_factory=class_row(ActionCase)) as cursor:
        return await (await cursor.execute(CASES, (unclassified, list(ids)))).fetchall()


async def load_appeals(connection: Connection, limit: int) -> list[tuple[int, str]]:
    """Cases whose appeal waits to be judged, with the move that was made last: ``appeal_timeout``, ``back_appeal``."""
    return await (await connection.execute(APPEALS, (limit,))).fetchall()


async def load_to_confirm(connection: Connection, limit: int) -> list[int]:
    """Cases whose joint work is reported done and not yet confirmed by the street."""
    return [case_id for (case_id,) in await (await connection.execute(TO_CONFIRM, (limit,))).fetchall()]


async def find_teams(connection: Connection, case_id: int, words: str, limit: int) -> list[FoundTeam]:
    """Teams by words in their own or their department's name: those with the power at this case first, then the nearest."""
    values = {"case": case_id, "words": words.strip(), "like": containing(words), "limit": limit}
    async with connection.cursor(row_factory=class_row(FoundTeam)) as cursor:
        return await (await cursor.execute(TEAMS, values)).fetchall()


def containing(words: str) -> str:
    """A pattern of ``like`` for texts with these words in them, whatever signs they hold."""
    escaped = words.strip().replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    return f"%{escaped}%"


async def find_matters(
    connection: Connection, words: str, unclassified: str, limit: int
) -> list[tuple[str, str, str, str]]:
    """Matters by their name or code: key, Chinese and English name, major class; the newest edition first."""
    values = {"like": containing(words), "unclassified": unclassified, "limit": limit}
    return await (await connection.execute(MATTERS, values)).fetchall()


async def load_departments(connection: Connection) -> list[tuple[str, str, str]]:
    """Every department: code, Chinese and English name; cities' first."""
    return await (await connection.execute(DEPARTMENTS)).fetchall()


async def load_called(connection: Connection, case_id: int) -> list[CalledParty]:
    """The departments of a case's open whistle, the lead first."""
    async with connection.cursor(row_factory=class_row(CalledParty)) as cursor:
        return await (await cursor.execute(PARTIES, (case_id,))).fetchall()
