"""The chain across processes: report, worker, deliverer, a department's own system, and back, whatever is killed in between."""

import asyncio
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path

import httpx
import orjson
import pytest

from data.database import Connection, connect, open_pool
from data.demo.city import DemoCity
from data.demo.live import reports_live
from data.stores.deliveries import save_subscription
from dispatch.case import Case
from dispatch.casework import CaseDesk
from dispatch.commands import Command
from dispatch.delivery.connectors import as_settings, make_connector

CheckCase = Callable[[Connection, int], Case]
Until = Callable[[Callable[[], bool], str], None]
Process = subprocess.Popen[bytes]
SYSTEM = Path(__file__).with_name("department_system.py")
PATIENCE_S = 60.0
ADD = "insert into report (channel, idempotency_key, body, reported_at) values (%s, %s, %s, %s)"
UNANSWERED = """
select count(*) from cases left join remote_case on remote_case.case_id = cases.id
 where (cases.id > %s and cases.department_code is not null or remote_case.case_id is not null) and state <> 'answered'
"""
CLOSING = (("request_check", "operator:01"), ("pass_check", "grid_worker:07"), ("close", "operator:01"))


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

    def kill(self, name: str) -> None:
        self.running[name].send_signal(signal.SIGKILL)
        assert self.running[name].wait(PATIENCE_S) == -signal.SIGKILL

    def stop(self) -> None:
        for process in self.running.values():
            process.terminate()
        for process in self.running.values():
            process.wait(PATIENCE_S)

    def taken(self) -> int:
        """How many requests the department's system has ever taken; 0 while it is away."""
        try:
            return int(httpx.get(f"http://127.0.0.1:{self.port}/count", timeout=2, trust_env=False).text)
        except httpx.HTTPError:
            return 0


@pytest.fixture
def town(city_url: str, tmp_path: Path) -> Iterator[Town]:
    town = Town(city_url, tmp_path)
    yield town
    town.stop()


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
        }
        save_subscription(watch, str(said["name"]), "open311", code, as_settings(make_connector(said)))


def report(watch: Connection, city: DemoCity, seed: int, count: int) -> None:
    reports = list(islice(reports_live(city, seed, datetime.now(UTC)), count))
    rows = [(r["channel"], f"{seed}-{r['key']}", orjson.dumps(r).decode(), r["reported_at"]) for r in reports]
    with watch.cursor() as cursor:
        cursor.executemany(ADD, rows)
    watch.execute("notify needle_report")


def test_every_case_comes_back_and_is_closed_exactly_once(
    town: Town, watch: Connection, demo_city: DemoCity, until: Until, check_case: CheckCase
) -> None:
    before = scalar(watch, "select max(id) from cases")
    connect_departments(watch, town.port)
    for name in ("worker", "deliverer", "department"):
        town.start(name)

    report(watch, demo_city, 11, 20)
    until(lambda: town.taken() >= 3, "the department's system takes the first cases")
    town.kill("department")
    report(watch, demo_city, 12, 15)
    waiting = "select count(*) from delivery where delivered_at is null and tries > 0"
    until(lambda: scalar(watch, waiting) > 0, "a delivery meets the dead system")
    town.kill("deliverer")
    town.start("department")
    town.start("deliverer")

    until(lambda: scalar(watch, "select count(*) from report where handled_at is null") == 0, "every report handled")
    until(lambda: scalar(watch, UNANSWERED, before) == 0, "every case answered by its department's system")
    # A case of the history that waited for a free team may have gone out as well.
    ours = [row[0] for row in watch.execute("select case_id from remote_case order by case_id").fetchall()]
    asyncio.run(close_all(town.url, ours))

    assert sum(case_id > before for case_id in ours) > 15
    assert town.taken() == scalar(watch, "select count(*) from remote_case")
    for case_id in ours:
        assert check_case(watch, case_id).state == "closed"
        assert scalar(watch, "select count(*) from case_event where case_id = %s and action = 'close'", case_id) == 1
    until(lambda: scalar(watch, "select count(*) from delivery where delivered_at is null") == 0, "all delivered")


async def close_all(url: str, cases: list[int]) -> None:
    """The command centre has each case verified by somebody else, and closes it."""
    async with open_pool(url) as pool:
        desk = CaseDesk(pool)
        for case_id in cases:
            for action, actor in CLOSING:
                await desk.give(case_id, Command(action, actor), datetime.now(UTC))


def scalar(watch: Connection, query: str, *parameters: object) -> int:
    found = watch.execute(query, parameters).fetchone()
    assert found is not None
    return int(found[0])


def test_history_that_comes_later_is_not_told(city_url: str) -> None:
    with connect(city_url) as connection:
        (department,) = connection.execute("select code from department limit 1").fetchone() or ("",)
        said = {"name": "hook", "kind": "webhook", "url": "https://a.cn/hook", "department": department}
        save_subscription(connection, "hook", "webhook", department, as_settings(make_connector(said)))
        connection.commit()
        assert connection.execute("select count(*) from delivery").fetchone() == (0,)
