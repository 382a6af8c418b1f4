"""A block of the demo city in a database of the test's own, a real server on it, and a real Chromium."""

import asyncio
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest
import uvicorn
from playwright.sync_api import Browser, Page

from dashboard.server import create_app
from data.cluster import Cluster
from data.database import connect
from data.demo.city import make_city
from data.demo.load import load_city
from data.demo.size import BLOCK
from dispatch.matters import matters
from dispatch.reference import load_reference
from tests.patience import PATIENCE_S, until
from tests.signed_in import SignedIn

#: Teams are at work, and have room, at whatever hour the tests run.
ALWAYS_AT_WORK = """
delete from shift;
insert into shift (team_id, weekday, starts, ends)
select id, weekday, '00:00', '00:00' from team cross join generate_series(0, 6) as weekday;
update team set capacity = 200
"""


@pytest.fixture(scope="session")
def block_template(cluster: Cluster) -> str:
    """The name of a database with the demo block, its history ending now."""
    url = cluster.copy_database("template", "wall_block")
    load_reference(url)
    with connect(url) as connection:
        load_city(connection, make_city(BLOCK), matters().values(), datetime.now(UTC))
        connection.execute(ALWAYS_AT_WORK)
    return "wall_block"


@pytest.fixture
def block_url(cluster: Cluster, block_template: str) -> Iterator[str]:
    """A copy of the demo block for one test."""
    yield cluster.copy_database(block_template, "wall_copy")
    cluster.drop_database("wall_copy")


class Served:
    """A server in a thread of its own, with the address it answers at. ``signed_in``: whoever comes is let in."""

    def __init__(self, url: str, *, signed_in: bool = True) -> None:
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.address = f"http://127.0.0.1:{self.socket.getsockname()[1]}"
        app = SignedIn(create_app(url), url) if signed_in else create_app(url)
        config = uvicorn.Config(app, log_level="error", ws="websockets-sansio", timeout_keep_alive=int(PATIENCE_S))
        self.server = uvicorn.Server(config)  # it hangs up later than any client, so that none asks into a closed line
        self.started = threading.Event()
        self.thread = threading.Thread(target=lambda: asyncio.run(self._serve()))

    async def _serve(self) -> None:
        serving = asyncio.create_task(self.server.serve([self.socket]))
        while not self.server.started and not serving.done():
            await asyncio.sleep(0.02)
        self.started.set()
        await serving

    def __enter__(self) -> "Served":
        self.thread.start()
        assert self.started.wait(PATIENCE_S)
        return self

    def __exit__(self, *_: object) -> None:
        self.server.should_exit = True
        self.thread.join(PATIENCE_S)
        self.socket.close()


@pytest.fixture
def served(block_url: str) -> Iterator[str]:
    """The address of a server over the demo block."""
    with Served(block_url) as server:
        yield server.address


@pytest.fixture(scope="module")
def served_city(cluster: Cluster, block_template: str) -> Iterator[str]:
    """The address of a server over the demo block, for all tests of a file that only look."""
    with Served(cluster.copy_database(block_template, "city_to_look_at")) as server:
        yield server.address
    cluster.drop_database("city_to_look_at")


@contextmanager
def reading(address: str) -> Iterator[httpx.Client]:
    """The API of a server, once every case and text is read."""
    with httpx.Client(base_url=address) as client:
        until(lambda: client.get("/api/desk/rows", params={"end": 1}).status_code != 503, "the cases are read")
        yield client


@contextmanager
def watched(browser: Browser, width: int, height: int, **options: Any) -> Iterator[Page]:
    """A page of this size; whatever the browser complains about fails the test."""
    context = browser.new_context(viewport={"width": width, "height": height}, **options)
    page = context.new_page()
    troubles: list[str] = []
    page.on("pageerror", lambda error: troubles.append(str(error)))
    page.on("console", lambda said: troubles.append(said.text) if "Content Security Policy" in said.text else None)
    yield page
    context.close()
    assert troubles == []


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """A page as on an office's screen, watched."""
    with watched(browser, 1440, 900) as page:
        yield page


@pytest.fixture
def api(served: str) -> Iterator[httpx.Client]:
    """The API of the served block."""
    with reading(served) as client:
        yield client
