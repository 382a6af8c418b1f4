"""Whistles, merges and timers in a database: rows are the fold, what the code may not write the database refuses."""

from collections.abc import AsyncIterator
from dataclasses import astuple
from datetime import UTC, datetime, timedelta
from typing import Any

import orjson
import psycopg
import pytest

from data.database import AsyncPool, Connection, connect, open_pool
from data.stores.workbench import Workbench
from dispatch.casework import CaseDesk
from dispatch.commands import Command, Protocol
from dispatch.ticking import tick
from dispatch.whistle import party_rows, whistle_row
from dispatch.worker import Worker
from geo.errors import NeedleError
from tests.dispatch.conftest import CheckCase

HANDLED_BEFORE = """
select st_x(c.geom), st_y(c.geom), m.edition || ':' || m.kind || ':' || m.code
  from cases c join matter m on m.id = c.matter_id
 where c.state = 'closed' and not c.urgent and c.team_id is not null and c.geom is not null order by c.id limit 1
"""
PARTIES = """
select case_id, number, department_code, lead, state, team_id, answered_at, arrived_at, distance_m, finished_at
  from whistle_party where case_id = %s order by number, department_code
"""
WHISTLES = """
select case_id, number, street, purpose, called_at, answer_by, arrive_by, stage, finished_at, ended_at
  from whistle where case_id = %s order by number
"""


class Office:
    """A city with cases that a worker has just dispatched, and people who command them."""

    def __init__(self, url: str, connection: Connection, pool: AsyncPool, check: CheckCase) -> None:
        self.url, self.connection, self.desk, self.check_case = url, connection, CaseDesk(pool), check
        self.departments = [code for (code,) in self.rows("select code from department order by code limit 3")]

    def rows(self, query: str, *values: object) -> list[tuple[Any, ...]]:
        found = self.connection.execute(query, values).fetchall()
        self.connection.commit()
        return found

    async def do(self, case: int, action: str, actor: str, **data: Any) -> dict[str, Any]:
        return await self.desk.give(case, Command(action, actor, "理由", data), datetime.now(UTC))

    async def refused(self, case: int, action: str, actor: str, **data: Any) -> str:
        with pytest.raises(NeedleError) as refusal:
            await self.do(case, action, actor, **data)
        return refusal.value.code

    def open_cases(self, count: int, **changes: Any) -> list[int]:
        """Reports of one kind at one place, and the cases that a worker makes of them."""
        lng, lat, matter = self.rows(HANDLED_BEFORE)[0]
        report = {"channel": "snap", "reported_at": datetime.now(UTC).isoformat(), "crs": "wgs84"}
        report |= {"lng": lng, "lat": lat, "matter": matter, "text": "井盖松动"}
        before = self.rows("select coalesce(max(id), 0) from cases")[0][0]
        for number in range(count):
            body = report | {"key": f"office-{before}-{number}"} | changes
            self.connection.execute(
                "insert into report (channel, idempotency_key, body, reported_at) values (%s, %s, %s, %s)",
                (body["channel"], body["key"], orjson.dumps(body).decode(), body["reported_at"]),
            )
        self.connection.commit()
        with Workbench(self.url) as bench:
            worker = Worker(bench)
            worker.refresh()
            worker.handle_batch()
        return [i for (i,) in self.rows("select id from cases where id > %s order by id", before)]

    async def handled(self, case: int) -> None:
        """Bring a case into handling."""
        team = self.rows("select team_id from cases where id = %s", case)[0][0]
        for action in ("sign", "assign"):
            await self.do(case, action, f"team:{team}")

    async def blow(self, case: int) -> None:
        arrive_by = (datetime.now(UTC) + timedelta(hours=30)).isoformat()
        called = {"purpose": "hard_matter", "departments": self.departments, "lead": self.departments[0]}
        await self.do(case, "whistle", "street:望京", arrive_by=arrive_by, **called)

    def check(self, case: int) -> None:
        """Row, task, whistle and parts are the fold of the events."""
        folded = self.check_case(self.connection, case)
        self.connection.commit()
        if folded.whistle is not None:
            assert self.rows(WHISTLES, case)[-1] == astuple(whistle_row(case, folded.whistle))
            kept = [row for row in self.rows(PARTIES, case) if row[1] == folded.whistle.number]
            assert kept == sorted(astuple(party) for party in party_rows(case, folded.whistle))

    def tick(self, now: datetime) -> None:
        with connect(self.url) as connection:
            while tick(connection, Protocol(), now):
                pass
            connection.commit()

    def actions(self, case: int) -> list[str]:
        return [a for (a,) in self.rows("select action from case_event where case_id = %s order by seq", case)]


