"""Saved views of a page: a name for what somebody asked, filtered, sorted and shown."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import psycopg
from psycopg import errors
from psycopg.rows import class_row

from geo.errors import NeedleError

Connection = psycopg.AsyncConnection[Any]


@dataclass(frozen=True)
class SavedView:
    """One view. ``query``: the page's address after the question mark."""

    id: int
    owner: str
    name: str
    query: str
    shared: bool
    saved_at: datetime


COLUMNS: Final = "id, owner, name, query, shared, saved_at"
DESK: Final = "desk"
LIST: Final = f"""
select {COLUMNS} from saved_view where page = %s and (owner = %s or shared) order by owner <> %s, name
"""
SAVE: Final = f"""
insert into saved_view (owner, name, query, shared, page) values (%s, %s, %s, %s, %s)
on conflict (owner, page, name) do update set query = excluded.query, shared = excluded.shared, saved_at = now()
returning {COLUMNS}
"""
CHANGE: Final = f"""
update saved_view set name = coalesce(%s, name), shared = coalesce(%s, shared) where id = %s and owner = %s returning {COLUMNS}
"""
DELETE: Final = "delete from saved_view where id = %s and owner = %s"


async def load_views(connection: Connection, owner: str, page: str = DESK) -> list[SavedView]:
    """The owner's views of a page by name, then those that others share."""
    async with connection.cursor(row_factory=class_row(SavedView)) as cursor:
        return await (await cursor.execute(LIST, (page, owner, owner))).fetchall()


async def save_view(
    connection: Connection, owner: str, name: str, query: str, shared: bool, page: str = DESK
) -> SavedView:
    """Save a view; one of the same owner, page and name is replaced. The caller commits."""
    async with connection.cursor(row_factory=class_row(SavedView)) as cursor:
        saved = await (await cursor.execute(SAVE, (owner, name, query, shared, page))).fetchone()
    assert saved is not None
    return saved


async def change_view(
    connection: Connection, view_id: int, owner: str, name: str | None, shared: bool | None
) -> SavedView:
    """Rename a view of this owner, or share it or not. The caller commits.

    Raises
    ------
    NeedleError
        ``view.unknown`` (also one of somebody else), ``view.name_taken``.
    """
    async with connection.cursor(row_factory=class_row(SavedView)) as cursor:
        try:
            changed = await (await cursor.execute(CHANGE, (name, shared, view_id, owner))).fetchone()
        except errors.UniqueViolation as error:
            raise NeedleError("view.name_taken", name=name) from error
    if changed is None:
        raise NeedleError("view.unknown", view_id=view_id)
    return changed


async def delete_view(connection: Connection, view_id: int, owner: str) -> None:
    """Delete a view of this owner. The caller commits.

    Raises
    ------
    NeedleError
        ``view.unknown``.
    """
    deleted = await connection.execute(DELETE, (view_id, owner))
    if deleted.rowcount == 0:
        raise NeedleError("view.unknown", view_id=view_id)
