"""A case as the fold of its events. Pure: the events hold every moment and every deadline, so that folding needs no
clock.

``evolve`` applies one event; ``fold`` all of them. The row in table ``cases`` is always the fold (``row``), kept in
the same transaction as the event. What each action's payload must hold for the fold stands in docs/case-protocol.md.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from functools import reduce
from types import MappingProxyType
from typing import Any

from data.chain import GENESIS, Event
from data.working_states import WORKING_STATES
from dispatch.clock import Limit
from dispatch.spots import point_ewkb
from dispatch.states import states

PLACE = "corrected_place"
"""Where an event's payload keeps a corrected place: lng, lat (WGS84), uncertainty_m, cell, areas, borders, h3_9, sent."""


@dataclass(frozen=True, slots=True)
class Case:
    """Where a case stands. Times are aware; None means not yet, or not any more.

    ``answered_at`` is when the department last confirmed the work: punctuality ends there; it is unset again while the
    work is being done anew. ``handlers`` are the actors who took part in handling it: none of them may verify it.
    ``remaining_s`` is what was left of the limit when it was suspended. ``last_department`` is the one that returned it.
    ``place`` is where it lies since it was corrected (as its event says), None while it lies where it was reported.
    """

    id: int
    seq: int = 0
    hash: bytes = GENESIS
    state: str = "draft"
    updated_at: datetime | None = None
    reported_at: datetime | None = None
    filed_at: datetime | None = None
    dispatched_at: datetime | None = None
    due_at: datetime | None = None
    answered_at: datetime | None = None
    closed_at: datetime | None = None
    urgent: bool = False
    department: str | None = None
    team_id: int | None = None
    returns: int = 0
    reworks: int = 0
    limit: Limit | None = None
    last_department: str | None = None
    ruled: bool = False
    extensions: int = 0
    suspensions: int = 0
    remaining_s: float | None = None
    supervised: int = 0
    late: bool = False
    excused: bool = False
    handlers: frozenset[str] = frozenset()
    place: Mapping[str, Any] | None = None

    @property
    def open_task_of(self) -> int | None:
        """The team that has this case as an open task, or None."""
        return self.team_id if self.state in WORKING_STATES else None


@dataclass(frozen=True, slots=True)
class TaskChange:
    """What an event does to the one open task: close it with an outcome, open one for a team, mark it accepted."""

    outcome: str | None = None
    team_id: int | None = None
    accepted: bool = False


def fold(case_id: int, events: Iterable[Event]) -> Case:
    """The case after all its events, oldest first."""
    return reduce(evolve, events, Case(case_id))


def evolve(case: Case, event: Event) -> Case:
    """The case after one more event."""
    changes = FOLDS[event.action](case, event) if event.action in FOLDS else {}
    return replace(
        case,
        seq=event.seq,
        hash=event.hash,
        state=event.to_state,
        updated_at=event.at,
        closed_at=_closed_at(case, event),
        place=event.payload.get(PLACE, case.place),
        **changes,
    )


def row(case: Case) -> dict[str, Any]:
    """The columns of table ``cases`` that follow from the events."""
    return {
        "state": case.state,
        "urgent": case.urgent,
        "department_code": case.department,
        "team_id": case.team_id,
        "filed_at": case.filed_at,
        "dispatched_at": case.dispatched_at,
        "due_at": case.due_at,
        "answered_at": case.answered_at,
        "closed_at": case.closed_at,
        "returns": case.returns,
        "reworks": case.reworks,
        "seq": case.seq,
        "hash": case.hash,
        "updated_at": case.updated_at,
    }


def place_row(case: Case) -> dict[str, Any]:
    """The columns of table ``cases`` that follow from a corrected place; none where it was never corrected."""
    place = case.place
    if place is None:
        return {}
    return {
        "geom": point_ewkb(place["lng"], place["lat"]),
        "uncertainty_m": place["uncertainty_m"],
        "cell_code": place["cell"],
        "areas": place["areas"],
        "borders": place["borders"],
        "h3_9": place["h3_9"],
    }


def task_change(before: Case, event: Event, after: Case) -> TaskChange:
    """What ``event`` does to the case's open task, so that there is one exactly while a team works on it."""
    held, holds = before.open_task_of, after.open_task_of
    if held == holds:
        return TaskChange(accepted=event.action in ACCEPTING)
    outcome = None if held is None else "reassigned" if holds is not None else _outcome(event)
    return TaskChange(outcome=outcome, team_id=holds, accepted=event.action in ACCEPTING)


