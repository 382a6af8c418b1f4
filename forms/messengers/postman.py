"""The postman: writes the messages of the rounds that are due and sends them, each at most once."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final
from zoneinfo import ZoneInfo

import structlog

from data.database import AsyncPool
from data.stores.outbox_messages import DueMessage, claim, enqueue, save_try
from data.stores.reading import reading
from forms.links.tokens import LinkSecret, address, hash_token
from forms.messengers.protocol import Messenger, Outcome, Try
from forms.messengers.quiet import Quiet, next_try
from forms.messengers.texts import compose

AT_ONCE: Final = 20

log = structlog.get_logger("postman")


@dataclass(frozen=True, slots=True)
class Letterhead:
    """What every message needs: the secret that links are made from, where the portal is, and the city's clock."""

    secret: LinkSecret
    base: str
    zone: ZoneInfo

    def url(self, due: DueMessage) -> str | None:
        """The recipient's link; None: it was issued under another secret."""
        token = self.secret.token(due.link_id, due.issue)
        if hash_token(token) != due.token_hash:
            return None
        key = self.secret.prefill_key(due.link_id, due.issue) if due.prefilled else None
        return address(self.base, token, key)


class Postman:
    """One round after the other over one base database; several may work side by side."""

    def __init__(
        self,
        base: AsyncPool,
        messengers: Sequence[Messenger],
        letterhead: Letterhead,
        quiet: Quiet,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self.base, self.messengers, self.letterhead = base, messengers, letterhead
        self.quiet, self.clock = quiet, clock

    async def __call__(self) -> int:
        """Write what is due, and send the next messages unless it is quiet; how many were tried."""
        now = self.clock()
        async with reading(self.base) as connection:
            await enqueue(connection, now)
        if self.quiet.holds(now, self.letterhead.zone):
            return 0
        async with reading(self.base) as connection:
            due = await claim(connection, now, AT_ONCE)
        await asyncio.gather(*(self._deliver(message) for message in due))
        return len(due)

    async def _deliver(self, due: DueMessage) -> None:
        channel, found = await self._try(due)
        state, again_at = judged(found, due.tries, self.clock())
        if again_at is not None:
            again_at = self.quiet.over_at(again_at, self.letterhead.zone)
        async with reading(self.base) as connection:
            await save_try(connection, due.id, state, channel, found.problem, again_at)
        if found.outcome is not Outcome.SENT:
            log.warning("not sent", message=due.id, channel=channel, outcome=found.outcome.value, problem=found.problem)

    async def _try(self, due: DueMessage) -> tuple[str, Try]:
        """Send by the first way that reaches the recipient."""
        url = self.letterhead.url(due)
        if url is None:
            return "", Try(Outcome.REFUSED, "link.secret_changed")
        for messenger in self.messengers:
            to = messenger.address(due.recipient)
            if to is not None:
                message = compose(due, messenger.channel, to, url, self.letterhead.base, self.letterhead.zone)
                return messenger.channel, await messenger.send(message)
        return "", Try(Outcome.REFUSED, "no messenger reaches this recipient")


def judged(found: Try, tries: int, now: datetime) -> tuple[str, datetime | None]:
    """What becomes of a message after a try: its state, and when it is tried again."""
    if found.outcome is Outcome.SENT:
        return "sent", None
    again_at = next_try(tries, now) if found.outcome is Outcome.AGAIN else None
    return ("dead", None) if again_at is None else ("waiting", again_at)
