"""The wall of the live benchmark: a headless Chromium that notes when each new case is drawn."""

import json
import sys
import time
from pathlib import Path
from typing import Any

from playwright.sync_api import CDPSession, Page, ViewportSize, sync_playwright

from benchmarks.peers.visitor import cookies
from dashboard.cli.chromium import ARGUMENTS, CHROMIUM

WIDTH, HEIGHT = 1024, 576
ZOOM = 12.6
INNER = 0.3
"""Reports fall into the middle of the view: this share of its width and height to each side."""
PATIENCE_MS = 120_000

#: A case is drawn with the frame that holds its mark: on the sheet of what changed lately, or in the tiles. That the
#: frame after the next begins says that the next, which holds what was painted, has been handed to the screen.
PROBE = """
() => {
  const { map, live, cases } = needleWall;
  const probe = { waiting: new Map(), seen: new Set(), shown: [], told: [], frames: 0, messages: 0, probing: 0 };
  window.probe = probe;
  const now = () => performance.timeOrigin + performance.now();
  const receive = live.receive.bind(live);
  live.receive = (message) => {
    if (message.kind === 'cases') {
      probe.messages += 1;
      for (const row of message.rows) if (!probe.seen.has(row.id)) {
        probe.seen.add(row.id);
        probe.told.push([row.id, now()]);
        if (row.at) probe.waiting.set(row.id, { at: row.at, since: performance.now() });
      }
    }
    receive(message);
  };
  const isAt = (id, at) => {
    const { x, y } = map.project(at);
    const box = [[x - 3, y - 3], [x + 3, y + 3]];
    return map.queryRenderedFeatures(box, { layers: ['case-dot'] }).some((feature) => feature.id === id);
  };
  const settle = (ids) => {
    for (const id of ids) probe.shown.push([id, now()]);
  };
  const stamp = cases.sheet.stamp.bind(cases.sheet);
  cases.sheet.stamp = (layer, marks) => {
    stamp(layer, marks);
    const start = performance.now();
    const drawn = new Set(cases.sheet.drawn.map(({ entry }) => entry?.row.id));
    const late = (id, { at, since }) => start - since > 2000 && isAt(id, at);
    const found = [...probe.waiting].filter(([id, waiting]) => drawn.has(id) || late(id, waiting)).map(([id]) => id);
    for (const id of found) probe.waiting.delete(id);
    requestAnimationFrame(() => requestAnimationFrame(() => settle(found)));
    probe.probing += performance.now() - start;
  };
  map.on('render', () => (probe.frames += 1));
}
"""
INNER_BOX = """(inner) => {
  const { map } = needleWall;
  const { clientWidth: w, clientHeight: h } = map.getContainer();
  const [west, north] = map.unproject([w * (0.5 - inner), h * (0.5 - inner)]).toArray();
  const [east, south] = map.unproject([w * (0.5 + inner), h * (0.5 + inner)]).toArray();
  return [west, south, east, north];
}"""
SEEN = """() => {
  const { frames, messages, probing, shown, told } = window.probe;
  return { frames, messages, probing, shown, told };
}"""


def heap(devtools: CDPSession) -> float:
    """The page's JavaScript heap after a collection, in bytes."""
    devtools.send("HeapProfiler.collectGarbage")
    metrics = devtools.send("Performance.getMetrics")["metrics"]
    return float(next(metric["value"] for metric in metrics if metric["name"] == "JSHeapUsedSize"))


def watch(page: Page, devtools: CDPSession, end: Path) -> dict[str, Any]:
    """Sample the heap until ``end`` says that all is sent; then wait until every case that came is drawn."""
    heaps = [heap(devtools)]
    while not end.exists():
        page.wait_for_timeout(500)
        if len(heaps) == 1 and end.with_suffix(".half").exists():
            heaps.append(heap(devtools))
    wanted, patience = int(end.read_text()), time.monotonic() + 20
    while page.evaluate("probe.shown.length") < wanted and time.monotonic() < patience:
        page.wait_for_timeout(100)
    heaps.append(heap(devtools))
    return {
        "heaps": heaps,
        **page.evaluate(SEEN),
    }


def main() -> None:
    """Open the wall: its address with a ``#``, the folder to meet in. Prints what was seen as JSON."""
    address, folder = sys.argv[1], Path(sys.argv[2])
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=list(ARGUMENTS))
        context = browser.new_context(viewport=ViewportSize(width=WIDTH, height=HEIGHT), bypass_csp=True)
        context.add_cookies(cookies())
        page = context.new_page()
        page.goto(address)
        page.wait_for_selector("body[data-ready]", timeout=PATIENCE_MS)
        page.wait_for_function(
            "needleWall.live?.socket?.readyState === 1 && needleWall.map.loaded()", timeout=PATIENCE_MS
        )
        page.evaluate(PROBE)
        devtools = page.context.new_cdp_session(page)
        devtools.send("Performance.enable")
        (folder / "box.new").write_text(json.dumps(page.evaluate(INNER_BOX, INNER)))
        (folder / "box.new").rename(folder / "box")
        seen = watch(page, devtools, folder / "end")
        page.screenshot(path=str(folder / "wall.png"))
        browser.close()
    sys.stdout.write(json.dumps(seen))


if __name__ == "__main__":
    main()
