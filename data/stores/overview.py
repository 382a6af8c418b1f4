"""What a wall shows of the whole city: key figures, cases as points and rows, series by hour, ranking by area, teams.

Every query reads open cases (partial indexes) or a bounded stretch of time (indexes on ``reported_at`` and ``updated_at``); none
walks all cases. Times are aware; points are EPSG:4326, longitude first.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from psycopg import AsyncConnection
from psycopg.rows import class_row

Connection = AsyncConnection[Any]

POINTS_LIMIT: Final = 20_000
ROWS_LIMIT: Final = 200


@dataclass(frozen=True)
class City:
    """The one city of a database. ``bounds``: west, south, east, north in degrees; None while it has no area."""

    profile: str
    name_zh: str
    name_en: str
    timezone: str
    settings: dict[str, Any]
    bounds: list[float] | None


@dataclass(frozen=True)
class LayerRow:
    """A layer in force. ``kind``: area, jurisdiction or grid."""

    name: str
    kind: str
    title_zh: str
    title_en: str
    rank: int
    polygons: int


@dataclass(frozen=True)
class StateRow:
    """A case state with its names."""

    code: str
    name_zh: str
    name_en: str
    stage: str
    terminal: bool


@dataclass(frozen=True)
class Figures:
    """Key figures of now.

    Attributes
    ----------
    today : int
        Reported since the city's midnight.
    open, overdue, urgent : int
        Cases not closed; of them past their deadline; of them urgent.
    undispatched : int
        Open cases that no team has yet.
    tightest_at : datetime or None
        The nearest deadline of an open case that is still ahead.
    dispatch_s : float or None
        Median seconds from report to dispatch, of the dispatches of the last 24 hours.
    on_time : float or None
        Share (0..1) of the cases closed within the last 7 days that met their deadline.
    closed_today : int
        Closed since the city's midnight.
    """

    today: int
    open: int
    overdue: int
    urgent: int
    undispatched: int
    tightest_at: datetime | None
    dispatch_s: float | None
    on_time: float | None
    closed_today: int


@dataclass(frozen=True)
class CaseRow:
    """A case as a list or a live message names it. ``lng``/``lat``: None where the place is unknown."""

    id: int
    number: str
    title: str
    matter_zh: str
    matter_en: str
    channel: str
    address: str | None
    area: str | None
    lng: float | None
    lat: float | None
    state: str
    urgent: bool
    team_id: int | None
    team: str | None
    reported_at: datetime
    due_at: datetime | None
    closed_at: datetime | None
    updated_at: datetime


@dataclass(frozen=True)
class TeamRow:
    """A team on the map: at its position, or at its base while it has sent none."""

    id: int
    code: str
    name: str
    department_zh: str
    department_en: str
    lng: float
    lat: float
    position_at: datetime | None
    on_duty: bool
    capacity: int
    load: int
    task: int | None


CITY_SQL: Final = """
select profile, name_zh, name_en, timezone, settings,
       (select array[ST_XMin(box), ST_YMin(box), ST_XMax(box), ST_YMax(box)]
          from (select ST_Extent(area.geom) as box
                  from area join generation on generation.id = area.generation_id and generation.valid_to is null) as extent
         where box is not null) as bounds
  from city
"""

LAYERS_SQL: Final = """
select layer.name, layer.kind, layer.title_zh, layer.title_en, layer.rank,
       (case layer.kind when 'grid' then (select count(*) from grid_cell where generation_id = generation.id)
                        else (select count(*) from area where generation_id = generation.id) end)::int as polygons
  from layer join generation on generation.layer = layer.name and generation.valid_to is null
 order by layer.kind = 'grid', layer.kind = 'jurisdiction', layer.rank, layer.name
"""

FIGURES_SQL: Final = """
with midnight as (select date_trunc('day', %(now)s::timestamptz at time zone %(timezone)s) at time zone %(timezone)s as at),
open as (
    select count(*)::int as open, (count(*) filter (where due_at < %(now)s))::int as overdue,
           (count(*) filter (where urgent))::int as urgent, (count(*) filter (where team_id is null))::int as undispatched,
           min(due_at) filter (where due_at >= %(now)s) as tightest_at
      from cases where closed_at is null)
select (select count(*)::int from cases, midnight where reported_at >= midnight.at and reported_at <= %(now)s) as today,
       open.*,
       (select extract(epoch from percentile_cont(0.5) within group (order by dispatched_at - reported_at))::float8
          from cases where updated_at >= %(now)s::timestamptz - interval '24 hours'
                       and dispatched_at >= %(now)s::timestamptz - interval '24 hours') as dispatch_s,
       -- the handling clock stops when the department confirms, not when the case is closed
       (select avg((coalesce(answered.at, closed_at) <= due_at)::int)::float8
          from cases
          cross join lateral (select max(at) as at from case_event where case_id = cases.id and to_state = 'answered') answered
         where updated_at >= %(now)s::timestamptz - interval '7 days'
                       and closed_at >= %(now)s::timestamptz - interval '7 days' and due_at is not null) as on_time,
       (select count(*)::int from cases, midnight where updated_at >= midnight.at and closed_at >= midnight.at) as closed_today
  from open
