"""Tiles over HTTP at zooms 8 to 16, over cases and buildings in a real database, beside tipg on the same database.

Tiles are drawn at random where there are cases or buildings, each asked for once, so that no cache helps. tipg gets the same
tiles of its ``cases`` and ``building`` collections with its own limits (10,000 features a tile, as ours has for cases), one layer
a tile; ours brings streets and landscape besides. Far out (zoom 8 to 11) ours counts every case in hexagons, tipg sends some.
"""

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from statistics import quantiles
from typing import Any, Final

import httpx
import numpy as np

from benchmarks.intake import free_port, wait_for
from benchmarks.peers.visitor import headers, sign_in
from benchmarks.result import Progress, Result, Size
from data import migrate
from data.cluster import Cluster
from data.database import connect
from data.demo.city import make_city
from data.demo.load import load_city
from data.demo.size import CITY, DISTRICT
from data.mirror.inside import mercator_units
from dispatch.matters import matters
from dispatch.reference import load_reference

BAR: Final = "p99 < 40 ms one client, < 120 ms eight clients, >= 20 x tipg's throughput, every revisit 304"
ZOOMS: Final = tuple(range(8, 17))
NEAR: Final = 12
"""From here on both send marks and shapes of the same rows."""
SOURCES: Final = {"cases": 8, "base": 8, "area": 8, "cell": 14}
CLIENTS: Final = 8
SERVERS: Final = 2
"""Processes of ours and of tipg: one a core of the machine that the bar is set for. One client talks to one of them."""
READY_S: Final = 600.0
TIPG: Final = {
    "cases": "/collections/public.cases/tiles/WebMercatorQuad/{}"
    "?properties=state,urgent,reported_at,due_at,closed_at,matter_id,channel",
    "base": "/collections/public.building/tiles/WebMercatorQuad/{}?properties=use,height_m,name",
}
IDS: Final = "select min(id), max(id) from {}"
PLACES: Final = """
select ST_X(c), ST_Y(c) from (select ST_Centroid(geom) as c from {} where id = any(%s) and geom is not null order by id) as found
"""

Tile = tuple[str, int, str]
"""Source, zoom, ``z/x/y``."""


def run(size: Size, progress: Progress) -> Result:
    """Measure one client, eight clients, revisits, then tipg."""
    places, seconds = (150, 3.0) if size == "small" else (2_000, 60.0)
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="needle-bench-")))
        progress("building a city", 0.0)
        url = stack.enter_context(city(folder, size))
        sign_in(url)
        tiles = draw_tiles(url, places)
        ours = [stack.enter_context(started(folder, url, "dashboard.cli", "serve")) for _ in range(SERVERS)]
        progress("loading cases and ground into the servers", 0.3)
        warm = [path(tile) for tile in tiles[::-1][:200]]
        for port in ours:
            wait_until_ready(port, tiles)
            ask([port], warm, 1, seconds)
        progress("one client", 0.5)
        one = ask(ours[:1], [path(tile) for tile in tiles], 1, seconds)
        progress("eight clients", 0.6)
        many = ask(ours, [path(tile) for tile in tiles], CLIENTS, seconds)
        etags = {answer[0]: answer[4] for answer in one["answers"]}
        again = ask(ours[:1], list(etags), CLIENTS, seconds, etags)
        same = [tile for tile in tiles if tile[0] in TIPG]
        same_ours = ask(ours, [path(tile) for tile in same], CLIENTS, seconds)
        progress("tipg", 0.8)
        peer = [stack.enter_context(started(folder, url, "benchmarks.peers.tile_peer", url)) for _ in range(SERVERS)]
        theirs = ask(peer, [TIPG[source].format(at) for source, _, at in same], CLIENTS, seconds)
    return result(one, many, again, compare(same, same_ours, theirs))


def result(one: dict[str, Any], many: dict[str, Any], again: dict[str, Any], peer: dict[str, float]) -> Result:
    """The figures held against the bar."""
    ours = {f"one_{key}": value for key, value in figures(one).items()}
    ours |= {f"eight_{key}": value for key, value in figures(many).items()}
    ours["revisited_304"] = sum(answer[2] == 304 for answer in again["answers"]) / len(again["answers"])
    ours |= by_zoom(one)
    met = ours["one_p99_ms"] < 40 and ours["eight_p99_ms"] < 120 and ours["revisited_304"] == 1 and peer["ratio"] >= 20
    return Result("tiles", BAR, met, ours, {"tipg": peer})


def figures(run: dict[str, Any]) -> dict[str, float]:
    """Times of all answers and how many a second."""
    times = [answer[1] for answer in run["answers"]]
    cuts = quantiles(times, n=100)
    return {"p50_ms": cuts[49], "p99_ms": cuts[98], "max_ms": max(times), "tiles_per_s": len(times) / run["seconds"]}


def by_zoom(run: dict[str, Any]) -> dict[str, float]:
    """The 99th percentile of each source and zoom."""

    def source_and_zoom(address: str) -> str:
        _, _, source, zoom, *_ = address.split("/")
        return f"{source}_z{int(zoom):02d}"

    return p99_by(run, source_and_zoom)


