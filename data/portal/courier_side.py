"""What the courier does in the mailbox: the only one that takes mail out and puts replies in."""

from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from data.database import AsyncPool
from data.stores.reading import reading

MAX_TRIES: Final = 5
BYTES_AT_ONCE: Final = 64 * 1024 * 1024
ONE_COURIER: Final = 7_311_651
KEPT_DAYS: Final = 180

#: Fair: everybody's first mail before anybody's second; what failed before comes last.
FETCH: Final = """
with queue as (
    select id, tries, received_at, row_number() over (partition by sender order by received_at) as turn
      from mailbox.mail where tries < %s
)
select id, kind, key_id, sealed, extract(epoch from received_at)::float8, link_id, replaces
  from (select mail.*, next.turn, sum(octet_length(mail.sealed)) over (order by next.tries, next.turn, next.received_at) as upto
          from (select * from queue order by tries, turn, received_at limit %s) as next join mailbox.mail using (id)) as fair
 where upto - octet_length(sealed) < %s
 order by tries, turn, received_at
"""
REPLY: Final = """
insert into mailbox.reply (id, sealed) values (%s, %s)
on conflict (id) do update set sealed = excluded.sealed, problem = null, written_at = now()
"""
REFUSE: Final = "insert into mailbox.reply (id, problem) values (%s, %s) on conflict do nothing"
TAKE_OUT: Final = "delete from mailbox.mail where id = %s"
TAKE_OUT_ALL: Final = "delete from mailbox.mail where id = any (%s)"
#: A use that is told already is told no more; the other side knows that it is none.
GIVE_BACK: Final = """
with back as (
    update mailbox.link_use set given_back = true, told = true where mail_id = any (%s) and not given_back returning link_id),
counted as (select link_id, count(*)::integer as uses from back group by link_id)
update mailbox.link set uses = greatest(link.uses - counted.uses, 0)
  from counted where link.id = counted.link_id and uses_allowed is not null
"""
AGAIN: Final = "update mailbox.mail set tries = tries + 1 where id = %s"
KEY: Final = """
insert into mailbox.government_key (key_id, public_key) values (%s, %s)
on conflict (key_id) do update set retired_at = null where government_key.retired_at is not null
"""
RETIRE: Final = "update mailbox.government_key set retired_at = now() where key_id <> %s and retired_at is null"
PAPER: Final = """
insert into mailbox.paper (name, body) values (%s, %s)
on conflict (name) do update set body = excluded.body, written_at = now() where paper.body <> excluded.body
"""
CLEAR: Final = "delete from mailbox.sheet where kind = %s"
SHEET: Final = "insert into mailbox.sheet (kind, x, y, body) values (%s, %s, %s, %s)"
FORGET: Final = "delete from mailbox.reply where written_at < now() - make_interval(days => %s)"
TAKE_BACK: Final = "delete from mailbox.reply where id = any (%s)"
BACKLOG: Final = """
select count(*)::int, count(*) filter (where tries >= %(most)s)::int, min(received_at),
       min(received_at) filter (where tries >= %(most)s)
  from mailbox.mail
"""
RETRY: Final = "update mailbox.mail set tries = 0 where tries >= %s"


@dataclass(frozen=True, slots=True)
class Mail:
    """A sealed mail; ``received_at`` in Unix seconds by the mailbox's clock; ``link_id``: what an answer came by.

    ``replaces``: the mail of an earlier answer whose place it takes. ``is_parked``: it lies no longer in the mailbox; somebody
    asked to try it again.
    """

    id: str
    kind: str
    key_id: str
    sealed: bytes
    received_at: float
    link_id: int | None = None
    replaces: str | None = None
    is_parked: bool = False


@dataclass(frozen=True, slots=True)
class Outcome:
    """What becomes of a mail: a sealed reply, or why there is none; whether the use of its link is given back."""

    mail_id: str
    sealed: bytes | None = None
    problem: str | None = None
    is_given_back: bool = False


@dataclass(frozen=True, slots=True)
class Backlog:
    """How many mails lie in the mailbox, how many of them were tried too often and wait for a person; since when (aware)."""

    mails: int
    stuck: int
    oldest_at: datetime | None
    stuck_since: datetime | None


