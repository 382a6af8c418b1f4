"""The worker: claims waiting reports in small batches and makes of each exactly one case, in one transaction a batch; cases
that wait for a team are matched again between them, and cases whose moment has come move by themselves.

Several workers at once are safe (SKIP LOCKED). A worker that is killed, or loses its database, leaves its batch as it
found it.
"""

import signal
import threading
import time
from collections.abc import Collection, Sequence
from datetime import UTC, datetime
from typing import Any

import structlog

from data.database import Connection
from data.stores import cases, pyramid, reports, timers
from data.stores.announcing import GROUND_CHANNEL, TASK_ENDED_CHANNEL
from data.stores.reports import ReportRow
from data.stores.workbench import Workbench, load_open_tasks, nearest_addresses
from dispatch.deciding import decide_spot, doubts_of
from dispatch.ground import Ground, load_ground, load_protocol, refresh_teams, set_loads
from dispatch.matters import UNCLASSIFIED
from dispatch.opening import Finding, open_case
from dispatch.spots import Spot, locate_reports
from dispatch.suggest_matters import suggested
from dispatch.suggester import learn_city
from dispatch.ticking import tick
from dispatch.waiting import Sweep, sweep_on
from geo.errors import NeedleError

BATCH = 200
POLL_S = 1.0
TICK_S = 1.0
REFRESH_S = 60.0
RETRY_S = 1.0
ADDRESS_WITHIN_M = 60.0

WAKING = frozenset({"needle_team", TASK_ENDED_CHANNEL, GROUND_CHANNEL})
"""Notices of what may free somebody for a case that waits."""

log = structlog.get_logger()


def run(url: str) -> None:
    """Work until SIGTERM or SIGINT. Survives a database that goes away and comes back."""
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    while not stop.is_set():
        try:
            with Workbench(url) as bench:
                Worker(bench).work(stop)
        except NeedleError as error:
            log.warning("worker waits", code=error.code, reason=str(error))
            stop.wait(RETRY_S)


class Worker:
    """One worker over one connection."""

    def __init__(self, bench: Workbench) -> None:
        self.bench = bench
        self.ground: Ground | None = None
        self.refresh_at = datetime.min.replace(tzinfo=UTC)
        self.sweep = Sweep()
        self.tick_at = 0.0
        self.fold_at = 0.0

    def work(self, stop: threading.Event) -> None:
        """Handle what waits, then wait for more; look every second even when nobody notifies."""
        heard: set[str] = set()
        while not stop.is_set():
            self.refresh(heard)
            busy = self.ground is not None and self.handle_batch() + self.match_waiting() + self.let_move() > 0
            self.fold_pyramid()
            heard = self.bench.wait(0.0 if busy else POLL_S)

    def refresh(self, heard: Collection[str] = ()) -> None:
        """Take changes of the city in: all once a minute, and at once what notices tell.

        Whatever may have freed somebody asks for a new look at the cases that wait.
        """
        now = datetime.now(UTC)
        is_time = self.ground is None or (now - self.refresh_at).total_seconds() >= REFRESH_S
        if is_time or not WAKING.isdisjoint(heard):
            self.sweep.ask()
        if not (is_time or GROUND_CHANNEL in heard or "needle_team" in heard):
            return
        self.refresh_at = now
        version = self.bench.ground_version()
        if self.ground is None or self.ground.version != version:
            self.load(now)
        elif is_time:
            self.ground.protocol = load_protocol(self.bench.connection)
        if self.ground is not None and not refresh_teams(self.bench.connection, self.ground, now):
            self.load(now)

    def load(self, now: datetime) -> None:
        """Read the city anew."""
        with self.bench.transaction() as connection:
            self.ground = load_ground(connection, self.bench.ground_version(), now)
        if self.ground is not None:
            log.info("worker knows the city", layers=list(self.ground.atlas.names), teams=len(self.ground.team_rows))

    def handle_batch(self) -> int:
        """Claim a batch and open its cases; how many reports it was."""
        assert self.ground is not None
        with self.bench.transaction() as connection:
            waiting = reports.claim(connection, BATCH)
            if waiting:
                open_cases(connection, self.ground, waiting, datetime.now(UTC))
        return len(waiting)

    def match_waiting(self) -> bool:
        """Match the next cases that wait for a team, when it is time to; whether there are more of them."""
        assert self.ground is not None
        if self.sweep.next(time.monotonic()) is None:
            return False
        with self.bench.transaction() as connection:
            set_loads(self.ground, load_open_tasks(connection))
            return sweep_on(connection, self.ground, self.sweep, datetime.now(UTC))

    def let_move(self) -> int:
        """Let cases whose moment has come move by themselves, about once a second; how many were looked at."""
        assert self.ground is not None
        if time.monotonic() < self.tick_at:
            return 0
        with self.bench.transaction() as connection:
            looked_at = tick(connection, self.ground.protocol, datetime.now(UTC))
        self.tick_at = time.monotonic() + (TICK_S if looked_at == 0 else 0.0)
        return looked_at

    def fold_pyramid(self) -> None:
        """Bring what changed into the pyramid's counts, about once a second; readers are exact either way."""
        if time.monotonic() < self.fold_at:
            return
        with self.bench.transaction() as connection:
            folded = pyramid.fold(connection)
        self.fold_at = time.monotonic() + (TICK_S if folded < pyramid.FOLDED_AT_ONCE else 0.0)


