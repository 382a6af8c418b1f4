"""A town in processes: workers, a deliverer and a department's own system, each of which may be killed and started again."""

import os
import signal
import socket
import subprocess
import sys
from contextlib import suppress
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from time import monotonic, sleep

import httpx
import orjson

from data.database import Connection
from data.demo.city import DemoCity
from data.demo.live import reports_live
from data.stores.deliveries import save_subscription
from dispatch.delivery.connectors import as_settings, make_connector
from tests.patience import PATIENCE_S

Process = subprocess.Popen[bytes]
SYSTEM = Path(__file__).with_name("department_system.py")
ADD = "insert into report (channel, idempotency_key, body, reported_at) values (%s, %s, %s, %s)"


class Town:
    """The processes of the test, each of which may be killed and started again."""

    def __init__(self, url: str, folder: Path) -> None:
        self.url = url
        self.folder = folder
        with socket.create_server(("127.0.0.1", 0)) as probe:
            self.port = probe.getsockname()[1]
        self.running: dict[str, Process] = {}

    def start(self, name: str) -> None:
        commands = {
            "worker": ["-m", "dashboard.cli", "worker"],
            "deliverer": ["-m", "dashboard.cli", "deliver"],
            "department": [str(SYSTEM), str(self.folder / "department.db"), str(self.port), "0.5"],
        }
        environment = os.environ | {
            "NEEDLE_DATABASE_URL": self.url,
            "NEEDLE_OUTGOING_NETWORKS": "127.0.0.1",
            "NEEDLE_POLL_SECONDS": "0.3",
            "NEEDLE_SECRET_DEPARTMENT": "department-key",
        }
        with (self.folder / f"{name}.log").open("ab") as log:
            self.running[name] = subprocess.Popen(
                [sys.executable, *commands[name]], env=environment, stdout=log, stderr=subprocess.STDOUT
            )

        if name == "department":
            self._wait_for_department()

    def _wait_for_department(self) -> None:
        """Until it answers: each vain try of a deliverer makes its next pause longer."""
        deadline = monotonic() + PATIENCE_S
        while monotonic() < deadline:
            with suppress(OSError), socket.create_connection(("127.0.0.1", self.port), timeout=1):
                return
            sleep(0.05)
        raise AssertionError("the department's system did not start")

    def kill(self, name: str) -> None:
        self.running[name].send_signal(signal.SIGKILL)
        assert self.running[name].wait(PATIENCE_S) == -signal.SIGKILL

    def stop(self) -> None:
        for process in self.running.values():
            process.terminate()
        for process in self.running.values():
            process.wait(PATIENCE_S)

    def words(self) -> list[list[str]]:
        """What the department's system was told in words: (request, words)."""
        said: list[list[str]] = httpx.get(f"http://127.0.0.1:{self.port}/words", timeout=2, trust_env=False).json()
        return said

    def taken(self) -> int:
        """How many requests the department's system has ever taken; 0 while it is away."""
        try:
            return int(httpx.get(f"http://127.0.0.1:{self.port}/count", timeout=2, trust_env=False).text)
        except httpx.HTTPError:
            return 0


def connect_departments(watch: Connection, port: int) -> None:
    """Every department works in the same system."""
    for (code,) in watch.execute("select code from department").fetchall():
        said = {
            "name": f"system of {code}",
            "kind": "open311",
            "url": f"http://127.0.0.1:{port}/open311/v2",
            "department": code,
            "secret": "department",
            "services": {"*": "WORK"},
            "updates": True,
        }
        save_subscription(watch, str(said["name"]), "open311", code, as_settings(make_connector(said)))


def report(watch: Connection, city: DemoCity, seed: int, count: int) -> None:
    reports = list(islice(reports_live(city, seed, datetime.now(UTC)), count))
    rows = [(r["channel"], f"{seed}-{r['key']}", orjson.dumps(r).decode(), r["reported_at"]) for r in reports]
    with watch.cursor() as cursor:
        cursor.executemany(ADD, rows)
    watch.execute("notify needle_report")


def scalar(watch: Connection, query: str, *parameters: object) -> int:
    found = watch.execute(query, parameters).fetchone()
    assert found is not None
    return int(found[0])
