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
from dispatch.whistle import Whistle
from dispatch.whistle import after as whistle_after

CLASSIFIED = "classified"
"""Where an event's payload keeps what a person classified the case as: id, key, name of the matter."""
PLACE = "corrected_place"
"""Where an event's payload keeps a corrected place: lng, lat (WGS84), uncertainty_m, cell, areas, borders, h3_9, sent."""


@dataclass(frozen=True, slots=True)
class Case:
    """Where a case stands. Times are aware; None means not yet, or not any more.

    ``answered_at`` is when the department last confirmed the work, or the lead of a whistle reported it done: punctuality
    ends there; it is unset again while the work is being done anew. ``handlers`` are the actors who took part in handling
    it: none of them may verify it.
    ``remaining_s`` is what was left of the limit when it was suspended. ``last_department`` is the one that returned it.
    ``classified`` is the matter that a person gave it, None while it has the one that it was reported with.
    ``place`` is where it lies since it was corrected (as its event says), None while it lies where it was reported.
    ``whistle`` is the last one blown. ``clock_from`` is when the clock that ends at ``due_at`` was started last;
    ``reminded_for`` and ``overdue_for`` are the deadlines for which it was reminded, and supervised as overdue.
    ``resume_at`` ends a suspension. ``reporter`` is the named actor who submitted it. ``merged_into`` is the main case,
    ``absorbed`` are the cases that were merged into this one. ``appeal`` is how far its department's appeal against the delay
    (超时申诉) has come: ``asked``, ``backed``, ``ended``; empty where there was none.
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
    appeal: str = ""
    handlers: frozenset[str] = frozenset()
    place: Mapping[str, Any] | None = None
    classified: Mapping[str, Any] | None = None
    whistle: Whistle | None = None
    clock_from: datetime | None = None
    reminded_for: datetime | None = None
    overdue_for: datetime | None = None
    resume_at: datetime | None = None
    reporter: str | None = None
    reopens: int = 0
    merged_into: int | None = None
    absorbed: frozenset[int] = frozenset()

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
        classified=event.payload.get(CLASSIFIED, case.classified),
        whistle=whistle_after(case.whistle, event, case.due_at),
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


def matter_row(case: Case) -> dict[str, Any]:
    """The columns of table ``cases`` that follow from its classification; none where nobody classified it."""
    return {} if case.classified is None else {"matter_id": case.classified["id"], "title": case.classified["title"]}


def task_change(before: Case, event: Event, after: Case) -> TaskChange:
    """What ``event`` does to the case's open task, so that there is one exactly while a team works on it."""
    held, holds = before.open_task_of, after.open_task_of
    if held == holds:
        return TaskChange(accepted=event.action in ACCEPTING)
    outcome = None if held is None else "reassigned" if holds is not None else _outcome(event)
    return TaskChange(outcome=outcome, team_id=holds, accepted=event.action in ACCEPTING)


ACCEPTING = frozenset({"sign", "assign", "resume_work"})
FINISHING = frozenset({"finish", "finish_jointly"})
HANDING_OVER = frozenset({"answer_whistle", "order_response", "release_whistle", "merge"})
"""Actions after which others go on with the work: the lead of a whistle, the team of the main case."""


def _outcome(event: Event) -> str:
    if event.action in FINISHING:
        return "done"
    return "reassigned" if event.action in HANDING_OVER else "returned"


def _closed_at(case: Case, event: Event) -> datetime | None:
    if not states()[event.to_state].terminal:
        return None
    return case.closed_at or event.at


Changes = Mapping[str, Any]


def _submitted(_: Case, event: Event) -> Changes:
    named = event.actor if ":" in event.actor else None
    return {"reported_at": _moment(event.payload.get("reported_at")) or event.at, "reporter": named}


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
        "clock_from": event.at,
    }


def _overridden(case: Case, event: Event) -> Changes:
    return {**_dispatched(case, event), "clock_from": case.clock_from}


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
    due = _moment(event.payload.get("due_at"))
    return {"due_at": due, "extensions": case.extensions + 1, "clock_from": event.at}


def _suspended(case: Case, event: Event) -> Changes:
    return {
        "due_at": None,
        "remaining_s": event.payload.get("remaining_s"),
        "suspensions": case.suspensions + 1,
        "resume_at": _moment(event.payload.get("until")),
    }


def _resumed(_: Case, event: Event) -> Changes:
    due = _moment(event.payload.get("due_at"))
    return {"due_at": due, "remaining_s": None, "clock_from": event.at, "resume_at": None}


def _led(case: Case, event: Event) -> Changes:
    """Who leads after an answer or a release: the lead's department has the case from the moment it answers."""
    whistle = whistle_after(case.whistle, event, case.due_at)
    lead = whistle.lead if whistle is not None else None
    if lead is None or lead.state != "answered":
        return {}
    due = _moment(event.payload.get("due_at"))
    same = lead.department == case.department
    return {
        "department": lead.department,
        "team_id": lead.team or (case.team_id if same else None),
        "due_at": due or case.due_at,
        "clock_from": event.at if due else case.clock_from,
    }


def _answered_whistle(case: Case, event: Event) -> Changes:
    return {**_led(case, event), "handlers": case.handlers | {event.actor}}


def _worked(case: Case, event: Event) -> Changes:
    return {"handlers": case.handlers | {event.actor}}


def _confirmed(case: Case, event: Event) -> Changes:
    joint = case.whistle.finished_at if case.whistle is not None and event.actor.startswith("street:") else None
    done = joint or event.at
    return {"late": case.late or (case.due_at is not None and done > case.due_at), "answered_at": done}


def _reworked(case: Case, event: Event) -> Changes:
    due = _moment(event.payload.get("due_at"))
    return {"reworks": case.reworks + 1, "due_at": due, "answered_at": None, "clock_from": event.at}


def _reopened(case: Case, _: Event) -> Changes:
    return {"team_id": None, "answered_at": None, "reopens": case.reopens + 1}


def _reminded(case: Case, event: Event) -> Changes:
    return {"reminded_for": case.due_at} if event.payload.get("about") == "due" else {}


def _supervised(case: Case, event: Event) -> Changes:
    level = {"supervised": event.payload.get("level", case.supervised + 1)}
    return {**level, "overdue_for": case.due_at} if event.payload.get("about") == "due" else level


FOLDS: Mapping[str, Callable[[Case, Event], Changes]] = MappingProxyType(
    {
        "submit": _submitted,
        "file": _filed,
        "send_back": lambda _case, _event: {"filed_at": None},
        "dispatch": _dispatched,
        "reassign": _dispatched,
        "redispatch": _dispatched,
        "override": _overridden,
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
        "release_whistle": _led,
        "arrive": _worked,
        "finish_part": _worked,
        "finish_jointly": _worked,
        "confirm": _confirmed,
        "rework": _reworked,
        "fail_check": _reworked,
        "resume_work": _worked,
        "reopen": _reopened,
        "remind": _reminded,
        "supervise": _supervised,
        "merge": lambda _case, event: {"merged_into": event.payload.get("main_case")},
        "absorb": lambda case, event: {"absorbed": case.absorbed | {event.payload["case"]}},
        "appeal_timeout": lambda _case, _event: {"appeal": "asked"},
        "back_appeal": lambda _case, _event: {"appeal": "backed"},
        "dismiss_appeal": lambda _case, _event: {"appeal": "ended"},
        "exempt_timeout": lambda _case, _event: {"appeal": "ended", "excused": True},
    }
)
"""What each action changes beside the state; an action that is not here changes the state alone."""


def _moment(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None
