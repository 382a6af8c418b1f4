"""The worker: every report becomes exactly one case, whatever is killed while it works."""

import os
import signal
from datetime import UTC, datetime
from itertools import islice
from typing import Any

import orjson
import pytest

from data.database import Connection, connect
from data.demo.live import reports_live
from data.stores.workbench import Workbench
from dispatch.worker import Worker
from tests.dispatch.conftest import CheckCase, Start, Until
from tests.patience import PATIENCE_S

NOW = datetime(2026, 11, 24, 2, 0, tzinfo=UTC)
ADD = "insert into report (channel, idempotency_key, body, reported_at) values (%s, %s, %s, %s)"


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
        worker.refresh()
        while worker.handle_batch():
            pass


def check_one_case_each(connection: Connection, reports: list[dict[str, Any]], check_case: CheckCase) -> None:
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


def test_live_reports_become_located_matched_cases(city_url: str, check_case: CheckCase) -> None:
    with connect(city_url) as connection:
        reports = live(connection, 120)
        add_reports(connection, reports)
        work_off(city_url)
        check_one_case_each(connection, reports, check_case)
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


def test_killing_worker_and_backend_loses_nothing_and_does_nothing_twice(
    city_url: str, watch: Connection, start: Start, until: Until, check_case: CheckCase
) -> None:
    with connect(city_url) as connection:
        reports = live(connection, 3_000)
        add_reports(connection, reports)
        first, second = start(), start()
        until(lambda: waiting(watch) <= 2_800, "the workers do not get on")
        os.kill(first.pid, signal.SIGKILL)
        watch.execute(
            "select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() "
            "and pid <> all(%s)",
            ([watch.info.backend_pid, connection.info.backend_pid],),
        )
        start()
        until(lambda: waiting(watch) == 0, "the workers do not get on")
        check_one_case_each(connection, reports, check_case)
        second.terminate()
        assert second.wait(PATIENCE_S) == 0
