"""Both zones at work for a browser: the portal's server and the courier."""

import asyncio
import socket
import threading
from collections.abc import Coroutine
from concurrent.futures import Future
from typing import Any, TypeVar

import uvicorn

from data.database import open_pool
from data.portal.courier_side import CourierSide
from forms.courier import Courier, go_round
from forms.identity.paper import IdentityPaper
from forms.portal.app import create_app
from forms.publishing import Publisher
from tests.dashboard.residents.conftest import Zones, courier_of
from tests.patience import PATIENCE_S

T = TypeVar("T")


class Town:
    """The portal's server and the courier, each on a loop of one thread of their own."""

    def __init__(self, zones: Zones) -> None:
        self.zones = zones
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.address = f"http://localhost:{self.socket.getsockname()[1]}"
        self.loop = asyncio.new_event_loop()
        self.thread = threading.Thread(target=self.loop.run_forever)
        self.server = uvicorn.Server(
            uvicorn.Config(create_app(zones.portal), log_level="error", timeout_keep_alive=int(PATIENCE_S))
        )
        self.courier: Courier | None = None
        self.stop = asyncio.Event()

    def do(self, work: Coroutine[Any, Any, T]) -> T:
        """Run something on the town's loop and wait for it."""
        return self._begin(work).result(PATIENCE_S)

    def _begin(self, work: Coroutine[Any, Any, T]) -> "Future[T]":
        return asyncio.run_coroutine_threadsafe(work, self.loop)

    async def _carry(self, ready: threading.Event) -> None:
        async with courier_of(self.zones) as courier, open_pool(self.zones.mailbox) as pool:
            self.courier = courier
            publisher = Publisher(CourierSide(pool), courier.base)
            await publisher()
            await IdentityPaper(CourierSide(pool), courier.base)()
            ready.set()
            going = asyncio.create_task(go_round(courier, 0.2))
            await self.stop.wait()
            going.cancel()

    def __enter__(self) -> "Town":
        self.thread.start()
        ready = threading.Event()
        self.serving = self._begin(self.server.serve([self.socket]))
        self.carrying = self._begin(self._carry(ready))
        assert ready.wait(PATIENCE_S)
        return self

    def __exit__(self, *_: object) -> None:
        self.server.should_exit = True
        self.loop.call_soon_threadsafe(self.stop.set)
        self.serving.result(PATIENCE_S)
        self.carrying.result(PATIENCE_S)
        self.loop.call_soon_threadsafe(self.loop.stop)
        self.thread.join(PATIENCE_S)
        self.loop.close()
        self.socket.close()
