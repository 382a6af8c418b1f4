"""Whistles and the parts of the called departments: rows that follow from a case's events, and what boards read of them."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import astuple, dataclass, fields
from datetime import datetime
from typing import Any, Final

import psycopg
from psycopg.rows import class_row

from data.chain import Event
from data.database import Connection
from geo.errors import NeedleError

AsyncConnection = psycopg.AsyncConnection[Any]


@dataclass(frozen=True, slots=True)
class WhistleRow:
    """A row of ``whistle``."""

    case_id: int
    number: int
    street: str
    purpose: str
    called_at: datetime
    answer_by: datetime | None
    arrive_by: datetime | None
    stage: int
    finished_at: datetime | None
    ended_at: datetime | None


@dataclass(frozen=True, slots=True)
class PartyRow:
    """A row of ``whistle_party``."""

    case_id: int
    number: int
    department_code: str
    lead: bool
    state: str
    team_id: int | None
    answered_at: datetime | None
    arrived_at: datetime | None
    distance_m: float | None
    finished_at: datetime | None


@dataclass(frozen=True, slots=True)
class OpenWhistle:
    """A line of the whistle board: one department of one open whistle, with its case."""

    case_id: int
    case_number: str
    title: str
    state: str
    number: int
    street: str
    purpose: str
    called_at: datetime
    answer_by: datetime | None
    arrive_by: datetime | None
    stage: int
    department_code: str
    lead: bool
    party_state: str
    team_id: int | None
    answered_at: datetime | None
    arrived_at: datetime | None
    distance_m: float | None
    finished_at: datetime | None
    lng: float | None
    lat: float | None
    ended_at: datetime | None


def _upsert(table: str, row: type, key: Sequence[str]) -> str:
    names = [field.name for field in fields(row)]
    changed = ", ".join(f"{name} = excluded.{name}" for name in names if name not in key)
    return (
        f"insert into {table} ({', '.join(names)}) values ({', '.join(['%s'] * len(names))}) "
        f"on conflict ({', '.join(key)}) do update set {changed}"
    )


SAVE_WHISTLE: Final = _upsert("whistle", WhistleRow, ("case_id", "number"))
SAVE_PARTY: Final = _upsert("whistle_party", PartyRow, ("case_id", "number", "department_code"))

BOARD: Final = """
select c.id as case_id, c.number as case_number, c.title, c.state, w.number, w.street, w.purpose, w.called_at, w.answer_by,
       w.arrive_by, w.stage, p.department_code, p.lead, p.state as party_state, p.team_id, p.answered_at, p.arrived_at,
       p.distance_m, p.finished_at, st_x(c.geom) as lng, st_y(c.geom) as lat, w.ended_at
  from whistle w join whistle_party p using (case_id, number) join cases c on c.id = w.case_id
 where (w.ended_at is null or w.ended_at >= %(ended_since)s) and (%(street)s::text is null or w.street = %(street)s)
   and (%(department)s::text is null or p.department_code = %(department)s)
   and (%(team)s::int is null or p.team_id = %(team)s)
 order by w.stage desc, w.answer_by, w.case_id, not p.lead, p.department_code
"""


HISTORIES: Final = f"""
select {", ".join(field.name for field in fields(Event))} from case_event
 where case_id in (select case_id from whistle where called_at >= %s and called_at < %s) order by case_id, seq
"""


async def save_whistle(connection: AsyncConnection, whistle: WhistleRow, parties: Sequence[PartyRow]) -> None:
    """Keep how a whistle stands; the caller commits.

    Raises
    ------
    NeedleError
        ``case.command_invalid`` when it names a department or team that does not exist.
    """
    try:
        await connection.execute(SAVE_WHISTLE, astuple(whistle))
        for party in _leads_last(parties):
            await connection.execute(SAVE_PARTY, astuple(party))
    except psycopg.errors.ForeignKeyViolation as error:
        raise NeedleError("case.command_invalid", problem=str(error.diag.message_detail)) from error


def step_whistle(connection: Connection, whistle: WhistleRow) -> None:
    """Keep how far silence has gone up; a worker's."""
    connection.execute(SAVE_WHISTLE, astuple(whistle))


async def load_board(
    connection: AsyncConnection,
    street: str | None = None,
    department: str | None = None,
    team: int | None = None,
    ended_since: datetime | None = None,
) -> list[OpenWhistle]:
    """The departments of the open whistles, the longest silent first; of one street, department or team where named.

    With ``team`` it is what a team has to do beside its own tasks; with ``ended_since`` those that ended since then as well.
    """
    values = {"street": street, "department": department, "team": team, "ended_since": ended_since}
    async with connection.cursor(row_factory=class_row(OpenWhistle)) as cursor:
        return await (await cursor.execute(BOARD, values)).fetchall()


async def load_whistled(connection: AsyncConnection, since: datetime, until: datetime) -> dict[int, list[Event]]:
    """The histories of the cases that were whistled for in a span of time, oldest event first, by case id."""
    found: defaultdict[int, list[Event]] = defaultdict(list)
    async for row in await connection.execute(HISTORIES, (since, until)):
        found[row[0]].append(Event(*row))
    return found


def _leads_last(parties: Sequence[PartyRow]) -> list[PartyRow]:
    """So that a lead which moves on is never there twice, not even between two statements."""
    return sorted(parties, key=lambda party: party.lead)
