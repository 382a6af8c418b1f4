"""Patrols: what workers on duty saw, folded from their places by day and cell before those are forgotten, and read by period.

Bits are of the ground that they were seen on (``street_ground``, ``building_ground``: checksums of a cell's pieces and
buildings): where that has changed since, they are not compared with today's.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Final

import numpy as np
import psycopg
from numpy.typing import NDArray
from psycopg import sql
from psycopg.rows import class_row

from data.copy import copy_rows, read_arrays
from data.database import Connection

AsyncConnection = psycopg.AsyncConnection[tuple[Any, ...]]

BEFORE_S: Final = 240
"""So long before the first new place the last known one may lie that the way comes from."""
#: Watchers alone: whoever belongs to a team goes to cases and watches nothing.
DUE: Final = """
select patrol_due.duty_id, account.id, since
  from patrol_due join duty on duty.id = duty_id
       join account on actor = 'grid_worker:' || username and role = 'grid_worker' and account.team_id is null
 order by since limit %s for update of patrol_due skip locked
"""
NOBODYS: Final = """
delete from patrol_due using duty where duty.id = duty_id and not exists (
    select from account where actor = 'grid_worker:' || username and role = 'grid_worker' and account.team_id is null)
"""
PLACES: Final = """
select nth::int4 as nth, extract(epoch from at)::float8 as at_s, ST_X(geom) as lng, ST_Y(geom) as lat, accuracy_m,
       ((at at time zone (select timezone from city))::date - date '1970-01-01')::int4 as day
  from unnest(%s::text[], %s::timestamptz[]) with ordinality as due (id, since, nth)
       join whereabouts on duty_id = id and at >= since - make_interval(secs => %s)
"""
PLACE: Final = [
    ("nth", np.int32), ("at_s", np.float64), ("lng", np.float64), ("lat", np.float64), ("accuracy_m", np.float64),
    ("day", np.int32),
]  # fmt: skip
FRESH: Final = "create temporary table fresh_patrol (like patrol) on commit drop"
MERGE: Final = """
insert into patrol as held select * from fresh_patrol order by day, account_id, cell
on conflict (day, account_id, cell) do update set
    streets = case when held.street_ground = excluded.street_ground then held.streets | excluded.streets
                   else excluded.streets end,
    buildings = case when held.building_ground = excluded.building_ground then held.buildings | excluded.buildings
                     else excluded.buildings end,
    street_ground = excluded.street_ground, building_ground = excluded.building_ground,
    last_at = greatest(held.last_at, excluded.last_at)
"""
COLUMNS: Final = (
    "day", "account_id", "cell", "street_ground", "streets", "building_ground", "buildings", "last_at",
)  # fmt: skip
#: One row a cell and ground. ``whose``: of everybody, or of one account.
SEEN: Final = """
select cell, {ground}::text as ground, bit_or({bits})::text as bits, extract(epoch from max(last_at))::int8 as last_s
  from patrol where day between %(first)s and %(last)s and (%(account)s::int4 is null or account_id = %(account)s)
 group by cell, {ground}
"""
WORKED: Final = """
select account_id, count(distinct day)::int4 as days, count(distinct cell)::int4 as cells, max(last_at) as last_at
  from patrol where day between %s and %s group by account_id
"""
CELL_DAYS: Final = """
select day, account_id, streets::text as streets, street_ground, last_at from patrol where cell = %s and day between %s and %s
 order by day
"""
WORKER_DAYS: Final = """
select day, count(*)::int4 as cells from patrol where account_id = %s and day between %s and %s group by day order by day
"""
TRACK: Final = """
select extract(epoch from at)::float8, ST_X(geom), ST_Y(geom), accuracy_m
  from whereabouts join duty on duty.id = duty_id
 where actor = %s and at >= %s and at < %s order by at
"""
TRACK_DAYS: Final = """
select (at at time zone (select timezone from city))::date as day, count(*)::int4, min(at), max(at)
  from whereabouts join duty on duty.id = duty_id where actor = %s group by 1 order by 1 desc
"""
WORKER: Final = """
select id, username, name, area_layer as layer, area_codes as codes from account
 where id = %s and role = 'grid_worker' and team_id is null
"""
FORGET: Final = "delete from patrol where day < %s"
OWN_CASES: Final = """
select report.case_id from report join phone_report on phone_report.report_id = report.id
 where phone_report.actor = %s and reported_at >= %s and reported_at < %s and report.case_id is not null
"""
#: ``own``, and what was open between two moments in a box.
ON_WAY: Final = """
select id, number, title, reported_at, ST_X(geom) as lng, ST_Y(geom) as lat from cases
 where geom is not null and (id = any (%(own)s)
    or (geom && ST_MakeEnvelope(%(west)s, %(south)s, %(east)s, %(north)s, 4326)
        and reported_at < %(end)s and (closed_at is null or closed_at >= %(start)s)))
 order by reported_at desc limit %(most)s
