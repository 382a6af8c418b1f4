"""What was written in the registry since a position, by the transactions' numbers: nothing is missed, some is met twice.

Every entity carries the transaction that wrote it last (``version``). A position is the oldest transaction that still ran when it
was taken (PostgreSQL's ``pg_snapshot_xmin``): what had ended before was seen by whoever took it, and all else has its number or
a higher one. Versions that a restored backup brought from elsewhere lie beyond the newest transaction and are left alone.
"""

from dataclasses import dataclass
from typing import Any, Final

import psycopg

from data.database import Connection

AsyncConnection = psycopg.AsyncConnection[Any]

NOW: Final = "select pg_snapshot_xmin(pg_current_snapshot())::text::bigint"
CHANGED: Final = """
select id, kind, root_id = id and erased_at is null, erased_at is not null from registry_entity
 where version >= %s and version < pg_snapshot_xmax(pg_current_snapshot())::text::bigint and id > %s order by id limit %s
"""
DATABASE: Final = """
select (select system_identifier from pg_control_system()), oid from pg_database where datname = current_database()
"""
COUNTED: Final = "select coalesce(sum(entities), 0) from registry_density where layer = ''"


@dataclass(frozen=True, slots=True)
class Change:
    """An entity that was written. ``stands``: it is no other's part, and not erased."""

    entity: int
    kind: str
    stands: bool
    erased: bool


async def load_position(connection: AsyncConnection) -> int:
    """Where the registry is now: whatever is written and not seen yet has this version or a higher one."""
    row = await (await connection.execute(NOW)).fetchone()
    assert row is not None
    return int(row[0])


def position_now(connection: Connection) -> int:
    """``load_position``, for a command."""
    row = connection.execute(NOW).fetchone()
    assert row is not None
    return int(row[0])


async def load_changes(connection: AsyncConnection, since: int, most: int, after: int = 0) -> list[Change]:
    """What was written since a position, by number from one on; at most so many."""
    return [Change(*row) for row in await (await connection.execute(CHANGED, (since, after, most))).fetchall()]


async def database_mark(connection: AsyncConnection) -> str:
    """By which this database is told from every other, a restored one too: its cluster and its number there."""
    row = await (await connection.execute(DATABASE)).fetchone()
    assert row is not None
    return f"{row[0]}-{row[1]}"


async def count_standing(connection: AsyncConnection) -> int:
    """How many entities stand, as they are counted."""
    row = await (await connection.execute(COUNTED)).fetchone()
    return int(row[0]) if row else 0