@pytest.fixture
async def office(city_url: str, check_case: CheckCase) -> AsyncIterator[Office]:
    with connect(city_url) as connection:
        connection.execute("update team set capacity = 50")
        connection.commit()
        async with open_pool(city_url) as pool:
            yield Office(city_url, connection, pool, check_case)


async def test_a_whistle_from_call_to_confirmation(office: Office) -> None:
    (case,) = office.open_cases(1)
    lead, second, third = office.departments
    await office.handled(case)
    await office.blow(case)
    assert [line["department_code"] for line in await office.desk.whistles(street="望京")] == [lead, second, third]
    team = office.rows("select id from team where department_code = %s order by id limit 1", second)
    for code in (lead, second):
        own = {"team": team[0][0]} if team and code == second else {}
        await office.do(case, "answer_whistle", f"department:{code}", **own)
        office.check(case)
    await office.do(case, "refuse_whistle", f"department:{third}")
    await office.do(case, "release_whistle", "centre:district", department=third)
    lng, lat = office.rows("select st_x(geom), st_y(geom) from cases where id = %s", case)[0]
    await office.do(case, "arrive", f"department:{second}", lng=lng, lat=lat + 0.001, crs="wgs84", accuracy_m=8)
    office.check(case)
    arrived = "select round(distance_m) from whistle_party where arrived_at is not null and case_id = %s"
    assert office.rows(arrived, case) == [(111.0,)]
    assert await office.refused(case, "finish_jointly", f"department:{lead}") == "whistle.helpers_left"
    await office.do(case, "finish_part", f"department:{second}")
    await office.do(case, "finish_jointly", f"department:{lead}")
    await office.do(case, "confirm", "street:望京")
    office.check(case)
    assert case not in {whistle["case_id"] for whistle in await office.desk.whistles()}
    (kept,) = (await office.desk.read(case))["whistles"]
    assert [(p["department_code"], p["lead"], p["state"]) for p in kept["parties"]] == [
        (lead, True, "finished"),
        (second, False, "finished"),
        (third, False, "released"),
    ]
    now = datetime.now(UTC)
    scores = await office.desk.scores(now - timedelta(hours=1), now, now)
    assert scores["streets"]["望京"]["calls"] == {"good": 2, "of": 3}
    assert scores["departments"][second]["arrived"] == {"good": 1, "of": 1}
    assert await office.desk.scores(now, now + timedelta(days=1), now) == {"streets": {}, "departments": {}}
    assert (await office.do(case, "request_check", "operator:li"))["state"] == "checking"


async def test_a_place_of_arrival_that_cannot_be_believed_is_refused(office: Office) -> None:
    (case,) = office.open_cases(1)
    await office.handled(case)
    await office.blow(case)
    await office.do(case, "answer_whistle", f"department:{office.departments[0]}")
    who = f"department:{office.departments[0]}"
    assert await office.refused(case, "arrive", who, lng=39.9, lat=116.4, crs="wgs84") == "coordinate.swapped"
    assert await office.refused(case, "arrive", who, lng=116.4, lat=39.9) == "crs.missing"
    assert await office.refused(case, "arrive", who) == "case.command_invalid"


