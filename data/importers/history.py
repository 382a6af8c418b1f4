"""A past event as a report and a case with its chain of legal moves. Pure.

The source knows when an event was opened, who had it and when it was closed; the moves between are what the state
table asks for. Every event says that it was imported; one that the source does not record says ``implied``.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from data import chain

ACTOR = "import"

Move = tuple[str, str, str]
"""(from state, action, to state)"""

OPENED: tuple[Move, ...] = (
    ("draft", "submit", "reported"),
    ("reported", "accept", "accepted"),
    ("accepted", "file", "filed"),
)
DISPATCHED: tuple[Move, ...] = (("filed", "dispatch", "dispatched"),)
CLOSED: tuple[Move, ...] = (
    ("dispatched", "sign", "signed"),
    ("signed", "assign", "handling"),
    ("handling", "finish", "handled"),
    ("handled", "confirm", "answered"),
    ("answered", "request_check", "checking"),
    ("checking", "pass_check", "pending_close"),
    ("pending_close", "close", "closed"),
)
RECORDED = {"submit", "dispatch", "close"}
IMPLIED: dict[str, Any] = {"imported": True, "implied": True}


@dataclass(frozen=True)
class PastEvent:
    """What is known of one event.

    ``department`` is a code of the base, ``None`` where the source names none that the base has; ``recorded`` is what
    it names. An event that some department had was dispatched, and so was one that was closed.
    """

    key: str
    source: str
    reported_at: datetime
    due_at: datetime | None
    closed_at: datetime | None
    closed: bool
    department: str | None
    recorded: str | None
    queue: str | None
    problems: tuple[str, ...]


def moves(event: PastEvent) -> tuple[Move, ...]:
    """The moves that an event has made."""
    if event.closed:
        return (*OPENED, *DISPATCHED, *CLOSED)
    return (*OPENED, *DISPATCHED) if event.recorded else OPENED


def closing_moment(event: PastEvent) -> datetime | None:
    """When its case closed: never before it opened; ``None`` while it is open."""
    if not event.closed:
        return None
    return max(event.closed_at or event.reported_at, event.reported_at)


def steps(event: PastEvent, case_id: int) -> list[chain.Event]:
    """The case's whole history with its hash chain."""
    closing = closing_moment(event)
    found: list[chain.Event] = []
    previous = chain.GENESIS
    for seq, (from_state, action, to_state) in enumerate(moves(event), start=1):
        at = event.reported_at if seq <= len(OPENED) + len(DISPATCHED) or closing is None else closing
        payload = payload_of(event, action)
        digest = chain.next_hash(
            previous,
            case_id=case_id,
            seq=seq,
            at=at,
            actor=ACTOR,
            action=action,
            from_state=from_state,
            to_state=to_state,
            payload=payload,
        )
        found.append(chain.Event(case_id, seq, at, ACTOR, action, from_state, to_state, payload, previous, digest))
        previous = digest
    return found


def payload_of(event: PastEvent, action: str) -> dict[str, Any]:
    """What an event of the chain carries: what the source records of it, or that the move is implied."""
    if action not in RECORDED:
        return IMPLIED
    payload: dict[str, Any] = {"imported": True}
    if action == "submit":
        payload |= {"source": event.source, "key": event.key}
        payload |= {"problems": list(event.problems)} if event.problems else {}
    elif action == "dispatch":
        payload |= {"department": event.department, "recorded_department": event.recorded, "queue": event.queue}
        payload["due_at"] = event.due_at.isoformat() if event.due_at else None
    elif action == "close":
        payload["recorded_closed_at"] = event.closed_at.isoformat() if event.closed_at else None
    return payload
