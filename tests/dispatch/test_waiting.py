"""Cases that found nobody are matched again when something changes: in fair order, once, and without a flood of records."""

import asyncio
import signal
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import orjson
import pytest

from data.database import Connection, connect, open_pool
from data.stores.announcing import GROUND_CHANNEL, TASK_ENDED_CHANNEL
from data.stores.waiting import FIRST, Place, claim_waiting, take_turn
from data.stores.workbench import Workbench, load_open_tasks
from dispatch.casework import CaseDesk
from dispatch.commands import Command
from dispatch.ground import load_ground, set_loads
from dispatch.waiting import PAUSE_SHARE, Sweep, look_through
from dispatch.worker import Worker
from tests.dispatch.conftest import REFERENCE, CheckCase, Start, Until
from tests.patience import PATIENCE_S

BLOCKED = """
select pid from pg_stat_activity
where datname = current_database() and wait_event_type = 'Lock' and pid <> pg_backend_pid()
"""
HANDLED_BEFORE = """
select st_x(c.geom), st_y(c.geom), m.edition || ':' || m.kind || ':' || m.code
  from cases c join matter m on m.id = c.matter_id
 where c.state = 'closed' and not c.urgent and c.team_id is not null and c.geom is not null order by c.id limit 1
"""
EMPTY_HANDED = "update task set done_at = now(), outcome = 'returned' where done_at is null"


@dataclass
class Ward:
    """A city in which one team alone may take a kind of case at a place, and takes one at a time."""

    url: str
    connection: Connection
    team: int
    report: dict[str, Any]

    def send(self, count: int, **changes: Any) -> None:
        """Store reports of that kind and place."""
        for _ in range(count):
            number = self.one("select count(*) from report")
            body = self.report | {"key": f"ward-{number}"} | changes
            self.connection.execute(
                "insert into report (channel, idempotency_key, body, reported_at) values (%s, %s, %s, %s)",
                (body["channel"], body["key"], orjson.dumps(body).decode(), body["reported_at"]),
            )
        self.connection.execute("notify needle_report")
        self.connection.commit()

    def work_off(self) -> list[int]:
        """One worker, here, opens a case of each report; the cases that wait, oldest first."""
        with Workbench(self.url) as bench:
            worker = Worker(bench)
            worker.refresh()
            while worker.handle_batch():
                pass
        return self.waiting()

    def look(self, now: datetime, after: Place = FIRST, limit: int = 200) -> Place | None:
        """One look through the waiting cases at a moment."""
        with Workbench(self.url) as bench, bench.transaction() as connection:
            assert take_turn(connection)
            ground = load_ground(connection, bench.ground_version(), now)
            assert ground is not None
            set_loads(ground, load_open_tasks(connection))
            return look_through(connection, ground, after, now, limit)

    def waiting(self) -> list[int]:
        found = self.connection.execute("select id from cases where state = 'filed' order by id").fetchall()
        self.connection.commit()
        return [i for (i,) in found]

    def on_it(self) -> list[int]:
        """Cases that the team has as open tasks."""
        query = "select case_id from task where team_id = %s and done_at is null order by case_id"
        found = self.connection.execute(query, (self.team,)).fetchall()
        self.connection.commit()
        return [i for (i,) in found]

    def one(self, query: str, *values: object) -> Any:
        row = self.connection.execute(query, values).fetchone()
        self.connection.commit()
        assert row is not None
        return row[0]

    def do(self, statement: str, *values: object) -> None:
        self.connection.execute(statement, values)
        self.connection.commit()

    def finish(self, case_id: int) -> None:
        """The team works its case off, as over HTTP."""

        async def work() -> None:
            async with open_pool(self.url) as pool:
                desk = CaseDesk(pool)
                for action in ("sign", "assign", "finish"):
                    await desk.give(case_id, Command(action, f"team:{self.team}"), datetime.now(UTC))

        asyncio.run(work())

    def decisions(self, case_id: int) -> list[str]:
        found = self.connection.execute("select outcome from decision where case_id = %s order by id", (case_id,))
        return [outcome for (outcome,) in found.fetchall()]

    def events(self, case_id: int, action: str) -> list[dict[str, Any]]:
        query = "select payload from case_event where case_id = %s and action = %s order by seq"
        return [payload for (payload,) in self.connection.execute(query, (case_id, action)).fetchall()]


@pytest.fixture
def ward(city_url: str) -> Iterator[Ward]:
    """The team is the one that a report goes to while everybody is free; nobody else may take anything."""
    with connect(city_url) as connection:
        connection.execute("update cases set state = 'void' where state = 'filed'")  # the history's own
        connection.execute(EMPTY_HANDED)
        connection.commit()
        spot = connection.execute(HANDLED_BEFORE).fetchone()
        assert spot is not None
        report = {
            "channel": "snap",
            "reported_at": REFERENCE.isoformat(),
            "crs": "wgs84",
            "lng": spot[0],
            "lat": spot[1],
        }
        ward = Ward(city_url, connection, 0, report | {"matter": spot[2]})
        ward.send(1)
        ward.work_off()
        ward.team = ward.one("select team_id from cases order by id desc limit 1")
        connection.execute("update team set capacity = case when id = %s then 1 else 0 end", (ward.team,))
        connection.execute(EMPTY_HANDED)
        connection.execute("update cases set state = 'void' where state = 'dispatched'")
        connection.commit()
        yield ward


