"""The protocol of a case: ``decide`` turns a command into an event, or refuses it. Pure.

The state table says which moves exist and for which roles; guards add what a table cannot say. A new rule is a new
row of the table or a new guard.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from data.chain import Event, next_hash, plain
from dispatch.case import Case
from dispatch.commands import Command, Protocol
from dispatch.guards import GUARDS
from dispatch.states import Transition, actions_from, states, transitions
from geo.errors import NeedleError

OWN_CASE_ONLY = frozenset(
    {
        "sign",
        "request_return",
        "assign",
        "hand_back",
        "request_extension",
        "decline_extension",
        "finish",
        "finish_jointly",
        "reject_work",
        "confirm",
        "resume_work",
        "appeal_timeout",
    }
)
"""Actions of a department or team that only the one that has the case may take."""


def decide(case: Case, command: Command, now: datetime, protocol: Protocol) -> Event:
    """What happens when ``command`` is given to ``case`` at ``now``.

    Parameters
    ----------
    case : Case
        Its fold; ``Case(id)`` for one that does not exist yet.
    command : Command
    now : datetime
        Aware. An event is never before the one it follows, whatever the clocks of two machines say.
    protocol : Protocol

    Returns
    -------
    Event
        Chained to the case's last event. Moments that it sets (``due_at``) stand in its payload.

    Raises
    ------
    NeedleError
        ``case.illegal_transition``, ``case.role``, ``case.not_yours``, ``case.reason_missing``, or the code of a guard.
    """
    move = _move(case, command)
    _check_actor(case, command, move)
    at = max(now, case.updated_at) if case.updated_at else now
    guard = GUARDS.get(command.action)
    guarded = guard(case, command, at, protocol) if guard else {}
    payload = {**command.data, **guarded}
    if command.reason:
        payload["reason"] = command.reason
    return _event(case, command, move, at, plain(payload))


def _move(case: Case, command: Command) -> Transition:
    move = transitions().get((case.state, command.action))
    if move is None:
        allowed = ", ".join(m.action for m in actions_from(case.state)) or "-"
        state = states()[case.state]
        raise NeedleError(
            "case.illegal_transition",
            action=command.action,
            state_zh=state.name_zh,
            state_en=state.name_en,
            allowed=allowed,
        )
    return move


def _check_actor(case: Case, command: Command, move: Transition) -> None:
    if command.role not in move.roles:
        raise NeedleError("case.role", actor=command.actor, action=move.action, roles=", ".join(sorted(move.roles)))
    if move.action in OWN_CASE_ONLY and not _owns(case, command):
        raise NeedleError("case.not_yours", actor=command.actor, action=move.action)
    if move.reason_required and not (command.reason or "").strip():
        raise NeedleError("case.reason_missing", action=move.action)


def _owns(case: Case, command: Command) -> bool:
    if command.role == "department":
        return command.name == case.department
    if command.role == "team":
        return case.team_id is not None and command.name == str(case.team_id)
    return True


def _event(case: Case, command: Command, move: Transition, at: datetime, payload: Mapping[str, Any]) -> Event:
    hashed = next_hash(
        case.hash,
        case_id=case.id,
        seq=case.seq + 1,
        at=at,
        actor=command.actor,
        action=move.action,
        from_state=move.from_state,
        to_state=move.to_state,
        payload=payload,
    )
    return Event(
        case_id=case.id,
        seq=case.seq + 1,
        at=at,
        actor=command.actor,
        action=move.action,
        from_state=move.from_state,
        to_state=move.to_state,
        payload=payload,
        previous_hash=case.hash,
        hash=hashed,
    )
