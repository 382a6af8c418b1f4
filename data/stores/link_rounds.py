"""What the courier asks of the base database about links: which the portal does not know yet, and how they were used."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import psycopg
from psycopg.rows import class_row

AsyncConnection = psycopg.AsyncConnection[tuple[Any, ...]]

UNPUBLISHED: Final = """
select link.id, outreach_id, kind, token_hash, short_hash, prefill, uses_allowed, expires_at, revoked_at is not null as revoked,
       issue, revision, form, title, asks, until
  from link join outreach on outreach.id = outreach_id
 where published <> revision order by link.id limit %s
"""
PUBLISHED: Final = """
update link set published = told.revision
  from unnest(%s::bigint[], %s::integer[]) as told (id, revision) where link.id = told.id
"""
#: Each use counts once, however often it is brought.
USED: Final = """
with brought as (
    insert into link_use (mail_id, link_id, at)
    select mail_id, link_id, at from unnest(%s::text[], %s::bigint[], %s::timestamptz[]) as use (mail_id, link_id, at)
        join link on link.id = link_id
    on conflict do nothing returning link_id, at),
counted as (select link_id, count(*)::integer as uses, max(at) as at from brought group by link_id)
update link set uses = link.uses + counted.uses, used_at = greatest(link.used_at, counted.at)
  from counted where link.id = counted.link_id
"""
OPTED_OUT: Final = """
insert into opt_out (address, by)
select address, 'link' from recipient, lateral (values (phone), (email)) as way (address)
 where link_id = any (%s) and address is not null
on conflict do nothing
"""


@dataclass(frozen=True, slots=True)
class UnpublishedLink:
    """A link that the portal does not know as it stands now."""

    id: int
    outreach_id: int
    kind: str
    token_hash: bytes
    short_hash: bytes | None
    prefill: bytes | None
    uses_allowed: int | None
    expires_at: datetime
    revoked: bool
    issue: int
    revision: int
    form: str
    title: str
    asks: str
    until: datetime


@dataclass(frozen=True, slots=True)
class LinkUse:
    """A use as the portal counted it: the mail that came, the link it came by, when."""

    mail_id: str
    link_id: int
    at: datetime


async def load_unpublished(connection: AsyncConnection, at_most: int) -> list[UnpublishedLink]:
    """The next links that the portal has to be told of."""
    async with connection.cursor(row_factory=class_row(UnpublishedLink)) as cursor:
        return await (await cursor.execute(UNPUBLISHED, (at_most,))).fetchall()


async def save_published(connection: AsyncConnection, links: Sequence[UnpublishedLink]) -> None:
    """The portal knows these links as they stood when they were loaded; one that changed since is told again."""
    await connection.execute(PUBLISHED, ([link.id for link in links], [link.revision for link in links]))


async def save_uses(connection: AsyncConnection, uses: Sequence[LinkUse]) -> None:
    """Count uses; what was brought before changes nothing."""
    columns = ([use.mail_id for use in uses], [use.link_id for use in uses], [use.at for use in uses])
    await connection.execute(USED, columns)


async def save_opted_out(connection: AsyncConnection, link_ids: Sequence[int]) -> None:
    """Whoever is behind these links wants no more messages, at none of their addresses."""
    await connection.execute(OPTED_OUT, (list(link_ids),))
