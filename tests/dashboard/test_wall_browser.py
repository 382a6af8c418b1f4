"""The wall in a real Chromium, before a real server and a real worker."""

import os
import signal
import socket
import subprocess
import sys
from base64 import b64encode
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest
from playwright.sync_api import Browser, Locator, Page, expect, sync_playwright

from data.cluster import Cluster
from data.demo.city import make_city
from data.demo.live import reports_live
from data.demo.size import BLOCK

pytestmark = pytest.mark.browser

CHROMIUM = "/usr/bin/chromium"
FLAGS = (
    "--no-sandbox",
    "--headless=new",
    "--use-gl=angle",
    "--use-angle=swiftshader",
    "--enable-unsafe-swiftshader",
    "--disable-background-networking",
)
PATIENCE_MS = 60_000
"""Software rendering on a busy machine is slow; nothing here is about speed."""
REPORT_VIOLATIONS = """
addEventListener('securitypolicyviolation', (event) => console.error(`CSP ${event.violatedDirective} ${event.blockedURI}`));
"""
COUNT_COLOURS = """async (png) => {
  const bytes = Uint8Array.from(atob(png), (letter) => letter.charCodeAt(0));
  const image = await createImageBitmap(new Blob([bytes], { type: 'image/png' }));
  const context = new OffscreenCanvas(image.width, image.height).getContext('2d');
  context.drawImage(image, 0, 0);
  return new Set(new Uint32Array(context.getImageData(0, 0, image.width, image.height).data.buffer)).size;
}"""


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


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture(scope="module")
def city_url(cluster: Cluster, block_template: str) -> Iterator[str]:
    """The demo block for all walls of this file."""
    yield cluster.copy_database(block_template, "wall_browser")
    cluster.drop_database("wall_browser")


@pytest.fixture(scope="module")
def address(city_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The running server of the city, with a worker beside it."""
    port, folder = free_port(), tmp_path_factory.mktemp("processes")
    address = f"http://127.0.0.1:{port}"
    processes = [run(folder, city_url, "serve", "--port", str(port)), run(folder, city_url, "worker")]
    try:
        with httpx.Client(transport=httpx.HTTPTransport(retries=7), trust_env=False) as client:
            assert client.get(f"{address}/api/health").json() == {"ok": True}
        yield address
    finally:
        for process in processes:
            process.send_signal(signal.SIGTERM)
        for process in processes:
            process.wait(timeout=30)


def run(folder: Path, url: str, *command: str) -> "subprocess.Popen[bytes]":
    environment = os.environ | {"NEEDLE_DATABASE_URL": url, "NEEDLE_HOME": str(folder)}
    with (folder / f"{command[0]}.log").open("wb") as log:
        return subprocess.Popen(
            [sys.executable, "-m", "dashboard.cli", *command], env=environment, stdout=log, stderr=subprocess.STDOUT
        )


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=[*FLAGS])
        yield browser
        browser.close()


@pytest.fixture
def wall(browser: Browser) -> Iterator[Wall]:
    """A wall whose troubles are written down; the test opens its address."""
    context = browser.new_context(viewport={"width": 1920, "height": 1080}, reduced_motion="reduce")
    context.add_init_script(REPORT_VIOLATIONS)
    wall = Wall(context.new_page())
    wall.page.set_default_timeout(PATIENCE_MS)
    expect.set_options(timeout=PATIENCE_MS)
    wall.page.on("console", lambda said: wall.troubles.append(said.text) if said.type == "error" else None)
    wall.page.on("pageerror", lambda error: wall.troubles.append(str(error)))
    wall.page.on("request", lambda request: wall.hosts.add(urlsplit(request.url).netloc))
    wall.page.on("websocket", lambda opened: wall.hosts.add(urlsplit(opened.url).netloc))
    yield wall
    context.close()


def open_wall(wall: Wall, address: str) -> None:
    wall.page.goto(address)
    expect(wall.slot("curtain")).to_have_attribute("data-state", "open")
    expect(wall.slot("curtain")).to_be_hidden()
    expect(wall.slot("link")).to_have_attribute("data-state", "live")


@pytest.fixture(scope="module")
def report() -> dict[str, Any]:
    """A report from within the city, with an address that no other has."""
    told = reports_live(make_city(BLOCK), 5, datetime.now(UTC))
    inside = next(report for report in told if report["channel"] == "12345" and (report["lng"] or 0) > 100)
    return inside | {"address": "银针胡同七号", "reported_at": datetime.now(UTC).isoformat()}


def test_the_wall_stands_without_trouble_and_asks_no_other_host(wall: Wall, address: str) -> None:
    open_wall(wall, f"{address}/wall")
    expect(wall.slot("feed").locator("li").first).to_be_visible()
    expect(wall.page.locator("#wall-charts .js-plotly-plot").first).to_be_visible()
    assert wall.troubles == []
    assert wall.hosts - {""} == {urlsplit(address).netloc}


def test_the_map_is_drawn(wall: Wall, address: str, browser: Browser) -> None:
    open_wall(wall, f"{address}/wall")
    middle = wall.page.screenshot(clip={"x": 560, "y": 240, "width": 800, "height": 600})
    eye = browser.new_page()
    eye.goto(f"{address}/api/health")
    colours = eye.evaluate(COUNT_COLOURS, b64encode(middle).decode())
    eye.close()
    assert colours > 200


@pytest.mark.parametrize(
    ("query", "title", "feed", "language"),
    [
        ("", "态势大屏 · 一根针", "实时案件", "zh"),
        ("?lang=zh", "态势大屏 · 一根针", "实时案件", "zh"),
        ("?lang=en", "Wall · Needle", "Live cases", "en"),
    ],
)
def test_both_languages_are_shown(wall: Wall, address: str, query: str, title: str, feed: str, language: str) -> None:
    open_wall(wall, f"{address}/wall{query}")
    expect(wall.page).to_have_title(title)
    expect(wall.slot("feed-title")).to_have_text(feed)
    expect(wall.page.locator("main.wall")).to_have_attribute("lang", language)


def test_a_report_appears_without_reload_and_its_case_says_why_this_team(
    wall: Wall, address: str, report: dict[str, Any]
) -> None:
    open_wall(wall, f"{address}/wall?lang=en")
    before = int(wall.figure("today").inner_text().replace(",", ""))

    assert httpx.post(f"{address}/api/reports", json=report, trust_env=False).status_code == 201
    expect(wall.row(report["address"])).to_be_visible()
    expect(wall.figure("today")).to_have_text(f"{before + 1:,}")

    wall.row(report["address"]).click()
    drawer = wall.slot("drawer")
    expect(drawer).to_be_visible()
    expect(drawer.locator(".address")).to_have_text(report["address"])
    expect(drawer.locator(".part-why h3")).to_have_text("Why this team")
    expect(drawer.locator(".part-why .candidate.is-chosen")).to_have_count(1)
    expect(drawer.locator(".candidate-reason").first).not_to_be_empty()

    wall.page.keyboard.press("Escape")
    expect(drawer).to_be_hidden()
    assert wall.troubles == []
