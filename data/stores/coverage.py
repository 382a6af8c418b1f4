"""Coverage of an asking: counts by place, recipients of a place with what was met there, visits, targets.

``coverage`` is kept by triggers on ``link`` (migration 0020) in the transaction that changes a link; ``needle_coverage`` notifies
of an asking's number and the places that changed, a line each, or ``*`` for many.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final

import psycopg
from psycopg.rows import class_row

from data.database import Connection
from geo.errors import NeedleError

AsyncConnection = psycopg.AsyncConnection[tuple[Any, ...]]

CHANNEL: Final = "needle_coverage"
MANY: Final = "*"
COUNTS: Final = (
    "answered, refused, not_reachable, vacant, unknown, "
    "doors_answered, doors_refused, doors_not_reachable, doors_vacant, doors_unknown, answers"
)
LONGEST_NOTE: Final = 200

RECOUNT: Final = f"""
select outreach_id, coverage_place(kind, target, areas) as place,
       {", ".join(f"sum({name})::integer" for name in COUNTS.split(", "))}
  from link, lateral coverage_of(kind, uses, visited, households) as counts group by 1, 2
"""
HELD: Final = f"select outreach_id, place, {COUNTS} from coverage"
RECIPIENTS: Final = """
select link.id, kind, label, uses, used_at, visited, households, recipient.name, revoked_at is not null as revoked,
       expires_at <= now() as expired
  from link left join recipient on link_id = link.id
 where outreach_id = %s and coverage_place(kind, target, areas) = %s
 order by label, link.id limit %s
"""
VISITS: Final = """
select id, link_id, outcome, "by", at, note from visit where link_id = any (%s) order by id desc limit %s
"""
VISIT: Final = """
insert into visit (link_id, outcome, account_id, "by", note) select id, %s, %s, %s, %s from link where id = %s returning id
"""
HOUSEHOLDS: Final = "update link set households = %s where id = %s and kind = 'building' returning id"
LABEL: Final = "coalesce(nullif(building.address, ''), building.name, building.code)"
BUILDINGS: Final = f"""
select id, code, {LABEL} as label, ST_X(at) as lng, ST_Y(at) as lat
  from building, lateral (select ST_PointOnSurface(building.geom) as at) as middle where id = any (%s)
"""
SHAPES: Final = f"select id, code, {LABEL}, ST_AsBinary(geom) from building where id = any (%s)"
LEFT: Final = """
select coverage_place(kind, target, areas) as place, array_agg(label order by label) from link
 where outreach_id = %s and coverage_place(kind, target, areas) = any (%s) and kind <> 'area' and uses < coalesce(households, 1)
   and (visited is null or visited = 'not_reachable')
 group by 1
"""
TARGETS: Final = """
select account_id, target, due, set_by, set_at from coverage_target where outreach_id = %s
"""
SET_TARGET: Final = """
insert into coverage_target (outreach_id, account_id, target, due, set_by)
values (%(outreach)s, %(account)s, %(target)s, %(due)s, %(by)s)
on conflict (outreach_id, account_id) do update
set target = excluded.target, due = excluded.due, set_by = excluded.set_by, set_at = now()
"""
DROP_TARGET: Final = "delete from coverage_target where outreach_id = %s and account_id = %s"
WORKERS: Final = """
select id, name, area_layer as layer, area_codes as codes from account
 where role = 'grid_worker' and (team_id is null or area_layer is not null) and active order by id
"""
ASKINGS: Final = """
select id, form, title, asks, until, created_at from outreach
 where exists (select from coverage where outreach_id = outreach.id) order by id desc limit %s
"""
TOTALS: Final = f"""
select outreach_id, {", ".join(f"sum({name})::integer" for name in COUNTS.split(", "))}
  from coverage where outreach_id = any (%s) group by 1
