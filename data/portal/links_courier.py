"""What the courier does with links in the mailbox's database: it alone writes them there, and takes out how they were used."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from data.database import AsyncPool
from data.stores.link_rounds import LinkUse, UnpublishedLink
from data.stores.reading import reading

OUTREACH: Final = """
insert into mailbox.outreach (id, form, title, asks, until) values (%s, %s, %s, %s, %s)
on conflict (id) do update set form = excluded.form, title = excluded.title, asks = excluded.asks, until = excluded.until
"""
STAGE: Final = "create temp table new_link (like mailbox.link) on commit drop"
COLUMNS: Final = "id, outreach_id, kind, hash, short_hash, prefill, uses_allowed, uses, expires_at, revoked"
#: A link that is issued anew counts its uses anew.
KEEP: Final = f"""
insert into mailbox.link ({COLUMNS}) select {COLUMNS} from new_link
on conflict (id) do update set uses = case when link.hash = excluded.hash then link.uses else 0 end, hash = excluded.hash,
    short_hash = excluded.short_hash, prefill = excluded.prefill, uses_allowed = excluded.uses_allowed,
    expires_at = excluded.expires_at, revoked = excluded.revoked
"""
PAPERS: Final = """
update mailbox.outreach set paper = named.paper from unnest(%s::text[], %s::text[]) as named (form, paper)
 where outreach.form = named.form and outreach.paper is distinct from named.paper
"""
USES: Final = "select mail_id, link_id, at from mailbox.link_use where not told order by at limit %s"
TOLD: Final = "update mailbox.link_use set told = true where mail_id = any (%s)"
OPT_OUTS: Final = "select link_id from mailbox.opt_out order by at limit %s"
OPTED_OUT: Final = "delete from mailbox.opt_out where link_id = any (%s)"


class LinksCourierSide:
    """The portal's links as the courier sees them, over one pool."""

    def __init__(self, pool: AsyncPool) -> None:
        self.pool = pool

    async def publish(self, links: Sequence[UnpublishedLink]) -> None:
        """Write links over what the portal knew of them."""
        askings = {link.outreach_id: (link.outreach_id, link.form, link.title, link.asks, link.until) for link in links}
        async with reading(self.pool) as connection, connection.cursor() as cursor:
            await cursor.executemany(OUTREACH, list(askings.values()))
            await cursor.execute(STAGE)
            async with cursor.copy(f"copy new_link ({COLUMNS}) from stdin") as copy:
                for link in links:
                    await copy.write_row(_row(link))
            await cursor.execute(KEEP)

    async def name_papers(self, papers: Mapping[str, str]) -> None:
        """Say by which paper the links of each form show it."""
        async with reading(self.pool) as connection:
            await connection.execute(PAPERS, (list(papers), list(papers.values())))

    async def fetch_uses(self, at_most: int) -> list[LinkUse]:
        """Uses that the government's side does not know yet; they stay until ``uses_told``."""
        async with reading(self.pool) as connection:
            return [LinkUse(*row) for row in await (await connection.execute(USES, (at_most,))).fetchall()]

    async def uses_told(self, uses: Sequence[LinkUse]) -> None:
        """These uses are counted on the government's side."""
        async with reading(self.pool) as connection:
            await connection.execute(TOLD, ([use.mail_id for use in uses],))

    async def fetch_opt_outs(self, at_most: int) -> list[int]:
        """Links whose recipients want no more messages; they stay until ``opt_outs_told``."""
        async with reading(self.pool) as connection:
            return [row[0] for row in await (await connection.execute(OPT_OUTS, (at_most,))).fetchall()]

    async def opt_outs_told(self, link_ids: Sequence[int]) -> None:
        """These are noted on the government's side."""
        async with reading(self.pool) as connection:
            await connection.execute(OPTED_OUT, (list(link_ids),))


def _row(link: UnpublishedLink) -> tuple[Any, ...]:
    return (
        *(link.id, link.outreach_id, link.kind, link.token_hash, link.short_hash, link.prefill, link.uses_allowed, 0),
        *(link.expires_at, link.revoked),
    )
