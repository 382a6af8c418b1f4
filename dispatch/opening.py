"""Opening a case: from a located report and a decision to everything that is written. Pure.

What the machine may do by itself: take the case in, accept and file it where place and matter are known, dispatch it
where a team was found. All else waits, in the state it has reached, for a person.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from data.chain import Event
from data.stores.cases import CaseRow, DecisionRow, TaskRow
from data.stores.reports import ReportRow
from dispatch.case import Case, evolve, row
from dispatch.commands import Command, Protocol
from dispatch.deciding import commands_ahead, decision_row
from dispatch.match_values import Decision
from dispatch.matters import Matter
from dispatch.protocol import decide
from dispatch.spots import Spot, areas_of, borders_of, cell_of, point_ewkb
from dispatch.timers import next_moment
from geo.atlas import Atlas

SUBMITTERS: Mapping[str, str] = {
    "12345": "hotline",
    "grid": "grid_worker",
    "camera": "camera",
    "sensor": "sensor",
    "import": "system",
}
"""Who submits through a channel; everybody else is a resident."""
WORKER = re.compile(r"[\w.-]{1,64}")
"""What a grid worker may be called."""


@dataclass(frozen=True, slots=True)
class Finding:
    """What is known of a report when its case is opened.

    ``matter`` is None when its key is unknown (``matter_id`` is then that of the unclassified); ``decision`` is None
    where none was taken. ``doubts`` name the other sides of near borders where another team or department would act.
    ``suggested`` are matters that the words may mean, for a person to choose from.
    """

    report: ReportRow
    spot: Spot
    matter: Matter | None
    matter_id: int
    matter_name: str
    building: tuple[str, str] | None
    decision: Decision | None
    doubts: list[dict[str, Any]]
    suggested: list[dict[str, Any]] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Opening:
    """Everything to write for one report; ``moves_at`` is when the case next moves by itself."""

    case: CaseRow
    events: tuple[Event, ...]
    decision: DecisionRow | None
    task: TaskRow | None
    moves_at: datetime | None
    problem: str | None


def open_case(
    case_id: int, found: Finding, atlas: Atlas, rule_set_id: int | None, now: datetime, p: Protocol
) -> Opening:
    """Open the case of a report.

    Parameters
    ----------
    case_id : int
        Fresh.
    found : Finding
    atlas : Atlas
        The one that located it: names the layers.
    rule_set_id : int or None
        Of the rules that decided; None where the city has none.
    now : datetime
        Aware.
    p : Protocol
    """
    case, events = Case(case_id), []
    for command, at in _commands(found, now):
        event = decide(case, command, at, p)
        case = evolve(case, event)
        events.append(event)
    team = case.open_task_of
    return Opening(
        case=_case_row(case, found, atlas, p),
        events=tuple(events),
        decision=_decision_row(case_id, found, rule_set_id, now) if rule_set_id is not None else None,
        task=None if team is None else TaskRow(case_id, team, now, case.due_at),
        moves_at=next_moment(case, p),
        problem=found.spot.problem or (None if found.matter else "report.matter_unknown"),
    )


def _commands(found: Finding, now: datetime) -> list[tuple[Command, datetime]]:
    steps = [(_submit(found), min(found.report.received_at, now))]
    if found.matter is None or found.spot.place is None:
        return steps
    return steps + [(command, now) for command in commands_ahead(found.matter, found.decision, found.doubts)]


def _submit(found: Finding) -> Command:
    report, reporter = found.report, submitter(found.report)
    data: dict[str, Any] = {
        "report": report.id,
        "channel": report.channel,
        "matter": report.body.get("matter"),
        "reported_at": report.reported_at.isoformat(),
    }
    if found.building is not None:
        data["building"] = found.building[1]
    problem = found.spot.problem or (None if found.matter else "report.matter_unknown")
    if problem is not None:
        data["problem"] = problem
    if found.suggested:
        data["suggested"] = found.suggested
    return Command("submit", reporter, data=data)


def submitter(report: ReportRow) -> str:
    """Who submits a report: a grid worker by name where the report says ``reporter.worker``, others by their channel."""
    role = SUBMITTERS.get(report.channel, "resident")
    reporter = report.body.get("reporter")
    worker = reporter.get("worker") if isinstance(reporter, Mapping) and role == "grid_worker" else None
    return f"{role}:{worker}" if isinstance(worker, str) and WORKER.fullmatch(worker) else role


def _case_row(case: Case, found: Finding, atlas: Atlas, p: Protocol) -> CaseRow:
    spot, report = found.spot, found.report
    place = spot.place
    address = report.body.get("address") or (found.building[0] if found.building else None)
    assert case.reported_at is not None
    return CaseRow(
        id=case.id,
        number=f"{case.reported_at.astimezone(p.hours.zone):%Y%m%d}-{case.id:08d}",
        channel=report.channel,
        matter_id=found.matter_id,
        title=f"{found.matter_name} · {address}" if address else found.matter_name,
        address=address,
        geom=None if spot.lng is None or spot.lat is None else point_ewkb(spot.lng, spot.lat),
        uncertainty_m=spot.uncertainty_m,
        cell_code=None if place is None else cell_of(place, atlas),
        areas={} if place is None else areas_of(place, atlas),
        borders={} if place is None else borders_of(place, atlas, spot.uncertainty_m),
        h3_9=spot.h3_9,
        reported_at=case.reported_at,
        **row(case),
    )


def _decision_row(case_id: int, found: Finding, rule_set_id: int, now: datetime) -> DecisionRow | None:
    decision = found.decision
    if decision is None:
        if found.spot.place is not None:
            return None
        return DecisionRow(case_id, now, rule_set_id, None, "place_unknown", None, None, None, None, [])
    return decision_row(case_id, decision, rule_set_id, now)