"""

ROW_COLUMNS: Final = """
select cases.id, cases.number, cases.title, matter.name_zh as matter_zh, matter.name_en as matter_en, cases.channel,
       cases.address, cases.areas ->> %(layer)s as area, ST_X(cases.geom) as lng, ST_Y(cases.geom) as lat,
       cases.state, cases.urgent,
       cases.team_id, team.name as team, cases.reported_at, cases.due_at, cases.closed_at, cases.updated_at
  from cases join matter on matter.id = cases.matter_id left join team on team.id = cases.team_id
"""

BEHIND: Final = {
    "latest": "true order by cases.reported_at desc, cases.id desc",
    "today": "cases.reported_at >= date_trunc('day', %(now)s::timestamptz at time zone %(timezone)s) at time zone %(timezone)s"
    " order by cases.reported_at desc, cases.id desc",
    "open": "cases.closed_at is null order by cases.due_at nulls last, cases.id",
    "overdue": "cases.closed_at is null and cases.due_at < %(now)s order by cases.due_at, cases.id",
    "tightest": "cases.closed_at is null and cases.due_at >= %(now)s order by cases.due_at, cases.id",
    "undispatched": "cases.closed_at is null and cases.team_id is null order by cases.reported_at desc, cases.id desc",
    "dispatched": "cases.updated_at >= %(now)s::timestamptz - interval '24 hours' and cases.dispatched_at >="
    " %(now)s::timestamptz - interval '24 hours' order by cases.dispatched_at - cases.reported_at desc, cases.id",
    "late": "cases.updated_at >= %(now)s::timestamptz - interval '7 days' and cases.closed_at >="
    " %(now)s::timestamptz - interval '7 days' and cases.closed_at > cases.due_at order by cases.closed_at desc, cases.id",
}
"""The cases behind each figure; ``late`` are the ones that the on-time rate misses."""

POINTS_SQL: Final = """
select cases.id, ST_X(geom) as lng, ST_Y(geom) as lat, state, urgent, extract(epoch from reported_at)::bigint as reported,
       extract(epoch from due_at)::bigint as due, closed_at is not null as closed, team_id, matter_id
  from cases
 where geom is not null and (closed_at is null or id in (
       select id from cases where reported_at >= %(now)s::timestamptz - interval '24 hours' and closed_at is not null))
 order by closed_at is null desc, urgent desc, reported_at desc
 limit %(limit)s
"""

TEAMS_SQL: Final = """
select team.id, team.code, team.name, department.name_zh as department_zh, department.name_en as department_en,
       ST_X(coalesce(position, base)) as lng, ST_Y(coalesce(position, base)) as lat, position_at,
       exists (select from shift where shift.team_id = team.id and (
           (starts < ends and weekday = local.day and local.clock >= starts and local.clock < ends)
           or (starts >= ends and weekday = local.day and local.clock >= starts)
           or (starts >= ends and weekday = (local.day + 6) %% 7 and local.clock < ends))) as on_duty, capacity,
       count(task.id)::int as load, min(task.case_id) as task
  from team join department on department.code = team.department_code
       left join task on task.team_id = team.id and task.done_at is null
       cross join (select (extract(isodow from at) - 1)::int as day, at::time as clock
                     from (select %(now)s::timestamptz at time zone %(timezone)s as at) as moment) as local
 group by team.id, department.code, local.day, local.clock
 order by team.id
"""

HOURS_SQL: Final = """
select date_trunc('hour', reported_at) as hour, channel, count(*)::int as cases
  from cases where reported_at >= date_trunc('hour', %(now)s::timestamptz) - interval '23 hours' and reported_at <= %(now)s
 group by 1, 2 order by 1, 2
"""

RANKING_SQL: Final = """
select areas ->> %(layer)s as code, count(*)::int as open, (count(*) filter (where due_at < %(now)s))::int as overdue
  from cases where closed_at is null and areas ? %(layer)s
 group by 1 order by 2 desc, 1 limit %(limit)s
"""

NAMES_SQL: Final = """
select area.code, area.name from area join generation on generation.id = area.generation_id and generation.valid_to is null
 where generation.layer = %s