def test_a_case_is_dispatched_when_the_task_of_another_ends(
    ward: Ward, watch: Connection, start: Start, until: Until, check_case: CheckCase
) -> None:
    ward.send(2)
    start()
    until(lambda: len(ward.on_it()) == 1 and len(ward.waiting()) == 1, "one dispatched, one waiting")
    (busy,), (waits,) = ward.on_it(), ward.waiting()
    assert ward.decisions(waits) == ["all_at_capacity"]
    ward.finish(busy)
    until(lambda: ward.on_it() == [waits], "the waiting case dispatched")
    assert ward.decisions(waits) == ["all_at_capacity", "chosen"]
    assert check_case(watch, waits).state == "dispatched"
    assert ward.events(waits, "dispatch")[0]["team"] == ward.team


def test_a_case_is_dispatched_when_a_shift_begins(ward: Ward, check_case: CheckCase) -> None:
    ward.do("update shift set starts = '08:00', ends = '18:00'")
    ward.do("update team set capacity = 0 where id = %s", ward.team)
    ward.send(1)
    (waits,) = ward.work_off()
    ward.do("update team set capacity = 1 where id = %s", ward.team)
    tomorrow = datetime.now(UTC).astimezone().date() + timedelta(days=1)
    shift_begins = datetime(tomorrow.year, tomorrow.month, tomorrow.day, 0, 0, tzinfo=UTC)  # 08:00 in Shanghai
    ward.look(shift_begins - timedelta(seconds=1))
    assert (ward.waiting(), ward.decisions(waits)[-1]) == ([waits], "nobody_on_duty")
    ward.look(shift_begins)
    assert ward.on_it() == [waits]
    assert check_case(ward.connection, waits).dispatched_at == shift_begins


def test_a_worker_killed_while_it_looks_leaves_the_case_waiting(
    ward: Ward, watch: Connection, start: Start, until: Until, check_case: CheckCase
) -> None:
    ward.send(2)
    worker = start()
    until(lambda: len(ward.on_it()) == 1 and len(ward.waiting()) == 1, "one dispatched, one waiting")
    (busy,), (waits,) = ward.on_it(), ward.waiting()
    with connect(ward.url) as barrier:
        barrier.execute("lock table decision in share mode")
        ward.finish(busy)
        until(lambda: bool(watch.execute(BLOCKED).fetchall()), "the worker in the middle of its look")
        backends = [pid for (pid,) in watch.execute(BLOCKED)]
        worker.send_signal(signal.SIGKILL)
        assert worker.wait(PATIENCE_S) == -signal.SIGKILL
        for pid in backends:
            watch.execute("select pg_terminate_backend(%s)", (pid,))
        assert (ward.waiting(), ward.on_it()) == ([waits], [])
        assert ward.events(waits, "dispatch") == []
    start()
    until(lambda: ward.on_it() == [waits], "the waiting case dispatched by the next worker")
    check_case(watch, waits)
    assert ward.decisions(waits) == ["all_at_capacity", "chosen"]


def test_two_workers_dispatch_no_case_twice(
    ward: Ward, watch: Connection, start: Start, until: Until, check_case: CheckCase
) -> None:
    ward.do("update team set capacity = 0 where id = %s", ward.team)
    ward.send(250)
    waits = ward.work_off()
    assert len(waits) == 250
    ward.do("update team set capacity = 300 where id = %s", ward.team)
    start(), start()
    until(lambda: not ward.waiting(), "all dispatched")
    assert ward.on_it() == waits
    for case_id in waits:
        assert len(ward.events(case_id, "dispatch")) == 1
        assert ward.decisions(case_id) == ["all_at_capacity", "chosen"]
    check_case(watch, waits[-1])


def test_workers_take_turns_and_a_case_that_somebody_holds_is_left_out(ward: Ward) -> None:
    ward.do("update team set capacity = 0 where id = %s", ward.team)
    ward.send(3)
    first, second, third = ward.work_off()
    with connect(ward.url) as one, connect(ward.url) as other, connect(ward.url) as desk:
        assert (take_turn(one), take_turn(other)) == (True, False)
        desk.execute("select from cases where id = %s for update", (second,))
        assert [case.id for case in claim_waiting(one, FIRST, 10)] == [first, third]
        one.rollback()
        assert take_turn(other)


