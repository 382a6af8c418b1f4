"""The chain across processes: reports, worker, deliverer and a department's own system, which is killed and started again in
the middle, as the deliverer is; every case comes back and is closed exactly once.
"""

import asyncio
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from statistics import quantiles

from benchmarks.commands import AT_WORK
from benchmarks.result import Progress, Result, Size
from benchmarks.town import Town, connect_departments, report, scalar
from data import migrate
from data.chain import Event, verify
from data.cluster import Cluster
from data.database import connect, open_pool
from data.demo.city import DemoCity, make_city
from data.demo.load import load_city
from data.demo.size import BLOCK
from data.stores.cases import load_events
from dispatch.case import fold
from dispatch.casework import CaseDesk
from dispatch.commands import Command
from dispatch.matters import matters
from dispatch.reference import load_reference

BAR = "department's system and deliverer killed in the middle: every case closed exactly once"
PATIENCE_S = 300.0
CLOSING: tuple[tuple[str, str, dict[str, str]], ...] = (
    ("request_check", "operator:01", {"verifier": "grid_worker:07"}),
    ("pass_check", "grid_worker:07", {}),
    ("close", "operator:01", {}),
)
WITH_A_SYSTEM = "select case_id from remote_case order by case_id"
UNANSWERED = """
select count(*) from cases left join remote_case on remote_case.case_id = cases.id
 where (cases.id > %s and department_code is not null or remote_case.case_id is not null) and state <> 'answered'
"""
GIVEN_UP = "select count(*) from delivery where delivered_at is null and given_up_at is not null"
THERE_AND_BACK = """
select extract(epoch from min(at) filter (where action = 'confirm') - min(at) filter (where action = 'dispatch'))::float8
  from case_event where case_id = any(%s) group by case_id
"""


def run(size: Size, progress: Progress) -> Result:
    """Play the chain, kill in the middle, count at the end."""
    count = 30 if size == "small" else 300
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="needle-bench-")))
        town, city = stack.enter_context(installed(folder, progress))
        watch = stack.enter_context(connect(town.url, autocommit=True))
        before = scalar(watch, "select max(id) from cases")
        started = time.monotonic()
        for part in ("department", "worker", "deliverer"):
            town.start(part)
        progress("the department's system takes cases", 0.2)
        report(watch, city, 1, count // 2)
        until(lambda: town.taken() >= 3)
        town.kill("department")
        progress("the department's system is dead", 0.4)
        report(watch, city, 2, count - count // 2)
        until(lambda: scalar(watch, "select count(*) from delivery where delivered_at is null and tries > 0") > 0)
        town.kill("deliverer")
        town.start("department")
        town.start("deliverer")
        progress("both are back", 0.6)
        until(lambda: scalar(watch, "select count(*) from report where handled_at is null") == 0)
        until(lambda: scalar(watch, UNANSWERED, before) == 0)
        answered_s = time.monotonic() - started
        return judged(town, count, answered_s)


def judged(town: Town, count: int, answered_s: float) -> Result:
    """Close what came back, and count what happened to each case."""
    with connect(town.url) as connection:
        cases = [row[0] for row in connection.execute(WITH_A_SYSTEM).fetchall()]
        asyncio.run(close_all(town.url, cases))
        wrong = sum(not closed_once(load_events(connection, case), case) for case in cases)
        undelivered = scalar(connection, GIVEN_UP)
        there = [row[0] for row in connection.execute(THERE_AND_BACK, (cases,)).fetchall() if row[0] is not None]
    asked = town.taken()
    cuts = quantiles(there, n=100)
    ours = {
        "reports": float(count),
        "cases": float(len(cases)),
        "not_closed_once": float(wrong),
        "asked_twice": float(asked - len(cases)),
        "given_up": float(undelivered),
        "there_and_back_p50_s": cuts[49],
        "there_and_back_p99_s": cuts[98],
        "all_answered_s": answered_s,
    }
    return Result("chain", BAR, met=wrong == 0 and asked == len(cases) and undelivered == 0, ours=ours)


def closed_once(events: list[Event], case_id: int) -> bool:
    """Whether a case is closed by one event in an unbroken chain, and its department did each thing once."""
    folded = fold(case_id, events)
    actions = [event.action for event in events]
    once = all(actions.count(action) == 1 for action in ("dispatch", "finish", "confirm", "close"))
    return once and folded.state == "closed" and verify(events, folded.hash) is None


async def close_all(url: str, cases: list[int]) -> None:
    """The centre has each case verified by somebody else, and closes it."""
    async with open_pool(url) as pool:
        desk = CaseDesk(pool)
        for case_id in cases:
            for action, actor, data in CLOSING:
                await desk.give(case_id, Command(action, actor, None, data), datetime.now(UTC))


@contextmanager
def installed(folder: Path, progress: Progress) -> Iterator[tuple[Town, DemoCity]]:
    """A demo city whose departments all work in one system of their own."""
    folder.chmod(0o755)
    cluster = Cluster(folder / "pg")
    progress("building a city", 0.0)
    cluster.start()
    try:
        url = cluster.create_database("chain")
        migrate.upgrade(url)
        load_reference(url)
        city = make_city(BLOCK)
        town = Town(url, folder)
        with connect(url) as connection:
            load_city(connection, city, matters().values(), datetime.now(UTC))
            connection.execute(AT_WORK)
            connect_departments(connection, town.port)
        try:
            yield town, city
        finally:
            town.stop()
    finally:
        cluster.stop()


def until(done: Callable[[], bool]) -> None:
    """Wait until something is so."""
    patience = time.monotonic() + PATIENCE_S
    while not done():
        if time.monotonic() > patience:
            raise RuntimeError("the chain stands still")
        time.sleep(0.2)
