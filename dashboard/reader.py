"""One open wall as the hub sees it: what waits to be sent to it, and which cases its figures are about."""

import asyncio
from typing import Any, Final

import orjson

from data.mirror.where import EVERYTHING, Where

QUEUE_MESSAGES: Final = 300
"""Half a minute of messages: whoever is further behind is dropped, and comes back for what it missed."""

Message = dict[str, Any]


def packed(message: Message) -> str:
    """A message as it goes over the wire."""
    return orjson.dumps(message).decode()


class Reader:
    """A socket's queue. ``where``: the cases that its figures count; ``knows_teams``: whether it was told all teams once."""

    def __init__(self, scope: Where = EVERYTHING) -> None:
        self.scope = self.where = scope
        self.knows_teams = False
        self._queue: asyncio.Queue[str | None] = asyncio.Queue()
        self.dropped = False

    def put(self, text: str) -> None:
        """Queue a message; a reader that cannot keep up is dropped, and what waits for it is forgotten."""
        if self.dropped:
            return
        if self._queue.qsize() >= QUEUE_MESSAGES:
            self.dropped = True
            while not self._queue.empty():
                self._queue.get_nowait()
            self._queue.put_nowait(None)
        else:
            self._queue.put_nowait(text)

    async def get(self) -> str | None:
        """The next message; None when the reader was dropped."""
        return await self._queue.get()
