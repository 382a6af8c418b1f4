"""Merged cases: what is checked before, and who reported a case with everything that was merged into it."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import psycopg
from psycopg.rows import class_row

from data.stores.nearby import Point

AsyncConnection = psycopg.AsyncConnection[Any]

LOCK: Final = "select id from cases where id = any(%s) order by id for update"

FACTS: Final = """
select c.id, c.number, c.state, c.closed_at, c.matter_id, m.name_zh as matter, st_x(c.geom) as lng, st_y(c.geom) as lat,
       coalesce(c.uncertainty_m, 0) as uncertainty_m
  from cases c join matter m on m.id = c.matter_id where c.id = any(%s)
"""

MAIN: Final = "select main_case_id from case_merge where case_id = %s"

REPORTS: Final = """
select r.id, r.channel, r.case_id, r.reported_at, r.received_at, r.body ->> 'text' as text, r.body -> 'reporter' as reporter,
       r.case_id <> main.id as merged
  from (select coalesce((select main_case_id from case_merge where case_id = %(case)s), %(case)s::bigint) as id) as main
       join report r on r.case_id = main.id
                     or r.case_id in (select m.case_id from case_merge m where m.main_case_id = main.id)
 order by r.reported_at, r.id
"""


@dataclass(frozen=True, slots=True)
class MergeFacts:
    """What decides whether two cases may be merged."""

    id: int
    number: str
    state: str
    closed_at: datetime | None
    matter_id: int
    matter: str
    lng: float | None
    lat: float | None
    uncertainty_m: float

    @property
    def point(self) -> Point | None:
        """Where it lies."""
        return None if self.lng is None or self.lat is None else (self.lng, self.lat)


@dataclass(frozen=True, slots=True)
class ReportOfCase:
    """A report of a case; ``merged``: it came with a case that was merged into it."""

    id: int
    channel: str
    case_id: int
    reported_at: datetime
    received_at: datetime
    text: str | None
    reporter: dict[str, Any] | None
    merged: bool


async def lock_cases(connection: AsyncConnection, case_ids: Iterable[int]) -> list[int]:
    """Lock cases in the order of their ids, so that two merges never wait for each other; those that exist."""
    return [row[0] for row in await (await connection.execute(LOCK, (sorted(set(case_ids)),))).fetchall()]


async def load_facts(connection: AsyncConnection, case_ids: Iterable[int]) -> dict[int, MergeFacts]:
    """What decides about a merge, by case id; those that exist."""
    async with connection.cursor(row_factory=class_row(MergeFacts)) as cursor:
        found = await (await cursor.execute(FACTS, (sorted(set(case_ids)),))).fetchall()
    return {facts.id: facts for facts in found}


async def load_main(connection: AsyncConnection, case_id: int) -> int | None:
    """The main case that a case was merged into, None while it stands for itself."""
    row = await (await connection.execute(MAIN, (case_id,))).fetchone()
    return None if row is None else int(row[0])


async def reports_of_case(connection: AsyncConnection, case_id: int) -> list[ReportOfCase]:
    """Every report of a case and of those merged with it, oldest first; the same from the merged case's side."""
    async with connection.cursor(row_factory=class_row(ReportOfCase)) as cursor:
        return await (await cursor.execute(REPORTS, {"case": case_id})).fetchall()
