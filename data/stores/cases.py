"""Cases, their events, decisions and tasks: written together in one transaction, so that the row is always the fold.

A worker writes many new cases at once (synchronous, by COPY); a desk moves one (asynchronous, under the row's lock).
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from functools import cache
from typing import Any

import psycopg
from psycopg import sql
from psycopg.types.json import Jsonb

from data.chain import Event
from data.copy import copy_rows
from data.database import Connection
from data.stores.announcing import TASK_ENDED_CHANNEL
from geo.errors import NeedleError

AsyncConnection = psycopg.AsyncConnection[tuple[Any, ...]]

NOTICE_BYTES = 7_900
"""PostgreSQL takes notices below 8000 bytes."""
NOTICE_CASES = 400


@dataclass(frozen=True, slots=True)
class CaseRow:
    """A row of ``cases``. ``geom`` is hex EWKB as ``data.copy.hex_ewkb`` makes it, None where the place is unknown."""

    id: int
    number: str
    channel: str
    matter_id: int
    title: str
    address: str | None
    geom: str | None
    uncertainty_m: float | None
    cell_code: str | None
    areas: dict[str, str]
    borders: dict[str, dict[str, Any]]
    h3_9: int | None
    state: str
    urgent: bool
    department_code: str | None
    team_id: int | None
    reported_at: datetime
    filed_at: datetime | None
    dispatched_at: datetime | None
    due_at: datetime | None
    answered_at: datetime | None
    closed_at: datetime | None
    returns: int
    reworks: int
    seq: int
    hash: bytes
    updated_at: datetime


@dataclass(frozen=True, slots=True)
class DecisionRow:
    """Why a case went where it went; ``candidates`` is JSON, the chosen first."""

    case_id: int
    at: datetime
    rule_set_id: int
    rule: str | None
    outcome: str
    team_id: int | None
    department_code: str | None
    goes_up_to: str | None
    travel_s: float | None
    candidates: list[dict[str, Any]]


@dataclass(frozen=True, slots=True)
class TaskRow:
    """A team has a case as an open task."""

    case_id: int
    team_id: int
    assigned_at: datetime
    due_at: datetime | None


CASE_COLUMNS = tuple(f.name for f in fields(CaseRow))
DECISION_COLUMNS = tuple(f.name for f in fields(DecisionRow))
TASK_COLUMNS = tuple(f.name for f in fields(TaskRow))
EVENT_COLUMNS = tuple(f.name for f in fields(Event))

NEXT_IDS = "select nextval(pg_get_serial_sequence('cases', 'id')) from generate_series(1, %s)"

NOTIFY = "select pg_notify('needle_case', %s)"

TELL_TASK_ENDED = "select pg_notify(%s, '')"

LOCK = "select seq, hash from cases where id = %s for update"

MATTER_OF_CASE = "select matter_id from cases where id = %s"

EVENTS = f"select {', '.join(EVENT_COLUMNS)} from case_event where case_id = %s order by seq"

ADD_EVENT = f"insert into case_event ({', '.join(EVENT_COLUMNS)}) values ({', '.join(['%s'] * len(EVENT_COLUMNS))})"

CLOSE_TASK = "update task set done_at = %s, outcome = %s where case_id = %s and done_at is null"

ACCEPT_TASK = "update task set accepted_at = coalesce(accepted_at, %s) where case_id = %s and done_at is null"

OPEN_TASK = "insert into task (case_id, team_id, assigned_at, due_at) values (%s, %s, %s, %s)"

MOVE_DUE = "update task set due_at = %s where case_id = %s and done_at is null and due_at is distinct from %s"

READ = """
select jsonb_build_object(
    'case', to_jsonb(c) - 'geom' - 'hash'
        || jsonb_build_object('lng', st_x(c.geom), 'lat', st_y(c.geom), 'hash', encode(c.hash, 'hex'),
                              'matter', m.edition || ':' || m.kind || ':' || m.code,
                              'matter_zh', m.name_zh, 'matter_en', m.name_en),
    'events', (select coalesce(jsonb_agg(to_jsonb(e) - 'hash' - 'previous_hash'
                                         || jsonb_build_object('hash', encode(e.hash, 'hex')) order by e.seq), '[]')
               from case_event e where e.case_id = c.id),
    'decisions', (select coalesce(jsonb_agg(to_jsonb(d) order by d.id), '[]') from decision d where d.case_id = c.id),
    'tasks', (select coalesce(jsonb_agg(to_jsonb(t) order by t.id), '[]') from task t where t.case_id = c.id),
    'whistles', (select coalesce(jsonb_agg(to_jsonb(w) - 'case_id' || jsonb_build_object('parties',
                     (select coalesce(jsonb_agg(to_jsonb(p) - 'case_id' - 'number' order by not p.lead, p.department_code), '[]')
                        from whistle_party p where p.case_id = w.case_id and p.number = w.number)) order by w.number), '[]')
                   from whistle w where w.case_id = c.id),
    'main_case', (select m.main_case_id from case_merge m where m.case_id = c.id),
    'merged_cases', (select coalesce(jsonb_agg(m.case_id order by m.case_id), '[]') from case_merge m
                      where m.main_case_id = c.id))
