"""Durable intake over HTTP: the real server and a database as in production, against an empty address and a plain one.

Server, database and senders share two cores; 64 connections send one report after the other.
"""

import json
import os
import secrets
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median

from benchmarks.peers.cores import REST, on_core
from benchmarks.peers.intake_sender import KEY
from benchmarks.result import Progress, Result, Size
from data import migrate
from data.cluster import Cluster
from data.database import connect
from data.stores.channel_keys import save_key
from dispatch.reference import load_reference

BAR = ">= 70 % of an empty endpoint, >= 3 x one transaction per request, batch >= 20,000 reports/s"
CONNECTIONS = 64
BATCH, BATCH_CONNECTIONS = 5_000, 2
PATHS = {"empty": "/api/health/empty", "ours": "/api/reports", "one": "/api/health/one-transaction"}
START_S = 60.0
SETTLE_S = 240.0
LOOK_S = 3.0
IDLE = 0.15
"""Share of a core that a server at rest may use."""
MOST_PER_MINUTE = 1_000_000_000


def run(size: Size, progress: Progress) -> Result:
    """Measures each address in turn, three rounds, and takes the medians."""
    seconds, rounds = (1.5, 3) if size == "small" else (5.0, 5)
    with tempfile.TemporaryDirectory(prefix="needle-bench-") as folder, served(Path(folder), progress) as port:
        rates: dict[str, list[dict[str, float]]] = {name: [] for name in (*PATHS, "batch")}
        for number in range(rounds):
            progress("sending reports", 0.2 + 0.8 * number / rounds)
            for name, path in PATHS.items():
                rates[name].append(send(port, path, seconds, CONNECTIONS, 1))
            rates["batch"].append(send(port, "/api/reports/batch", seconds, BATCH_CONNECTIONS, BATCH))
    return result({name: {k: median(r[k] for r in found) for k in found[0]} for name, found in rates.items()})


def result(found: dict[str, dict[str, float]]) -> Result:
    """The figures held against the bar. A peer's ratio is our rate over its."""
    rate = {name: figures["reports_per_s"] for name, figures in found.items()}
    of_empty, over_plain = rate["ours"] / rate["empty"], rate["ours"] / rate["one"]
    return Result(
        name="intake",
        bar=BAR,
        met=of_empty >= 0.7 and over_plain >= 3 and rate["batch"] >= 20_000,
        ours=found["ours"] | {"of_empty": of_empty, "batch_reports_per_s": rate["batch"]},
        peers={
            "empty endpoint": found["empty"] | {"ratio": of_empty},
            "one transaction per request": found["one"] | {"ratio": over_plain},
        },
    )


@contextmanager
def served(folder: Path, progress: Progress) -> Iterator[int]:
    """A fresh database, tuned as in production, and the server over it; the server's port."""
    folder.chmod(0o755)
    cluster = Cluster(folder / "pg")
    progress("starting the database and the server", 0.0)
    with on_core(REST):
        cluster.start()
    try:
        url = cluster.create_database("intake")
        migrate.upgrade(url)
        load_reference(url)
        os.environ[KEY] = secrets.token_urlsafe(24)
        with connect(url) as connection:
            save_key(connection, os.environ[KEY], "snap", "benchmark", MOST_PER_MINUTE)
        port = free_port()
        server = subprocess.Popen([sys.executable, "-m", "benchmarks.peers.intake_server", url, str(port)])
        try:
            wait_for(server, port)
            yield port
        finally:
            server.terminate()
            server.wait()
    finally:
        cluster.stop()


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


def wait_for(server: subprocess.Popen[bytes], port: int) -> None:
    """Wait until the server takes connections."""
    patience = time.monotonic() + START_S
    while time.monotonic() < patience and server.poll() is None:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.1)
    raise RuntimeError("the server did not start")


def settle(server: subprocess.Popen[bytes]) -> None:
    """Wait until the server has done what it prepares in the background after its start."""
    patience = time.monotonic() + SETTLE_S
    used = -1.0
    while time.monotonic() < patience:
        before, used = used, used_seconds(server.pid)
        if before >= 0 and used - before < IDLE * LOOK_S:
            return
        time.sleep(LOOK_S)
    raise RuntimeError("the server did not come to rest")


def used_seconds(pid: int) -> float:
    """Processor time that a process has used, in seconds; proc_pid_stat(5), fields 14 and 15."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def send(port: int, path: str, seconds: float, connections: int, batch: int) -> dict[str, float]:
    """One run of the senders, in a process of their own."""
    arguments = [str(a) for a in (port, path, seconds, connections, batch)]
    command = [sys.executable, "-m", "benchmarks.peers.intake_sender", *arguments]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, timeout=seconds + 60)
    figures: dict[str, float] = json.loads(done.stdout)
    return figures