"""


async def load_city(connection: Connection) -> City | None:
    """The city of this database, or None before one is loaded."""
    async with connection.cursor(row_factory=class_row(City)) as cursor:
        return await (await cursor.execute(CITY_SQL)).fetchone()


async def load_layer_rows(connection: Connection) -> list[LayerRow]:
    """The layers in force: areas from the widest, then jurisdictions, then the grid."""
    async with connection.cursor(row_factory=class_row(LayerRow)) as cursor:
        return await (await cursor.execute(LAYERS_SQL)).fetchall()


async def load_figures(connection: Connection, now: datetime, timezone: str) -> Figures:
    """The key figures of the moment ``now`` in a city of this time zone."""
    async with connection.cursor(row_factory=class_row(Figures)) as cursor:
        found = await (await cursor.execute(FIGURES_SQL, {"now": now, "timezone": timezone})).fetchone()
    assert found is not None, "aggregates without group by give one row"
    return found


async def load_behind(
    connection: Connection, figure: str, layer: str, now: datetime, timezone: str, limit: int = ROWS_LIMIT
) -> list[CaseRow]:
    """The cases behind a figure (a key of ``BEHIND``), the most pressing first, at most ``limit``; ``layer`` gives ``area``.

    Raises
    ------
    KeyError
        No such figure.
    """
    statement = f"{ROW_COLUMNS} where {BEHIND[figure]} limit %(limit)s"
    return await _rows(connection, statement, {"layer": layer, "now": now, "timezone": timezone, "limit": limit})


async def load_rows(connection: Connection, ids: Sequence[int], layer: str) -> list[CaseRow]:
    """These cases, in order of their last change; unknown ids are left out."""
    statement = f"{ROW_COLUMNS} where cases.id = any(%(ids)s) order by cases.updated_at, cases.id"
    return await _rows(connection, statement, {"layer": layer, "ids": list(ids)})


async def _rows(connection: Connection, statement: str, parameters: dict[str, Any]) -> list[CaseRow]:
    async with connection.cursor(row_factory=class_row(CaseRow)) as cursor:
        return await (await cursor.execute(statement, parameters)).fetchall()


async def load_points(connection: Connection, now: datetime, limit: int = POINTS_LIMIT) -> list[tuple[Any, ...]]:
    """Open cases and those of the last 24 hours as plain tuples: id, lng, lat, state, urgent, reported, due (Unix seconds),
    closed, team id, matter id. Open ones first, urgent ones first among them; at most ``limit``."""
    cursor = await connection.execute(POINTS_SQL, {"now": now, "limit": limit})
    return await cursor.fetchall()


async def load_team_rows(connection: Connection, now: datetime, timezone: str) -> list[TeamRow]:
    """Every team with its open tasks (``task``: the case of the oldest one) and whether a shift of it runs at ``now``."""
    async with connection.cursor(row_factory=class_row(TeamRow)) as cursor:
        return await (await cursor.execute(TEAMS_SQL, {"now": now, "timezone": timezone})).fetchall()


async def load_hours(connection: Connection, now: datetime) -> list[tuple[datetime, str, int]]:
    """(hour, channel, cases) of the 24 hours up to ``now``; hours without a case are absent."""
    return await (await connection.execute(HOURS_SQL, {"now": now})).fetchall()


async def load_ranking(
    connection: Connection, now: datetime, layer: str, limit: int = 10
) -> list[tuple[str, int, int]]:
    """(area code, open cases, overdue of them) of a layer, the fullest first."""
    return await (await connection.execute(RANKING_SQL, {"now": now, "layer": layer, "limit": limit})).fetchall()


async def load_area_names(connection: Connection, layer: str) -> dict[str, str]:
    """Names of a layer's areas in force, by code."""
    return dict(await (await connection.execute(NAMES_SQL, (layer,))).fetchall())


async def load_words(connection: Connection) -> dict[str, dict[str, tuple[str, str]]]:
    """Chinese and English names by code of this city's channels and matters (by id), as ``channel`` and ``matter``."""
    words: dict[str, dict[str, tuple[str, str]]] = {}
    for table, key in (("channel", "code"), ("matter", "id")):
        cursor = await connection.execute(f"select {key}::text, name_zh, name_en from {table} order by {key}")
        words[table] = {code: (zh, en) for code, zh, en in await cursor.fetchall()}
    return words


async def load_states(connection: Connection) -> list[StateRow]:
    """The case states of this database."""
    async with connection.cursor(row_factory=class_row(StateRow)) as cursor:
        statement = "select code, name_zh, name_en, stage, terminal from case_state order by code"
        return await (await cursor.execute(statement)).fetchall()


async def load_changed_since(connection: Connection, event_id: int, limit: int) -> list[int]:
    """Ids of the cases with events above ``event_id``, at most ``limit``: the catch-up of a reader after a gap."""
    cursor = await connection.execute(
        "select distinct case_id from (select case_id from case_event where id > %s order by id desc limit %s) as late",
        (event_id, limit),
    )
    return [row[0] for row in await cursor.fetchall()]


async def last_event_id(connection: Connection) -> int:
    """The highest ``case_event.id`` so far, 0 before the first."""
    found = await (await connection.execute("select coalesce(max(id), 0) from case_event")).fetchone()
    return int(found[0]) if found else 0