from cases c join matter m on m.id = c.matter_id where c.id = %s
"""


# --- a worker's bulk ------------------------------------------------------------------------------------------


def next_case_ids(connection: Connection, count: int) -> list[int]:
    """Fresh ids for new cases; those of a transaction that fails are never used."""
    return [row[0] for row in connection.execute(NEXT_IDS, (count,))]


def add_cases(
    connection: Connection,
    cases: Sequence[CaseRow],
    events: Sequence[Event],
    decisions: Sequence[DecisionRow],
    tasks: Sequence[TaskRow],
) -> None:
    """Write new cases with all that belongs to them, and tell whoever listens to ``needle_case``.

    The caller commits.
    """
    copy_rows(connection, "cases", CASE_COLUMNS, map(row_values, cases))
    copy_rows(connection, "case_event", EVENT_COLUMNS, map(row_values, events))
    copy_rows(connection, "decision", DECISION_COLUMNS, map(row_values, decisions))
    copy_rows(connection, "task", TASK_COLUMNS, map(row_values, tasks))
    for notice in notices([c.id for c in cases]):
        connection.execute(NOTIFY, (notice,))


def notices(case_ids: Sequence[int]) -> list[str]:
    """The ids as payloads of NOTIFY: comma separated, at most ``NOTICE_CASES`` and ``NOTICE_BYTES`` each."""
    texts = [
        ",".join(map(str, case_ids[start : start + NOTICE_CASES])) for start in range(0, len(case_ids), NOTICE_CASES)
    ]
    if all(len(text) <= NOTICE_BYTES for text in texts):
        return texts
    half = len(case_ids) // 2
    return notices(case_ids[:half]) + notices(case_ids[half:])


def load_events(connection: Connection, case_id: int) -> list[Event]:
    """The history of a case, oldest first."""
    return [Event(*row) for row in connection.execute(EVENTS, (case_id,))]


def row_values(row: CaseRow | Event | DecisionRow | TaskRow) -> list[Any]:
    """A row's values as COPY takes them, in the order of its columns."""
    return [_value(getattr(row, f.name)) for f in fields(row)]


def _value(value: Any) -> Any:
    return Jsonb(value) if isinstance(value, list) else value


# --- a desk's single case ------------------------------------------------------------------------------------------


async def lock_case(connection: AsyncConnection, case_id: int) -> tuple[int, bytes]:
    """Lock a case for this transaction; its seq and the hash of its last event.

    Raises
    ------
    NeedleError
        ``case.unknown`` where there is none that the account of the connection may see.
    """
    row = await (await connection.execute(LOCK, (case_id,))).fetchone()
    if row is None:
        raise NeedleError("case.unknown", case_id=case_id)
    return int(row[0]), bytes(row[1])


async def read_events(connection: AsyncConnection, case_id: int) -> list[Event]:
    """A case's history, oldest first."""
    cursor = await connection.execute(EVENTS, (case_id,))
    return [Event(*row) for row in await cursor.fetchall()]