"""
NAMES: Final = """
select code, name from area join generation on generation.id = generation_id and valid_to is null where layer = %s
"""


@dataclass(frozen=True, slots=True)
class RecipientRow:
    """A link of a place as a worker sees it."""

    id: int
    kind: str
    label: str
    uses: int
    used_at: datetime | None
    visited: str | None
    households: int | None
    name: str | None
    revoked: bool
    expired: bool


@dataclass(frozen=True, slots=True)
class VisitRow:
    """What somebody met at a door."""

    id: int
    link_id: int
    outcome: str
    by: str
    at: datetime
    note: str


@dataclass(frozen=True, slots=True)
class TargetRow:
    """Whom a worker is to reach: so many recipients until a day."""

    account_id: int
    target: int
    due: date
    set_by: str
    set_at: datetime


@dataclass(frozen=True, slots=True)
class WorkerRow:
    """A grid worker without a team, and the areas that are theirs; ``layer`` None: the whole city."""

    id: int
    name: str
    layer: str | None
    codes: list[str]


@dataclass(frozen=True, slots=True)
class AskingRow:
    """An asking that somebody was asked by."""

    id: int
    form: str
    title: str
    asks: str
    until: datetime
    created_at: datetime


async def load_askings(connection: AsyncConnection, at_most: int) -> list[AskingRow]:
    """Askings with recipients that the account sees, the newest first."""
    async with connection.cursor(row_factory=class_row(AskingRow)) as cursor:
        return await (await cursor.execute(ASKINGS, (at_most,))).fetchall()


async def load_totals(connection: AsyncConnection, askings: Sequence[int]) -> dict[int, list[int]]:
    """Counts of whole askings as far as the account sees them, in the order of ``COUNTS``."""
    rows = await (await connection.execute(TOTALS.encode(), (list(askings),))).fetchall()
    return {asking: counts for asking, *counts in rows}


async def load_recipients(
    connection: AsyncConnection, outreach_id: int, place: str, at_most: int
) -> list[RecipientRow]:
    """The recipients of a place that the account sees, in the order of their labels."""
    async with connection.cursor(row_factory=class_row(RecipientRow)) as cursor:
        return await (await cursor.execute(RECIPIENTS, (outreach_id, place, at_most))).fetchall()


async def load_visits(connection: AsyncConnection, links: Sequence[int], at_most: int) -> list[VisitRow]:
    """What was met by these links, the newest first."""
    async with connection.cursor(row_factory=class_row(VisitRow)) as cursor:
        return await (await cursor.execute(VISITS, (list(links), at_most))).fetchall()


async def add_visit(
    connection: AsyncConnection, link_id: int, outcome: str, account_id: int, by: str, note: str
) -> int:
    """Note what somebody (by name) met at a recipient's door; the number of the visit.

    Raises
    ------
    NeedleError
        ``coverage.no_link``: there is none, or the account does not see it.
    """
    values = (outcome, account_id, by, note[:LONGEST_NOTE], link_id)
    row = await (await connection.execute(VISIT, values)).fetchone()
    if row is None:
        raise NeedleError("coverage.no_link", link=link_id)
    return int(row[0])


async def set_households(connection: AsyncConnection, link_id: int, households: int | None) -> None:
    """Say how many households are behind a building's link; None: nobody knows.

    Raises
    ------
    NeedleError
        ``coverage.no_link``.
    """
    if await (await connection.execute(HOUSEHOLDS, (households, link_id))).fetchone() is None:
        raise NeedleError("coverage.no_link", link=link_id)


async def load_targets(connection: AsyncConnection, outreach_id: int) -> list[TargetRow]:
    """The targets of an asking's workers."""
    async with connection.cursor(row_factory=class_row(TargetRow)) as cursor:
        return await (await cursor.execute(TARGETS, (outreach_id,))).fetchall()


async def save_target(
    connection: AsyncConnection, outreach_id: int, account_id: int, target: int | None, due: date | None, by: str
) -> None:
    """Set a worker's target, or take it away (None)."""
    if target is None:
        await connection.execute(DROP_TARGET, (outreach_id, account_id))
        return
    values = {"outreach": outreach_id, "account": account_id, "target": target, "due": due, "by": by}
    await connection.execute(SET_TARGET, values)


async def load_workers(connection: AsyncConnection) -> list[WorkerRow]:
    """Grid workers who watch over areas. For the owner of the tables: accounts are hidden from staff."""
    async with connection.cursor(row_factory=class_row(WorkerRow)) as cursor:
        return await (await cursor.execute(WORKERS)).fetchall()


async def load_area_names(connection: AsyncConnection, layer: str) -> dict[str, str]:
    """Names of a layer's areas in force, by code; none for cells."""
    return dict(await (await connection.execute(NAMES, (layer,))).fetchall())


@dataclass(frozen=True, slots=True)
class BuildingRow:
    """A building that was asked: ``label`` is its address, or what else it is called; a point on it in WGS 84."""

    id: int
    code: str
    label: str
    lng: float
    lat: float


async def load_buildings(connection: AsyncConnection, ids: Sequence[int]) -> dict[int, BuildingRow]:
    """Buildings by id."""
    async with connection.cursor(row_factory=class_row(BuildingRow)) as cursor:
        rows = await (await cursor.execute(BUILDINGS, (list(ids),))).fetchall()
    return {row.id: row for row in rows}


async def load_building_id(connection: AsyncConnection, code: str) -> int | None:
    """The id of a building by its code."""
    row = await (await connection.execute("select id from building where code = %s", (code,))).fetchone()
    return None if row is None else int(row[0])


async def load_left(connection: AsyncConnection, outreach_id: int, places: Sequence[str]) -> dict[str, list[str]]:
    """Labels of those who are still to be seen at places, as far as the account sees them."""
    rows = await (await connection.execute(LEFT, (outreach_id, list(places)))).fetchall()
    return dict(rows)


def read_shapes(connection: Connection, ids: Sequence[int]) -> dict[int, tuple[str, str, bytes]]:
    """Code, address and outline (WKB, EPSG:4326) of buildings by id."""
    rows = connection.execute(SHAPES, (list(ids),)).fetchall()
    return {building: (code, label, bytes(shape)) for building, code, label, shape in rows}