ACCEPTING = frozenset({"sign", "assign", "resume_work"})
FINISHING = frozenset({"finish", "finish_jointly"})


def _outcome(event: Event) -> str:
    return "done" if event.action in FINISHING else "returned"


def _closed_at(case: Case, event: Event) -> datetime | None:
    if not states()[event.to_state].terminal:
        return None
    return case.closed_at or event.at


Changes = Mapping[str, Any]


def _submitted(_: Case, event: Event) -> Changes:
    return {"reported_at": _moment(event.payload.get("reported_at")) or event.at}


def _filed(_: Case, event: Event) -> Changes:
    limit = event.payload.get("limit")
    return {
        "filed_at": event.at,
        "limit": Limit(limit["value"], limit["unit"]) if limit else None,
        "urgent": bool(event.payload.get("urgent", False)),
    }


def _dispatched(_: Case, event: Event) -> Changes:
    return {
        "dispatched_at": event.at,
        "department": event.payload.get("department"),
        "team_id": event.payload.get("team"),
        "due_at": _moment(event.payload.get("due_at")),
    }


def _returned(case: Case, _: Event) -> Changes:
    return {
        "returns": case.returns + 1,
        "last_department": case.department,
        "department": None,
        "team_id": None,
        "due_at": None,
    }


def _ruled(case: Case, event: Event) -> Changes:
    return {**_dispatched(case, event), "ruled": True}


def _assigned(case: Case, event: Event) -> Changes:
    named = {event.actor, event.payload.get("handler", event.actor)}
    return {"team_id": event.payload.get("team", case.team_id), "handlers": case.handlers | named}


def _extended(case: Case, event: Event) -> Changes:
    return {"due_at": _moment(event.payload.get("due_at")), "extensions": case.extensions + 1}


def _suspended(case: Case, event: Event) -> Changes:
    return {"due_at": None, "remaining_s": event.payload.get("remaining_s"), "suspensions": case.suspensions + 1}


def _resumed(_: Case, event: Event) -> Changes:
    return {"due_at": _moment(event.payload.get("due_at")), "remaining_s": None}


def _answered_whistle(case: Case, event: Event) -> Changes:
    due = event.payload.get("due_at")
    return {
        "department": case.department or event.payload.get("department"),
        "due_at": _moment(due) if due else case.due_at,
        "handlers": case.handlers | {event.actor},
    }


def _worked(case: Case, event: Event) -> Changes:
    return {"handlers": case.handlers | {event.actor}}


def _confirmed(case: Case, event: Event) -> Changes:
    late = case.late or (case.due_at is not None and event.at > case.due_at)
    return {"late": late, "answered_at": event.at}


def _reworked(case: Case, event: Event) -> Changes:
    return {"reworks": case.reworks + 1, "due_at": _moment(event.payload.get("due_at")), "answered_at": None}


FOLDS: Mapping[str, Callable[[Case, Event], Changes]] = MappingProxyType(
    {
        "submit": _submitted,
        "file": _filed,
        "send_back": lambda _case, _event: {"filed_at": None},
        "dispatch": _dispatched,
        "reassign": _dispatched,
        "redispatch": _dispatched,
        "override": _dispatched,
        "approve_return": _returned,
        "rule": _ruled,
        "sign": _worked,
        "assign": _assigned,
        "hand_back": lambda _case, _event: {"team_id": None},
        "approve_extension": _extended,
        "suspend": _suspended,
        "resume": _resumed,
        "resume_early": _resumed,
        "answer_whistle": _answered_whistle,
        "order_response": _answered_whistle,
        "finish": _worked,
        "finish_jointly": _worked,
        "confirm": _confirmed,
        "rework": _reworked,
        "fail_check": _reworked,
        "resume_work": _worked,
        "reopen": lambda _case, _event: {"team_id": None, "answered_at": None},
        "supervise": lambda case, event: {"supervised": event.payload.get("level", case.supervised + 1)},
        "exempt_timeout": lambda _case, _event: {"excused": True},
    }
)
"""What each action changes beside the state; an action that is not here changes the state alone."""


def _moment(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None
