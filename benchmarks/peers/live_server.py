"""The operators' server as it would be without what makes the live wall fast: the peers of the live benchmark.

``each``: every change is read and sent by itself. ``polling``: nobody listens, the database is asked once a second.
"""

import asyncio
import sys

import uvicorn

from dashboard import server
from dashboard.live import Hub
from data.stores.event_log import Connection

POLL_SECONDS = 1.0


class OneByOne(Hub):
    """A message an event."""

    async def _tell_changes(self, connection: Connection) -> bool:
        if not self.wall.following.is_set():
            return await super()._tell_changes(connection)
        await self.log.catch_up(connection, self._changed)
        self.wall.event = self.log.event
        for case in sorted(self._changed):
            await self._patch(connection, [case])
            self.send(await self._cases_message(connection, [case]))
            self._changed.discard(case)
        return True


class Polling(Hub):
    """A look a second."""

    async def _listen(self) -> None:
        self._tell_source(connected=True)
        while True:
            self._wake.set()
            await asyncio.sleep(POLL_SECONDS)


PEERS: dict[str, type[Hub]] = {"ours": Hub, "each": OneByOne, "polling": Polling}


def main() -> None:
    """Serve: which, the database, the port."""
    which, url, port = sys.argv[1:]
    vars(server)["Hub"] = PEERS[which]
    uvicorn.run(server.create_app(url), port=int(port), log_level="warning", access_log=False, ws="websockets-sansio")


if __name__ == "__main__":
    main()
