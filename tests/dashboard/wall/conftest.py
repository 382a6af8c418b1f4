"""A wall in a real Chromium, before a real server and a real worker."""

import os
import random
import re
import signal
import subprocess
import sys
from base64 import b64encode
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import numpy as np
import pytest
import shapely
from playwright.sync_api import Browser, Locator, Page, expect

from data.cluster import Cluster
from data.demo.city import DemoCity, make_city
from data.demo.live import reports_live
from data.demo.size import BLOCK
from dispatch.rehearsal import next_move
from geo.datums import gcj02_to_wgs84
from tests.dashboard.conftest import Served
from tests.patience import PATIENCE_S

REPORT_VIOLATIONS = """
addEventListener('securitypolicyviolation', (event) => console.error(`CSP ${event.violatedDirective} ${event.blockedURI}`));
"""
READ_PIXELS = """async (png) => {
  const bytes = Uint8Array.from(atob(png), (letter) => letter.charCodeAt(0));
  const image = await createImageBitmap(new Blob([bytes], { type: 'image/png' }));
  const context = new OffscreenCanvas(image.width, image.height).getContext('2d');
  context.drawImage(image, 0, 0);
  return [...new Uint32Array(context.getImageData(0, 0, image.width, image.height).data.buffer)];
}"""
SETTLED = """() => new Promise((done) => {
  const { cases } = window.needleWall;
  const look = () => (cases.sheet.frame ? setTimeout(look, 20) : done());
  look();
})"""


@dataclass
class Wall:
    """An open wall and everything that went wrong or out while it was open."""

    page: Page
    troubles: list[str] = field(default_factory=list)
    hosts: set[str] = field(default_factory=set)

    def slot(self, name: str) -> Locator:
        return self.page.locator(f'[data-slot="{name}"]')

    def row(self, text: str) -> Locator:
        return self.slot("feed").locator("li", has_text=text)

    def figure(self, name: str) -> Locator:
        return self.page.locator(f'[data-figure="{name}"] [data-slot="value"]')

    def number(self, name: str) -> int:
        expect(self.figure(name)).to_have_text(re.compile(r"\d"))
        return int(self.figure(name).inner_text().replace(",", ""))

    def pixels(self, clip: dict[str, float], eye: Page) -> list[int]:
        """The picture inside ``clip`` as ABGR numbers; ``eye``: a page without the wall's script."""
        shot = self.page.screenshot(clip=clip)  # type: ignore[arg-type]
        read: list[int] = eye.evaluate(READ_PIXELS, b64encode(shot).decode())
        return read


@pytest.fixture(scope="module")
def city_url(cluster: Cluster, block_template: str) -> Iterator[str]:
    """The demo block for all walls of this file."""
    yield cluster.copy_database(block_template, "wall_browser")
    cluster.drop_database("wall_browser")


