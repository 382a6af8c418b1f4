"""Guards: what an action needs beyond the state table, and what its event records. One small pure function an action.

A guard gets the case, the command, the moment and the protocol's bounds; it returns what it adds to the event's
payload or raises the error that says what to do.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from types import MappingProxyType

from dispatch.case import Case
from dispatch.clock import HOURS_OF_UNIT, Limit
from dispatch.commands import Command, Protocol
from dispatch.deadlines import Guard, Payload, aware, deadline, remaining, runs_on
from dispatch.whistle_guards import WHISTLE_GUARDS
from geo.errors import NeedleError

ONE_WORKING_DAY = Limit(1, "work_day")
UNITS = frozenset({"work_hour", "work_day", *HOURS_OF_UNIT})
HIGHEST_SUPERVISION = 9

MOST_WORDS = 2_000
REPORTERS = frozenset({"resident", "hotline", "grid_worker"})


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
    return {"level": level, **_of_the_machine(command)}


def _of_the_machine(command: Command) -> Payload:
    """What a step of the machine is about; a person's reminder or supervision stands for itself and stops none of them."""
    if command.role != "system":
        return {"about": None}
    about, stage = command.data.get("about"), command.data.get("stage")
    if about not in (None, "due", "whistle", "arrival") or (about == "whistle" and not isinstance(stage, int)):
        raise NeedleError("case.command_invalid", problem="about: due, whistle, arrival; stage: number")
    return {}


def _merge(case: Case, command: Command, _at: datetime, _protocol: Protocol) -> Payload:
    main = command.data.get("main_case")
    if not isinstance(main, int) or isinstance(main, bool) or main == case.id:
        raise NeedleError("case.main_case_missing")
    if case.absorbed:
        raise NeedleError("merge.is_main", cases=", ".join(map(str, sorted(case.absorbed))))
    return {"main_case": main}


def _absorb(case: Case, command: Command, _at: datetime, _protocol: Protocol) -> Payload:
    other = command.data.get("case")
    if not isinstance(other, int) or isinstance(other, bool) or other == case.id:
        raise NeedleError("case.command_invalid", problem="case: id")
    return {}


def _remark(_case: Case, command: Command, _at: datetime, _protocol: Protocol) -> Payload:
    text = command.data.get("text")
    if not isinstance(text, str) or not text.strip() or len(text) > MOST_WORDS:
        raise NeedleError("case.text_missing", most=MOST_WORDS)
    return {"text": text.strip()}


def _remind(_case: Case, command: Command, _at: datetime, _protocol: Protocol) -> Payload:
    return _of_the_machine(command)


def _reopen(case: Case, command: Command, at: datetime, protocol: Protocol) -> Payload:
    if command.role not in REPORTERS:
        return {}
    ends = None if case.closed_at is None else case.closed_at + protocol.reopen_within
    if ends is not None and at > ends:
        raise NeedleError("case.reopen_late", days=protocol.reopen_within.days)
    if case.reopens >= protocol.max_reopens:
        raise NeedleError("case.reopens_used_up", reopens=case.reopens)
    return {}


def _request_check(case: Case, command: Command, _at: datetime, _protocol: Protocol) -> Payload:
    verifier = command.data.get("verifier")
    if not isinstance(verifier, str | None):
        raise NeedleError("case.command_invalid", problem="verifier: actor")
    if verifier in case.handlers:
        raise NeedleError("case.handler_verifies", actor=verifier)
    return {}


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
    until = aware(command.data.get("until"))
    if until is None or not at < until <= at + protocol.max_suspension:
        raise NeedleError("case.suspension_date", days=protocol.max_suspension.days)
    left = remaining(case, at, protocol)
    return {"until": until.isoformat(), "remaining_s": None if left is None else left.total_seconds()}


def _resume(case: Case, _command: Command, at: datetime, protocol: Protocol) -> Payload:
    if case.remaining_s is None or case.limit is None:
        return {"due_at": None}
    return runs_on(case, at, timedelta(seconds=case.remaining_s), protocol)


def _rework(case: Case, _command: Command, at: datetime, protocol: Protocol) -> Payload:
    return deadline(at, case.limit, protocol)


def _verify(case: Case, command: Command, _at: datetime, _protocol: Protocol) -> Payload:
    if command.actor in case.handlers:
        raise NeedleError("case.handler_verifies", actor=command.actor)
    return {}


def _fail_check(case: Case, command: Command, at: datetime, protocol: Protocol) -> Payload:
    return {**_verify(case, command, at, protocol), **_rework(case, command, at, protocol)}


def _appeal_timeout(case: Case, _command: Command, _at: datetime, _protocol: Protocol) -> Payload:
    if not case.late or case.appeal:
        raise NeedleError("case.nothing_to_excuse")
    return {}


APPEAL_STANDS = MappingProxyType(
    {
        ("back_appeal", "dispatcher"): frozenset({"asked"}),
        ("dismiss_appeal", "dispatcher"): frozenset({"asked"}),
        ("dismiss_appeal", "operator"): frozenset({"asked", "backed"}),
        ("exempt_timeout", "operator"): frozenset({"backed"}),
    }
)
"""Who may judge an appeal against a delay how -> how far it has come then: the dispatcher first, the operator after."""


def _judge_appeal(case: Case, command: Command, _at: datetime, _protocol: Protocol) -> Payload:
    if case.appeal not in APPEAL_STANDS[command.action, command.role]:
        raise NeedleError("case.no_appeal")
    return {}


GUARDS: Mapping[str, Guard] = MappingProxyType(
    {
        **WHISTLE_GUARDS,
        "submit": _submit,
        "merge": _merge,
        "absorb": _absorb,
        "remark": _remark,
        "remind": _remind,
        "reopen": _reopen,
        "request_check": _request_check,
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
        "rework": _rework,
        "fail_check": _fail_check,
        "pass_check": _verify,
        "appeal_timeout": _appeal_timeout,
        "back_appeal": _judge_appeal,
        "dismiss_appeal": _judge_appeal,
        "exempt_timeout": _judge_appeal,
    }
)
