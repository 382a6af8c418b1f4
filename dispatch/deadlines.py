"""Deadlines as events keep them, and what every guard is made of."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from dispatch.case import Case
from dispatch.clock import HOURS_OF_UNIT, Limit, due_at, working_between
from dispatch.commands import Command, Protocol
from geo.errors import NeedleError

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


def aware(text: object) -> datetime | None:
    """The moment that a text names; None for anything else, and for a moment without a zone."""
    try:
        moment = datetime.fromisoformat(text) if isinstance(text, str) else None
    except ValueError:
        return None
    return moment if moment is not None and moment.tzinfo is not None else None


def remaining(case: Case, at: datetime, protocol: Protocol) -> timedelta | None:
    """What is left of the case's limit, in its own kind of time; None where no deadline is known."""
    if case.due_at is None or case.limit is None:
        return None
    if case.limit.unit in HOURS_OF_UNIT:
        return max(case.due_at - at, timedelta())
    return working_between(at, case.due_at, protocol.hours)


def runs_on(case: Case, at: datetime, left: timedelta, protocol: Protocol) -> Payload:
    """The payload of a clock that goes on at ``at`` with what is left of the case's limit."""
    unit = "urgent_hour" if case.limit is not None and case.limit.unit in HOURS_OF_UNIT else "work_hour"
    return deadline(at, Limit(left.total_seconds() / 3600, unit), protocol)


def warns_at(case: Case, protocol: Protocol) -> datetime | None:
    """When ``warn_share`` of the running clock's time is used up (the yellow light); None where no deadline is known."""
    if case.due_at is None or case.clock_from is None or case.limit is None:
        return None
    if case.limit.unit in HOURS_OF_UNIT:
        return case.clock_from + protocol.warn_share * (case.due_at - case.clock_from)
    return due_at(case.clock_from, _share(case, case.limit, protocol), protocol.hours)


def _share(case: Case, limit: Limit, protocol: Protocol) -> Limit:
    """``warn_share`` of the running clock's working time: of the limit itself while nothing was added or left over."""
    if case.due_at is None or case.clock_from is None or not (case.extensions or case.suspensions):
        return Limit(protocol.warn_share * limit.value, limit.unit)
    whole = working_between(case.clock_from, case.due_at, protocol.hours)
    return Limit(protocol.warn_share * whole.total_seconds() / 3600, "work_hour")
