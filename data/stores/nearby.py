"""What is near a case: open cases of the same matter, and the grid workers who were there lately."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

import psycopg
from psycopg.rows import class_row

from data.stores.workbench import SMALLEST_DEGREE_M

AsyncConnection = psycopg.AsyncConnection[Any]
Point = tuple[float, float]
"""Longitude and latitude, WGS84 degrees."""


@dataclass(frozen=True, slots=True)
class NearCase:
    """An open case near a point: what it is, how far away (metres), and how many reports it has."""

    id: int
    number: str
    title: str
    state: str
    reported_at: datetime
    due_at: datetime | None
    lng: float
    lat: float
    uncertainty_m: float
    distance_m: float
    text: str
    reports: int


@dataclass(frozen=True, slots=True)
class OwnCase:
    """What a case is compared by; no point: its place is unknown."""

    id: int
    matter_id: int
    reported_at: datetime
    lng: float | None
    lat: float | None
    uncertainty_m: float
    text: str

    @property
    def point(self) -> Point | None:
        """Where it lies."""
        return None if self.lng is None or self.lat is None else (self.lng, self.lat)


@dataclass(frozen=True, slots=True)
class NearWorker:
    """A grid worker who confirmed, verified or reported a case near a point: when, and how far from it (metres)."""

    actor: str
    at: datetime
    distance_m: float


OWN: Final = """
select id, matter_id, reported_at, st_x(geom) as lng, st_y(geom) as lat, coalesce(uncertainty_m, 0) as uncertainty_m,
       coalesce((select body ->> 'text' from report where case_id = cases.id order by report.id limit 1), '') as text
  from cases where id = %s
"""

NEAR: Final = """
with around as (
    select c.*, st_distance(c.geom::geography, p.point::geography) as distance_m
      from (select st_setsrid(st_makepoint(%(lng)s, %(lat)s), 4326) as point) p
           join cases c on c.geom && st_expand(p.point, %(degrees)s)
     where c.closed_at is null and c.matter_id = %(matter)s and c.id <> %(except)s
       and c.reported_at between %(since)s and %(until)s)
select id, number, title, state, reported_at, due_at, st_x(geom) as lng, st_y(geom) as lat,
       coalesce(uncertainty_m, 0) as uncertainty_m, distance_m,
       coalesce((select body ->> 'text' from report where case_id = around.id order by report.id limit 1), '') as text,
       (select count(*) from report
         where case_id = around.id
            or case_id in (select m.case_id from case_merge m where m.main_case_id = around.id)) as reports
  from around where distance_m <= %(metres)s order by distance_m, id limit %(limit)s
"""

WORKERS: Final = """
with near as materialized (
    select id, st_distance(geom::geography, st_setsrid(st_makepoint(%(lng)s, %(lat)s), 4326)::geography) as distance_m
      from cases where geom && st_expand(st_setsrid(st_makepoint(%(lng)s, %(lat)s), 4326), %(degrees)s)
     order by geom <-> st_setsrid(st_makepoint(%(lng)s, %(lat)s), 4326) limit %(cases)s)
select e.actor, max(e.at) as at, min(near.distance_m) as distance_m
  from near join case_event e on e.case_id = near.id
 where e.actor like 'grid_worker:%%' and e.at >= %(since)s
 group by e.actor order by min(near.distance_m), e.actor
"""

NEAREST_CASES: Final = 100


async def load_own(connection: AsyncConnection, case_id: int) -> OwnCase | None:
    """What a case is compared by; None where there is no such case."""
    async with connection.cursor(row_factory=class_row(OwnCase)) as cursor:
        return await (await cursor.execute(OWN, (case_id,))).fetchone()


async def near_open_cases(
    connection: AsyncConnection,
    point: Point,
    matter_id: int,
    within_m: float,
    between: tuple[datetime, datetime],
    *,
    leave_out: int = 0,
    limit: int = 50,
) -> list[NearCase]:
    """Open cases of a matter within ``within_m`` metres of a point, reported in a span of time; the nearest first."""
    values = {
        "lng": point[0],
        "lat": point[1],
        "degrees": within_m / SMALLEST_DEGREE_M,
        "metres": within_m,
        "matter": matter_id,
        "except": leave_out,
        "since": between[0],
        "until": between[1],
        "limit": limit,
    }
    async with connection.cursor(row_factory=class_row(NearCase)) as cursor:
        return await (await cursor.execute(NEAR, values)).fetchall()


async def grid_workers_near(
    connection: AsyncConnection,
    point: Point,
    now: datetime,
    within_m: float = 2_000,
    lately: timedelta = timedelta(days=30),
) -> list[NearWorker]:
    """Grid workers who acted on the nearest cases lately; the nearest first. Nobody keeps where they are off duty."""
    values = {
        "lng": point[0],
        "lat": point[1],
        "degrees": within_m / SMALLEST_DEGREE_M,
        "since": now - lately,
        "cases": NEAREST_CASES,
    }
    async with connection.cursor(row_factory=class_row(NearWorker)) as cursor:
        return await (await cursor.execute(WORKERS, values)).fetchall()
