"""Everything a dispatcher opens of one case: the case, its place among the borders, its events, its decision and candidates."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, TypeVar

from psycopg import AsyncConnection
from psycopg.rows import class_row

Connection = AsyncConnection[Any]
Row = TypeVar("Row")


@dataclass(frozen=True)
class CaseFacts:
    """The case itself, names resolved.

    ``areas``: layer -> code; ``borders``: layer -> {m, other, ambiguous}; ``photos``: digests of its reports'.
    """

    id: int
    number: str
    title: str
    matter_zh: str
    matter_en: str
    matter_key: str
    channel_zh: str
    channel_en: str
    address: str | None
    building: str | None
    lng: float | None
    lat: float | None
    uncertainty_m: float | None
    cell_code: str | None
    areas: dict[str, str]
    borders: dict[str, dict[str, Any]]
    state: str
    state_zh: str
    state_en: str
    terminal: bool
    urgent: bool
    department_zh: str | None
    department_en: str | None
    team_id: int | None
    team: str | None
    reported_at: datetime
    dispatched_at: datetime | None
    due_at: datetime | None
    answered_at: datetime | None
    closed_at: datetime | None
    returns: int
    reworks: int
    seq: int
    text: str | None
    photos: list[str]


@dataclass(frozen=True)
class EventRow:
    """One event of a case's history."""

    seq: int
    at: datetime
    actor: str
    action: str
    from_state: str
    to_state: str
    payload: dict[str, Any]


@dataclass(frozen=True)
class DecisionRow:
    """The newest decision of a case: who was chosen, by which rule, and the candidates as stored."""

    at: datetime
    rule: str | None
    outcome: str
    team_id: int | None
    department_zh: str | None
    department_en: str | None
    goes_up_to: str | None
    travel_s: float | None
    candidates: list[dict[str, Any]]


@dataclass(frozen=True)
class CandidateTeam:
    """A team that a decision names, where it is now."""

    id: int
    name: str
    department_code: str
    department_zh: str
    department_en: str
    lng: float
    lat: float
    capacity: int
    load: int


@dataclass(frozen=True)
class PlaceName:
    """The names of an area's layer and of the area."""

    layer: str
    kind: str
    rank: int
    layer_zh: str
    layer_en: str
    code: str
    name: str


@dataclass(frozen=True)
class CaseDetail:
    """A case with all that explains it. ``departments``: code -> (Chinese, English) name."""

    facts: CaseFacts
    events: list[EventRow]
    decision: DecisionRow | None
    teams: dict[int, CandidateTeam]
    places: dict[tuple[str, str], PlaceName]
    departments: dict[str, tuple[str, str]]


FACTS_SQL: Final = """
select cases.id, cases.number, cases.title, matter.name_zh as matter_zh, matter.name_en as matter_en,
       matter.edition || ':' || matter.kind || ':' || matter.code as matter_key,
       channel.name_zh as channel_zh, channel.name_en as channel_en, cases.address,
       (select building.address from building
         where cases.geom is not null and building.geom && ST_Expand(cases.geom, 0.001)
         order by building.geom <-> cases.geom limit 1) as building,
       ST_X(cases.geom) as lng, ST_Y(cases.geom) as lat, cases.uncertainty_m, cases.cell_code, cases.areas, cases.borders,
       cases.state, case_state.name_zh as state_zh, case_state.name_en as state_en, case_state.terminal, cases.urgent,
       department.name_zh as department_zh, department.name_en as department_en, cases.team_id, team.name as team,
       cases.reported_at, cases.dispatched_at, cases.due_at, cases.answered_at, cases.closed_at, cases.returns,
       cases.reworks, cases.seq,
       (select report.body ->> 'text' from report where report.case_id = cases.id order by report.id limit 1) as text,
       array(select photo.digest from report
                    cross join lateral jsonb_array_elements_text(
                        case jsonb_typeof(report.body -> 'photos') when 'array' then report.body -> 'photos'
                             else '[]' end) as named (digest)
                    join photo using (digest)
              where report.case_id = cases.id order by report.id) as photos
  from cases join matter on matter.id = cases.matter_id join channel on channel.code = cases.channel
       join case_state on case_state.code = cases.state
       left join department on department.code = cases.department_code left join team on team.id = cases.team_id
 where cases.id = %s
"""

