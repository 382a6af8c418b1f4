"""State commands over HTTP: fifty operators at once, server, database and senders on two cores; beside PostgreSQL alone.

Each of them has cases of their own, which go through the whole life and round again, and every tenth command goes to a case that
all work on. Nothing may be lost: the events of every case are those that were acknowledged, in an unbroken chain.
"""

import json
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from statistics import quantiles
from typing import Any

from benchmarks.intake import free_port, wait_for
from benchmarks.peers.cores import REST, on_core
from benchmarks.result import Progress, Result, Size
from dashboard.cast import Cast
from data import migrate
from data.chain import verify
from data.cluster import Cluster
from data.database import Connection, connect
from data.demo.city import make_city
from data.demo.load import load_city
from data.demo.size import BLOCK, DISTRICT
from data.stores.cases import load_events
from data.stores.workbench import Workbench
from dispatch.case import fold, row
from dispatch.matters import matters
from dispatch.reference import load_reference
from dispatch.worker import Worker

BAR = "50 operators at once: p99 < 150 ms, no lost update"
BAR_P99_MS = 150.0
PEOPLE, CASES_EACH, HOT = 50, 4, 10
WARM_S = 2.0
"""Not measured: the server's first requests, everybody's first look at their session."""
CLOSING: tuple[tuple[str, str, dict[str, str]], ...] = (
    ("operator", "request_check", {"verifier": "grid_worker:07"}),
    ("grid_worker", "pass_check", {}),
    ("operator", "close", {}),
    ("operator", "reopen", {}),
    ("dispatcher", "redispatch", {}),
)
AT_WORK = """
delete from shift;
insert into shift (team_id, weekday, starts, ends)
select id, weekday, '00:00', '00:00' from team cross join generate_series(0, 6) as weekday;
update team set capacity = 1000
"""
REPORT = """
insert into report (channel, idempotency_key, body, reported_at)
select 'grid', 'commands-' || number, jsonb_build_object('matter', %(matter)s::text, 'lng', %(lng)s::float8,
       'lat', %(lat)s::float8, 'crs', 'wgs84', 'text', '占道'), now() from generate_series(1, %(count)s::int) as number
"""
SPOT = """
select m.edition || ':' || m.kind || ':' || m.code as matter, ST_X(c.geom) as lng, ST_Y(c.geom) as lat
  from cases c join matter m on m.id = c.matter_id where c.team_id is not null and c.geom is not null and not c.urgent
   and not borders @? '$.*.ambiguous ? (@ == true)' order by c.id limit 1
"""


def run(size: Size, progress: Progress) -> Result:
    """Work for a while, then count what is there."""
    seconds = 5.0 if size == "small" else 20.0
    with tempfile.TemporaryDirectory(prefix="needle-bench-") as folder, city(Path(folder), size, progress) as url:
        plan = {**plan_of(url), "seconds": WARM_S + seconds, "warm_s": WARM_S}
        progress("fifty operators at work", 0.3)
        told = work(url, plan)
        progress("PostgreSQL alone", 0.8)
        floor = floor_of(url, seconds)
        lost = count_lost(url, plan, told["acknowledged"])
    ours = {**figures(told["took_s"], seconds), "lost_updates": float(lost), "commands": float(len(told["took_s"]))}
    peer = figures(floor, seconds)
    return Result(
        name="commands",
        bar=BAR,
        met=ours["p99_ms"] < BAR_P99_MS and lost == 0,
        ours=ours,
        peers={"four statements in PostgreSQL alone": {**peer, "ratio": peer["p99_ms"] / ours["p99_ms"]}},
    )


def figures(took_s: list[float], seconds: float) -> dict[str, float]:
    """Median and 99th percentile of the answers, and the rate."""
    cuts = quantiles(took_s, n=100)
    return {"p50_ms": cuts[49] * 1000, "p99_ms": cuts[98] * 1000, "per_s": len(took_s) / seconds}


@contextmanager
def city(folder: Path, size: Size, progress: Progress) -> Iterator[str]:
    """A demo city, tuned as in production, with dispatched cases for everybody."""
    folder.chmod(0o755)
    cluster = Cluster(folder / "pg")
    progress("building a city", 0.0)
    with on_core(REST):
        cluster.start()
    try:
        url = cluster.create_database("commands")
        migrate.upgrade(url)
        load_reference(url)
        with connect(url) as connection:
            demo = make_city(BLOCK if size == "small" else DISTRICT)
            load_city(connection, demo, matters().values(), datetime.now(UTC))
            connection.execute(AT_WORK)
            spot = dict(zip(("matter", "lng", "lat"), connection.execute(SPOT).fetchone() or (), strict=True))
            connection.execute(REPORT, spot | {"count": PEOPLE * CASES_EACH + HOT})
        with Workbench(url) as bench:
            worker = Worker(bench)
            worker.refresh()
            while worker.handle_batch():
                pass
        yield url
    finally:
        cluster.stop()


