"""A town in processes over one database: a worker, a deliverer and a department's own system, each of which may be killed and
started again. The benchmark of the chain plays in it, and so do its tests.
"""

import os
import signal
import subprocess
import sys
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import Final

import httpx
import orjson

from benchmarks.intake import free_port, wait_for
from data.database import Connection
from data.demo.city import DemoCity
from data.demo.live import reports_live
from dispatch.delivery import reference_system

ADD: Final = "insert into report (channel, idempotency_key, body, reported_at) values (%s, %s, %s, %s)"
POLL_S: Final = "0.3"
END_S: Final = 60.0
"""Within so long every process has ended after it was told to."""


class Town:
    """The processes over one database."""

    def __init__(self, url: str, folder: Path) -> None:
        self.url, self.folder, self.port = url, folder, free_port()
        self.running: dict[str, subprocess.Popen[bytes]] = {}

    def start(self, name: str) -> None:
        """Start a ``worker``, a ``deliverer``, or the ``department``'s system, and wait until that answers.

        Each vain try of a deliverer makes its next pause longer.
        """
        commands = {
            "worker": ["-m", "dashboard.cli", "worker"],
            "deliverer": ["-m", "dashboard.cli", "deliver"],
            "department": ["-m", reference_system.__name__, str(self.folder / "department.db"), str(self.port), "0.5"],
        }
        environment = os.environ | {
            "NEEDLE_DATABASE_URL": self.url,
            "NEEDLE_OUTGOING_NETWORKS": "127.0.0.1",
            "NEEDLE_POLL_SECONDS": POLL_S,
            "NEEDLE_SECRET_DEPARTMENT": "department-key",
        }
        with (self.folder / f"{name}.log").open("ab") as log:
            process = subprocess.Popen(
                [sys.executable, *commands[name]], env=environment, stdout=log, stderr=subprocess.STDOUT
            )
        self.running[name] = process
        if name == "department":
            wait_for(process, self.port)

    def kill(self, name: str) -> None:
        """End a process at once, as a power cut would."""
        self.running[name].send_signal(signal.SIGKILL)
        self.running[name].wait()

    def stop(self) -> None:
        """End all."""
        for process in self.running.values():
            process.terminate()
        for process in self.running.values():
            process.wait(END_S)

    def words(self) -> list[list[str]]:
        """What the department's system was told in words: (request, words)."""
        said: list[list[str]] = self._ask("words").json()
        return said

    def taken(self) -> int:
        """How many requests the department's system has ever taken; 0 while it is away."""
        try:
            return int(self._ask("count").text)
        except httpx.HTTPError:
            return 0

    def _ask(self, what: str) -> httpx.Response:
        return httpx.get(f"http://127.0.0.1:{self.port}/{what}", timeout=5, trust_env=False)


def connect_departments(connection: Connection, port: int) -> None:
    """Every department works in the same system."""
    for (code,) in connection.execute("select code from department").fetchall():
        reference_system.enter(connection, f"system of {code}", code, port)


def report(connection: Connection, city: DemoCity, seed: int, count: int) -> None:
    """Reports of the city's residents, all at once."""
    reports = list(islice(reports_live(city, seed, datetime.now(UTC)), count))
    rows = [(r["channel"], f"{seed}-{r['key']}", orjson.dumps(r).decode(), r["reported_at"]) for r in reports]
    with connection.cursor() as cursor:
        cursor.executemany(ADD, rows)
    connection.execute("notify needle_report")


def scalar(connection: Connection, query: str, *values: object) -> int:
    """One number of the database."""
    found = connection.execute(query, values).fetchone()
    assert found is not None
    return int(found[0])
