"""Guards: what an action needs beyond the state table, and what its event records. One small pure function an action.

A guard gets the case, the command, the moment and the protocol's bounds; it returns what it adds to the event's
payload or raises the error that says what to do.
"""

from collections.abc import Callable, Mapping
from datetime import datetime
from types import MappingProxyType
from typing import Any

from dispatch.case import Case
from dispatch.clock import HOURS_OF_UNIT, Limit, due_at, working_between
from dispatch.commands import Command, Protocol
from geo.errors import NeedleError

ONE_WORKING_DAY = Limit(1, "work_day")
UNITS = frozenset({"work_hour", "work_day", *HOURS_OF_UNIT})
HIGHEST_SUPERVISION = 9

Payload = dict[str, Any]
Guard = Callable[[Case, Command, datetime, Protocol], Payload]


def deadline(start: datetime, limit: Limit | None, protocol: Protocol) -> Payload:
    """The payload of a started clock: ``due_at``, or null with the reason where no calendar reaches that far."""
    if limit is None:
        return {"due_at": None}
    try:
        return {"due_at": due_at(start, limit, protocol.hours).isoformat()}
    except NeedleError as error:
        return {"due_at": None, "due_problem": error.code}


def _submit(_case: Case, command: Command, at: datetime, _protocol: Protocol) -> Payload:
    return {"reported_at": command.data.get("reported_at", at.isoformat())}


def _assign(_case: Case, command: Command, _at: datetime, _protocol: Protocol) -> Payload:
    team, handler = command.data.get("team"), command.data.get("handler")
    if not isinstance(team, int | None) or not isinstance(handler, str | None):
        raise NeedleError("case.command_invalid", problem="team: id, handler: actor")
    return {}


def _supervise(case: Case, command: Command, _at: datetime, _protocol: Protocol) -> Payload:
    level = command.data.get("level", case.supervised + 1)
    if not isinstance(level, int) or not 0 < level <= HIGHEST_SUPERVISION:
        raise NeedleError("case.command_invalid", problem=f"level: 1-{HIGHEST_SUPERVISION}")
    return {"level": level}


def _merge(case: Case, command: Command, _at: datetime, _protocol: Protocol) -> Payload:
    main = command.data.get("main_case")
    if not isinstance(main, int) or main == case.id:
        raise NeedleError("case.main_case_missing")
    return {"main_case": main}


def _file(_case: Case, command: Command, _at: datetime, _protocol: Protocol) -> Payload:
    limit = _limit_of(command)
    urgent = limit.urgent or bool(command.data.get("urgent"))
    return {"limit": {"value": limit.value, "unit": limit.unit}, "urgent": urgent}


def _limit_of(command: Command) -> Limit:
    limit = command.data.get("limit")
    if not isinstance(limit, Mapping) or limit.get("unit") not in UNITS:
        raise NeedleError("case.limit_missing")
    value = limit.get("value")
    if not isinstance(value, int | float) or not 0 < value <= 10_000:
        raise NeedleError("case.limit_missing")
    return Limit(float(value), str(limit["unit"]))


def _dispatch(case: Case, command: Command, at: datetime, protocol: Protocol) -> Payload:
    return {**_receiver(command), **deadline(at, case.limit, protocol)}


def _receiver(command: Command) -> Payload:
    department, team = command.data.get("department"), command.data.get("team")
    if not isinstance(department, str) or not department or not isinstance(team, int | None):
        raise NeedleError("case.department_missing", action=command.action)
    return {"department": department, "team": team}


def _override(case: Case, command: Command, _at: datetime, _protocol: Protocol) -> Payload:
    receiver = _receiver(command)
    if receiver["team"] is None:
        raise NeedleError("case.command_invalid", problem="team: id")
    if receiver["team"] == case.team_id:
        raise NeedleError("case.same_team", team=case.team_id)
    return {**receiver, "due_at": case.due_at.isoformat() if case.due_at else None}


def _reassign(case: Case, command: Command, at: datetime, protocol: Protocol) -> Payload:
    if case.returns >= protocol.max_returns:
        raise NeedleError("case.returns_used_up", returns=case.returns)
    if command.data.get("department") == case.last_department:
        raise NeedleError("case.same_department", department=case.last_department)
    return _dispatch(case, command, at, protocol)


def _escalate(case: Case, _command: Command, _at: datetime, protocol: Protocol) -> Payload:
    if case.returns < protocol.max_returns:
        raise NeedleError("case.returns_left", returns=case.returns, bound=protocol.max_returns)
    return {}


def _request_return(case: Case, _command: Command, at: datetime, protocol: Protocol) -> Payload:
    if case.ruled:
        raise NeedleError("case.ruled")
    closes = return_window_closes_at(case, protocol)
    if closes is not None and at > closes:
        raise NeedleError("case.return_window", closes=f"{closes:%Y-%m-%d %H:%M}")
    return {}