EVENTS_SQL: Final = """
select seq, at, actor, action, from_state, to_state, payload from case_event where case_id = %s order by seq
"""

DECISION_SQL: Final = """
select decision.at, rule, outcome, team_id, department.name_zh as department_zh, department.name_en as department_en, goes_up_to,
       travel_s, candidates
  from decision left join department on department.code = decision.department_code
 where case_id = %s order by decision.id desc limit 1
"""

TEAMS_SQL: Final = """
select team.id, team.name, team.department_code, department.name_zh as department_zh, department.name_en as department_en,
       ST_X(coalesce(position, base)) as lng, ST_Y(coalesce(position, base)) as lat, capacity,
       (select count(*)::int from task where task.team_id = team.id and done_at is null) as load
  from team join department on department.code = team.department_code where team.id = any(%s)
"""

DEPARTMENTS_SQL: Final = "select code, name_zh, name_en from department"

PLACES_SQL: Final = """
select distinct on (layer.name, area.code) layer.name as layer, layer.kind, layer.rank, layer.title_zh as layer_zh,
       layer.title_en as layer_en, area.code, area.name
  from unnest(%s::text[], %s::text[]) as wanted (layer, code)
       join layer on layer.name = wanted.layer
       join generation on generation.layer = layer.name
       join area on area.generation_id = generation.id and area.code = wanted.code
 order by layer.name, area.code, generation.number desc
"""


async def load_case_detail(connection: Connection, case_id: int) -> CaseDetail | None:
    """A case with its history, newest decision, candidates' teams and place names; None where there is no such case."""
    facts = await _one(connection, CaseFacts, FACTS_SQL, case_id)
    if facts is None:
        return None
    decision = await _one(connection, DecisionRow, DECISION_SQL, case_id)
    events = await _all(connection, EventRow, EVENTS_SQL, case_id)
    wanted = _wanted_teams(facts, decision)
    teams = await _all(connection, CandidateTeam, TEAMS_SQL, wanted) if wanted else []
    departments = await (await connection.execute(DEPARTMENTS_SQL)).fetchall()
    layers, codes = _wanted_places(facts)
    places = await _all(connection, PlaceName, PLACES_SQL, layers, codes) if codes else []
    return CaseDetail(
        facts,
        events,
        decision,
        {team.id: team for team in teams},
        {(place.layer, place.code): place for place in places},
        {code: (zh, en) for code, zh, en in departments},
    )


def _wanted_teams(facts: CaseFacts, decision: DecisionRow | None) -> list[int]:
    ids = {facts.team_id} if facts.team_id is not None else set()
    if decision is not None:
        ids |= {int(candidate["team"]) for candidate in decision.candidates}
    return sorted(ids)


def _wanted_places(facts: CaseFacts) -> tuple[list[str], list[str]]:
    pairs = set(facts.areas.items())
    pairs |= {(layer, border["other"]) for layer, border in facts.borders.items() if border.get("other")}
    ordered = sorted(pairs)
    return [layer for layer, _ in ordered], [code for _, code in ordered]


async def _one(connection: Connection, row: type[Row], statement: str, *values: object) -> Row | None:
    async with connection.cursor(row_factory=class_row(row)) as cursor:
        return await (await cursor.execute(statement, values)).fetchone()


async def _all(connection: Connection, row: type[Row], statement: str, *values: object) -> list[Row]:
    async with connection.cursor(row_factory=class_row(row)) as cursor:
        return await (await cursor.execute(statement, values)).fetchall()
