"""Worker processes stopped inside their transaction, by a lock they wait for: what was half done is as if never begun."""

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from time import monotonic
from typing import Any

import orjson
import pytest
from psycopg.rows import dict_row

from data.chain import verify
from data.cluster import Cluster
from data.database import Connection, connect, open_pool
from data.demo.city import DemoCity, make_city
from data.demo.live import reports_live
from data.demo.load import load_city
from data.demo.size import BLOCK
from data.stores.cases import load_events
from data.stores.reports import ReportWriter
from dispatch.case import fold, row
from dispatch.intake import IncomingReport, read_batch
from dispatch.matters import matters
from dispatch.reference import channels, load_reference

REFERENCE = datetime(2026, 11, 24, 3, 20, tzinfo=UTC)
PATIENCE_S = 120.0
DATUMS = {channel.code: channel.crs for channel in channels()}
SNAP: dict[str, Any] = {
    "channel": "snap",
    "key": "on the border",
    "reported_at": REFERENCE.isoformat(),
    "matter": "2026:event:09006",
    "crs": "wgs84",
    "accuracy_m": 25.0,
}

WAITING = "select count(*) from report where handled_at is null"
BLOCKED = """
select pid from pg_stat_activity
where datname = current_database() and wait_event_type = 'Lock' and pid <> pg_backend_pid()
"""
ALIVE = "select pid from pg_stat_activity where pid = any(%s)"
NEW_CASES = "select c.* from cases c join report r on r.case_id = c.id where r.id = any(%s)"


@pytest.fixture(scope="module")
def city() -> DemoCity:
    return make_city(BLOCK)


@pytest.fixture(scope="module")
def city_database(cluster: Cluster, city: DemoCity) -> Iterator[str]:
    """The name of a database with the city, whose teams are on duty whenever the test runs."""
    name = "worker_city"
    url = cluster.copy_database("template", name)
    load_reference(url)
    with connect(url) as connection:
        load_city(connection, city, matters().values(), REFERENCE)
        connection.execute("delete from shift")
        connection.execute(
            "insert into shift (team_id, weekday, starts, ends) "
            "select id, weekday, '00:00', '00:00' from team cross join generate_series(0, 6) as weekday"
        )
        connection.commit()
    yield name
    cluster.drop_database(name)


@pytest.fixture
def url(cluster: Cluster, city_database: str) -> Iterator[str]:
    """A database with the city and no report that waits."""
    name = "worker_test"
    yield cluster.copy_database(city_database, name)
    cluster.drop_database(name)


@pytest.fixture
def watch(url: str) -> Iterator[Connection]:
    """A connection that sees what is committed, and is told of new cases."""
    with connect(url, autocommit=True) as connection:
        connection.execute("listen needle_case")
        yield connection


@pytest.fixture
def start(url: str, tmp_path: Path) -> Iterator[Callable[[], subprocess.Popen[bytes]]]:
    """Start one more worker; all are stopped after the test."""
    running: list[subprocess.Popen[bytes]] = []

    def start_one() -> subprocess.Popen[bytes]:
        command = [sys.executable, "-m", "dashboard.cli", "worker"]
        with (tmp_path / f"worker-{len(running)}.log").open("wb") as log:
            environment = os.environ | {"NEEDLE_DATABASE_URL": url}
            running.append(subprocess.Popen(command, env=environment, stdout=log, stderr=subprocess.STDOUT))
        return running[-1]

    yield start_one
    for process in running:
        process.terminate()
    for process in running:
        process.wait(PATIENCE_S)


def until(watch: Connection, done: Callable[[], bool], what: str) -> None:
    """Look whenever a case changes, and five times a second, until it is so."""
    deadline = monotonic() + PATIENCE_S
    while not done():
        assert monotonic() < deadline, f"waited in vain: {what}"
        list(watch.notifies(timeout=0.2, stop_after=1))


def number(watch: Connection, query: str) -> int:
    found = watch.execute(query).fetchone()
    assert found is not None
    return int(found[0])


def send(url: str, reports: Sequence[dict[str, Any]]) -> list[int]:
    """Store reports as the intake does; their ids."""
    checked = [r for r in read_batch(orjson.dumps(list(reports)), DATUMS) if isinstance(r, IncomingReport)]
    assert len(checked) == len(reports)

    async def store() -> list[int]:
        async with open_pool(url) as pool:
            writer = ReportWriter(pool)
            receipts = await writer.write([r.body for r in checked], [r.key for r in checked])
            await writer.close()
        return [receipt.id for receipt in receipts]

    return asyncio.run(store())


def live(city: DemoCity, seed: int, count: int) -> list[dict[str, Any]]:
    """Reports as the channels of the city send them, bad ones among them."""
    return list(islice(reports_live(city, seed, REFERENCE), count))


def rows(watch: Connection, query: str, *parameters: object) -> list[dict[str, Any]]:
    return watch.cursor(row_factory=dict_row).execute(query, parameters).fetchall()