def test_urgent_cases_go_first_then_the_oldest(ward: Ward) -> None:
    ward.do("update team set capacity = 0 where id = %s", ward.team)
    ward.send(1, reported_at="2026-11-24T02:00:00Z")
    ward.send(1, reported_at="2026-11-24T01:00:00Z")
    ward.send(1, reported_at="2026-11-24T03:00:00Z")
    late, early, urgent = ward.work_off()
    ward.do("update cases set urgent = true where id = %s", urgent)
    order = []
    for room in (1, 2, 3):
        ward.do("update team set capacity = %s where id = %s", room, ward.team)
        ward.look(datetime.now(UTC))
        order += [case for case in ward.on_it() if case not in order]
    assert order == [urgent, early, late]


def test_a_look_is_bounded_and_goes_on_where_it_was(ward: Ward) -> None:
    ward.do("update team set capacity = 0 where id = %s", ward.team)
    ward.send(5)
    waits = ward.work_off()
    ward.do("update team set capacity = 10 where id = %s", ward.team)
    seen: list[list[int]] = []
    after: Place | None = FIRST
    while after is not None:
        after = ward.look(datetime.now(UTC), after, limit=2)
        seen.append(ward.on_it())
    assert seen == [waits[:2], waits[:4], waits]


def loads(ward: Ward, first: int) -> list[tuple[str, int, int]]:
    """(outcome, load, capacity) of the team in each decision from a case on, in the order in which they were taken."""
    query = "select outcome, candidates from decision where case_id >= %s order by id"
    found = ward.connection.execute(query, (first,)).fetchall()
    own = [(outcome, next(c for c in candidates if c["team"] == ward.team)) for outcome, candidates in found]
    return [(outcome, c["load"], c["capacity"]) for outcome, c in own]


def test_a_decision_keeps_the_loads_of_its_time_and_counts_for_the_next_of_its_batch(ward: Ward) -> None:
    ward.do("update team set capacity = 2 where id = %s", ward.team)
    ward.send(4)
    first, second = ward.work_off()
    assert loads(ward, first - 2) == [("chosen", 0, 2), ("chosen", 1, 2), *[("all_at_capacity", 2, 2)] * 2]
    ward.do("update team set capacity = 5 where id = %s", ward.team)
    ward.finish(first - 2)
    ward.look(datetime.now(UTC))
    assert loads(ward, first)[2:] == [("chosen", 1, 5), ("chosen", 2, 5)]
    assert ward.on_it() == [first - 1, first, second]


def test_a_night_of_waiting_is_one_decision(ward: Ward) -> None:
    ward.do("update team set capacity = 0 where id = %s", ward.team)
    ward.send(1)
    (waits,) = ward.work_off()
    now = datetime.now(UTC)
    for minute in range(9):
        ward.look(now + timedelta(minutes=minute))
    assert ward.decisions(waits) == ["all_at_capacity"]
    assert ward.events(waits, "supervise") == []


def test_who_waits_too_long_goes_up_level_by_level(ward: Ward, check_case: CheckCase) -> None:
    ward.do("update team set capacity = 0 where id = %s", ward.team)
    ward.send(1)
    (waits,) = ward.work_off()
    above = ward.one("select goes_up_to from decision where case_id = %s", waits)
    levels = ["district", "city"][["district", "city"].index(above) :]
    now = datetime.now(UTC)
    for hour in range(5):
        ward.look(now + timedelta(hours=hour))
    raised = ward.events(waits, "supervise")
    assert [said["goes_up_to"] for said in raised] == levels
    assert [said["level"] for said in raised] == list(range(1, len(levels) + 1))
    case = check_case(ward.connection, waits)
    assert (case.state, case.supervised) == ("filed", len(levels))
    assert ward.decisions(waits) == ["all_at_capacity"]


def test_what_an_import_brought_sends_nobody(ward: Ward) -> None:
    ward.do("update team set capacity = 0 where id = %s", ward.team)
    ward.send(1)
    (waits,) = ward.work_off()
    ward.do("alter table case_event disable trigger append_only")
    ward.do("update case_event set actor = 'import' where case_id = %s", waits)
    ward.do("update team set capacity = 1 where id = %s", ward.team)
    ward.look(datetime.now(UTC))
    assert ward.waiting() == [waits]


@pytest.mark.parametrize("channel", ["needle_team", TASK_ENDED_CHANNEL, GROUND_CHANNEL])
def test_a_notice_of_what_may_free_somebody_asks_for_a_look(ward: Ward, channel: str) -> None:
    with Workbench(ward.url) as bench:
        worker = Worker(bench)
        worker.refresh()
        worker.match_waiting()
        worker.refresh({"needle_report"})
        assert not worker.sweep.wanted
        worker.refresh({channel})
        assert worker.sweep.wanted


def test_looks_pause_by_what_they_cost() -> None:
    sweep = Sweep()
    assert sweep.next(100.0) == FIRST
    sweep.ask()
    assert sweep.next(101.0) == FIRST, "asked again while under way: it goes on first"
    sweep.went_to(None, 110.0)
    assert sweep.next(110.0 + PAUSE_SHARE * 10.0 - 1.0) is None
    assert sweep.next(110.0 + PAUSE_SHARE * 10.0) == FIRST
    sweep.went_to(None, 150.1)
    assert sweep.next(1_000.0) is None, "nobody asked"