def return_window_closes_at(case: Case, protocol: Protocol) -> datetime | None:
    """Until when the department may return the case: one working day, or its limit where that is shorter.

    None when it was not dispatched, or when no calendar reaches that far (the department is not punished for that).
    """
    if case.dispatched_at is None:
        return None
    limits = [ONE_WORKING_DAY] if case.limit is None else [ONE_WORKING_DAY, case.limit]
    ends = [deadline(case.dispatched_at, limit, protocol)["due_at"] for limit in limits]
    known = [datetime.fromisoformat(end) for end in ends if end is not None]
    return min(known, default=None)


def _request_extension(case: Case, _command: Command, at: datetime, protocol: Protocol) -> Payload:
    if case.due_at is not None and at > case.due_at:
        raise NeedleError("case.overdue", due=f"{case.due_at.astimezone(protocol.hours.zone):%Y-%m-%d %H:%M}")
    if case.extensions >= protocol.max_extensions:
        raise NeedleError("case.extensions_used_up", extensions=case.extensions)
    return {}


def _approve_extension(case: Case, _command: Command, at: datetime, protocol: Protocol) -> Payload:
    return deadline(case.due_at or at, case.limit, protocol)


def _suspend(case: Case, command: Command, at: datetime, protocol: Protocol) -> Payload:
    if case.suspensions >= protocol.max_suspensions:
        raise NeedleError("case.suspended_before")
    until = _aware(command.data.get("until"))
    if until is None or not at < until <= at + protocol.max_suspension:
        raise NeedleError("case.suspension_date", days=protocol.max_suspension.days)
    return {"until": until.isoformat(), "remaining_s": _remaining_s(case, at, protocol)}


def _aware(text: object) -> datetime | None:
    try:
        moment = datetime.fromisoformat(text) if isinstance(text, str) else None
    except ValueError:
        return None
    return moment if moment is not None and moment.tzinfo is not None else None


def _remaining_s(case: Case, at: datetime, protocol: Protocol) -> float | None:
    if case.due_at is None or case.limit is None:
        return None
    if case.limit.unit in HOURS_OF_UNIT:
        return max((case.due_at - at).total_seconds(), 0.0)
    return working_between(at, case.due_at, protocol.hours).total_seconds()


def _resume(case: Case, _command: Command, at: datetime, protocol: Protocol) -> Payload:
    if case.remaining_s is None or case.limit is None:
        return {"due_at": None}
    unit = "urgent_hour" if case.limit.unit in HOURS_OF_UNIT else "work_hour"
    return deadline(at, Limit(case.remaining_s / 3600, unit), protocol)


def _answer_whistle(case: Case, command: Command, at: datetime, protocol: Protocol) -> Payload:
    if case.department is not None:
        return {}
    named = {"department": command.name} if command.role == "department" else {}
    receiver = _receiver(Command(command.action, command.actor, data={**named, **command.data}))
    return {"department": receiver["department"], **deadline(at, case.limit, protocol)}


def _rework(case: Case, _command: Command, at: datetime, protocol: Protocol) -> Payload:
    return deadline(at, case.limit, protocol)


def _verify(case: Case, command: Command, _at: datetime, _protocol: Protocol) -> Payload:
    if command.actor in case.handlers:
        raise NeedleError("case.handler_verifies", actor=command.actor)
    return {}


def _fail_check(case: Case, command: Command, at: datetime, protocol: Protocol) -> Payload:
    return {**_verify(case, command, at, protocol), **_rework(case, command, at, protocol)}


def _exempt_timeout(case: Case, _command: Command, _at: datetime, _protocol: Protocol) -> Payload:
    if not case.late or case.excused:
        raise NeedleError("case.nothing_to_excuse")
    return {}


GUARDS: Mapping[str, Guard] = MappingProxyType(
    {
        "submit": _submit,
        "merge": _merge,
        "file": _file,
        "dispatch": _dispatch,
        "reassign": _reassign,
        "redispatch": _dispatch,
        "override": _override,
        "escalate": _escalate,
        "rule": _dispatch,
        "assign": _assign,
        "supervise": _supervise,
        "request_return": _request_return,
        "request_extension": _request_extension,
        "approve_extension": _approve_extension,
        "suspend": _suspend,
        "resume": _resume,
        "resume_early": _resume,
        "answer_whistle": _answer_whistle,
        "order_response": _answer_whistle,
        "rework": _rework,
        "fail_check": _fail_check,
        "pass_check": _verify,
        "exempt_timeout": _exempt_timeout,
    }
)
