"""From an accepted report to its pixel: the server, a worker, the database and a wall in headless Chromium, all on this machine.

A sender posts reports at a fixed rate. The time of a report runs from the answer of ``POST /api/reports`` to the first frame
of the map that holds its case's mark. The peers are the same server that sends a message an event, and one that asks the database
once a second.
"""

import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from statistics import quantiles
from typing import Any

import shapely

from benchmarks.intake import free_port, settle, wait_for
from benchmarks.peers.live_wall import ZOOM
from benchmarks.peers.visitor import sign_in
from benchmarks.result import Progress, Result, Size
from data import migrate
from data.cluster import Cluster
from data.database import connect
from data.demo.city import DemoCity, make_city
from data.demo.load import load_city
from data.demo.size import DISTRICT
from dispatch.matters import matters
from dispatch.reference import load_reference

BAR = "report accepted -> its pixel on the wall, 200/s for 60 s: p95 < 500 ms, nothing lost, memory flat"
BAR_P95_MS = 500.0
FLAT_BYTES = 24e6
"""What a heap or a process may grow by in the second half of a run."""
PATIENCE_S = 180.0
MEGABYTE = 1e6


@dataclass(frozen=True)
class Run:
    """One run: what the wall saw, when reports were accepted, which case each became, and the server's memory over time."""

    accepted: dict[int, float]
    case_of: dict[int, int]
    seen: dict[str, Any]
    server_rss: list[float]
    seconds: float

    def pixel_ms(self) -> list[float]:
        """From each report's acceptance to its pixel; those that never came are left out."""
        shown = {case: at / 1000 for case, at in reversed(self.seen["shown"])}
        return [
            (shown[case] - at) * 1000 for id, at in self.accepted.items() if (case := self.case_of.get(id)) in shown
        ]

    def told_ms(self) -> list[float]:
        """From each report's acceptance to the wall's socket."""
        told = {case: at / 1000 for case, at in reversed(self.seen["told"])}
        return [(told[case] - at) * 1000 for id, at in self.accepted.items() if (case := self.case_of.get(id)) in told]

    def figures(self) -> dict[str, float]:
        """The run in numbers."""
        pixel, told = self.pixel_ms(), self.told_ms()
        cuts, told_cuts = quantiles(pixel, n=100), quantiles(told, n=100)
        heaps, half = self.seen["heaps"], len(self.server_rss) // 2
        return {
            "p50_ms": cuts[49],
            "p95_ms": cuts[94],
            "p99_ms": cuts[98],
            "socket_p95_ms": told_cuts[94],
            "lost": float(len(self.accepted) - len(pixel)),
            "reports": float(len(self.accepted)),
            "messages": float(self.seen["messages"]),
            "frames_per_s": self.seen["frames"] / self.seconds,
            "heap_growth_mb": (heaps[-1] - heaps[-2]) / MEGABYTE,
            "server_growth_mb": (max(self.server_rss[half:]) - max(self.server_rss[: half + 1])) / MEGABYTE,
        }


def run(size: Size, progress: Progress) -> Result:
    """Measure our server, then each peer for a shorter time."""
    rate, seconds = (20.0, 15.0) if size == "small" else (200.0, 60.0)
    progress("building a city", 0.0)
    with tempfile.TemporaryDirectory(prefix="needle-bench-") as folder, city(Path(folder)) as (url, demo):
        found = {}
        for which, share in (("ours", 1.0), ("each", 0.25), ("polling", 0.25)):
            progress(f"sending {rate:.0f} reports a second: {which}", 0.1)
            found[which] = measure(which, url, demo, rate, seconds * share).figures()
    ours = found.pop("ours")
    flat = max(ours["heap_growth_mb"], ours["server_growth_mb"]) * MEGABYTE < FLAT_BYTES
    titles = {"each": "a message an event", "polling": "polling each second"}
    return Result(
        name="live",
        bar=BAR,
        met=ours["p95_ms"] < BAR_P95_MS and ours["lost"] == 0 and flat,
        ours=ours,
        peers={titles[name]: {**peer, "ratio": peer["p95_ms"] / ours["p95_ms"]} for name, peer in found.items()},
    )


@contextmanager
def city(folder: Path) -> Iterator[tuple[str, DemoCity]]:
    """A demo city in a database of its own, tuned as in production."""
    folder.chmod(0o755)
    cluster = Cluster(folder / "pg")
    cluster.start()
    try:
        url = cluster.create_database("live")
        migrate.upgrade(url)
        load_reference(url)
        demo = make_city(DISTRICT)
        with connect(url) as connection:
            load_city(connection, demo, matters().values(), datetime.now(UTC))
        sign_in(url)
        yield url, demo
    finally:
        cluster.stop()


