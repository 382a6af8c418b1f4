"""Reports: what the channels said, verbatim; stored before they are acknowledged, claimed by workers in batches."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import psycopg

from data.database import AsyncPool, Connection
from geo.errors import NeedleError

AsyncConnection = psycopg.AsyncConnection[tuple[Any, ...]]
ReportKey = tuple[str, str]
"""(channel, idempotency key)."""


@dataclass(frozen=True, slots=True)
class Receipt:
    """A report is stored for good. ``duplicate``: it was there before under the same key, and keeps the id it had."""

    id: int
    duplicate: bool


@dataclass(frozen=True, slots=True)
class ReportRow:
    """A waiting report; ``body`` is what the channel sent."""

    id: int
    channel: str
    body: dict[str, Any]
    reported_at: datetime
    received_at: datetime


INSERT = """
with added as (
    insert into report (channel, idempotency_key, body, reported_at)
    select said->>'channel', said->>'key', said, (said->>'reported_at')::timestamptz
    from jsonb_array_elements(%s::text::jsonb) as said
    on conflict (channel, idempotency_key) do nothing
    returning channel, idempotency_key, id
)
select channel, idempotency_key, id from added cross join (select pg_notify('needle_report', '')) as told
"""

FIND = """
select channel, idempotency_key, id from report
join unnest(%s::text[], %s::text[]) as given (channel, idempotency_key) using (channel, idempotency_key)
"""

CLAIM = """
select id, channel, body, reported_at, received_at from report
where handled_at is null order by id limit %s for update skip locked
"""

HANDLED = """
update report set handled_at = %s, case_id = outcome.case_id, problem = outcome.problem
from unnest(%s::bigint[], %s::bigint[], %s::text[]) as outcome (id, case_id, problem)
where report.id = outcome.id
"""

CROWDED = """
with latest as (select body->'lng' as lng, body->'lat' as lat from report order by id desc limit %(latest)s),
     placed as (select lng, lat from latest where jsonb_typeof(lng) = 'number' and jsonb_typeof(lat) = 'number')
select lng::float8, lat::float8 from placed group by lng, lat
having count(*) >= greatest(%(least)s, %(share)s * (select count(*) from placed))
"""

OUTCOME = "select id, handled_at, case_id, problem from report where id = %s"
CHANNEL_DATUMS = "select code, crs from channel"


class ReportWriter:
    """Stores groups of reports, one transaction a group, over one connection of the pool that it keeps while it holds.

    A group is one statement in autocommit: a single way to the server and back, with the commit at its end.

    Storing is idempotent by (channel, key), so a group whose connection broke is simply stored again.
    """

    def __init__(self, pool: AsyncPool) -> None:
        self.pool = pool
        self.connection: AsyncConnection | None = None

    async def write(self, bodies: Sequence[bytes], keys: Sequence[ReportKey]) -> list[Receipt]:
        """Store reports (JSON objects with channel, key and reported_at); returns after the commit, in the order given.

        Raises
        ------
        NeedleError
            ``database.unreachable``: nothing of this group is promised. ``report.unstorable``: the database refuses a
            report of the group, and the whole group with it.
        """
        try:
            return await self._write(bodies, keys)
        except psycopg.Error:
            await self.close()
        try:
            return await self._write(bodies, keys)
        except psycopg.Error as error:
            await self.close()
            raise NeedleError("database.unreachable", reason=str(error).strip()) from error

    async def close(self) -> None:
        """Give the connection back."""
        connection, self.connection = self.connection, None
        if connection is not None:
            if not connection.closed:
                await connection.set_autocommit(False)
            await self.pool.putconn(connection)

    async def _write(self, bodies: Sequence[bytes], keys: Sequence[ReportKey]) -> list[Receipt]:
        if self.connection is None:
            self.connection = await self.pool.getconn()
            await self.connection.set_autocommit(True)
        try:
            return await _store(self.connection, bodies, keys)
        except (psycopg.DataError, psycopg.IntegrityError) as error:
            raise NeedleError("report.unstorable", reason=str(error).partition("\n")[0]) from error


async def _store(connection: AsyncConnection, bodies: Sequence[bytes], keys: Sequence[ReportKey]) -> list[Receipt]:
    text = (b"[" + b",".join(bodies) + b"]").decode()
    cursor = await connection.execute(INSERT, (text,))
    added = {(channel, key): id for channel, key, id in await cursor.fetchall()}
    known = await _find(connection, [key for key in keys if key not in added]) if len(added) < len(keys) else {}
    return [_receipt(key, added, known) for key in keys]


async def _find(connection: AsyncConnection, keys: Sequence[ReportKey]) -> dict[ReportKey, int]:
    if not keys:
        return {}
    channels, idempotency_keys = zip(*keys, strict=True)
    cursor = await connection.execute(FIND, (list(channels), list(idempotency_keys)))
    return {(channel, key): id for channel, key, id in await cursor.fetchall()}


def _receipt(key: ReportKey, added: dict[ReportKey, int], known: dict[ReportKey, int]) -> Receipt:
    """The first of a key that a group brings is the new one, its repeats are duplicates."""
    id = added.get(key)
    if id is None:
        return Receipt(known[key], True)
    known[key] = added.pop(key)
    return Receipt(id, False)


async def load_outcome(connection: AsyncConnection, report_id: int) -> dict[str, Any]:
    """What became of a report: ``id``, ``handled_at``, ``case_id`` and ``problem``, the last three null while it waits.

    Raises
    ------
    NeedleError
        ``report.unknown``.
    """
    row = await (await connection.execute(OUTCOME, (report_id,))).fetchone()
    if row is None:
        raise NeedleError("report.unknown", report_id=report_id)
    return dict(zip(("id", "handled_at", "case_id", "problem"), row, strict=True))


async def load_channel_datums(pool: AsyncPool) -> dict[str, str | None]:
    """The declared datum of each channel's untagged points; None: it declares none.

    Raises
    ------
    NeedleError
        ``database.unreachable``.
    """
    try:
        async with pool.connection() as connection:
            return dict(await (await connection.execute(CHANNEL_DATUMS)).fetchall())
    except psycopg.OperationalError as error:
        raise NeedleError("database.unreachable", reason=str(error).strip()) from error


def claim(connection: Connection, limit: int) -> list[ReportRow]:
    """Lock up to ``limit`` of the oldest waiting reports for this transaction; other workers skip them."""
    return [ReportRow(*row) for row in connection.execute(CLAIM, (limit,))]


def mark_handled(connection: Connection, at: datetime, outcomes: Sequence[tuple[int, int | None, str | None]]) -> None:
    """Record what became of claimed reports: (report id, case id, problem code) each."""
    ids, cases, problems = zip(*outcomes, strict=True)
    connection.execute(HANDLED, (at, list(ids), list(cases), list(problems)))


def crowded_points(connection: Connection, latest: int, least: int, share: float) -> set[tuple[float, float]]:
    """Coordinates (as sent) that an implausible number of the latest reports share: a geocoder's default spots.

    Parameters
    ----------
    latest : int
        How many of the latest reports are looked at.
    least, share : int, float
        How many of them, and what share, must be identical.
    """
    rows = connection.execute(CROWDED, {"latest": latest, "least": least, "share": share})
    return {(float(lng), float(lat)) for lng, lat in rows}
