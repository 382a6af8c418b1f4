"""Answers kept in groups: while one transaction is on its way, what arrives meanwhile forms the next.

A hundred phones that send at the same moment share one commit; each is answered when its own answer is on disk.
"""

import asyncio
from collections import deque
from contextlib import suppress
from dataclasses import dataclass
from typing import Final

from data.portal.links_resident import LinksResidentSide, SealedAnswer
from geo.errors import NeedleError

MOST: Final = 200
MOST_BYTES: Final = 16 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Waiting:
    """An answer with its sender, who waits to hear what became of it."""

    answer: SealedAnswer
    outcome: asyncio.Future[str]


class Letterbox:
    """Keeps answers for one process. Use it as an async context manager: leaving it keeps what still waits."""

    def __init__(self, side: LinksResidentSide) -> None:
        self.side = side
        self.waiting: deque[Waiting] = deque()
        self.wake = asyncio.Event()
        self.task: asyncio.Task[None] | None = None

    async def __aenter__(self) -> "Letterbox":
        self.task = asyncio.create_task(self._work(), name="letterbox")
        return self

    async def __aexit__(self, *_: object) -> None:
        while self.waiting:
            await self._keep(self._next_group())
        if self.task is not None:
            self.task.cancel()
            with suppress(asyncio.CancelledError):
                await self.task

    async def keep(self, answer: SealedAnswer) -> str:
        """Keep an answer; returns when it is on disk: ``kept``, or why it was not (``LinksResidentSide.use``).

        Raises
        ------
        NeedleError
            ``database.unreachable``: it is not kept.
        """
        waiting = Waiting(answer, asyncio.get_running_loop().create_future())
        self.waiting.append(waiting)
        self.wake.set()
        return await waiting.outcome

    async def _work(self) -> None:
        while True:
            await self.wake.wait()
            self.wake.clear()
            while self.waiting:
                await self._keep(self._next_group())

    def _next_group(self) -> list[Waiting]:
        """The next that wait, not too many, not too large; a mail that is sent twice at once goes into two groups."""
        group: list[Waiting] = []
        mails: set[str] = set()
        size = 0
        while self.waiting and len(group) < MOST and self.waiting[0].answer.mail_id not in mails:
            size += len(self.waiting[0].answer.sealed)
            if group and size > MOST_BYTES:
                break
            group.append(self.waiting.popleft())
            mails.add(group[-1].answer.mail_id)
        return group

    async def _keep(self, group: list[Waiting]) -> None:
        """Keep a group in one transaction; where the mailbox refuses one of them, each in its own."""
        try:
            outcomes = await self.side.use([waiting.answer for waiting in group])
        except NeedleError as error:
            if error.code != "portal.mail_malformed" or len(group) == 1:
                _fail(group, error)
                return
            for waiting in group:
                await self._keep([waiting])
            return
        for waiting in group:
            if not waiting.outcome.done():
                waiting.outcome.set_result(outcomes[waiting.answer.mail_id])


def _fail(group: list[Waiting], error: NeedleError) -> None:
    for waiting in group:
        if not waiting.outcome.done():
            waiting.outcome.set_exception(error)