def measure(which: str, url: str, demo: DemoCity, rate: float, seconds: float) -> Run:
    """Start everything, send, and gather what was seen."""
    with tempfile.TemporaryDirectory(prefix="needle-live-") as name, ExitStack() as stack:
        folder, port = Path(name), free_port()
        server = start(stack, folder, url, "server", "-m", "benchmarks.peers.live_server", which, url, str(port))
        wait_for(server, port)
        worker = start(stack, folder, url, "worker", "-m", "dashboard.cli", "worker")
        address = f"http://127.0.0.1:{port}/wall#{ZOOM}/{middle(demo)}"
        wall = start(stack, folder, url, "wall", "-m", "benchmarks.peers.live_wall", address, name)
        box = ",".join(map(str, json.loads(wait_until(folder / "box", wall))))
        warm_up(url, port, box, folder, worker)
        settle(server)
        memory = stack.enter_context(Memory(server.pid))
        accepted = dict(send(port, which, rate, seconds, box, folder))
        (folder / "end.new").write_text(str(len(accepted)))
        (folder / "end.new").rename(folder / "end")
        if wall.wait(PATIENCE_S):
            raise RuntimeError((folder / "wall.err").read_text())
        return Run(
            accepted,
            cases_of(url, list(accepted)),
            json.loads((folder / "wall.out").read_text()),
            memory.samples,
            seconds,
        )


def warm_up(url: str, port: int, box: str, folder: Path, worker: "subprocess.Popen[bytes]") -> None:
    """Send a few reports, and wait until a worker that has just started has made cases of them."""
    reports = [id for id, _ in send(port, "warm", 20.0, 2.0, box, folder)]
    patience = time.monotonic() + PATIENCE_S
    while None in cases_of(url, reports).values():
        if time.monotonic() > patience or worker.poll() is not None:
            raise RuntimeError((folder / "worker.err").read_text())
        time.sleep(0.2)
    (folder / "end.half").unlink(missing_ok=True)


def send(port: int, run: str, rate: float, seconds: float, box: str, folder: Path) -> list[list[Any]]:
    """Run the sender; (report id, time of acceptance) of each."""
    timer = threading.Timer(seconds / 2, (folder / "end.half").touch)
    timer.start()
    arguments = [str(port), f"{run}-{time.time_ns()}", str(rate), str(seconds), box]
    command = [sys.executable, "-m", "benchmarks.peers.live_sender", *arguments]
    with (folder / "sent").open("w") as sent:
        subprocess.run(command, check=True, stdout=sent, timeout=seconds + PATIENCE_S)
    accepted: list[list[Any]] = json.loads((folder / "sent").read_text())
    return accepted


def cases_of(url: str, reports: list[int]) -> dict[int, int]:
    """Report id -> the case it became."""
    with connect(url) as connection:
        return dict(connection.execute("select id, case_id from report where id = any(%s)", (reports,)).fetchall())


def middle(demo: DemoCity) -> str:
    """Latitude and longitude of the city's middle, as the wall's address has it."""
    point = shapely.union_all(demo.jurisdictions.layer("district").polygons).centroid
    return f"{point.y:.5f}/{point.x:.5f}"


def start(stack: ExitStack, folder: Path, url: str, name: str, *arguments: str) -> "subprocess.Popen[bytes]":
    """A process of ours that ends with the stack; it writes to ``name.out`` and ``name.err``."""
    out, err = (stack.enter_context((folder / f"{name}.{end}").open("wb")) for end in ("out", "err"))
    environment = os.environ | {"NEEDLE_DATABASE_URL": url, "NEEDLE_HOME": str(folder)}
    process = subprocess.Popen([sys.executable, *arguments], stdout=out, stderr=err, env=environment)
    stack.callback(process.wait)
    stack.callback(process.send_signal, signal.SIGTERM)
    return process


def wait_until(file: Path, process: "subprocess.Popen[bytes]") -> str:
    """The file's content once it is there."""
    patience = time.monotonic() + PATIENCE_S
    while not file.exists():
        if time.monotonic() > patience or process.poll() is not None:
            raise RuntimeError(f"no {file.name}: {(file.parent / 'wall.err').read_text()}")
        time.sleep(0.1)
    return file.read_text()


class Memory:
    """Samples a process's resident memory, in bytes, once a second."""

    def __init__(self, pid: int) -> None:
        self.samples: list[float] = []
        self._statm = Path(f"/proc/{pid}/statm")
        self._end = threading.Event()
        self._thread = threading.Thread(target=self._sample)

    def __enter__(self) -> "Memory":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._end.set()
        self._thread.join()

    def _sample(self) -> None:
        while not self._end.wait(1.0):
            self.samples.append(float(self._statm.read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE"))