def p99_by(run: dict[str, Any], kind: Callable[[str], str]) -> dict[str, float]:
    """The 99th percentile of each kind of address."""
    times: dict[str, list[float]] = {}
    for address, took, *_ in run["answers"]:
        times.setdefault(f"{kind(address)}_p99_ms", []).append(took)
    return {name: quantiles(found, n=100)[98] for name, found in sorted(times.items()) if len(found) > 1}


def compare(tiles: list[Tile], ours: dict[str, Any], theirs: dict[str, Any]) -> dict[str, float]:
    """tipg's figures, and how many tiles ours makes in the time of one: by the mean time of the same tiles with eight clients."""
    of_ours = {answer[0]: answer[1] for answer in ours["answers"]}
    of_theirs = {answer[0]: answer[1] for answer in theirs["answers"]}
    pairs = [
        (of_theirs[its], of_ours[path(tile)], tile[1])
        for tile in tiles
        if (its := TIPG[tile[0]].format(tile[2])) in of_theirs and path(tile) in of_ours
    ]
    near = [(its, mine) for its, mine, zoom in pairs if zoom >= NEAR]
    return figures(theirs) | {
        "ratio": sum(its for its, *_ in pairs) / sum(mine for _, mine, _ in pairs),
        "ratio_from_zoom_12": sum(its for its, _ in near) / sum(mine for _, mine in near),
        "same_tiles": float(len(pairs)),
    }


def path(tile: Tile) -> str:
    """The address of a tile of ours."""
    return f"/tiles/{tile[0]}/{tile[2]}.mvt"


def draw_tiles(url: str, places: int) -> list[Tile]:
    """Distinct tiles of every source and zoom around random cases and buildings, shuffled."""
    generator, found = np.random.default_rng(1), []
    with connect(url) as connection:
        for table in ("cases", "building"):
            first, last = connection.execute(IDS.format(table).encode()).fetchone() or (0, 0)
            ids = generator.integers(first, last + 1, places // 2).tolist()
            found += connection.execute(PLACES.format(table).encode(), (ids,)).fetchall()
    units = mercator_units(np.array(found, np.float64)).astype(np.int64)
    tiles = {
        (source, zoom, f"{zoom}/{x >> (32 - zoom)}/{y >> (32 - zoom)}"): None
        for zoom in ZOOMS
        for x, y in units.tolist()
        for source, least in SOURCES.items()
        if zoom >= least
    }
    listed = list(tiles)
    return [listed[k] for k in generator.permutation(len(listed)).tolist()]


def wait_until_ready(port: int, tiles: list[Tile]) -> None:
    """Until cases and ground are drawn from memory, the state that a server keeps for its life."""
    patience = time.monotonic() + READY_S
    wanted = [path(next(tile for tile in tiles if tile[0] == source)) for source in ("cases", "base")]
    with httpx.Client(base_url=f"http://127.0.0.1:{port}", headers=headers(), timeout=60) as client:
        while not all("memory" in client.get(address).headers.get("server-timing", "") for address in wanted):
            if time.monotonic() > patience:
                raise RuntimeError("the server did not load its cases and ground")
            time.sleep(0.5)


def ask(
    ports: list[int], paths: list[str], clients: int, seconds: float, etags: dict[str, str] | None = None
) -> dict[str, Any]:
    """Ask for each path once, at most for some seconds, from a process of its own; clients are shared out among the ports."""
    said = ",".join(map(str, ports))
    command = [sys.executable, "-m", "benchmarks.peers.tile_client", said, str(clients), str(seconds)]
    requests = json.dumps([[address, (etags or {}).get(address, "")] for address in paths])
    done = subprocess.run(command, check=True, input=requests.encode(), stdout=subprocess.PIPE, timeout=seconds + 300)
    answered: dict[str, Any] = json.loads(done.stdout)
    wrong = [answer for answer in answered["answers"] if answer[2] not in (200, 204, 304)]
    if wrong:
        raise RuntimeError(f"{len(wrong)} tiles were refused, the first: {wrong[0]}")
    return answered


@contextmanager
def started(folder: Path, url: str, module: str, *arguments: str) -> Iterator[int]:
    """A server process over the database; its port."""
    port = free_port()
    environment = os.environ | {"NEEDLE_DATABASE_URL": url, "NEEDLE_HOME": str(folder), "NEEDLE_PORT": str(port)}
    said = [str(port)] if module.startswith("benchmarks") else []
    server = subprocess.Popen([sys.executable, "-m", module, *arguments, *said], env=environment)
    try:
        wait_for(server, port)
        yield port
    finally:
        server.terminate()
        server.wait()


@contextmanager
def city(folder: Path, size: Size) -> Iterator[str]:
    """The database of a demo city: a fresh one, or the one that ``NEEDLE_BENCH_CITY`` names, which is only read."""
    existing = os.environ.get("NEEDLE_BENCH_CITY")
    if existing:
        yield existing
        return
    folder.chmod(0o755)
    cluster = Cluster(folder / "pg")
    cluster.start()
    try:
        url = cluster.create_database("tiles")
        migrate.upgrade(url)
        load_reference(url)
        with connect(url) as connection:
            load_city(
                connection, make_city(DISTRICT if size == "small" else CITY), matters().values(), datetime.now(UTC)
            )
        yield url
    finally:
        cluster.stop()
