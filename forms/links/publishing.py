"""Bring links to the portal and their uses back: the courier's errand, because nobody else goes between the zones."""

from typing import Final

import structlog

from data.database import AsyncPool
from data.portal.links_courier import LinksCourierSide
from data.stores.link_rounds import load_unpublished, save_opted_out, save_published, save_uses
from data.stores.reading import reading

LINKS_AT_ONCE: Final = 5_000
USES_AT_ONCE: Final = 500
"""In one round: a flood of answers waits in the mailbox, the base database gets so many a second."""

log = structlog.get_logger("links")


class LinkRounds:
    """One round after the other between the base database's links and the portal's."""

    def __init__(self, portal: LinksCourierSide, base: AsyncPool) -> None:
        self.portal, self.base = portal, base

    async def __call__(self) -> int:
        """Publish what changed, count what was used; how much there was to do. Repeated, every step changes nothing."""
        return await self.publish() + await self.count_uses() + await self.note_opt_outs()

    async def publish(self) -> int:
        """Tell the portal of links that were issued, revoked or issued anew; how many."""
        async with reading(self.base) as connection:
            links = await load_unpublished(connection, LINKS_AT_ONCE)
        if links:
            await self.portal.publish(links)
            async with reading(self.base) as connection:
                await save_published(connection, links)
            log.info("published", links=len(links))
        return len(links)

    async def count_uses(self) -> int:
        """Count on this side how links were used on the other.

        Returns
        -------
        int
            0 always: the next round comes after the pause, so that a flood reaches the base database in measured portions.
        """
        uses = await self.portal.fetch_uses(USES_AT_ONCE)
        if uses:
            async with reading(self.base) as connection:
                await save_uses(connection, uses)
            await self.portal.uses_told(uses)
        return 0

    async def note_opt_outs(self) -> int:
        """Note who wants no more messages; how many."""
        links = await self.portal.fetch_opt_outs(USES_AT_ONCE)
        if links:
            async with reading(self.base) as connection:
                await save_opted_out(connection, links)
            await self.portal.opt_outs_told(links)
        return len(links)
