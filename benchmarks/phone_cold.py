"""The residents' report page opened for the first time on a cheap phone: CPU ÷ 4, 1.6 Mbit/s, 150 ms there and back.

Usable: everything can be touched and the map picker has its city (``ready`` is marked by the page). Bytes: all that a relay
between browser and server saw until the page was quiet, the map's sheets among them. The throttle is Chromium's own (DevTools
protocol); server, database and browser share this machine. The peer is the same page with nothing compressed.
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

BAR = "/report usable < 4 s cold on CPU ÷ 4 and 1.6 Mbit/s, < 400 kB transferred"
BAR_S, BAR_KB = 4.0, 400.0
CHROMIUM = "/usr/bin/chromium"
ARGUMENTS = ("--no-sandbox", "--headless=new", "--disable-background-networking", "--no-first-run")
PHONE: dict[str, Any] = {"viewport": {"width": 360, "height": 740}, "is_mobile": True, "has_touch": True}
CPU_DIVIDED_BY = 4
NETWORK = {"offline": False, "latency": 150, "downloadThroughput": 1.6e6 / 8, "uploadThroughput": 0.75e6 / 8}
QUIET_MS = 2_500
READY_MS = "() => performance.getEntriesByName('ready')[0]?.startTime ?? 0"
ROUNDS = 5


@dataclass(frozen=True)
class Cold:
    """One cold start: seconds from the start of navigation, kilobytes received with headers."""

    usable_s: float
    kilobytes: float

    def figures(self) -> dict[str, float]:
        """The start in numbers."""
        return {"usable_s": self.usable_s, "on_the_wire_kb": self.kilobytes}


def run(size: Size, progress: Progress) -> Result:
    """Both kinds in turn, each time in a browser that has never run."""
    found: dict[str, list[Cold]] = {"ours": [], "plain": []}
    with tempfile.TemporaryDirectory(prefix="needle-phone-") as folder, portal(Path(folder), size, progress) as port:
        for number in range(ROUNDS):
            for name, starts in found.items():
                progress(f"opening {name}", 0.3 + 0.7 * number / ROUNDS)
                starts.append(open_cold(port, compressed=name == "ours"))
    ours, plain = (middle(found[name]) for name in ("ours", "plain"))
    return Result(
        name="phone_cold",
        bar=BAR,
        met=ours.usable_s < BAR_S and ours.kilobytes < BAR_KB,
        ours=ours.figures(),
        peers={"the same, not compressed": plain.figures() | {"ratio": plain.usable_s / ours.usable_s}},
    )


def middle(starts: list[Cold]) -> Cold:
    """Medians."""
    return Cold(median(one.usable_s for one in starts), median(one.kilobytes for one in starts))


def open_cold(port: int, compressed: bool) -> Cold:
    """Open the page on a throttled phone, through a relay that counts."""
    with Relay(port, compressed) as relay, sync_playwright() as playwright:
        browser: Browser = playwright.chromium.launch(executable_path=CHROMIUM, args=list(ARGUMENTS))
        page = browser.new_page(**PHONE)
        throttle(page.context.new_cdp_session(page))
        page.goto(f"http://127.0.0.1:{relay.port}/report", wait_until="commit")
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
def portal(folder: Path, size: Size, progress: Progress) -> Iterator[int]:
    """A portal over a demo city's public papers; its port."""
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
        with served(cluster.url("portal", ROLE)) as port:
            yield port
    finally:
        cluster.stop()


async def publish(base: str, mailbox: str, keys: KeyRing) -> None:
    """What a courier hangs out on its first round."""
    async with open_pool(base, size=2) as base_pool, open_pool(mailbox, size=2) as pool:
        side = CourierSide(pool)
        await side.publish_key(*keys.newest)
        await Publisher(side, base_pool)()


@contextmanager
def served(url: str) -> Iterator[int]:
    """The portal's process."""
    port = free_port()
    environment = {**os.environ, "NEEDLE_PORTAL_DATABASE_URL": url}
    command = [sys.executable, "-m", "dashboard.cli", "portal", "--port", str(port)]
    with subprocess.Popen(command, env=environment) as process:
        try:
            wait_for(process, port)
            yield port
        finally:
            process.send_signal(signal.SIGTERM)


if __name__ == "__main__":
    print(run("small", lambda what, _done: print(what, file=sys.stderr)))
