"""What a wall reads from the base: the city and its words, rows of named cases, teams. Whatever is counted is counted in
``data.mirror``.

Times are aware; points are EPSG:4326, longitude first.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from psycopg import AsyncConnection
from psycopg.rows import class_row

Connection = AsyncConnection[Any]


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
class Words:
    """Names as (Chinese, English) by code; ``matters`` by id.

    Attributes
    ----------
    majors : dict
        Name of a major class by ``edition:kind:major code``; the standards name them in Chinese alone.
    major_of : dict
        Matter id -> its major class.
    """

    channels: dict[str, tuple[str, str]]
    matters: dict[str, tuple[str, str]]
    departments: dict[str, tuple[str, str]]
    majors: dict[str, str]
    major_of: dict[str, str]


@dataclass(frozen=True)
class StateRow:
    """A case state with its names."""

    code: str
    name_zh: str
    name_en: str
    stage: str
    terminal: bool


@dataclass(frozen=True)
class CaseRow:
    """A case as a list or a live message names it.

    Attributes
    ----------
    seq : int
        Of its last event: of two rows of a case the one with the higher number is newer.
    areas : dict
        Layer -> code.
    lng, lat : float or None
        None where the place is unknown.
    """

    id: int
    seq: int
    number: str
    title: str
    matter_id: int
    matter_zh: str
    matter_en: str
    channel: str
    address: str | None
    areas: dict[str, str]
    lng: float | None
    lat: float | None
    state: str
    urgent: bool
    department_code: str | None
    team_id: int | None
    team: str | None
    reported_at: datetime
    due_at: datetime | None
    closed_at: datetime | None
    updated_at: datetime


@dataclass(frozen=True)
class TeamRow:
    """A team on the map: at its position, or at its base while it has sent none.

    Attributes
    ----------
    on_duty, shift_end : bool, datetime or None
        Whether a shift of it runs now, and until when.
    load, task : int, int or None
        Its open tasks; the case of the oldest one, with its matter and its place.
    """

    id: int
    code: str
    name: str
    department_zh: str
    department_en: str
    lng: float
    lat: float
    position_at: datetime | None
    on_duty: bool
    shift_end: datetime | None
    capacity: int
    load: int
    task: int | None
    task_zh: str | None
    task_en: str | None
    task_lng: float | None
    task_lat: float | None


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

ROWS_SQL: Final = """
select cases.id, cases.seq, cases.number, cases.title, cases.matter_id, matter.name_zh as matter_zh,
       matter.name_en as matter_en, cases.channel, cases.address, cases.areas, ST_X(cases.geom) as lng, ST_Y(cases.geom) as lat,
       cases.state, cases.urgent, cases.department_code, cases.team_id, team.name as team, cases.reported_at, cases.due_at,
       cases.closed_at, cases.updated_at
  from unnest(%(ids)s::bigint[]) with ordinality as wanted (id, place)
       join cases on cases.id = wanted.id
       join matter on matter.id = cases.matter_id left join team on team.id = cases.team_id
 order by wanted.place
"""

TEAMS_SQL: Final = """
with local as (select at, (extract(isodow from at) - 1)::int as day, at::time as clock, at::date as date
                 from (select %(now)s::timestamptz at time zone %(timezone)s as at) as moment),
running as (
    select team_id, max(case when starts < ends then date + ends
                             when weekday = day and clock >= starts then date + 1 + ends else date + ends end) as until
      from shift, local
     where (starts < ends and weekday = day and clock >= starts and clock < ends)
        or (starts >= ends and weekday = day and clock >= starts)
        or (starts >= ends and weekday = (day + 6) %% 7 and clock < ends)
     group by team_id),
busy as (select team_id, count(*)::int as load, min(case_id) as task from task where done_at is null group by team_id)
select team.id, team.code, team.name, department.name_zh as department_zh, department.name_en as department_en,
       ST_X(coalesce(position, base)) as lng, ST_Y(coalesce(position, base)) as lat, position_at,
       running.team_id is not null as on_duty, running.until at time zone %(timezone)s as shift_end, capacity,
       coalesce(busy.load, 0) as load, busy.task, matter.name_zh as task_zh, matter.name_en as task_en,
       ST_X(cases.geom) as task_lng, ST_Y(cases.geom) as task_lat
  from team join department on department.code = team.department_code
       left join running on running.team_id = team.id
       left join busy on busy.team_id = team.id
       left join cases on cases.id = busy.task
       left join matter on matter.id = cases.matter_id
 order by team.id
"""

MAJORS_SQL: Final = """
select id::text, edition || ':' || kind || ':' || major_code, major_name from matter order by edition, kind, major_code, id
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


async def load_rows(connection: Connection, ids: Sequence[int]) -> list[CaseRow]:
    """These cases, in the order asked for; unknown ids are left out."""
    async with connection.cursor(row_factory=class_row(CaseRow)) as cursor:
        return await (await cursor.execute(ROWS_SQL, {"ids": list(ids)})).fetchall()


async def load_team_rows(connection: Connection, now: datetime, timezone: str) -> list[TeamRow]:
    """Every team with its open tasks, and whether a shift of it runs at ``now`` in a city of this time zone."""
    async with connection.cursor(row_factory=class_row(TeamRow)) as cursor:
        return await (await cursor.execute(TEAMS_SQL, {"now": now, "timezone": timezone})).fetchall()


async def load_area_names(connection: Connection, layer: str) -> dict[str, str]:
    """Names of a layer's areas in force, by code."""
    return dict(await (await connection.execute(NAMES_SQL, (layer,))).fetchall())


async def load_words(connection: Connection) -> Words:
    """Chinese and English names by code of what cases refer to."""
    found: dict[str, dict[str, tuple[str, str]]] = {}
    for table, key in (("channel", "code"), ("matter", "id"), ("department", "code")):
        cursor = await connection.execute(f"select {key}::text, name_zh, name_en from {table} order by {key}")
        found[table] = {code: (zh, en) for code, zh, en in await cursor.fetchall()}
    majors = await (await connection.execute(MAJORS_SQL)).fetchall()
    return Words(
        channels=found["channel"],
        matters=found["matter"],
        departments=found["department"],
        majors={key: name for _, key, name in majors},
        major_of={matter: key for matter, key, _ in majors},
    )


async def load_states(connection: Connection) -> list[StateRow]:
    """The case states of this database."""
    async with connection.cursor(row_factory=class_row(StateRow)) as cursor:
        statement = "select code, name_zh, name_en, stage, terminal from case_state order by code"
        return await (await cursor.execute(statement)).fetchall()
