"""The chain across processes: report, worker, deliverer, a department's own system, and back, whatever is killed in between."""

import asyncio
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from benchmarks.town import Town, connect_departments, report, scalar
from data.database import Connection, connect, open_pool
from data.demo.city import DemoCity
from data.stores.deliveries import save_subscription, set_active
from dispatch.case import Case
from dispatch.casework import CaseDesk
from dispatch.commands import Command
from dispatch.delivery.connectors import as_settings, make_connector
from dispatch.delivery.reference_system import SENT_OUT

CheckCase = Callable[[Connection, int], Case]
Until = Callable[[Callable[[], bool], str], None]
UNANSWERED = """
select count(*) from cases left join remote_case on remote_case.case_id = cases.id
 where (cases.id > %s and cases.department_code is not null or remote_case.case_id is not null) and state <> 'answered'
"""
CLOSING = (("request_check", "operator:01"), ("pass_check", "grid_worker:07"), ("close", "operator:01"))


@pytest.fixture
def town(city_url: str, tmp_path: Path) -> Iterator[Town]:
    town = Town(city_url, tmp_path)
    yield town
    town.stop()


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


PARTS = """
select action, split_part(actor, ':', 2), count(*)::int from case_event
 where case_id = %s and action in ('answer_whistle', 'finish_part', 'finish_jointly') group by 1, 2 order by 1, 2
"""
REMARK = "现场有居民围观"
WORDS_OF = "select count(*) from case_event where case_id = %s and action = 'remark' and payload ->> 'text' = %s"


def test_helpers_do_their_part_in_their_own_systems_and_the_lead_waits_for_them(
    town: Town, watch: Connection, demo_city: DemoCity, until: Until, check_case: CheckCase
) -> None:
    watch.execute("update team set capacity = 0")
    connect_departments(watch, town.port)
    lead, second, third = (code for (code,) in watch.execute("select code from department order by code limit 3"))
    set_active(watch, f"system of {third}", active=False)
    for name in ("worker", "deliverer", "department"):
        town.start(name)
    before = scalar(watch, "select max(id) from cases")
    report(watch, demo_city, 21, 1)
    until(lambda: scalar(watch, "select count(*) from cases where id > %s and state = 'filed'", before) == 1, "filed")
    case = scalar(watch, "select max(id) from cases")

    def state() -> str:
        return check_case(watch, case).state

    def do(action: str, actor: str, **data: Any) -> None:
        asyncio.run(command(town.url, case, action, actor, data))

    arrive_by = (datetime.now(UTC) + timedelta(hours=3)).isoformat()
    called = {"purpose": "hard_matter", "departments": [lead, second, third], "lead": lead, "arrive_by": arrive_by}
    set_active(watch, f"system of {third}", active=True)
    do("whistle", "street:望京", **called)
    set_active(watch, f"system of {third}", active=False)
    finished = "select count(*) from whistle_party where case_id = %s and state = 'finished'"
    until(lambda: scalar(watch, finished, case) >= 1, "the helper that is reached has done its part")
    assert state() == "responding", "the lead's system may say fixed: its helpers are not all done"
    town.kill("deliverer")
    do("remark", "operator:li", text=REMARK)
    town.kill("department")
    set_active(watch, f"system of {third}", active=True)
    town.start("department")
    town.start("deliverer")
    until(lambda: state() == "handled", "every department has done its part")
    assert watch.execute(PARTS, (case,)).fetchall() == [
        ("answer_whistle", lead, 1),
        ("answer_whistle", second, 1),
        ("answer_whistle", third, 1),
        ("finish_jointly", lead, 1),
        ("finish_part", second, 1),
        ("finish_part", third, 1),
    ]
    until(lambda: scalar(watch, WORDS_OF, case, SENT_OUT) == 3, "each system has said something, heard once")

    do("reject_joint", "street:望京", departments=[second])
    until(lambda: state() == "handled", "the second does its part again, and the lead")
    assert town.taken() == 5, "a request for each part and each repeated part"
    do("confirm", "street:望京")
    asyncio.run(close_all(town.url, [case]))
    assert state() == "closed"
    until(lambda: scalar(watch, "select count(*) from delivery where delivered_at is null") == 0, "all delivered")
    assert [request for request, said in town.words() if said == REMARK] == ["CG-1", "CG-2"], (
        "once each, not to a paused one"
    )


async def command(url: str, case: int, action: str, actor: str, data: dict[str, Any]) -> None:
    async with open_pool(url) as pool:
        await CaseDesk(pool).give(case, Command(action, actor, "理由", data), datetime.now(UTC))


def test_history_that_comes_later_is_not_told(city_url: str) -> None:
    with connect(city_url) as connection:
        (department,) = connection.execute("select code from department limit 1").fetchone() or ("",)
        said = {"name": "hook", "kind": "webhook", "url": "https://a.cn/hook", "department": department}
        save_subscription(connection, "hook", "webhook", department, as_settings(make_connector(said)))
        connection.commit()
        assert connection.execute("select count(*) from delivery").fetchone() == (0,)
