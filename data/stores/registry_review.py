"""Taking a decision about a doubtful pair back: the two stand again as they stood, and the doubt waits again."""

from typing import Any, Final

import psycopg

from data.stores.registry_merges import undo_merge
from geo.errors import NeedleError

AsyncConnection = psycopg.AsyncConnection[Any]

SEEN: Final = "select 1 from registry_doubt where id = %s"
SEEN_MERGE: Final = "select 1 from registry_merge where id = %s"
DECIDED: Final = "select left_id, right_id, state from registry_doubt where id = %s for update"
MERGED: Final = """
select id from registry_merge m where undone_at is null
   and (m.survivor_id, m.absorbed_id) in ((%(left)s, %(right)s), (%(right)s, %(left)s)) order by id desc limit 1
"""
FORGET: Final = (
    "delete from registry_apart where left_id = least(%s::bigint, %s) and right_id = greatest(%s::bigint, %s)"
)
REOPEN: Final = "update registry_doubt set state = 'open', decided_by = null, decided_at = null where id = %s"
DECISIONS: Final = """
select count(*) filter (where state = 'open'), count(*) filter (where state in ('merged', 'apart') and decided_at >= %s)
  from registry_doubt
"""


async def must_see(connection: AsyncConnection, doubt: int) -> None:
    """Refuse what the account does not see: ``registry.doubt_settled``, as of one that is gone."""
    if await (await connection.execute(SEEN, (doubt,))).fetchone() is None:
        raise NeedleError("registry.doubt_settled", doubt=doubt)


async def must_see_merge(connection: AsyncConnection, merge: int) -> None:
    """Refuse what the account does not see: ``registry.merge_unknown``, as of one that never was."""
    if await (await connection.execute(SEEN_MERGE, (merge,))).fetchone() is None:
        raise NeedleError("registry.merge_unknown", merge=merge)


async def reopen_doubt(connection: AsyncConnection, doubt: int, by: str) -> None:
    """Undo what was decided of a doubt. The caller commits.

    Raises
    ------
    NeedleError
        ``registry.doubt_open`` where nothing was decided, ``registry.merge_unknown``.
    """
    row = await (await connection.execute(DECIDED, (doubt,))).fetchone()
    if row is None or row[2] not in ("merged", "apart"):
        raise NeedleError("registry.doubt_open", doubt=doubt)
    left, right, state = row
    if state == "merged":
        merge = await (await connection.execute(MERGED, {"left": left, "right": right})).fetchone()
        if merge is None:
            raise NeedleError("registry.doubt_open", doubt=doubt)
        await undo_merge(connection, merge[0], by)
    await connection.execute(FORGET, (left, right, left, right))
    await connection.execute(REOPEN, (doubt,))


async def count_decisions(connection: AsyncConnection, since: Any) -> tuple[int, int]:
    """How many doubts wait, and how many were decided since a moment."""
    row = await (await connection.execute(DECISIONS, (since,))).fetchone()
    return (int(row[0]), int(row[1])) if row else (0, 0)
