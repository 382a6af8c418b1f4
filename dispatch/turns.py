"""Whose command is next: one a case at a time, a few in all, and of those that may go on the one that came first.

Whoever waits for a case keeps no database connection; whoever has waited for one does not go to the end of the queue again.
"""

import asyncio
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from heapq import heappop, heappush
from itertools import count


@dataclass(order=True)
class Ticket:
    """A command that waits. ``ready``: its case is its own already, and it waits for a place alone."""

    number: int
    called: "asyncio.Future[None]" = field(compare=False)
    ready: bool = field(default=False, compare=False)


class Turns:
    """The turns of one process. ``at_once``: how many commands are carried out at a time."""

    def __init__(self, at_once: int) -> None:
        self.free = at_once
        self.numbers = count()
        self.ready: list[Ticket] = []
        self.cases: dict[int, deque[Ticket]] = {}
        """Who waits for each case that somebody has."""

    @asynccontextmanager
    async def turn(self, case_id: int) -> AsyncIterator[None]:
        """Wait for a command's turn on its case, and go on alone there."""
        number = next(self.numbers)
        if case_id in self.cases or self.free == 0:
            await self._wait(case_id, number)
        else:
            self.cases[case_id] = deque()
            self.free -= 1
        try:
            yield
        finally:
            self._leave(case_id)

    async def _wait(self, case_id: int, number: int) -> None:
        ticket = Ticket(number, asyncio.get_running_loop().create_future())
        if case_id in self.cases:
            self.cases[case_id].append(ticket)
        else:
            self.cases[case_id] = deque()
            self._make_ready(ticket)
        try:
            await ticket.called
        except asyncio.CancelledError:
            if not ticket.called.cancelled():
                self._leave(case_id)
            elif ticket.ready:
                self._hand_on(case_id)
            raise

    def _make_ready(self, ticket: Ticket) -> None:
        ticket.ready = True
        heappush(self.ready, ticket)

    def _hand_on(self, case_id: int) -> None:
        """Give a case to the next who waits for it."""
        waiting = self.cases[case_id]
        while waiting:
            ticket = waiting.popleft()
            if not ticket.called.done():
                self._make_ready(ticket)
                return
        del self.cases[case_id]

    def _leave(self, case_id: int) -> None:
        """Give the case and the place to those who are next."""
        self._hand_on(case_id)
        while self.ready:
            ticket = heappop(self.ready)
            if not ticket.called.done():
                ticket.called.set_result(None)
                return
        self.free += 1
