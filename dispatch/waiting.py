"""Cases that found nobody are matched again; those that wait too long go up a level.

``look_through`` takes a number of them in fair order and leaves the rest to the next call: a sweep is as many calls as
it needs, with other work between them. A new attempt keeps a decision only where its outcome changed, so that a case
that waits all night is not a flood of decisions.
"""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from data.chain import Event
from data.database import Connection
from data.stores import timers, waiting
from data.stores.cases import DecisionRow, TaskRow
from data.stores.waiting import FIRST, Place, WaitingCase
from dispatch.case import Case, evolve, fold, row
from dispatch.commands import Command, Protocol
from dispatch.deciding import Doubts, decide_spot, decision_row, dispatch_command, doubts_of
from dispatch.ground import Ground
from dispatch.guards import HIGHEST_SUPERVISION
from dispatch.match_values import Decision
from dispatch.protocol import decide
from dispatch.rule_values import LEVELS, level_above
from dispatch.spots import Spot
from dispatch.timers import next_moment

AT_ONCE = 200
LEAST_PAUSE_S = 2.0
PAUSE_SHARE = 4.0
"""A sweep is followed by a pause of so many times what it took: looking again takes a fifth of a worker at most."""

REASON = "无人可派，等待超时，提请上级裁定"


class Sweep:
    """When a worker looks through the waiting cases, and how far it has come. Times are of ``time.monotonic``."""

    def __init__(self) -> None:
        self.wanted = True
        self.after: Place | None = None
        self.began_at = 0.0
        self.not_before = 0.0

    def ask(self) -> None:
        """Somebody may have become free: look through all of them again, soon."""
        self.wanted = True

    def next(self, now: float) -> Place | None:
        """Where to go on, None when there is nothing to do now."""
        if self.after is None and self.wanted and now >= self.not_before:
            self.after, self.began_at, self.wanted = FIRST, now, False
        return self.after

    def went_to(self, place: Place | None, now: float) -> None:
        """Looked as far as ``place``; None: at everything."""
        self.after = place
        if place is None:
            self.not_before = now + max(LEAST_PAUSE_S, PAUSE_SHARE * (now - self.began_at))


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a new look at a waiting case comes to; ``event`` None: it waits on."""

    event: Event | None
    after: Case | None
    decision: DecisionRow | None
    task: TaskRow | None


def sweep_on(connection: Connection, ground: Ground, sweep: Sweep, now: datetime) -> bool:
    """Look at the next waiting cases if it is time; whether there may be more of them. The caller commits."""
    after = sweep.next(time.monotonic())
    if after is None:
        return False
    if not waiting.take_turn(connection):
        sweep.went_to(None, time.monotonic())
        sweep.ask()
        return False
    place = look_through(connection, ground, after, now)
    sweep.went_to(place, time.monotonic())
    return place is not None


def look_through(
    connection: Connection, ground: Ground, after: Place, now: datetime, limit: int = AT_ONCE
) -> Place | None:
    """Match the next ``limit`` waiting cases again and write what comes of it; the last one's place, None at the end.

    Parameters
    ----------
    connection : Connection
        In a transaction that has its turn (``data.stores.waiting.take_turn``) and that the caller commits.
    ground : Ground
        Its loads are those of this transaction.
    after : Place
        Where the last call came to; ``FIRST`` to begin.
    now : datetime
        Aware.
    """
    if ground.matcher is None or ground.rule_set_id is None:
        return None
    claimed = waiting.claim_waiting(connection, after, limit)
    found = [(case, *_match(ground, case)) for case in claimed]
    moving = [case.id for case, decision, _ in found if _moves(case, decision, now, ground.protocol)]
    histories = waiting.load_histories(connection, moving) if moving else {}
    outcomes = [
        _outcome(case, histories.get(case.id, ()), decision, doubts, ground.rule_set_id, now, ground.protocol)
        for case, decision, doubts in found
    ]
    waiting.move_cases(
        connection,
        [o.event for o in outcomes if o.event is not None],
        {o.after.id: row(o.after) for o in outcomes if o.after is not None},
        [o.decision for o in outcomes if o.decision is not None],
        [o.task for o in outcomes if o.task is not None],
    )
    moved = [o.after for o in outcomes if o.after is not None]
    timers.set_timers(connection, {case.id: next_moment(case, ground.protocol) for case in moved})
    return claimed[-1].place if len(claimed) == limit else None


def due_level(case: WaitingCase, decision: Decision, now: datetime, protocol: Protocol) -> str | None:
    """The level that a case without a team goes up to now; None while it may wait on, or is at the top."""
    patience = protocol.max_wait_urgent if case.urgent else protocol.max_wait
    if now - (case.raised_at or case.filed_at) < patience or case.raised_to == LEVELS[-1]:
        return None
    return decision.goes_up_to if case.raised_to not in LEVELS else level_above(case.raised_to)


def _match(ground: Ground, case: WaitingCase) -> tuple[Decision | None, Doubts]:
    spot = Spot(case.uncertainty_m, None, case.lng, case.lat, ground.atlas.locate_one(case.lng, case.lat))
    decision = decide_spot(ground, case.matter, spot)
    sent = decision is not None and decision.team_id is not None
    return decision, doubts_of(ground, case.matter, spot, decision) if sent and decision else []


def _moves(case: WaitingCase, decision: Decision | None, now: datetime, protocol: Protocol) -> bool:
    return decision is not None and (
        decision.team_id is not None or due_level(case, decision, now, protocol) is not None
    )


def _outcome(
    waits: WaitingCase,
    history: Sequence[Event],
    decision: Decision | None,
    doubts: Doubts,
    rule_set_id: int,
    now: datetime,
    protocol: Protocol,
) -> Outcome:
    if decision is None:
        return Outcome(None, None, None, None)
    kept = decision_row(waits.id, decision, rule_set_id, now) if _differs(waits, decision) else None
    if not history:
        return Outcome(None, None, kept, None)
    before = fold(waits.id, history)
    level = due_level(waits, decision, now, protocol)
    command = _raise(before, level) if decision.team_id is None else dispatch_command(decision, doubts)
    event = decide(before, command, now, protocol)
    after = evolve(before, event)
    team = after.open_task_of
    return Outcome(event, after, kept, None if team is None else TaskRow(waits.id, team, event.at, after.due_at))


def _differs(waits: WaitingCase, decision: Decision) -> bool:
    last = (waits.outcome, waits.rule, waits.department, waits.goes_up_to)
    return last != (decision.outcome, decision.rule, decision.department, decision.goes_up_to)


def _raise(case: Case, level: str | None) -> Command:
    grade = min(case.supervised + 1, HIGHEST_SUPERVISION)
    return Command("supervise", "system", REASON, {"level": grade, "goes_up_to": level})
