"""The worker: claims waiting reports in small batches and makes of each exactly one case, in one transaction a batch.

Several workers at once are safe (SKIP LOCKED). A worker that is killed, or loses its database, leaves its batch as it
found it.
"""

import signal
import threading
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import structlog

from data.database import Connection
from data.stores import cases, reports
from data.stores.reports import ReportRow
from data.stores.workbench import Workbench, load_open_tasks, nearest_addresses
from dispatch.ground import Ground, load_ground, refresh_teams, set_loads
from dispatch.match_values import Decision
from dispatch.matters import UNCLASSIFIED
from dispatch.opening import Finding, open_case
from dispatch.spots import Spot, locate_reports, other_sides
from geo.errors import NeedleError

BATCH = 200
POLL_S = 1.0
REFRESH_S = 60.0
RETRY_S = 1.0
ADDRESS_WITHIN_M = 60.0

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

    def work(self, stop: threading.Event) -> None:
        """Handle what waits, then wait for more; look every second even when nobody notifies."""
        heard: set[str] = set()
        while not stop.is_set():
            self.refresh("needle_team" in heard)
            if self.ground is None or not self.handle_batch():
                heard = self.bench.wait(POLL_S)

    def refresh(self, teams_changed: bool) -> None:
        """Take changes of the city in: teams when told or once a minute, layers, rules and matters once a minute."""
        now = datetime.now(UTC)
        is_time = self.ground is None or (now - self.refresh_at).total_seconds() >= REFRESH_S
        if not (is_time or teams_changed):
            return
        if is_time:
            self.refresh_at = now
            version = self.bench.ground_version()
            if self.ground is None or self.ground.version != version:
                self.load(now)
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
    outcomes = [(f.report.id, o.case.id, o.problem) for f, o in zip(found, opened, strict=True)]
    reports.mark_handled(connection, now, outcomes)


def find_out(connection: Connection, ground: Ground, waiting: Sequence[ReportRow]) -> list[Finding]:
    """Locate, name and match a batch; each decision counts as load for the next."""
    spots = locate_reports(waiting, ground.channels, ground.atlas, ground.default_spots)
    buildings = _buildings(connection, spots)
    return [_finding(ground, *each) for each in zip(waiting, spots, buildings, strict=True)]


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
    decision = _decide(ground, matter.key, spot) if matter else None
    return Finding(
        report=report,
        spot=spot,
        matter=matter,
        matter_id=matter_id,
        matter_name=(matter or UNCLASSIFIED).name_zh,
        building=building,
        decision=decision,
        doubts=_doubts(ground, matter.key, spot, decision) if matter and decision else [],
    )


def _decide(ground: Ground, matter: str, spot: Spot) -> Decision | None:
    """Decide, and count the task for the team at once: the next event of the batch must see it."""
    if ground.matcher is None or spot.place is None or spot.lng is None or spot.lat is None:
        return None
    decision = ground.matcher.decide(matter, spot.lng, spot.lat, spot.place)
    if decision.team_id is not None:
        team = ground.matcher.teams[ground.matcher.columns.index[decision.team_id]]
        ground.matcher.update_team(replace(team, load=team.load + 1))
    return decision


def _doubts(ground: Ground, matter: str, spot: Spot, decision: Decision) -> list[dict[str, Any]]:
    """The other sides of near borders where another department or team would act: for who confirms the place."""
    if ground.matcher is None or spot.place is None or spot.lng is None or spot.lat is None:
        return []
    doubts = []
    for layer, place in other_sides(spot.place, ground.atlas, spot.uncertainty_m):
        other = ground.matcher.decide(matter, spot.lng, spot.lat, place)
        if (other.department, other.team_id) != (decision.department, decision.team_id):
            k = ground.atlas.names.index(layer)
            code = ground.atlas.layers[k].codes[place.indices[k]]
            doubts.append({"layer": layer, "code": code, "department": other.department, "team": other.team_id})
    return doubts