async def test_an_unknown_department_is_refused_and_nothing_is_written(office: Office) -> None:
    (case,) = office.open_cases(1)
    await office.handled(case)
    office.departments[2] = "nobody"
    with pytest.raises(NeedleError, match="nobody"):
        await office.blow(case)
    office.check(case)


async def test_the_systems_of_helpers_are_told_until_the_whistle_ends(office: Office) -> None:
    (case,) = office.open_cases(1)
    await office.handled(case)
    lead, second, third = office.departments
    office.connection.execute(
        "insert into subscription (name, kind, department_code, settings) values ('helper', 'webhook', %s, '{}')",
        (third,),
    )
    office.connection.commit()
    await office.blow(case)
    for code in (lead, second, third):
        await office.do(case, "answer_whistle", f"department:{code}")
    for code in (second, third):
        await office.do(case, "finish_part", f"department:{code}")
    await office.do(case, "finish_jointly", f"department:{lead}")
    await office.do(case, "confirm", "street:望京")
    await office.do(case, "request_check", "operator:li")
    told = office.rows("select e.action from delivery d join case_event e on e.id = d.event_id order by e.seq")
    assert [action for (action,) in told] == [
        "whistle",
        *["answer_whistle"] * 3,
        *["finish_part"] * 2,
        "finish_jointly",
        "confirm",
    ]


EARLY = """
insert into case_event (case_id, seq, at, actor, action, from_state, to_state, payload, previous_hash, hash)
select case_id, max(seq) + 1, now(), 'department:x', 'finish_jointly', 'responding', 'handled', '{}', hash, hash
  from case_event where case_id = %s group by case_id, hash order by max(seq) desc limit 1
"""


async def test_the_database_holds_two_leads_and_an_early_finish_back(office: Office) -> None:
    (case,) = office.open_cases(1)
    await office.handled(case)
    await office.blow(case)
    await office.do(case, "answer_whistle", f"department:{office.departments[0]}")
    with pytest.raises(psycopg.errors.RestrictViolation, match="helpers"):
        office.connection.execute(EARLY, (case,))
    office.connection.rollback()
    with pytest.raises(psycopg.errors.UniqueViolation, match="uq_whistle_lead"):
        office.connection.execute("update whistle_party set lead = true where case_id = %s", (case,))
    office.connection.rollback()


async def test_silence_goes_up_by_the_worker(office: Office) -> None:
    (case,) = office.open_cases(1)
    await office.handled(case)
    await office.blow(case)
    office.tick(datetime.now(UTC))
    assert "remind" not in office.actions(case)
    for days in (1, 30):
        office.tick(datetime.now(UTC) + timedelta(days=days))
        office.check(case)
    assert office.rows("select stage from whistle where case_id = %s", case) == [(3,)]
    assert "supervise" in office.actions(case)


async def test_a_deadline_is_reminded_of_and_then_supervised_once(office: Office) -> None:
    (case,) = office.open_cases(1)
    await office.handled(case)
    due = office.rows("select due_at from cases where id = %s", case)[0][0]
    office.tick(due - timedelta(seconds=1))
    assert office.actions(case)[-1] == "remind"
    office.tick(due + timedelta(seconds=1))
    office.tick(due + timedelta(days=9))
    assert office.actions(case)[-2:] == ["remind", "supervise"]
    assert office.rows("select count(*) from case_timer where case_id = %s", case) == [(0,)]
    office.check(case)


async def test_a_suspension_ends_on_its_date(office: Office) -> None:
    (case,) = office.open_cases(1)
    await office.handled(case)
    department = office.rows("select department_code from cases where id = %s", case)[0][0]
    await office.do(case, "request_extension", f"department:{department}")
    until = datetime.now(UTC) + timedelta(days=10)
    await office.do(case, "suspend", "dispatcher:wang", until=until.isoformat())
    office.tick(until - timedelta(seconds=1))
    assert office.actions(case)[-1] == "suspend"
    office.tick(until + timedelta(seconds=1))
    assert office.actions(case)[-1] == "resume"
    assert office.rows("select due_at from task where case_id = %s and done_at is null", case) == office.rows(
        "select due_at from cases where id = %s", case
    )
    office.check(case)


