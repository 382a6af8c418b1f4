"""Acknowledged alarms: durable, and told to every process that listens to ``needle_alarm``."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import psycopg
from psycopg import errors
from psycopg.rows import class_row

from geo.errors import NeedleError

Connection = psycopg.AsyncConnection[Any]
CHANNEL: Final = "needle_alarm"


@dataclass(frozen=True)
class Acknowledgement:
    """Somebody has seen an alarm. ``cause``: urgent or overdue."""

    case_id: int
    cause: str
    at: datetime
    actor: str


ADD: Final = """
with added as (
    insert into acknowledgement (case_id, cause, actor) select %(case_id)s, unnest(%(causes)s::text[]), %(actor)s
    on conflict (case_id, cause) do nothing returning case_id)
select pg_notify('needle_alarm', case_id::text) from (select distinct case_id from added) as told
"""

COLUMNS: Final = "select case_id, cause, at, acknowledgement.actor from acknowledgement"
OF_CASE: Final = f"{COLUMNS} where case_id = %s order by at, cause"
OF_OPEN: Final = f"{COLUMNS} join cases on cases.id = case_id where closed_at is null order by case_id, cause"


async def acknowledge(connection: Connection, case_id: int, causes: list[str], actor: str) -> list[Acknowledgement]:
    """Acknowledge a case's alarms; what was acknowledged before stays as it was. The caller commits.

    Returns
    -------
    list of Acknowledgement
        All of the case.

    Raises
    ------
    NeedleError
        ``case.unknown``.
    """
    try:
        await connection.execute(ADD, {"case_id": case_id, "causes": causes, "actor": actor})
    except errors.ForeignKeyViolation as error:
        raise NeedleError("case.unknown", case_id=case_id) from error
    return await load_of_case(connection, case_id)


async def load_of_case(connection: Connection, case_id: int) -> list[Acknowledgement]:
    """What was acknowledged of a case, in order of time."""
    async with connection.cursor(row_factory=class_row(Acknowledgement)) as cursor:
        return await (await cursor.execute(OF_CASE, (case_id,))).fetchall()


async def load_of_open(connection: Connection) -> list[Acknowledgement]:
    """What was acknowledged of all open cases."""
    async with connection.cursor(row_factory=class_row(Acknowledgement)) as cursor:
        return await (await cursor.execute(OF_OPEN)).fetchall()
