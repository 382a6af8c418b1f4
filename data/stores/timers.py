"""When a case moves by itself: one moment a case, and the cases whose moment has come."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final

import psycopg

from data.copy import copy_rows
from data.database import Connection
from data.stores.cases import MOVE_DUE

AsyncConnection = psycopg.AsyncConnection[tuple[Any, ...]]

SET: Final = "insert into case_timer (case_id, at) values (%s, %s) on conflict (case_id) do update set at = excluded.at"
CLEAR: Final = "delete from case_timer where case_id = %s"
CLAIM: Final = """
select c.id from case_timer t join cases c on c.id = t.case_id where t.at <= %s order by t.at limit %s
for update of c skip locked
"""


async def set_timer(connection: AsyncConnection, case_id: int, at: datetime | None) -> None:
    """Look at a case again at a moment; None: nothing is to come."""
    await connection.execute(CLEAR, (case_id,)) if at is None else await connection.execute(SET, (case_id, at))


def set_timers(connection: Connection, moments: Mapping[int, datetime | None]) -> None:
    """The same for many cases; a worker's."""
    with connection.cursor() as cursor:
        cursor.executemany(SET, [(case_id, at) for case_id, at in moments.items() if at is not None])
        cursor.executemany(CLEAR, [(case_id,) for case_id, at in moments.items() if at is None])


def add_timers(connection: Connection, moments: Mapping[int, datetime | None]) -> None:
    """The same for new cases, which have none yet."""
    rows = [(case_id, at) for case_id, at in moments.items() if at is not None]
    copy_rows(connection, "case_timer", ("case_id", "at"), rows)


def claim_due(connection: Connection, now: datetime, limit: int) -> list[int]:
    """Lock up to ``limit`` cases whose moment has come; those that somebody holds wait for the next look."""
    return [case_id for (case_id,) in connection.execute(CLAIM, (now, limit))]


def move_dues(connection: Connection, dues: Sequence[tuple[int, datetime | None]]) -> None:
    """Keep the open tasks' deadlines those of their cases."""
    with connection.cursor() as cursor:
        cursor.executemany(MOVE_DUE, [(due_at, case_id, due_at) for case_id, due_at in dues])
