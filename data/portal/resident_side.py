"""What the portal's process asks of the mailbox; every statement is one that the role ``portal`` may run."""

from dataclasses import dataclass
from typing import Final

from psycopg import errors

from data.database import AsyncPool
from data.stores.reading import reading
from geo.errors import NeedleError

PUT: Final = """
insert into mailbox.mail (id, kind, key_id, sealed, sender) values (%s, %s, %s, %s, %s) on conflict do nothing
"""
FULL: Final = "select count(*) from (select id from mailbox.mail limit %s) as waiting"
STANDING: Final = """
select reply.sealed, reply.problem, exists (select from mailbox.mail where mail.id = %(id)s)
from (select) as one left join mailbox.reply on reply.id = %(id)s
"""
KEY: Final = """
select key_id, public_key from mailbox.government_key where retired_at is null order by made_at desc limit 1
"""
PAPER: Final = "select body from mailbox.paper where name = %s"
SHEET: Final = "select body from mailbox.sheet where kind = %s and x = %s and y = %s"


@dataclass(frozen=True, slots=True)
class Standing:
    """How a mail stands: the sealed reply, or why there is none; ``waiting``: the courier has not fetched it yet."""

    sealed: bytes | None
    problem: str | None
    waiting: bool


class ResidentSide:
    """The mailbox as residents see it, over one pool."""

    def __init__(self, pool: AsyncPool) -> None:
        self.pool = pool

    async def put(self, mail_id: str, kind: str, key_id: str, sealed: bytes, sender: bytes) -> None:
        """Keep a sealed mail; returns when it is on disk. The same id again changes nothing.

        Raises
        ------
        NeedleError
            ``portal.key_unknown`` for a key that was never the government's, ``database.unreachable``.
        """
        try:
            async with reading(self.pool) as connection:
                await connection.execute(PUT, (mail_id, kind, key_id, sealed, sender))
        except errors.ForeignKeyViolation as error:
            raise NeedleError("portal.key_unknown") from error

    async def waiting(self, at_most: int) -> int:
        """How many mails wait, counted no further than ``at_most``."""
        async with reading(self.pool) as connection:
            row = await (await connection.execute(FULL, (at_most,))).fetchone()
        return int(row[0]) if row else 0

    async def standing(self, mail_id: str) -> Standing:
        """How a mail stands."""
        async with reading(self.pool) as connection:
            row = await (await connection.execute(STANDING, {"id": mail_id})).fetchone()
        assert row is not None
        return Standing(*row)

    async def key(self) -> tuple[str, bytes] | None:
        """The government's newest public key with its id; None before the courier ran for the first time."""
        async with reading(self.pool) as connection:
            return await (await connection.execute(KEY)).fetchone()

    async def paper(self, name: str) -> bytes | None:
        """A public document, gzipped JSON."""
        return await self._body(PAPER, (name,))

    async def sheet(self, kind: str, x: int, y: int) -> bytes | None:
        """A public map sheet, gzipped JSON."""
        return await self._body(SHEET, (kind, x, y))

    async def _body(self, query: str, parameters: tuple[str | int, ...]) -> bytes | None:
        async with reading(self.pool) as connection:
            row = await (await connection.execute(query, parameters)).fetchone()
        return row[0] if row else None