async def test_only_what_waits_for_a_moment_is_moved_by_it(office: Office) -> None:
    waiting = ", ".join(str(case) for (case,) in office.rows("select case_id from case_timer")) or "0"
    others = f"select count(*) from case_event where case_id not in ({waiting})"
    events = office.rows(others)
    office.tick(datetime.now(UTC) + timedelta(days=90))
    assert office.rows(others) == events


async def test_duplicates_are_suggested_and_merged_with_their_reporters(office: Office) -> None:
    main, second, third = office.open_cases(3)
    suggested = await office.desk.duplicates(second)
    assert {main, third} <= {line["id"] for line in suggested}
    assert [line["score"] for line in suggested] == sorted((line["score"] for line in suggested), reverse=True)
    await office.do(second, "merge", "operator:li", main_case=main)
    assert await office.refused(third, "merge", "operator:li", main_case=second) == "merge.main_gone"
    assert await office.refused(main, "merge", "operator:li", main_case=third) == "merge.is_main"
    assert await office.refused(third, "merge", "operator:li", main_case=third) == "case.main_case_missing"
    assert await office.refused(third, "merge", "operator:li", main_case=10**12) == "case.unknown"
    for case in (main, second):
        office.check(case)
        assert [line["case_id"] for line in await office.desk.reports(case)] == [main, second]
    assert office.actions(main)[-1] == "absorb"
    assert (await office.desk.read(main))["merged_cases"] == [second]
    assert (await office.desk.read(second))["main_case"] == main
    assert second not in {line["id"] for line in await office.desk.duplicates(third)}


async def test_another_matter_or_a_far_place_is_not_merged(office: Office) -> None:
    main, near, far, other = office.open_cases(4)
    office.connection.execute("update cases set geom = st_translate(geom, 0.02, 0) where id = %s", (far,))
    office.connection.execute(
        "update cases set matter_id = (select min(id) from matter where id <> cases.matter_id) where id = %s", (other,)
    )
    office.connection.commit()
    assert await office.refused(far, "merge", "operator:li", main_case=main) == "merge.too_far"
    assert await office.refused(other, "merge", "operator:li", main_case=main) == "merge.other_matter"
    assert {line["id"] for line in await office.desk.duplicates(main)}.isdisjoint({far, other})
    await office.do(near, "merge", "operator:li", main_case=main)


async def test_the_witness_is_asked_and_may_verify(office: Office) -> None:
    (case,) = office.open_cases(1, channel="grid", crs="wgs84", reporter={"worker": "zhao"})
    department = office.rows("select department_code from cases where id = %s", case)[0][0]
    await office.handled(case)
    await office.do(case, "finish", f"department:{department}")
    await office.do(case, "confirm", f"department:{department}")
    await office.do(case, "request_check", "system")
    asked = office.rows(
        "select payload ->> 'verifier' from case_event where case_id = %s and action = 'request_check'", case
    )
    assert asked == [("grid_worker:zhao",)]
    assert (await office.do(case, "pass_check", "grid_worker:zhao"))["state"] == "pending_close"


async def test_working_hours_are_edited_and_count_from_then_on(office: Office) -> None:
    for wrong in ({"periods": [["18:00", "08:00"]]}, {"periods": "noon"}, {"calendar": "mars"}):
        with pytest.raises(NeedleError, match="working"):
            await office.desk.set_hours(wrong)
    await office.desk.set_hours({"calendar": "weekdays", "periods": [["00:00", "06:00"]]})
    (case,) = office.open_cases(1)
    due = office.rows("select due_at at time zone 'Asia/Shanghai' from cases where id = %s", case)[0][0]
    assert due.hour < 6 or (due.hour, due.minute) == (6, 0)
