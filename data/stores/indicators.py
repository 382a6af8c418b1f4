"""What indicators need beside the mirror: the cases whose deadline was moved, from the event log."""

from typing import Any, Final

from psycopg import AsyncConnection

Connection = AsyncConnection[Any]
RECENT: Final = 10_000
"""How far below the highest id seen a follower looks again: transactions end in another order than their ids."""

#: Found by ``ix_case_event_transition``.
EXTENDED: Final = """
select case_id, id from case_event
 where from_state = 'extension_requested' and action = 'approve_extension' and to_state = 'handling' and id > %s
"""


async def load_extended(connection: Connection, seen: int) -> tuple[frozenset[int], int]:
    """Cases whose deadline was moved by an event above about ``seen`` (0: ever), and the highest of their events seen."""
    rows = await (await connection.execute(EXTENDED, (max(0, seen - RECENT),))).fetchall()
    return frozenset(case_id for case_id, _ in rows), max([seen, *(event for _, event in rows)])
