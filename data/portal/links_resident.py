"""What the portal's process asks about links: by the hash of a token, of functions that the role ``portal`` may call."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

import psycopg

from data.database import AsyncPool
from data.stores.reading import reading
from geo.errors import NeedleError

LOOK: Final = "select form, title, asks, until, kind, state, prefill, paper from mailbox.look_at_link(%s)"
USE: Final = (
    "select mail_id, outcome"
    " from mailbox.use_links(%b::bytea[], %b::text[], %b::text[], %b::bytea[], %b::bytea[], %b::text[])"
)
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


@dataclass(frozen=True, slots=True)
class SealedAnswer:
    """An answer as it came: the hash of its link's token, its mail, what it is sealed to, and its sender's pseudonym.

    ``replaces``: the mail of an earlier answer by this link, whose place it takes: it is no other use.
    """

    token_hash: bytes
    mail_id: str
    key_id: str
    sealed: bytes
    sender: bytes
    replaces: str | None = None


class LinksResidentSide:
    """The portal's links as residents meet them, over one pool."""

    def __init__(self, pool: AsyncPool) -> None:
        self.pool = pool

    async def look(self, token_hash: bytes) -> ShownLink | None:
        """What a token leads to; None: nowhere."""
        async with reading(self.pool) as connection:
            row = await (await connection.execute(LOOK, (token_hash,))).fetchone()
        return None if row is None else ShownLink(*row)

    async def use(self, answers: Sequence["SealedAnswer"]) -> dict[str, str]:
        """Keep answers and count the uses of their links, in one transaction; the same mail again is no other use.

        Parameters
        ----------
        answers : sequence of SealedAnswer
            No two of the same mail.

        Returns
        -------
        dict
            By mail: ``kept``, or why it was not: ``unknown``, ``revoked``, ``expired``, ``used_up``, ``key_unknown``.

        Raises
        ------
        NeedleError
            ``database.unreachable``, ``portal.mail_malformed`` where the mailbox refuses one: none of them is kept.
        """
        rows = [(a.token_hash, a.mail_id, a.key_id, a.sealed, a.sender, a.replaces) for a in answers]
        columns = [list(column) for column in zip(*rows, strict=True)]
        try:
            async with reading(self.pool) as connection:
                return dict(await (await connection.execute(USE, columns)).fetchall())
        except (psycopg.DataError, psycopg.IntegrityError) as error:
            raise NeedleError("portal.mail_malformed", problem="sealed") from error

    async def opt_out(self, token_hash: bytes) -> bool:
        """Whoever got this link wants no more messages; False: no link of a person or household."""
        async with reading(self.pool) as connection:
            row = await (await connection.execute(OPT_OUT, (token_hash,))).fetchone()
        return row == (True,)