"""
MOST_NEAR: Final = 2_000


# --- folding ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Due:
    """A duty with places that were not folded yet."""

    duty_id: str
    account_id: int
    since: datetime


def take_due(connection: Connection, most: int) -> list[Due]:
    """Duties of watchers with new places, locked until the transaction ends; those of others are put aside for good."""
    connection.execute(NOBODYS)
    return [Due(*row) for row in connection.execute(DUE, (most,)).fetchall()]


def read_places(connection: Connection, due: Sequence[Due]) -> NDArray[Any]:
    """The new places of duties and the last ones before them; ``nth``: whose (from 1), ``day``: days since 1970, local."""
    parameters = ([one.duty_id for one in due], [one.since for one in due], BEFORE_S)
    return read_arrays(connection, PLACES, PLACE, parameters)


def add_seen(connection: Connection, rows: Iterable[Sequence[Any]], done: Sequence[Due]) -> None:
    """Add what was seen (rows of ``COLUMNS``), and mark duties as folded; the caller commits."""
    connection.execute(FRESH)
    copy_rows(connection, "fresh_patrol", COLUMNS, rows)
    connection.execute(MERGE)
    connection.execute("delete from patrol_due where duty_id = any (%s)", ([one.duty_id for one in done],))


def forget_before(connection: Connection, day: date) -> None:
    """Forget what was seen before a day."""
    connection.execute(FORGET, (day,))


# --- reading ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class SeenRow:
    """What was seen of a cell on one ground: a character 0 or 1 for each unit."""

    cell: str
    ground: int
    bits: str
    last_s: int


async def load_seen(
    connection: AsyncConnection, what: str, first: date, last: date, account_id: int | None = None
) -> list[SeenRow]:
    """What was seen of each cell from a day to a day, of ``what``: ``street`` or ``building``; by one account, or by all."""
    names = {"ground": sql.Identifier(f"{what}_ground"), "bits": sql.Identifier(f"{what}s")}
    query = sql.SQL(SEEN).format(**names)
    rows = await (await connection.execute(query, {"first": first, "last": last, "account": account_id})).fetchall()
    return [SeenRow(cell, int(ground), bits, last_s) for cell, ground, bits, last_s in rows]


@dataclass(frozen=True, slots=True)
class WorkedRow:
    """How much an account patrolled in a period."""

    account_id: int
    days: int
    cells: int
    last_at: datetime


async def load_worked(connection: AsyncConnection, first: date, last: date) -> list[WorkedRow]:
    """Who patrolled from a day to a day."""
    async with connection.cursor(row_factory=class_row(WorkedRow)) as cursor:
        return await (await cursor.execute(WORKED, (first, last))).fetchall()


@dataclass(frozen=True, slots=True)
class CellDayRow:
    """Who saw what of a cell's streets on a day."""

    day: date
    account_id: int
    streets: str
    street_ground: int
    last_at: datetime


async def load_cell_days(connection: AsyncConnection, cell: str, first: date, last: date) -> list[CellDayRow]:
    """A cell's days and visitors."""
    async with connection.cursor(row_factory=class_row(CellDayRow)) as cursor:
        return await (await cursor.execute(CELL_DAYS, (cell, first, last))).fetchall()


@dataclass(frozen=True, slots=True)
class WorkerDayRow:
    """In how many cells a worker was on a day."""

    day: date
    cells: int


async def load_worker_days(connection: AsyncConnection, account_id: int, first: date, last: date) -> list[WorkerDayRow]:
    """The days of a worker."""
    async with connection.cursor(row_factory=class_row(WorkerDayRow)) as cursor:
        return await (await cursor.execute(WORKER_DAYS, (account_id, first, last))).fetchall()


@dataclass(frozen=True, slots=True)
class WatcherRow:
    """A grid worker who watches; ``layer`` None: the whole city."""

    id: int
    username: str
    name: str
    layer: str | None
    codes: list[str]

    @property
    def actor(self) -> str:
        """What duties and reports are kept under."""
        return f"grid_worker:{self.username}"


async def load_watcher(connection: AsyncConnection, account_id: int) -> WatcherRow | None:
    """A grid worker without a team; None where the account is another."""
    async with connection.cursor(row_factory=class_row(WatcherRow)) as cursor:
        return await (await cursor.execute(WORKER, (account_id,))).fetchone()


async def load_track(connection: AsyncConnection, actor: str, start: datetime, end: datetime) -> NDArray[np.float64]:
    """Where somebody was on duty, as far as it is still kept: seconds, longitude, latitude, accuracy; shape (n, 4)."""
    rows = await (await connection.execute(TRACK, (actor, start, end))).fetchall()
    return np.array(rows, np.float64).reshape(-1, 4)


async def load_track_days(connection: AsyncConnection, actor: str) -> list[tuple[date, int, datetime, datetime]]:
    """Days with places that are still kept, the newest first: day, how many, the first and the last."""
    rows = await (await connection.execute(TRACK_DAYS, (actor,))).fetchall()
    return [(day, count, first, last) for day, count, first, last in rows]


@dataclass(frozen=True, slots=True)
class CaseRow:
    """A case on somebody's way."""

    id: int
    number: str
    title: str | None
    reported_at: datetime
    lng: float
    lat: float


async def load_own_cases(connection: AsyncConnection, actor: str, start: datetime, end: datetime) -> frozenset[int]:
    """Ids of the cases that somebody reported by phone."""
    rows = await (await connection.execute(OWN_CASES, (actor, start, end))).fetchall()
    return frozenset(case_id for (case_id,) in rows)


async def load_on_way(
    connection: AsyncConnection,
    own: frozenset[int],
    box: tuple[float, float, float, float],
    start: datetime,
    end: datetime,
) -> list[CaseRow]:
    """Cases by id, and those open between two moments in a box (west, south, east, north), as far as the reader sees them."""
    sides = dict(zip(("west", "south", "east", "north"), box, strict=True))
    parameters = {**sides, "own": list(own), "start": start, "end": end, "most": MOST_NEAR}
    async with connection.cursor(row_factory=class_row(CaseRow)) as cursor:
        return await (await cursor.execute(ON_WAY, parameters)).fetchall()


def days_before(day: date, count: int) -> tuple[date, date]:
    """The period of equal length before ``count`` days that end on a day: its first and last day."""
    return day - timedelta(days=2 * count - 1), day - timedelta(days=count)
