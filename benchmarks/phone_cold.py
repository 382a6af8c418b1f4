"""The residents' report page, and the field page of a team that is signed in, opened for the first time on a cheap phone.

The phone: CPU ÷ 4, 1.6 Mbit/s, 150 ms there and back. Usable: everything can be touched, and the map picker has its city, or the
team's tasks are listed (``ready`` is marked by the page). Bytes: all that a relay between browser and server saw until the page
was quiet, the map's sheets and what the service worker keeps for the road among them. The throttle is Chromium's own (DevTools
protocol); server, database and browser share this machine. The peers are the same pages with nothing compressed.
"""

import asyncio
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from typing import Any

from playwright.sync_api import Browser, CDPSession, sync_playwright

from benchmarks.intake import free_port, wait_for
from benchmarks.peers.relay import Relay
from benchmarks.result import Progress, Result, Size
from dashboard.cast import Cast
from dashboard.sessions import COOKIE
from data import migrate
from data.cluster import Cluster
from data.database import connect, open_pool
from data.demo.city import make_city
from data.demo.load import load_city
from data.demo.size import BLOCK, DISTRICT
from data.portal.courier_side import CourierSide
from data.portal.mailbox import ROLE, make_in, upgrade
from dispatch.matters import matters
from dispatch.reference import load_reference
from forms.keys import KeyRing
from forms.publishing import Publisher

BAR = "/report and /m usable < 4 s cold on CPU ÷ 4 and 1.6 Mbit/s, < 400 kB transferred"
BAR_S, BAR_KB = 4.0, 400.0
CHROMIUM = "/usr/bin/chromium"
ARGUMENTS = ("--no-sandbox", "--headless=new", "--disable-background-networking", "--no-first-run")
PHONE: dict[str, Any] = {"viewport": {"width": 360, "height": 740}, "is_mobile": True, "has_touch": True}
CPU_DIVIDED_BY = 4
NETWORK = {"offline": False, "latency": 150, "downloadThroughput": 1.6e6 / 8, "uploadThroughput": 0.75e6 / 8}
QUIET_MS = 2_500
READY_MS = "() => performance.getEntriesByName('ready')[0]?.startTime ?? 0"
ROUNDS = 5
BUSIEST = "select team_id from task where done_at is null group by team_id order by count(*) desc, team_id limit 1"


@dataclass(frozen=True)
class Cold:
    """One cold start: seconds from the start of navigation, kilobytes received with headers."""

    usable_s: float
    kilobytes: float

    def figures(self, path: str) -> dict[str, float]:
        """The start in numbers, named after the page."""
        name = path.strip("/")
        return {f"{name}_usable_s": self.usable_s, f"{name}_on_the_wire_kb": self.kilobytes}


@dataclass(frozen=True)
class Opened:
    """A page to open: the port of its process, its path, the session's token it is opened with (None: nobody's)."""

    port: int
    path: str
    token: str | None = None


def run(size: Size, progress: Progress) -> Result:
    """Both kinds in turn, each time in a browser that has never run."""
    with tempfile.TemporaryDirectory(prefix="needle-phone-") as folder, pages(Path(folder), size, progress) as opened:
        found: dict[tuple[str, bool], list[Cold]] = {
            (page.path, packed): [] for page in opened for packed in (True, False)
        }
        for number in range(ROUNDS):
            progress(f"opening, round {number + 1}", 0.3 + 0.7 * number / ROUNDS)
            for page in opened:
                for packed in (True, False):
                    found[page.path, packed].append(open_cold(page, compressed=packed))
    ours = {page.path: middle(found[page.path, True]) for page in opened}
    plain = {page.path: middle(found[page.path, False]) for page in opened}
    return Result(
        name="phone_cold",
        bar=BAR,
        met=all(cold.usable_s < BAR_S and cold.kilobytes < BAR_KB for cold in ours.values()),
        ours={name: value for path, cold in ours.items() for name, value in cold.figures(path).items()},
        peers={
            f"{path}, not compressed": cold.figures(path) | {"ratio": cold.usable_s / ours[path].usable_s}
            for path, cold in plain.items()
        },
    )


def middle(starts: list[Cold]) -> Cold:
    """Medians."""
    return Cold(median(one.usable_s for one in starts), median(one.kilobytes for one in starts))


def open_cold(opened: Opened, compressed: bool) -> Cold:
    """Open a page on a throttled phone, through a relay that counts."""
    with Relay(opened.port, compressed) as relay, sync_playwright() as playwright:
        browser: Browser = playwright.chromium.launch(executable_path=CHROMIUM, args=list(ARGUMENTS))
        page = browser.new_page(**PHONE)
        if opened.token is not None:
            page.context.add_cookies([{"name": COOKIE, "value": opened.token, "url": "http://127.0.0.1"}])
        throttle(page.context.new_cdp_session(page))
        page.goto(f"http://127.0.0.1:{relay.port}{opened.path}", wait_until="commit")
        page.wait_for_selector("body[data-ready]", timeout=120_000)
        page.wait_for_timeout(QUIET_MS)
        usable_ms = float(page.evaluate(READY_MS))
        browser.close()
        return Cold(usable_ms / 1000, relay.received / 1000)


def throttle(tools: CDPSession) -> None:
    """Slow a page down."""
    tools.send("Network.enable")
    tools.send("Network.emulateNetworkConditions", NETWORK)
    tools.send("Emulation.setCPUThrottlingRate", {"rate": CPU_DIVIDED_BY})


@contextmanager
def pages(folder: Path, size: Size, progress: Progress) -> Iterator[list[Opened]]:
    """The report page of a portal over a demo city's public papers, and the field page of the team with the most tasks."""
    progress("building a city", 0.0)
    folder.chmod(0o755)
    cluster = Cluster(folder / "pg")
    cluster.start()
    try:
        base = cluster.create_database("phone")
        migrate.upgrade(base)
        load_reference(base)
        with connect(base) as connection:
            city = make_city(BLOCK if size == "small" else DISTRICT)
            load_city(connection, city, matters().values(), datetime.now(UTC))
        mailbox = make_in(cluster)
        upgrade(mailbox)
        asyncio.run(publish(base, mailbox, KeyRing(folder / "secrets")))
        with connect(base) as connection:
            team = connection.execute(BUSIEST).fetchone()
        token = Cast(base).token(f"team:{team[0]}") if team else None
        portal_url = {"NEEDLE_PORTAL_DATABASE_URL": cluster.url("portal", ROLE)}
        operators = {"NEEDLE_DATABASE_URL": base, "NEEDLE_HOME": str(folder)}
        with served("portal", portal_url) as portal, served("serve", operators) as office:
            yield [Opened(portal, "/report"), Opened(office, "/m", token)]
    finally:
        cluster.stop()


async def publish(base: str, mailbox: str, keys: KeyRing) -> None:
    """What a courier hangs out on its first round."""
    async with open_pool(base, size=2) as base_pool, open_pool(mailbox, size=2) as pool:
        side = CourierSide(pool)
        await side.publish_key(*keys.newest)
        await Publisher(side, base_pool)()


@contextmanager
def served(name: str, settings: dict[str, str]) -> Iterator[int]:
    """A process of ours by its command; its port."""
    port = free_port()
    command = [sys.executable, "-m", "dashboard.cli", name, "--port", str(port)]
    with subprocess.Popen(command, env=os.environ | settings) as process:
        try:
            wait_for(process, port)
            yield port
        finally:
            process.send_signal(signal.SIGTERM)


if __name__ == "__main__":
    print(run("small", lambda what, _done: print(what, file=sys.stderr)))
