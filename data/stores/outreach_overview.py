"""Askings as their page lists them: how many links, how they stand, how messages went; links and opt-outs of one asking."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import psycopg
from psycopg.rows import class_row

AsyncConnection = psycopg.AsyncConnection[tuple[Any, ...]]

#: What an account sees: askings with links of its area; of the whole city every asking, also one without links yet.
ASKINGS: Final = """
select outreach.id, form, title, asks, until, remind_at, created_by, created_at, links, used, revoked, unpublished, kinds,
       filled, kept
  from outreach left join (
    select outreach_id, count(*) as links, count(*) filter (where uses > 0) as used,
           count(*) filter (where revoked_at is not null) as revoked,
           count(*) filter (where published <> revision) as unpublished,
           array_agg(distinct kind order by kind) as kinds
      from link group by outreach_id) as counted on counted.outreach_id = outreach.id
  left join (select outreach_id, sum(filled)::integer as filled, sum(kept)::integer as kept from registry_filling
              group by outreach_id) as filling on filling.outreach_id = outreach.id
 where %(whole)s or links > 0 order by outreach.id desc limit %(most)s
"""
MESSAGES: Final = """
select outreach_id, message.state, count(*)::integer
  from message join link on link.id = link_id where outreach_id = any (%s) group by 1, 2
"""
LINKS: Final = """
select link.id, kind, target, label, issue, uses, uses_allowed, used_at, expires_at, revoked_at, visited,
       published = revision as is_published, recipient.phone is not null or recipient.email is not null as reachable
  from link left join recipient on link_id = link.id
 where outreach_id = %(outreach)s and (%(text)s = '' or label ilike %(like)s or target ilike %(like)s)
   and case %(state)s when 'answered' then uses > 0 when 'silent' then uses = 0 and revoked_at is null
       when 'revoked' then revoked_at is not null else true end
 order by link.id limit %(most)s
"""
ADDRESSES: Final = """
select distinct phone, email from recipient join link on link.id = link_id where outreach_id = %s
"""
OPTED_OUT: Final = "select count(*)::integer from opt_out where address = any (%s)"
RETRY: Final = """
update message set state = 'waiting', tries = 0, next_try_at = now(), done_at = null
  from link where link.id = link_id and outreach_id = %s and state = 'dead' and problem not like 'unclear%%'
"""


@dataclass(frozen=True, slots=True)
class AskingLine:
    """An asking in the list; counts are None before it has links. ``filled``: answers filled in before; ``kept``: unchanged."""

    id: int
    form: str
    title: str
    asks: str
    until: datetime
    remind_at: list[datetime]
    created_by: str
    created_at: datetime
    links: int | None
    used: int | None
    revoked: int | None
    unpublished: int | None
    kinds: list[str] | None
    filled: int | None
    kept: int | None


@dataclass(frozen=True, slots=True)
class LinkLine:
    """A link in the list; ``reachable``: messages can be sent to somebody."""

    id: int
    kind: str
    target: str
    label: str
    issue: int
    uses: int
    uses_allowed: int | None
    used_at: datetime | None
    expires_at: datetime
    revoked_at: datetime | None
    visited: str | None
    is_published: bool
    reachable: bool


async def load_asking_lines(connection: AsyncConnection, at_most: int, *, whole: bool) -> list[AskingLine]:
    """Askings that the account sees, the newest first; ``whole``: of an account of the whole city."""
    async with connection.cursor(row_factory=class_row(AskingLine)) as cursor:
        return await (await cursor.execute(ASKINGS, {"whole": whole, "most": at_most})).fetchall()


async def count_messages(connection: AsyncConnection, askings: Sequence[int]) -> dict[int, dict[str, int]]:
    """Messages of askings by state."""
    found: dict[int, dict[str, int]] = {}
    for asking, state, count in await (await connection.execute(MESSAGES, (list(askings),))).fetchall():
        found.setdefault(asking, {})[state] = count
    return found


async def load_link_lines(
    connection: AsyncConnection, outreach: int, text: str, state: str, at_most: int
) -> list[LinkLine]:
    """Links of an asking that the account sees, of a state (``answered silent revoked``), with a text in their label."""
    like = "%" + text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_") + "%"
    wanted = {"outreach": outreach, "text": text, "like": like, "state": state, "most": at_most}
    async with connection.cursor(row_factory=class_row(LinkLine)) as cursor:
        return await (await cursor.execute(LINKS, wanted)).fetchall()


async def load_addresses(connection: AsyncConnection, outreach: int) -> list[str]:
    """Every telephone number and e-mail address of an asking's recipients that the account sees."""
    rows = await (await connection.execute(ADDRESSES, (outreach,))).fetchall()
    return [address for row in rows for address in row if address]


async def count_opted_out(connection: AsyncConnection, addresses: Sequence[str]) -> int:
    """How many of these addresses want no messages. For the owner of the tables: staff do not read who does not."""
    row = await (await connection.execute(OPTED_OUT, (list(addresses),))).fetchone()
    return int(row[0]) if row else 0


async def retry_asking(connection: AsyncConnection, outreach: int) -> int:
    """Try again what was given up of one asking, but for what may have arrived already; how many."""
    return (await connection.execute(RETRY, (outreach,))).rowcount


async def count_links(connection: AsyncConnection, outreach: int) -> int:
    """How many links of an asking there are, as far as they are seen."""
    row = await (await connection.execute("select count(*) from link where outreach_id = %s", (outreach,))).fetchone()
    return int(row[0]) if row else 0
