"""What a case does by itself when its moment comes: a suspension ends, a deadline nears or passes, a whistle stays silent.

Pure. The worker keeps the next moment of every case (``next_moment``) and gives the command when it has come (``due_step``).
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from dispatch.case import Case
from dispatch.commands import Command, Protocol
from dispatch.deadlines import warns_at
from dispatch.guards import HIGHEST_SUPERVISION
from dispatch.states import states
from dispatch.whistle import Whistle

WHISTLING = frozenset({"whistled", "whistle_refused", "responding"})
OVERDUE = "处置超时"
SILENT = "吹哨逾时未应"
ANSWER_SOON = "应哨时限将至"
DUE_SOON = "处置时限将至"
ABSENT = "到场时限已过，尚未报到"


@dataclass(frozen=True, slots=True)
class Step:
    """A command that the machine gives at a moment, unless somebody was faster."""

    at: datetime
    command: Command


def next_moment(case: Case, protocol: Protocol) -> datetime | None:
    """When the case next moves by itself; None: it waits for people alone."""
    return min((step.at for step in steps(case, protocol)), default=None)


def due_step(case: Case, now: datetime, protocol: Protocol) -> Command | None:
    """What is to be done now. Of several steps that were missed, only the last is taken."""
    past = [step for step in steps(case, protocol) if step.at <= now]
    return max(past, key=lambda step: step.at).command if past else None


def steps(case: Case, protocol: Protocol) -> Iterator[Step]:
    """What lies ahead of the case as it stands."""
    if states()[case.state].terminal:
        return
    if case.state == "suspended" and case.resume_at is not None:
        yield Step(case.resume_at, Command("resume", "system"))
    if case.state in WHISTLING and case.whistle is not None:
        yield from _silence(case, case.whistle)
        yield from _absence(case.whistle)
    if _clock_runs(case) and case.due_at is not None and case.overdue_for != case.due_at:
        yield from _deadline(case, case.due_at, protocol)


def _clock_runs(case: Case) -> bool:
    """A whistle does not stop the handling clock; the lead's report does, though the street has still to confirm it."""
    joint = case.whistle is not None and case.whistle.is_open and case.whistle.finished_at is not None
    return case.state in WHISTLING or (states()[case.state].clock == "handle" and not joint)


def _absence(whistle: Whistle) -> Iterator[Step]:
    if whistle.arrive_by is not None and whistle.absent and not whistle.absence_told:
        said = {"about": "arrival", "to": "centre", "departments": [party.department for party in whistle.absent]}
        yield Step(whistle.arrive_by, Command("remind", "system", ABSENT, said))


def _silence(case: Case, whistle: Whistle) -> Iterator[Step]:
    if not whistle.silent:
        return
    said: dict[str, Any] = {"about": "whistle", "departments": [party.department for party in whistle.silent]}
    if whistle.remind_at is not None and whistle.stage < 1:
        yield Step(
            whistle.remind_at, Command("remind", "system", ANSWER_SOON, {**said, "stage": 1, "to": "department"})
        )
    if whistle.answer_by is not None and whistle.stage < 2:
        yield Step(whistle.answer_by, Command("remind", "system", SILENT, {**said, "stage": 2, "to": "centre"}))
    if whistle.supervise_at is not None and whistle.stage < 3:
        yield Step(whistle.supervise_at, _supervise(case, SILENT, {**said, "stage": 3}))


def _deadline(case: Case, due_at: datetime, protocol: Protocol) -> Iterator[Step]:
    yield Step(due_at, _supervise(case, OVERDUE, {"about": "due", "type": "timeout"}))
    warning = warns_at(case, protocol) if case.reminded_for != due_at else None
    if warning is not None:
        yield Step(warning, Command("remind", "system", DUE_SOON, {"about": "due", "due_at": due_at.isoformat()}))


def _supervise(case: Case, reason: str, data: dict[str, Any]) -> Command:
    return Command("supervise", "system", reason, {"level": min(case.supervised + 1, HIGHEST_SUPERVISION), **data})