@pytest.fixture(scope="module")
def address(city_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The running server of the city, with a worker beside it."""
    folder = tmp_path_factory.mktemp("processes")
    worker = run(folder, city_url, "worker")
    try:
        with Served(city_url) as server:
            yield server.address
    finally:
        stop(worker)


def run(folder: Path, url: str, *command: str) -> "subprocess.Popen[bytes]":
    """One of our processes, its output in the folder."""
    environment = os.environ | {"NEEDLE_DATABASE_URL": url, "NEEDLE_HOME": str(folder)}
    with (folder / f"{command[0]}.log").open("wb") as log:
        return subprocess.Popen(
            [sys.executable, "-m", "dashboard.cli", *command], env=environment, stdout=log, stderr=subprocess.STDOUT
        )


def stop(process: "subprocess.Popen[bytes]") -> None:
    """End it as a supervisor would."""
    process.send_signal(signal.SIGTERM)
    process.wait(PATIENCE_S)


@pytest.fixture
def eye(browser: Browser, address: str) -> Iterator[Page]:
    """A page beside the wall that reads pictures."""
    page = browser.new_page()
    page.goto(f"{address}/api/health")
    yield page
    page.close()


def new_wall(browser: Browser) -> Wall:
    """A wall whose troubles are written down; the test opens its address and closes its context."""
    context = browser.new_context(viewport={"width": 1366, "height": 800}, reduced_motion="reduce")
    context.add_init_script(REPORT_VIOLATIONS)
    wall = Wall(context.new_page())
    wall.page.on("console", lambda said: wall.troubles.append(said.text) if said.type == "error" else None)
    wall.page.on("pageerror", lambda error: wall.troubles.append(str(error)))
    wall.page.on("request", lambda request: wall.hosts.add(urlsplit(request.url).netloc))
    wall.page.on("websocket", lambda opened: wall.hosts.add(urlsplit(opened.url).netloc))
    return wall


@pytest.fixture
def wall(browser: Browser) -> Iterator[Wall]:
    wall = new_wall(browser)
    yield wall
    wall.page.context.close()


def open_wall(wall: Wall, address: str) -> None:
    wall.page.goto(address)
    expect(wall.slot("curtain")).to_have_attribute("data-state", "open")
    expect(wall.slot("curtain")).to_be_hidden()
    expect(wall.slot("link")).to_have_attribute("data-state", "live")


def report(number: int, **more: Any) -> dict[str, Any]:
    """A report from within the city by the hotline, at an address that no other has."""
    city = make_city(BLOCK)
    told = islice(reports_live(city, 30, datetime.now(UTC)), 60)
    inside = [one for one in told if one["channel"] == "12345" and is_inside(city, one)]
    now = datetime.now(UTC).isoformat()
    given = inside[number % len(inside)]
    return given | {"address": f"Needle Lane {number}", "reported_at": now, "key": f"wall-{number}-{now}"} | more


def is_inside(city: DemoCity, told: Mapping[str, Any]) -> bool:
    """Whether a report of the hotline (GCJ-02) lies in a district: beyond the border nobody has the power."""
    if (told["lng"] or 0) < 100:  # none, or latitude and longitude the wrong way round
        return False
    lng, lat = gcj02_to_wgs84(np.array([told["lng"]]), np.array([told["lat"]]))
    districts = shapely.union_all(city.jurisdictions.layer("district").polygons)
    return bool(shapely.contains_xy(districts, lng, lat)[0])


def send(address: str, told: dict[str, Any]) -> None:
    assert httpx.post(f"{address}/api/reports", json=told, trust_env=False).status_code == 201


def acknowledge_standing(address: str) -> None:
    """Every alarm that the city's history has left at this hour, so that the next one is seen whatever the time of day."""
    for alarm in httpx.get(f"{address}/api/wall/snapshot", trust_env=False).json()["alarms"]:
        answer = httpx.post(f"{address}/api/wall/alarms/{alarm['id']}/acknowledge", trust_env=False)
        assert answer.is_success, answer.text


class Diligent(random.Random):
    """People who neither return a case nor do it badly."""

    def random(self) -> float:
        return 0.999


def work_on(address: str, case: int, until: str) -> None:
    """Let the people of the demo city move a case, step by step, to a state."""
    while (now := httpx.get(f"{address}/api/cases/{case}", trust_env=False).json()["case"])["state"] != until:
        move = next_move(now, Diligent())
        assert move, now["state"]
        said = {"action": move.action, "reason": move.reason}
        answer = httpx.post(
            f"{address}/api/cases/{case}/commands", json=said, headers={"X-Actor": move.actor}, trust_env=False
        )
        assert answer.status_code == 200, answer.text


def case_of(wall: Wall, told: dict[str, Any]) -> int:
    expect(wall.row(told["address"])).to_be_visible()
    return int(wall.row(told["address"]).get_attribute("data-case") or 0)


def middle(wall: Wall, address: str) -> str:
    """Latitude and longitude of the city's middle, as a view's address says them."""
    west, south, east, north = httpx.get(f"{address}/api/wall/snapshot", trust_env=False).json()["city"]["bounds"]
    return f"{(south + north) / 2:.5f}/{(west + east) / 2:.5f}"


def static_of(wall: Wall) -> str:
    """The folder of this version's assets, as the page names it."""
    source = wall.page.locator('script[src*="/static/"], link[href*="/static/"]').first
    found = re.search(r"static/\w+", source.get_attribute("src") or source.get_attribute("href") or "")
    assert found
    return found[0]
