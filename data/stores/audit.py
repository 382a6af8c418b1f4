"""The audit: who did what, when, to what, from where. Rows are only added; the database refuses to change or delete one."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

import psycopg
from psycopg.rows import class_row

from data.database import Connection

AsyncConnection = psycopg.AsyncConnection[Any]

ADD: Final = "insert into audit_entry (actor, action, object, address, detail) values (%s, %s, %s, %s, %s)"
COLUMNS: Final = "id, at, actor, action, object, address, detail"
FIND: Final = f"""
select {COLUMNS} from audit_entry
 where (%(actor)s::text is null or actor = %(actor)s) and (%(action)s::text is null or action = %(action)s
        or action like %(action)s || '.%%')
   and (%(object)s::text is null or object = %(object)s)
   and (%(since)s::timestamptz is null or at >= %(since)s) and (%(until)s::timestamptz is null or at < %(until)s)
   and (%(before)s::bigint is null or id < %(before)s)
 order by id desc limit %(most)s
"""


@dataclass(frozen=True, slots=True)
class Deed:
    """What is written down. ``detail``: codes and numbers; nothing that a person said, no name of a resident."""

    actor: str
    action: str
    object: str = ""
    address: str = ""
    detail: Mapping[str, Any] = field(default_factory=dict)

    def values(self) -> tuple[Any, ...]:
        """In the order of ``ADD``."""
        return (self.actor, self.action, self.object, self.address, dict(self.detail))


@dataclass(frozen=True, slots=True)
class AuditRow:
    """One entry as it is read back."""

    id: int
    at: datetime
    actor: str
    action: str
    object: str
    address: str
    detail: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Asked:
    """Which entries. ``action`` also names a family: ``case`` is every ``case.…``. ``before``: an id, for the next page."""

    actor: str | None = None
    action: str | None = None
    object: str | None = None
    since: datetime | None = None
    until: datetime | None = None
    before: int | None = None
    most: int = 100

    def values(self) -> dict[str, Any]:
        """By the names in ``FIND``."""
        return {name: getattr(self, name) for name in Asked.__slots__}


async def add_entries(connection: AsyncConnection, deeds: Sequence[Deed]) -> None:
    """Write entries, in their order. The caller commits."""
    async with connection.cursor() as cursor:
        await cursor.executemany(ADD, [deed.values() for deed in deeds])


def add_entry(connection: Connection, deed: Deed) -> None:
    """Write one entry, for the command line. The caller commits."""
    connection.execute(ADD, deed.values())


async def find_entries(connection: AsyncConnection, asked: Asked) -> list[AuditRow]:
    """Entries, the newest first."""
    async with connection.cursor(row_factory=class_row(AuditRow)) as cursor:
        return await (await cursor.execute(FIND, asked.values())).fetchall()


async def load_actions(connection: AsyncConnection) -> list[str]:
    """Every kind of deed that was written down, by name."""
    found = await connection.execute("select distinct action from audit_entry order by action")
    return [row[0] for row in await found.fetchall()]