def check_every_report_has_its_case(watch: Connection, ids: Sequence[int]) -> list[dict[str, Any]]:
    """Exactly one case a report, and each one's history, row, decision and task agree; the cases."""
    found = rows(watch, NEW_CASES, list(ids))
    assert len({case["id"] for case in found}) == len(found) == len(set(ids))
    submitted = rows(
        watch,
        "select (payload->>'report')::bigint as id from case_event "
        "where action = 'submit' and (payload->>'report')::bigint = any(%s)",
        list(ids),
    )
    assert sorted(event["id"] for event in submitted) == sorted(ids)
    for case in found:
        check_case(watch, case)
    return found


def check_case(watch: Connection, case: dict[str, Any]) -> None:
    events = load_events(watch, case["id"])
    assert verify(events, bytes(case["hash"])) is None
    folded = fold(case["id"], events)
    assert {name: case[name] for name in row(folded)} == row(folded)
    tasks = rows(watch, "select team_id from task where case_id = %s and done_at is null", case["id"])
    assert [task["team_id"] for task in tasks] == ([] if folded.open_task_of is None else [folded.open_task_of])
    decisions = rows(watch, "select team_id, candidates from decision where case_id = %s", case["id"])
    assert len(decisions) <= 1
    if case["state"] == "dispatched":
        assert decisions[0]["team_id"] == case["team_id"] == decisions[0]["candidates"][0]["team"]
        assert decisions[0]["candidates"][0]["reason"] == "chosen"


def test_a_killed_worker_leaves_its_batch_to_the_next_two(
    url: str, watch: Connection, city: DemoCity, start: Callable[[], subprocess.Popen[bytes]]
) -> None:
    ids = send(url, live(city, 1, 60))
    first = start()
    until(watch, lambda: number(watch, WAITING) == 0, "the first reports handled")
    cases_before = number(watch, "select count(*) from cases")

    with connect(url) as barrier:
        barrier.execute("lock table decision in share mode")
        ids += send(url, live(city, 2, 450))
        until(watch, lambda: bool(watch.execute(BLOCKED).fetchall()), "the worker in the middle of a batch")
        backends = [pid for (pid,) in watch.execute(BLOCKED)]
        first.send_signal(signal.SIGKILL)
        assert first.wait(PATIENCE_S) == -signal.SIGKILL
        for pid in backends:
            watch.execute("select pg_terminate_backend(%s)", (pid,))
        until(watch, lambda: not watch.execute(ALIVE, (backends,)).fetchall(), "the backend gone")
        assert number(watch, WAITING) == 450
        assert number(watch, "select count(*) from cases") == cases_before

    start(), start()
    until(watch, lambda: number(watch, WAITING) == 0, "all reports handled by two workers")
    found = check_every_report_has_its_case(watch, ids)
    assert number(watch, "select count(*) from cases") == cases_before + 450
    assert sum(case["state"] == "dispatched" for case in found) > len(found) / 2


def test_a_worker_that_loses_its_database_goes_on_when_it_is_back(
    url: str, watch: Connection, city: DemoCity, start: Callable[[], subprocess.Popen[bytes]]
) -> None:
    with connect(url) as barrier:
        barrier.execute("lock table decision in share mode")
        ids = send(url, live(city, 3, 230))
        worker = start()
        until(watch, lambda: bool(watch.execute(BLOCKED).fetchall()), "the worker in the middle of a batch")
        assert len(watch.execute(f"select pg_terminate_backend(pid) from ({BLOCKED}) as blocked").fetchall()) == 1
    until(watch, lambda: number(watch, WAITING) == 0, "all reports handled over a new connection")
    assert worker.poll() is None
    check_every_report_has_its_case(watch, ids)


def on_a_shared_border(city: DemoCity) -> tuple[float, float, set[str]]:
    """A point in the middle of a border, and the codes of the two communities beside it."""
    layer = city.jurisdictions.layer("community")
    for i, here in enumerate(layer.polygons):
        for j, there in enumerate(layer.polygons[:i]):
            border = here.intersection(there)
            if border.length > 0.0:
                middle = max(getattr(border, "geoms", [border]), key=lambda part: part.length).interpolate(
                    0.5, normalized=True
                )
                return middle.x, middle.y, {layer.codes[i], layer.codes[j]}
    raise AssertionError("no two communities touch")


def test_an_ambiguous_place_names_both_sides(
    url: str, watch: Connection, city: DemoCity, start: Callable[[], subprocess.Popen[bytes]]
) -> None:
    lng, lat, sides = on_a_shared_border(city)
    ids = send(url, [SNAP | {"lng": lng, "lat": lat}])
    start()
    until(watch, lambda: number(watch, WAITING) == 0, "the report handled")
    (case,) = check_every_report_has_its_case(watch, ids)
    border = case["borders"]["community"]
    assert border["ambiguous"]
    assert border["m"] <= SNAP["accuracy_m"]
    assert {case["areas"]["community"], border["other"]} == sides