def open_cases(connection: Connection, ground: Ground, waiting: Sequence[ReportRow], now: datetime) -> None:
    """Open a case for each claimed report and write all of them; the caller commits."""
    set_loads(ground, load_open_tasks(connection))
    found = find_out(connection, ground, waiting)
    ids = cases.next_case_ids(connection, len(found))
    opened = [
        open_case(case_id, finding, ground.atlas, ground.rule_set_id, now, ground.protocol)
        for case_id, finding in zip(ids, found, strict=True)
    ]
    cases.add_cases(
        connection,
        [o.case for o in opened],
        [event for o in opened for event in o.events],
        [o.decision for o in opened if o.decision is not None],
        [o.task for o in opened if o.task is not None],
    )
    timers.add_timers(connection, {o.case.id: o.moves_at for o in opened})
    outcomes = [(f.report.id, o.case.id, o.problem) for f, o in zip(found, opened, strict=True)]
    reports.mark_handled(connection, now, outcomes)


def find_out(connection: Connection, ground: Ground, waiting: Sequence[ReportRow]) -> list[Finding]:
    """Locate, name and match a batch; each decision counts as load for the next."""
    spots = locate_reports(waiting, ground.channels, ground.atlas, ground.default_spots)
    buildings = _buildings(connection, spots)
    if ground.words is None and any(_wants_suggestions(ground, report) for report in waiting):
        ground.words = learn_city(connection, {key: matter for key, (_, matter) in ground.matters.items()})
    return [_finding(ground, *each) for each in zip(waiting, spots, buildings, strict=True)]


def _wants_suggestions(ground: Ground, report: ReportRow) -> bool:
    """Whether a report has words and no matter that we know."""
    return report.body.get("matter") not in ground.matters and bool(report.body.get("text"))


def _buildings(connection: Connection, spots: Sequence[Spot]) -> list[tuple[str, str] | None]:
    placed = [(i, s.lng, s.lat) for i, s in enumerate(spots) if s.lng is not None and s.lat is not None]
    addresses = nearest_addresses(connection, [p[1] for p in placed], [p[2] for p in placed], ADDRESS_WITHIN_M)
    found: list[tuple[str, str] | None] = [None] * len(spots)
    for (i, _, _), address in zip(placed, addresses, strict=True):
        found[i] = address
    return found


def _finding(ground: Ground, report: ReportRow, spot: Spot, building: tuple[str, str] | None) -> Finding:
    id_and_matter = ground.matters.get(str(report.body.get("matter")))
    matter_id, matter = id_and_matter if id_and_matter else (ground.unclassified_id, None)
    decision = decide_spot(ground, matter.key, spot) if matter else None
    return Finding(
        report=report,
        spot=spot,
        matter=matter,
        matter_id=matter_id,
        matter_name=(matter or UNCLASSIFIED).name_zh,
        building=building,
        decision=decision,
        doubts=doubts_of(ground, matter.key, spot, decision) if matter and decision else [],
        suggested=_suggested(ground, report),
    )


def _suggested(ground: Ground, report: ReportRow) -> list[dict[str, Any]]:
    if ground.words is None or not _wants_suggestions(ground, report):
        return []
    return suggested(ground.words, str(report.body["text"]))
