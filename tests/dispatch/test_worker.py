"""The worker: every report becomes exactly one case, whatever is killed while it works."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import Any

import orjson
import pytest

from data.chain import verify
from data.database import Connection, connect
from data.demo.city import make_city
from data.demo.live import reports_live
from data.demo.load import load_city
from data.demo.size import BLOCK
from data.stores.cases import load_events
from data.stores.workbench import Workbench
from dispatch.case import fold, row
from dispatch.matters import matters
from dispatch.reference import load_reference
from dispatch.worker import Worker

NOW = datetime(2026, 11, 24, 2, 0, tzinfo=UTC)
ADD = "insert into report (channel, idempotency_key, body, reported_at) values (%s, %s, %s, %s)"


@pytest.fixture
def city_url(database_url: str) -> str:
    """A small city with its rules, teams and history; its teams are on duty at whatever hour the test runs."""
    load_reference(database_url)
    with connect(database_url) as connection:
        load_city(connection, make_city(BLOCK), matters().values(), NOW)
        connection.execute("update shift set starts = '00:00', ends = '00:00'")
    return database_url


def add_reports(connection: Connection, reports: list[dict[str, Any]]) -> None:
    rows = [(r["channel"], r["key"], orjson.dumps(r).decode(), r["reported_at"]) for r in reports]
    with connection.cursor() as cursor:
        cursor.executemany(ADD, rows)
    connection.execute("notify needle_report")
    connection.commit()


def live(connection: Connection, count: int) -> list[dict[str, Any]]:
    return list(islice(reports_live(connection, 7, NOW), count))


def waiting(connection: Connection) -> int:
    found = connection.execute("select count(*) from report where handled_at is null").fetchone()
    connection.commit()
    assert found is not None
    return int(found[0])


def work_off(url: str) -> None:
    """One worker, here, until nothing waits."""
    with Workbench(url) as bench:
        worker = Worker(bench)
        worker.refresh(teams_changed=False)
        while worker.handle_batch():
            pass


def check_one_case_each(connection: Connection, reports: list[dict[str, Any]]) -> None:
    """Every report has one case of its own, whose row is the fold of a whole chain, with one open task where due."""
    keys = [r["key"] for r in reports]
    found = connection.execute(
        "select id, case_id, handled_at from report where idempotency_key = any(%s)", (keys,)
    ).fetchall()
    assert len(found) == len(keys)
    assert all(handled is not None and case is not None for _, case, handled in found)
    assert len({case for _, case, _ in found}) == len(keys)
    said = connection.execute(
        "select (payload->>'report')::bigint, count(*) from case_event where action = 'submit' "
        "and (payload->>'report')::bigint = any(%s) group by 1 having count(*) > 1",
        ([id for id, _, _ in found],),
    ).fetchall()
    assert said == []
    for _, case_id, _ in found:
        check_case(connection, case_id)


def check_case(connection: Connection, case_id: int) -> None:
    events = load_events(connection, case_id)
    case = fold(case_id, events)
    expected = row(case)
    kept = connection.execute(f"select {', '.join(expected)} from cases where id = %s", (case_id,)).fetchone()
    assert kept == tuple(expected.values())
    assert verify(events, case.hash) is None
    tasks = connection.execute("select team_id from task where case_id = %s and done_at is null", (case_id,)).fetchall()
    assert [team for (team,) in tasks] == ([] if case.open_task_of is None else [case.open_task_of])


def test_live_reports_become_located_matched_cases(city_url: str) -> None:
    with connect(city_url) as connection:
        reports = live(connection, 120)
        add_reports(connection, reports)
        work_off(city_url)
        check_one_case_each(connection, reports)
        states: dict[str, int] = dict(
            connection.execute(
                "select c.state, count(*) from cases c join report r on r.case_id = c.id "
                "where r.idempotency_key = any(%s) group by 1",
                ([r["key"] for r in reports],),
            ).fetchall()
        )
        assert set(states) <= {"reported", "filed", "dispatched"}
        assert states["dispatched"] > 60


SPOTS: list[tuple[dict[str, Any], str]] = [
    ({"lng": None, "lat": None}, "coordinate.missing"),
    ({"lng": 39.9, "lat": 116.4}, "coordinate.swapped"),
    ({"lng": 500000.0, "lat": 4400000.0}, "coordinate.range"),
    ({"lng": 2.35, "lat": 48.85}, "coordinate.outside"),
    ({"lng": 0, "lat": 0}, "coordinate.missing"),
]


@pytest.mark.parametrize(("place", "problem"), SPOTS, ids=[code + str(i) for i, (_, code) in enumerate(SPOTS)])
def test_a_report_without_a_believable_place_waits_for_a_person(
    city_url: str, place: dict[str, Any], problem: str
) -> None:
    with connect(city_url) as connection:
        report = live(connection, 1)[0] | {"crs": "wgs84", "matter": "2026:event:09006"} | place
        add_reports(connection, [report])
        work_off(city_url)
        found = connection.execute(
            "select c.state, c.geom is null, r.problem, d.outcome from report r join cases c on c.id = r.case_id "
            "left join decision d on d.case_id = c.id where r.idempotency_key = %s",
            (report["key"],),
        ).fetchall()
        assert found == [("reported", True, problem, "place_unknown")]


def test_an_unknown_matter_is_kept_for_a_person(city_url: str) -> None:
    with connect(city_url) as connection:
        report = live(connection, 1)[0] | {"matter": "2026:event:99999"}
        add_reports(connection, [report])
        work_off(city_url)
        found = connection.execute(
            "select c.state, r.problem, m.edition from report r join cases c on c.id = r.case_id "
            "join matter m on m.id = c.matter_id where r.idempotency_key = %s",
            (report["key"],),
        ).fetchone()
        assert found == ("reported", "report.matter_unknown", "needle")


def start_worker(url: str) -> subprocess.Popen[bytes]:
    code = "import sys; from dispatch.worker import run; run(sys.argv[1])"
    return subprocess.Popen([sys.executable, "-c", code, url], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


@pytest.fixture
def workers() -> Iterator[list[subprocess.Popen[bytes]]]:
    running: list[subprocess.Popen[bytes]] = []
    yield running
    for process in running:
        process.kill()
        process.wait()


def wait_for_cases(url: str, connection: Connection, at_most: int) -> None:
    """Until at most so many reports wait: looks whenever cases are told, and once a second."""
    with connect(url, autocommit=True) as listener:
        listener.execute("listen needle_case")
        patience = datetime.now(UTC) + timedelta(seconds=90)
        while waiting(connection) > at_most:
            assert datetime.now(UTC) < patience, "the workers do not get on"
            list(listener.notifies(timeout=1, stop_after=1))


def test_killing_worker_and_backend_loses_nothing_and_does_nothing_twice(
    city_url: str, workers: list[subprocess.Popen[bytes]]
) -> None:
    with connect(city_url) as connection:
        reports = live(connection, 3_000)
        add_reports(connection, reports)
        workers += [start_worker(city_url), start_worker(city_url)]
        wait_for_cases(city_url, connection, 2_800)
        os.kill(workers[0].pid, signal.SIGKILL)
        connection.execute(
            "select pg_terminate_backend(pid) from pg_stat_activity "
            "where datname = current_database() and pid <> pg_backend_pid()"
        )
        connection.commit()
        workers.append(start_worker(city_url))
        wait_for_cases(city_url, connection, 0)
        check_one_case_each(connection, reports)
        workers[1].terminate()
        assert workers[1].wait(30) == 0
