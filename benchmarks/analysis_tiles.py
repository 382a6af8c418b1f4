"""Tiles of analyses over HTTP: hotspots of a city's cases by hexagon and by unit cell, each tile asked for once.

The analyses are made before, as the page makes them before it asks for its first tile; how long that takes is measured apart, and
the first answer of the indicators' page beside it.
"""

import tempfile
import time
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Final

import httpx
import numpy as np

from benchmarks.peers.visitor import headers, sign_in
from benchmarks.result import Progress, Result, Size, city_bar
from benchmarks.tiles import ask, city, draw_tiles, figures, p99_by, started

BAR: Final = "tile p99 < 100 ms, first answers of hotspots and indicators < 2 s"
#: By grid and measure; the month before the benchmark began.
NOW: Final = int(time.time())
QUESTIONS: Final = tuple(
    f"grid={grid}&measure={measure}&since={NOW - 30 * 86_400}&until={NOW}"
    for grid, measure in (("h3-9", "count"), ("h3-8", "rate"), ("cell", "count"))
)
ZOOMS: Final = range(8, 15)
READY_S: Final = 600.0


def run(size: Size, progress: Progress) -> Result:
    """Measure the first answers, then the tiles of one client and of eight."""
    places, seconds = (150, 6.0) if size == "small" else (1_000, 40.0)
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="needle-bench-")))
        progress("building a city", 0.0)
        url = stack.enter_context(city(folder, size))
        sign_in(url)
        port = stack.enter_context(started(folder, url, "dashboard.cli", "serve"))
        progress("loading cases and ground", 0.3)
        first = first_answers(port)
        paths = analysis_paths(draw_tiles(url, places))
        progress("one client, then eight", 0.5)
        one, many = ask([port], paths, 1, seconds), ask([port], paths, 8, seconds)
    ours = {f"one_{key}": value for key, value in figures(one).items()}
    ours |= {f"eight_{key}": value for key, value in figures(many).items()} | first
    met = ours["one_p99_ms"] < 100 and all(value < 2 for name, value in first.items() if name.endswith("again_s"))
    return Result("analysis_tiles", city_bar(BAR, size), met, ours | by_question(one))


def first_answers(port: int) -> dict[str, float]:
    """Seconds of each page's first answer, once the cases are loaded: the first ever (grid drawn), and of a new question."""
    found: dict[str, float] = {}
    with httpx.Client(base_url=f"http://127.0.0.1:{port}", headers=headers(), timeout=120, trust_env=False) as client:
        for name, address in (
            ("indicators", "/api/indicators?period=month"),
            *((f"hotspots_{question[5:9].rstrip('&')}", f"/api/hotspots?{question}") for question in QUESTIONS),
        ):
            found[f"{name}_first_s"] = answered(client, address)
            found[f"{name}_again_s"] = answered(client, address + "&channel=12345")
    return found


def answered(client: httpx.Client, address: str) -> float:
    """Seconds of an answer; while the server still loads, it is asked anew."""
    patience = time.monotonic() + READY_S
    while time.monotonic() < patience:
        start = time.perf_counter()
        answer = client.get(address)
        if answer.status_code == 200:
            return time.perf_counter() - start
        time.sleep(0.3)
    raise RuntimeError(f"{address} is not ready: {answer.text[:200]}")


def analysis_paths(tiles: list[Any]) -> list[str]:
    """The tiles of each question, each once, in the order of no zoom."""
    at = dict.fromkeys(place for _, zoom, place in tiles if zoom in ZOOMS)
    paths = [f"/tiles/hotspots/{place}.mvt?{question}" for place in at for question in QUESTIONS]
    return [paths[k] for k in np.random.default_rng(5).permutation(len(paths)).tolist()]


def by_question(run: dict[str, Any]) -> dict[str, float]:
    """The 99th percentile of each question's tiles."""
    return p99_by(run, lambda address: address.partition("?grid=")[2].partition("&")[0])
