"""Worker processes stopped inside their transaction, by a lock they wait for: what was half done is as if never begun."""

import asyncio
import signal
from collections.abc import Sequence
from itertools import islice
from typing import Any

import orjson
from psycopg.rows import dict_row

from data.database import Connection, connect, open_pool
from data.demo.city import DemoCity
from data.demo.live import reports_live
from data.stores.reports import ReportWriter
from dispatch.intake import IncomingReport, read_batch
from dispatch.reference import channels
from tests.dispatch.conftest import REFERENCE, CheckCase, Start, Until
from tests.patience import PATIENCE_S

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


def live(demo_city: DemoCity, seed: int, count: int) -> list[dict[str, Any]]:
    """Reports as the channels of the city send them, bad ones among them."""
    return list(islice(reports_live(demo_city, seed, REFERENCE), count))


def rows(watch: Connection, query: str, *parameters: object) -> list[dict[str, Any]]:
    return watch.cursor(row_factory=dict_row).execute(query, parameters).fetchall()


def check_every_report_has_its_case(
    watch: Connection, ids: Sequence[int], check_case: CheckCase
) -> list[dict[str, Any]]:
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
        check_case(watch, case["id"])
        check_decisions(watch, case)
    return found


def check_decisions(watch: Connection, case: dict[str, Any]) -> None:
    """A case without a team is matched again, so the last decision counts; each differs from the one before."""
    decisions = rows(
        watch, "select outcome, team_id, candidates from decision where case_id = %s order by id", case["id"]
    )
    assert len({d["outcome"] for d in decisions}) == len(decisions)
    if case["state"] == "dispatched":
        assert decisions[-1]["team_id"] == case["team_id"] == decisions[-1]["candidates"][0]["team"]
        assert decisions[-1]["candidates"][0]["reason"] == "chosen"


def test_a_killed_worker_leaves_its_batch_to_the_next_two(
    city_url: str, watch: Connection, demo_city: DemoCity, start: Start, until: Until, check_case: CheckCase
) -> None:
    ids = send(city_url, live(demo_city, 1, 60))
    first = start()
    until(lambda: number(watch, WAITING) == 0, "the first reports handled")
    cases_before = number(watch, "select count(*) from cases")

    with connect(city_url) as barrier:
        barrier.execute("lock table decision in share mode")
        ids += send(city_url, live(demo_city, 2, 450))
        until(lambda: bool(watch.execute(BLOCKED).fetchall()), "the worker in the middle of a batch")
        backends = [pid for (pid,) in watch.execute(BLOCKED)]
        first.send_signal(signal.SIGKILL)
        assert first.wait(PATIENCE_S) == -signal.SIGKILL
        for pid in backends:
            watch.execute("select pg_terminate_backend(%s)", (pid,))
        until(lambda: not watch.execute(ALIVE, (backends,)).fetchall(), "the backend gone")
        assert number(watch, WAITING) == 450
        assert number(watch, "select count(*) from cases") == cases_before

    start(), start()
    until(lambda: number(watch, WAITING) == 0, "all reports handled by two workers")
    found = check_every_report_has_its_case(watch, ids, check_case)
    assert number(watch, "select count(*) from cases") == cases_before + 450
    assert sum(case["state"] == "dispatched" for case in found) > len(found) / 2


def test_a_worker_that_loses_its_database_goes_on_when_it_is_back(
    city_url: str, watch: Connection, demo_city: DemoCity, start: Start, until: Until, check_case: CheckCase
) -> None:
    with connect(city_url) as barrier:
        barrier.execute("lock table decision in share mode")
        ids = send(city_url, live(demo_city, 3, 230))
        worker = start()
        until(lambda: bool(watch.execute(BLOCKED).fetchall()), "the worker in the middle of a batch")
        assert len(watch.execute(f"select pg_terminate_backend(pid) from ({BLOCKED}) as blocked").fetchall()) == 1
    until(lambda: number(watch, WAITING) == 0, "all reports handled over a new connection")
    assert worker.poll() is None
    check_every_report_has_its_case(watch, ids, check_case)


def on_a_shared_border(demo_city: DemoCity) -> tuple[float, float, set[str]]:
    """A point in the middle of a border, and the codes of the two communities beside it."""
    layer = demo_city.jurisdictions.layer("community")
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
    city_url: str, watch: Connection, demo_city: DemoCity, start: Start, until: Until, check_case: CheckCase
) -> None:
    lng, lat, sides = on_a_shared_border(demo_city)
    ids = send(city_url, [SNAP | {"lng": lng, "lat": lat}])
    start()
    until(lambda: number(watch, WAITING) == 0, "the report handled")
    (case,) = check_every_report_has_its_case(watch, ids, check_case)
    border = case["borders"]["community"]
    assert border["ambiguous"]
    assert border["m"] <= SNAP["accuracy_m"]
    assert {case["areas"]["community"], border["other"]} == sides
