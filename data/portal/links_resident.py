"""What the portal's process asks about links: by the hash of a token, of functions that the role ``portal`` may call."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from psycopg import errors

from data.database import AsyncPool
from data.stores.reading import reading
from geo.errors import NeedleError

LOOK: Final = "select form, title, asks, until, kind, state, prefill, paper from mailbox.look_at_link(%s)"
USE: Final = "select mailbox.use_link(%s, %s, %s, %s, %s)"
OPT_OUT: Final = "select mailbox.opt_out_by_link(%s)"


@dataclass(frozen=True, slots=True)
class ShownLink:
    """What a resident may know of a link; ``state``: open, revoked, expired, used_up; ``prefill``: a sealed packet.

    ``paper``: name of the paper with its form; None until the courier has hung it out.
    """

    form: str
    title: str
    asks: str
    until: datetime
    kind: str
    state: str
    prefill: bytes | None
    paper: str | None


class LinksResidentSide:
    """The portal's links as residents meet them, over one pool."""

    def __init__(self, pool: AsyncPool) -> None:
        self.pool = pool

    async def look(self, token_hash: bytes) -> ShownLink | None:
        """What a token leads to; None: nowhere."""
        async with reading(self.pool) as connection:
            row = await (await connection.execute(LOOK, (token_hash,))).fetchone()
        return None if row is None else ShownLink(*row)

    async def use(self, token_hash: bytes, mail_id: str, key_id: str, sealed: bytes, sender: bytes) -> str:
        """Keep an answer and count the use of its link, in one transaction; the same mail again is no other use.

        Returns
        -------
        str
            ``kept``, or why it was not: ``unknown``, ``revoked``, ``expired``, ``used_up``.

        Raises
        ------
        NeedleError
            ``portal.key_unknown``, ``database.unreachable``.
        """
        try:
            async with reading(self.pool) as connection:
                row = await (await connection.execute(USE, (token_hash, mail_id, key_id, sealed, sender))).fetchone()
        except errors.ForeignKeyViolation as error:
            raise NeedleError("portal.key_unknown") from error
        assert row is not None
        return str(row[0])

    async def opt_out(self, token_hash: bytes) -> bool:
        """Whoever got this link wants no more messages; False: no link of a person or household."""
        async with reading(self.pool) as connection:
            row = await (await connection.execute(OPT_OUT, (token_hash,))).fetchone()
        return row == (True,)