class CourierSide:
    """The mailbox as the courier sees it, over one pool."""

    def __init__(self, pool: AsyncPool) -> None:
        self.pool = pool

    @asynccontextmanager
    async def alone(self) -> AsyncIterator[bool]:
        """Whether this is the only courier; the place is held while inside."""
        async with self.pool.connection() as connection:
            await connection.set_autocommit(True)
            row = await (await connection.execute("select pg_try_advisory_lock(%s)", (ONE_COURIER,))).fetchone()
            try:
                yield row == (True,)
            finally:
                if not connection.closed:
                    await connection.execute("select pg_advisory_unlock(%s)", (ONE_COURIER,))
                    await connection.set_autocommit(False)

    async def fetch(self, at_most: int) -> list[Mail]:
        """The next mails, fairly chosen among their senders, not many megabytes at once; they stay until they are taken out."""
        async with reading(self.pool) as connection:
            return [
                Mail(*row)
                for row in await (await connection.execute(FETCH, (MAX_TRIES, at_most, BYTES_AT_ONCE))).fetchall()
            ]

    async def take_out(self, mail_id: str, reply: tuple[str, bytes] | None = None) -> None:
        """Remove a mail that was filed, and write its reply (id, sealed), in one transaction."""
        async with reading(self.pool) as connection:
            if reply is not None:
                await connection.execute(REPLY, reply)
            await connection.execute(TAKE_OUT, (mail_id,))

    async def settle(self, outcomes: Sequence["Outcome"]) -> None:
        """Take mails out with what their senders are told, all in one transaction."""
        ids = [outcome.mail_id for outcome in outcomes]
        async with reading(self.pool) as connection, connection.cursor() as cursor:
            await cursor.executemany(REPLY, [(o.mail_id, o.sealed) for o in outcomes if o.sealed is not None])
            await cursor.executemany(REFUSE, [(o.mail_id, o.problem) for o in outcomes if o.problem is not None])
            await cursor.execute(GIVE_BACK, ([o.mail_id for o in outcomes if o.is_given_back],))
            await cursor.execute(TAKE_OUT_ALL, (ids,))

    async def refuse(self, mail_id: str, problem: str) -> None:
        """Remove a mail that nobody can use, and say why; an earlier reply under the same id stays."""
        async with reading(self.pool) as connection:
            await connection.execute(REFUSE, (mail_id, problem))
            await connection.execute(TAKE_OUT, (mail_id,))

    async def put_back(self, mail_id: str) -> None:
        """Try a mail again later, after the others; after ``MAX_TRIES`` it stays for a person to look at."""
        async with reading(self.pool) as connection:
            await connection.execute(AGAIN, (mail_id,))

    async def reply(self, replies: Iterable[tuple[str, bytes]]) -> None:
        """Write replies (id, sealed) over the older ones."""
        async with reading(self.pool) as connection, connection.cursor() as cursor:
            await cursor.executemany(REPLY, list(replies))

    async def publish_key(self, key_id: str, public_key: bytes) -> None:
        """Make a key the one that new mail is sealed to; mail on its way to an older one still arrives."""
        async with reading(self.pool) as connection:
            await connection.execute(KEY, (key_id, public_key))
            await connection.execute(RETIRE, (key_id,))

    async def publish(self, papers: Iterable[tuple[str, bytes]]) -> None:
        """Write public documents (name, gzipped JSON)."""
        async with reading(self.pool) as connection, connection.cursor() as cursor:
            await cursor.executemany(PAPER, list(papers))

    async def publish_sheets(self, kind: str, sheets: Sequence[tuple[int, int, bytes]]) -> None:
        """Replace all map sheets of a kind at once."""
        async with reading(self.pool) as connection, connection.cursor() as cursor:
            await cursor.execute(CLEAR, (kind,))
            await cursor.executemany(SHEET, [(kind, x, y, body) for x, y, body in sheets])

    async def forget(self) -> None:
        """Remove replies that have not changed for half a year."""
        async with reading(self.pool) as connection:
            await connection.execute(FORGET, (KEPT_DAYS,))

    async def take_back(self, mail_ids: Sequence[str]) -> None:
        """Remove replies before their time: what is in them shall not lie here longer than it is looked at."""
        async with reading(self.pool) as connection:
            await connection.execute(TAKE_BACK, (list(mail_ids),))

    async def waiting(self) -> "Backlog":
        """What lies in the mailbox."""
        async with reading(self.pool) as connection:
            row = await (await connection.execute(BACKLOG, {"most": MAX_TRIES})).fetchone()
        assert row is not None
        return Backlog(*row)

    async def retry(self) -> int:
        """Try again what was given up; how many mails."""
        async with reading(self.pool) as connection:
            return (await connection.execute(RETRY, (MAX_TRIES,))).rowcount