async def lock_events(connection: AsyncConnection, case_id: int) -> list[Event]:
    """Lock a case for this transaction and read its history, oldest first; ``case.unknown``."""
    await lock_case(connection, case_id)
    return await read_events(connection, case_id)


async def matter_of_case(connection: AsyncConnection, case_id: int) -> int:
    """The id of a case's matter."""
    row = await (await connection.execute(MATTER_OF_CASE, (case_id,))).fetchone()
    if row is None:
        raise NeedleError("case.unknown", case_id=case_id)
    return int(row[0])


async def retitled(connection: AsyncConnection, case_id: int, matter_name: str) -> str:
    """What a case is called once its matter is known: the matter's name and its address."""
    row = await (await connection.execute("select address from cases where id = %s", (case_id,))).fetchone()
    if row is None:
        raise NeedleError("case.unknown", case_id=case_id)
    return f"{matter_name} · {row[0]}" if row[0] else matter_name


async def add_event(connection: AsyncConnection, event: Event, row: Mapping[str, Any]) -> None:
    """Append an event to a locked case and set the columns that follow from it; tells ``needle_case``.

    Raises
    ------
    NeedleError
        ``case.command_invalid`` when it names a team, department or case that does not exist, or the database refuses it.
    """
    try:
        async with connection.pipeline():
            await connection.execute(ADD_EVENT, [_json(getattr(event, name)) for name in EVENT_COLUMNS])
            await connection.execute(update_of(row), [*map(_json, row.values()), event.case_id])
            await connection.execute(NOTIFY, (str(event.case_id),))
    except psycopg.errors.ForeignKeyViolation as error:
        raise NeedleError("case.command_invalid", problem=str(error.diag.message_detail)) from error
    except (psycopg.errors.RestrictViolation, psycopg.errors.UniqueViolation) as error:
        raise NeedleError("case.command_invalid", problem=str(error.diag.message_primary)) from error


def update_of(columns: Iterable[str]) -> bytes:
    """The statement that sets some columns of a case; it takes their values, then the case's id."""
    return _update_of(tuple(columns))


@cache
def _update_of(columns: tuple[str, ...]) -> bytes:
    assignments = sql.SQL(", ").join(sql.SQL("{} = %s").format(sql.Identifier(name)) for name in columns)
    return sql.SQL("update cases set {} where id = %s").format(assignments).as_bytes(None)


async def close_task(connection: AsyncConnection, case_id: int, at: datetime, outcome: str) -> None:
    """End the case's open task, if there is one, and tell the workers: its team may be free for a case that waits."""
    await connection.execute(CLOSE_TASK, (at, outcome, case_id))
    await connection.execute(TELL_TASK_ENDED, (TASK_ENDED_CHANNEL,))


async def accept_task(connection: AsyncConnection, case_id: int, at: datetime) -> None:
    """Note that the team took the open task on; the first time counts."""
    await connection.execute(ACCEPT_TASK, (at, case_id))


async def open_task(connection: AsyncConnection, task: TaskRow) -> None:
    """Give a case to a team. The database refuses a second open task of the case.

    Raises
    ------
    NeedleError
        ``case.command_invalid`` when the team does not exist.
    """
    await connection.execute(OPEN_TASK, (task.case_id, task.team_id, task.assigned_at, task.due_at))


async def move_due(connection: AsyncConnection, case_id: int, due_at: datetime | None) -> None:
    """Keep the open task's deadline that of its case."""
    await connection.execute(MOVE_DUE, (due_at, case_id, due_at))


async def read_case(connection: AsyncConnection, case_id: int) -> dict[str, Any]:
    """A case with its events, decisions, tasks, whistles (each with its parties), main case and merged cases, as JSON.

    Raises
    ------
    NeedleError
        ``case.unknown``.
    """
    row = await (await connection.execute(READ, (case_id,))).fetchone()
    if row is None:
        raise NeedleError("case.unknown", case_id=case_id)
    found: dict[str, Any] = row[0]
    return found


def _json(value: Any) -> Any:
    return Jsonb(value) if isinstance(value, Mapping) else value