def plan_of(url: str) -> dict[str, Any]:
    """Who does what with which case, and what their requests carry."""
    with connect(url) as connection:
        found = connection.execute(
            "select cases.id, cases.department_code, cases.team_id from cases join report on case_id = cases.id"
            " where idempotency_key like 'commands-%' order by cases.id"
        ).fetchall()
    own, hot = found[HOT:], [case_id for case_id, _, _ in found[:HOT]]
    people = [[(case, moves(number, *rest)) for case, *rest in own[number::PEOPLE]] for number in range(PEOPLE)]
    actors = {actor for cases in people for _, each in cases for actor, _ in each} | {"operator:00"}
    cast = Cast(url)
    lines = {actor: "".join(f"{k}: {v}\r\n" for k, v in cast.headers(actor).items()) for actor in sorted(actors)}
    return {"headers": lines, "people": people, "hot": hot}


def moves(number: int, department: str, team: int) -> list[tuple[str, dict[str, Any]]]:
    """A case's whole life, from dispatched to dispatched again: (actor, command)."""
    by_team: list[tuple[str, dict[str, Any]]] = [
        (f"team:{team}", {"action": action}) for action in ("sign", "assign", "finish")
    ]
    confirmed: tuple[str, dict[str, Any]] = (f"department:{department}", {"action": "confirm"})
    rest: list[tuple[str, dict[str, Any]]] = [
        (
            f"{role}:{number:02d}" if role != "grid_worker" else "grid_worker:07",
            {"action": action, "reason": "复发", **data},
        )
        for role, action, data in CLOSING
    ]
    rest[-1][1].update({"department": department, "team": team})
    return [*by_team, confirmed, *rest]


def work(url: str, plan: dict[str, Any]) -> dict[str, list[Any]]:
    """The server, and fifty people on it; what they were told."""
    port = free_port()
    server = subprocess.Popen([sys.executable, "-m", "benchmarks.peers.intake_server", url, str(port)])
    try:
        wait_for(server, port)
        return send(port, plan)
    finally:
        server.terminate()
        server.wait()


def send(port: int, plan: dict[str, Any]) -> dict[str, list[Any]]:
    """One run of the senders, in a process of their own."""
    command = [sys.executable, "-m", "benchmarks.peers.command_sender", str(port)]
    done = subprocess.run(
        command, input=json.dumps(plan).encode(), stdout=subprocess.PIPE, check=True, timeout=plan["seconds"] + 120
    )
    told: dict[str, list[Any]] = json.loads(done.stdout)
    return told


def floor_of(url: str, seconds: float) -> list[float]:
    """Times of the floor's transactions."""
    command = [sys.executable, "-m", "benchmarks.peers.command_floor", url, str(PEOPLE), str(seconds)]
    done = subprocess.run(command, stdout=subprocess.PIPE, check=True, timeout=seconds + 120)
    took: list[float] = json.loads(done.stdout)
    return took


def count_lost(url: str, plan: dict[str, Any], acknowledged: list[tuple[int, int]]) -> int:
    """Acknowledged commands that are no event of their own in an unbroken chain, and events that nobody was told of."""
    told = Counter(case for case, _ in acknowledged)
    lost = len(acknowledged) - len({tuple(one) for one in acknowledged})
    with connect(url) as connection:
        return lost + sum(abs(_added(connection, case) - told[case]) for case in _cases(plan))


def _cases(plan: dict[str, Any]) -> list[int]:
    return [*plan["hot"], *(case for cases in plan["people"] for case, _ in cases)]


def _added(connection: Connection, case_id: int) -> int:
    """How many events people added to a case; the chain and the row are checked on the way."""
    events = load_events(connection, case_id)
    folded = fold(case_id, events)
    kept = connection.execute(f"select {', '.join(row(folded))} from cases where id = %s", (case_id,)).fetchone()
    if verify(events, folded.hash) is not None or kept != tuple(row(folded).values()):
        raise RuntimeError(f"case {case_id}: the row is not the fold of an unbroken chain")
    return sum(event.actor.partition(":")[0] != "system" for event in events[1:])
