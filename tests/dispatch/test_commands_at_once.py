"""Two people command one case at the same moment, over two connections: one of them at most is first, and nothing is lost."""

import asyncio
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import orjson
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from data.database import Connection, connect, open_pool
from data.stores.cases import load_events
from data.stores.workbench import Workbench
from dispatch.case import Case, fold
from dispatch.casework import CaseDesk
from dispatch.commands import Command
from dispatch.worker import Worker
from geo.errors import NeedleError
from tests.dispatch.conftest import CheckCase
from tests.dispatch.test_joint_handling_sql import HANDLED_BEFORE
from tests.dispatch.test_protocol_machine import DEPARTMENTS, WHY, commands, whistle

ROUNDS = 8


class Town:
    """A city in which a case is opened whenever one is wanted."""

    def __init__(self, url: str, connection: Connection) -> None:
        self.url, self.connection, self.opened = url, connection, 0

    def open_case(self) -> int:
        spot = self.connection.execute(HANDLED_BEFORE).fetchone()
        assert spot is not None
        body = {"channel": "snap", "crs": "wgs84", "lng": spot[0], "lat": spot[1], "matter": spot[2]}
        self.opened += 1
        self.connection.execute(
            "insert into report (channel, idempotency_key, body, reported_at) values ('snap', %s, %s, now())",
            (f"town-{self.opened}", orjson.dumps(body).decode()),
        )
        self.connection.commit()
        with Workbench(self.url) as bench:
            worker = Worker(bench)
            worker.refresh()
            worker.handle_batch()
        row = self.connection.execute("select max(id) from cases").fetchone()
        self.connection.commit()
        assert row is not None
        return int(row[0])

    def read(self, case_id: int) -> Case:
        case = fold(case_id, load_events(self.connection, case_id))
        self.connection.commit()
        return case

    def give_both(self, case_id: int, pair: tuple[Command, Command], seq: int | None) -> list[bool]:
        """Two commands at once, each over a connection of its own; which were taken."""
        return asyncio.run(self._give_both(case_id, pair, seq))

    async def _give_both(self, case_id: int, pair: tuple[Command, Command], seq: int | None) -> list[bool]:
        async with open_pool(self.url) as one, open_pool(self.url) as other:
            desks = zip((CaseDesk(one), CaseDesk(other)), pair, strict=True)
            return list(await asyncio.gather(*(_taken(desk, case_id, command, seq) for desk, command in desks)))


async def _taken(desk: CaseDesk, case_id: int, command: Command, seq: int | None) -> bool:
    try:
        await desk.give(case_id, command, datetime.now(UTC), seq)
    except NeedleError:
        return False
    return True


@pytest.fixture
def town(city_url: str) -> Iterator[Town]:
    with connect(city_url) as connection:
        connection.execute("update team set capacity = 500")
        connection.cursor().executemany(
            "insert into department (code, name_zh, name_en, level) values (%s, %s, %s, 'district') on conflict do nothing",
            [(code, code, code) for code in DEPARTMENTS],
        )
        connection.commit()
        yield Town(city_url, connection)


@settings(max_examples=6, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_whatever_two_people_do_at_once_the_row_is_the_fold(
    town: Town, check_case: CheckCase, data: st.DataObject
) -> None:
    case_id = town.open_case()
    for _ in range(data.draw(st.integers(1, ROUNDS))):
        case = town.read(case_id)
        pair = data.draw(st.tuples(commands(case, datetime.now(UTC)), commands(case, datetime.now(UTC))))
        seq = data.draw(st.sampled_from([case.seq, None]))
        taken = town.give_both(case_id, pair, seq)
        after = check_case(town.connection, case_id)
        town.connection.commit()
        assert after.seq == case.seq + sum(taken), "every command that was taken is one event, and no other is"
        assert seq is None or sum(taken) <= 1, "who saw an older case is refused"


def test_two_streets_that_whistle_at_once_blow_one_whistle(town: Town, check_case: CheckCase) -> None:
    case_id = town.open_case()
    team = town.read(case_id).team_id
    for action in ("sign", "assign"):
        assert town.give_both(case_id, (Command(action, f"team:{team}"), Command("close", "nobody")), None) == [
            True,
            False,
        ]
    blown = whistle(datetime.now(UTC) + timedelta(hours=1))
    other = Command(blown.action, "street:酒仙桥", WHY, blown.data)
    assert sum(town.give_both(case_id, (blown, other), None)) == 1
    leads = town.connection.execute("select count(*) from whistle_party where case_id = %s and lead", (case_id,))
    assert leads.fetchone() == (1,)
    town.connection.commit()
    check_case(town.connection, case_id)


def test_two_cases_merged_into_each_other_at_once_leave_one_main(town: Town, check_case: CheckCase) -> None:
    one, other = town.open_case(), town.open_case()

    async def both() -> list[bool]:
        async with open_pool(town.url) as pool, open_pool(town.url) as second:
            return list(
                await asyncio.gather(
                    _taken(CaseDesk(pool), one, Command("merge", "operator:li", WHY, {"main_case": other}), None),
                    _taken(CaseDesk(second), other, Command("merge", "operator:wang", WHY, {"main_case": one}), None),
                )
            )

    assert sorted(asyncio.run(both())) == [False, True]
    states = sorted(check_case(town.connection, case).state for case in (one, other))
    assert states == ["dispatched", "merged"]
