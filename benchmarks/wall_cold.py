"""The wall opened for the first time: a browser without a cache, until base map and cases are drawn; every byte on the wire.

The city is a district, or the million with ``--size city``; NEEDLE_BENCH_CITY names one to reuse. Server, database and a headless
Chromium with a software renderer share this machine. Bytes are counted by a relay between browser
and server, so that what workers and sockets carry is in it. Peers: the same wall with nothing compressed, and the same open cases
as a Dash page with one of plotly's maps and a chart, compressed.
"""

import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from urllib.parse import urlsplit

from playwright.sync_api import Browser, Page, sync_playwright

from benchmarks.desk import wait_until_ready
from benchmarks.intake import free_port, settle, wait_for
from benchmarks.live import start
from benchmarks.peers.relay import Relay
from benchmarks.peers.visitor import cookies, sign_in
from benchmarks.result import Progress, Result, Size
from benchmarks.tiles import city
from dashboard.cli.chromium import ARGUMENTS, CHROMIUM

BAR = "base map and cases drawn < 3 s after a cold start; < 1.2 MB on the wire, charts shown"
BAR_S, BAR_MB = 3.0, 1.2
PATIENCE_S = 120.0
QUIET_MS = 1_500
"""After the first picture: charts and the last tiles; then everything the first view needs has been sent."""
DRAWN = """() => {
  const map = window.needleWall?.map, marked = performance.getEntriesByName('wall-ready')[0];
  if (!marked) return 0;
  const sources = map.queryRenderedFeatures().map((feature) => feature.source);
  const cases = sources.filter((name) => ['cases', 'done', 'hexes'].includes(name)).length;
  return cases && cases < sources.length ? marked.startTime : 0;
}"""
"""When the wall said that its first whole picture was on the screen, once the map is seen to hold ground and cases.

To see that takes a software renderer a sixth of a second, which is not the wall's.
"""
PLOTLY_DRAWN = """() => {
  const plot = document.querySelector('#map .js-plotly-plot'), chart = document.querySelector('#chart .js-plotly-plot');
  const map = plot?._fullLayout?.map?._subplot?.map;
  return chart?._fullLayout && map?.loaded() && map.areTilesLoaded() ? performance.now() : 0;
}"""


@dataclass(frozen=True)
class Cold:
    """One cold start. ``drawn_s``: from the start of navigation; ``megabytes``: received, headers and sockets included."""

    drawn_s: float
    megabytes: float

    def figures(self) -> dict[str, float]:
        """The start in numbers."""
        return {"drawn_s": self.drawn_s, "on_the_wire_mb": self.megabytes}


def run(size: Size, progress: Progress) -> Result:
    """Each page in turn, several rounds, each in a browser of its own."""
    rounds = 3 if size == "small" else 5
    found: dict[str, list[Cold]] = {"ours": [], "plain": [], "plotly": []}
    with tempfile.TemporaryDirectory(prefix="needle-bench-") as folder, pages(Path(folder), size, progress) as opened:
        for number in range(rounds):
            for name, (address, drawn) in opened.items():
                progress(f"opening {name}", 0.3 + 0.7 * number / rounds)
                found[name].append(open_cold(address, drawn, compressed=name != "plain"))
    return result({name: middle(starts) for name, starts in found.items()})


def middle(starts: list[Cold]) -> Cold:
    """Medians."""
    return Cold(median(one.drawn_s for one in starts), median(one.megabytes for one in starts))


def result(found: dict[str, Cold]) -> Result:
    """The figures held against the bar."""
    ours, plain, plotly = found["ours"], found["plain"], found["plotly"]
    return Result(
        name="wall_cold",
        bar=BAR,
        met=ours.drawn_s < BAR_S and ours.megabytes < BAR_MB,
        ours=ours.figures(),
        peers={
            "the same, not compressed (bytes)": plain.figures() | {"ratio": plain.megabytes / ours.megabytes},
            "plotly's map and chart in Dash (time)": plotly.figures() | {"ratio": plotly.drawn_s / ours.drawn_s},
            "plotly's map and chart in Dash (bytes)": plotly.figures() | {"ratio": plotly.megabytes / ours.megabytes},
        },
    )


Drawn = Callable[[Page], float]


@contextmanager
def pages(folder: Path, size: Size, progress: Progress) -> Iterator[dict[str, tuple[str, Drawn]]]:
    """Each page's address, and how to wait until it is drawn."""
    with ExitStack() as stack:
        progress("building a city", 0.0)
        url = stack.enter_context(city(folder, size))
        sign_in(url)
        ours, theirs = free_port(), free_port()
        server = start(stack, folder, url, "server", "-m", "dashboard.cli", "serve", "--port", str(ours))
        wait_for(server, ours)
        plotly = start(stack, folder, url, "plotly", "-m", "benchmarks.peers.plotly_wall", url, str(theirs))
        wait_for(plotly, theirs)
        progress("waiting until both servers rest", 0.1)
        wait_until_ready(ours)
        settle(server)
        settle(plotly)
        wall = (f"http://127.0.0.1:{ours}/wall", until(DRAWN))
        yield {"ours": wall, "plain": wall, "plotly": (f"http://127.0.0.1:{theirs}/", until(PLOTLY_DRAWN))}


def open_cold(address: str, drawn: Drawn, compressed: bool) -> Cold:
    """Open a page in a browser that has never run, through a relay that counts."""
    parts = urlsplit(address)
    with Relay(int(parts.port or 0), compressed) as relay, sync_playwright() as playwright:
        browser: Browser = playwright.chromium.launch(executable_path=CHROMIUM, args=list(ARGUMENTS))
        context = browser.new_context(viewport={"width": 1920, "height": 1080})
        context.add_cookies(cookies())
        page = context.new_page()
        page.goto(f"http://127.0.0.1:{relay.port}{parts.path}", wait_until="commit")
        seconds = drawn(page) / 1000
        page.wait_for_timeout(QUIET_MS)
        browser.close()
        return Cold(seconds, relay.received / 1e6)


def until(script: str) -> Drawn:
    """Ask a page until it says at which millisecond it was drawn."""

    def drawn(page: Page) -> float:
        patience = time.monotonic() + PATIENCE_S
        while not (at := page.evaluate(script)):
            if time.monotonic() > patience:
                raise RuntimeError(f"not drawn after {PATIENCE_S:.0f} s: {page.url}")
            page.wait_for_timeout(20)
        return float(at)

    return drawn


if __name__ == "__main__":
    print(run("small", lambda what, _done: print(what, file=sys.stderr)))
