"""Messages to residents: once for each round, sent at most once, and nobody who answered or wants none gets one."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

import psycopg

from data.stores.links import Recipient
from geo.errors import NeedleError

AsyncConnection = psycopg.AsyncConnection[tuple[Any, ...]]

LOST_AFTER: Final = timedelta(minutes=10)

#: The round that an asking is in: how many of its reminders are due. Missed ones are not made up for.
ROUND: Final = "(select count(*) from unnest(remind_at) as at where at <= %(now)s)::smallint"
UNWANTED: Final = "exists (select from opt_out where address in (phone, email))"
CLOSED: Final = "used_at is not null or revoked_at is not null or expires_at <= %(now)s or until <= %(now)s"
ENQUEUE: Final = f"""
insert into message (link_id, round, next_try_at)
select link.id, asking.round, %(now)s
  from (select id, until, {ROUND} as round from outreach where until > %(now)s) as asking
  join link on outreach_id = asking.id join recipient on link_id = link.id
 where published > 0 and not ({CLOSED}) and not {UNWANTED}
   and not exists (select from message where message.link_id = link.id and message.round >= asking.round)
on conflict do nothing
"""
SUPERSEDED: Final = """
update message set state = 'dropped', problem = 'superseded', done_at = %(now)s
 where state = 'waiting' and exists (select from message as later where later.link_id = message.link_id
                                     and later.round > message.round)
"""
LOST: Final = """
update message set state = 'dead', problem = 'unclear: stopped while it was being sent', done_at = %(now)s
 where state = 'sending' and next_try_at < %(lost)s
"""
DROP: Final = f"""
update message set state = 'dropped', done_at = %(now)s,
       problem = case when {UNWANTED} then 'opted out' when used_at is not null then 'answered' else 'closed' end
  from link join recipient on recipient.link_id = link.id join outreach on outreach.id = outreach_id
 where message.link_id = link.id and state = 'waiting' and next_try_at <= %(now)s and ({UNWANTED} or {CLOSED})
"""
CLAIM: Final = """
with next as (
    select id from message where state = 'waiting' and next_try_at <= %(now)s order by next_try_at, id limit %(most)s
       for update skip locked)
update message set state = 'sending', tries = tries + 1, next_try_at = %(now)s
  from next, link, recipient, outreach
 where message.id = next.id and link.id = message.link_id and recipient.link_id = link.id and outreach.id = link.outreach_id
returning message.id, message.round, message.tries, link.id, link.issue, link.token_hash, link.prefill is not null,
    asks, title, least(until, expires_at), recipient.name, phone, email, language,
    exists (select from message as before where before.link_id = link.id and before.round < message.round
            and before.state = 'sent')
"""
DONE: Final = """
update message set state = %s, channel = %s, problem = %s, next_try_at = coalesce(%s, next_try_at),
       done_at = case when %s = 'waiting' then null else now() end
 where id = %s and state = 'sending'
"""
REMIND: Final = "update outreach set remind_at = remind_at || %s::timestamptz where id = %s"
LEAVE: Final = "insert into opt_out (address, by) values (%s, %s) on conflict do nothing"
RETRY: Final = """
update message set state = 'waiting', tries = 0, next_try_at = now(), done_at = null
 where state = 'dead' and (%s or problem not like 'unclear%%')
"""
LIST: Final = """
select message.id, message.round, tries, link.id, issue, token_hash, prefill is not null, asks, title, least(until, expires_at),
       recipient.name, phone, email, language,
       exists (select from message as before where before.link_id = link.id and before.round < message.round
               and before.state = 'sent'),
       state, channel, problem, message.created_at, done_at
  from message join link on link.id = message.link_id join recipient on recipient.link_id = link.id
  join outreach on outreach.id = outreach_id
 where (%(state)s::text is null or state = %(state)s) and (%(outreach)s::bigint is null or outreach_id = %(outreach)s)
 order by message.id desc limit %(most)s
"""


@dataclass(frozen=True, slots=True)
class DueMessage:
    """A message that is being sent: what it needs to be composed. ``is_reminder``: one of an earlier round was sent."""

    id: int
    round: int
    tries: int
    link_id: int
    issue: int
    token_hash: bytes
    prefilled: bool
    asks: str
    title: str
    until: datetime
    recipient: Recipient
    is_reminder: bool


@dataclass(frozen=True, slots=True)
class MessageRow:
    """A message for a list: how it stands, and what it needs to be shown."""

    due: DueMessage
    state: str
    channel: str | None
    problem: str | None
    created_at: datetime
    done_at: datetime | None


async def load_zone(connection: AsyncConnection) -> str:
    """The city's time zone.

    Raises
    ------
    NeedleError
        ``portal.not_ready`` before a city is loaded.
    """
    row = await (await connection.execute("select timezone from city")).fetchone()
    if row is None:
        raise NeedleError("portal.not_ready")
    return str(row[0])


async def enqueue(connection: AsyncConnection, now: datetime) -> int:
    """Write the messages of the rounds that are due, to who has not answered; how many. Again, it writes none."""
    count = (await connection.execute(ENQUEUE, {"now": now})).rowcount
    await connection.execute(SUPERSEDED, {"now": now})
    return count


async def claim(connection: AsyncConnection, now: datetime, at_most: int) -> list[DueMessage]:
    """Take the next messages to be sent; nobody else gets them. What has become pointless or unwanted is dropped first."""
    await connection.execute(LOST, {"now": now, "lost": now - LOST_AFTER})
    await connection.execute(DROP, {"now": now})
    rows = await (await connection.execute(CLAIM, {"now": now, "most": at_most})).fetchall()
    return sorted((_due(row) for row in rows), key=lambda due: due.id)


async def save_try(
    connection: AsyncConnection, message_id: int, state: str, channel: str, problem: str, next_try_at: datetime | None
) -> None:
    """Write how a try ended: ``sent``, ``dead``, or ``waiting`` until the next one."""
    await connection.execute(DONE, (state, channel, problem or None, next_try_at, state, message_id))


async def remind(connection: AsyncConnection, outreach_id: int, at: datetime) -> None:
    """Have who has not answered by then reminded once more."""
    await connection.execute(REMIND, (at, outreach_id))


async def leave(connection: AsyncConnection, address: str, by: str) -> None:
    """Somebody wants no more messages at this address."""
    await connection.execute(LEAVE, (address, by))


async def retry_dead(connection: AsyncConnection, *, unclear: bool) -> int:
    """Try again what was given up; with ``unclear`` also what may have arrived already. How many."""
    return (await connection.execute(RETRY, (unclear,))).rowcount


async def load_messages(
    connection: AsyncConnection, state: str | None = None, outreach_id: int | None = None, at_most: int = 200
) -> Sequence[MessageRow]:
    """The newest messages, of one state or asking."""
    wanted = {"state": state, "outreach": outreach_id, "most": at_most}
    rows = await (await connection.execute(LIST, wanted)).fetchall()
    return [MessageRow(_due(row[:15]), *row[15:]) for row in rows]


def _due(row: Sequence[Any]) -> DueMessage:
    values: list[Any] = [*row[:10], Recipient(*row[10:14]), row[14]]
    return DueMessage(*values)
