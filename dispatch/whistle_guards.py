"""Guards of a whistle's actions: who may answer, arrive, finish, and what the street and the centre decide. Pure."""

from collections.abc import Mapping
from datetime import datetime
from types import MappingProxyType
from typing import Any, Final

from dispatch.case import Case
from dispatch.clock import Limit, due_at
from dispatch.commands import Command, Protocol
from dispatch.deadlines import Guard, Payload, aware, deadline
from dispatch.whistle import PURPOSES, WAITING_FOR_ANSWER, Party, Whistle
from geo.errors import NeedleError

MOST_DEPARTMENTS: Final = 12
NO_CLOCK: Final[Mapping[str, Any]] = MappingProxyType({"due_at": None})
"""No clock is started, whatever the sender of a command says."""
ARRIVED_AT = "arrived_place"
"""Where an event keeps the place of 报到: lng, lat (WGS84), accuracy_m, sent."""


def _whistle(case: Case, command: Command, at: datetime, protocol: Protocol) -> Payload:
    purpose = command.data.get("purpose")
    if purpose not in PURPOSES:
        raise NeedleError("whistle.purpose_unknown", purpose=purpose, known=", ".join(PURPOSES))
    departments, lead = _called(case, command)
    arrive_by = aware(command.data.get("arrive_by"))
    if arrive_by is None or arrive_by <= at:
        raise NeedleError("whistle.arrive_by")
    moments = silence(at, arrive_by, purpose == "emergency" or case.urgent, protocol)
    return {"departments": departments, "lead": lead, "arrive_by": arrive_by.isoformat(), **moments}


def _called(case: Case, command: Command) -> tuple[list[str], str]:
    said = command.data.get("departments")
    known = isinstance(said, list) and all(isinstance(code, str) and code for code in said)
    if not known or not said or len(set(said)) != len(said) or len(said) > MOST_DEPARTMENTS:
        raise NeedleError("whistle.departments", most=MOST_DEPARTMENTS)
    lead = command.data.get("lead", said[0] if len(said) == 1 else case.department)
    if lead not in said:
        raise NeedleError("whistle.lead", departments=", ".join(said))
    return said, lead


def silence(at: datetime, arrive_by: datetime, urgent: bool, protocol: Protocol) -> Payload:
    """When silence is reminded, told to the level above (``answer_by``, never after ``arrive_by``), and supervised."""
    limit = protocol.whistle_answer_urgent if urgent else protocol.whistle_answer
    shares = {"remind_at": protocol.remind_share, "answer_by": 1.0, "supervise_at": protocol.supervise_share}
    try:
        ends = {
            name: due_at(at, Limit(limit.value * share, limit.unit), protocol.hours) for name, share in shares.items()
        }
    except NeedleError:
        ends = dict.fromkeys(shares, arrive_by)
    answer_by = min(ends["answer_by"], arrive_by)
    remind_at, supervise_at = min(ends["remind_at"], answer_by), max(ends["supervise_at"], answer_by)
    return {
        "remind_at": remind_at.isoformat(),
        "answer_by": answer_by.isoformat(),
        "supervise_at": supervise_at.isoformat(),
    }


def _answer(case: Case, command: Command, at: datetime, protocol: Protocol) -> Payload:
    whistle, party = _own_party(case, command)
    if party is not None and party.state not in WAITING_FOR_ANSWER:
        raise NeedleError("whistle.answered", department=party.department)
    team = command.data.get("team")
    if not isinstance(team, int | None):
        raise NeedleError("case.command_invalid", problem="team: id")
    code = command.name if party is None else party.department
    leads = whistle.lead is None if party is None else party.lead
    return {"department": code, **(_started(case, at, protocol) if leads else NO_CLOCK)}


def _started(case: Case, at: datetime, protocol: Protocol) -> Payload:
    """The handling clock starts with the lead's answer where nobody had the case before."""
    return deadline(at, case.limit, protocol) if case.department is None else dict(NO_CLOCK)


def _refuse(case: Case, command: Command, _at: datetime, _protocol: Protocol) -> Payload:
    _, party = _own_party(case, command)
    if party is not None and party.state != "called":
        raise NeedleError("whistle.answered", department=party.department)
    return {"department": command.name if party is None else party.department}


def _order(case: Case, command: Command, at: datetime, protocol: Protocol) -> Payload:
    whistle, party = _ruled_on(case, command)
    if party.state == "called" and whistle.answer_by is not None and at < whistle.answer_by:
        raise NeedleError("whistle.time_left", answer_by=_said(whistle.answer_by, protocol))
    return {"department": party.department, **(_started(case, at, protocol) if party.lead else NO_CLOCK)}


def _release(case: Case, command: Command, at: datetime, protocol: Protocol) -> Payload:
    whistle, party = _ruled_on(case, command)
    if not party.lead:
        return {"department": party.department, "lead": None, **NO_CLOCK}
    heir = whistle.party(command.data.get("lead"))
    if heir is None or heir == party or heir.state in ("released", "finished"):
        raise NeedleError("whistle.new_lead", department=party.department)
    started = _started(case, at, protocol) if heir.state == "answered" else NO_CLOCK
    return {"department": party.department, "lead": heir.department, **started}


def _ruled_on(case: Case, command: Command) -> tuple[Whistle, Party]:
    """The department that the centre rules on: the one it names, or the only one that refused or keeps silent."""
    whistle = _open(case)
    named = command.data.get("department")
    silent = whistle.silent
    party = whistle.party(named) if named is not None else silent[0] if len(silent) == 1 else None
    if party is None:
        raise NeedleError("whistle.not_called", department=named or "-", called=_codes(silent))
    if party.state not in WAITING_FOR_ANSWER:
        raise NeedleError("whistle.answered", department=party.department)
    return whistle, party


def _arrive(case: Case, command: Command, _at: datetime, _protocol: Protocol) -> Payload:
    party = _answered(case, command)
    if party.arrived_at is not None:
        raise NeedleError("whistle.arrived", department=party.department)
    return {"department": party.department}


def _finish_part(case: Case, command: Command, _at: datetime, _protocol: Protocol) -> Payload:
    party = _answered(case, command)
    if party.lead:
        raise NeedleError("whistle.lead_finishes", department=party.department)
    return {"department": party.department}


def _finish_jointly(case: Case, command: Command, _at: datetime, _protocol: Protocol) -> Payload:
    party = _answered(case, command)
    left = _open(case).helpers_left
    if not party.lead:
        raise NeedleError("case.not_yours", actor=command.actor, action=command.action)
    if left:
        raise NeedleError("whistle.helpers_left", departments=_codes(left))
    return {"department": party.department}


def _answered(case: Case, command: Command) -> Party:
    _, party = _own_party(case, command)
    if party is None or party.state != "answered":
        raise NeedleError("whistle.not_answered", actor=command.actor)
    return party


def _reject_joint(case: Case, command: Command, _at: datetime, _protocol: Protocol) -> Payload:
    whistle = _open(case)
    _same_street(whistle, command)
    done = [p.department for p in whistle.parties if p.state == "finished"]
    said = command.data.get("departments", done)
    if not isinstance(said, list) or not set(map(str, said)) <= set(done):
        raise NeedleError("whistle.not_called", department=str(said), called=", ".join(done))
    lead = whistle.lead
    return {"departments": [code for code in done if code in said or (lead is not None and code == lead.department)]}


def confirm(case: Case, command: Command, _at: datetime, _protocol: Protocol) -> Payload:
    """After a whistle the street confirms its end, nobody else; without one, the department does."""
    whistle = case.whistle if case.whistle is not None and case.whistle.is_open else None
    if whistle is None and command.role == "street":
        raise NeedleError("whistle.none")
    if whistle is not None:
        if command.role != "street":
            raise NeedleError("whistle.street_confirms", street=whistle.street)
        _same_street(whistle, command)
    return {}


def reject_work(case: Case, _command: Command, _at: datetime, _protocol: Protocol) -> Payload:
    """Joint work is rejected by the street (*reject_joint*), so that every department gets its part back."""
    if case.whistle is not None and case.whistle.is_open:
        raise NeedleError("whistle.street_confirms", street=case.whistle.street)
    return {}


def _same_street(whistle: Whistle, command: Command) -> None:
    if command.name != whistle.street:
        raise NeedleError("whistle.street_confirms", street=whistle.street)


def _open(case: Case) -> Whistle:
    if case.whistle is None or not case.whistle.is_open:
        raise NeedleError("whistle.none")
    return case.whistle


def _own_party(case: Case, command: Command) -> tuple[Whistle, Party | None]:
    """The actor's own part; None for a department that comes to a whistle which named nobody (an import's)."""
    whistle = _open(case)
    if command.role == "team":
        party = whistle.party_of_team(int(command.name)) if command.name.isdecimal() else None
    else:
        party = whistle.party(command.name)
    if party is None and (whistle.parties or command.role == "team"):
        raise NeedleError("whistle.not_called", department=command.actor, called=_codes(whistle.parties))
    return whistle, party


def _codes(parties: tuple[Party, ...]) -> str:
    return ", ".join(party.department for party in parties) or "-"


def _said(moment: datetime, protocol: Protocol) -> str:
    return f"{moment.astimezone(protocol.hours.zone):%Y-%m-%d %H:%M}"


WHISTLE_GUARDS: Final[Mapping[str, Guard]] = MappingProxyType(
    {
        "whistle": _whistle,
        "answer_whistle": _answer,
        "refuse_whistle": _refuse,
        "order_response": _order,
        "release_whistle": _release,
        "arrive": _arrive,
        "finish_part": _finish_part,
        "finish_jointly": _finish_jointly,
        "reject_joint": _reject_joint,
        "confirm": confirm,
        "reject_work": reject_work,
    }
)


def arrival(data: Mapping[str, Any], place: Mapping[str, Any], distance_m: float | None) -> dict[str, Any]:
    """The data of *arrive* as its event keeps it: the place in WGS84 and the distance to the case, metres to 0.1."""
    rest = {name: value for name, value in data.items() if name not in ("lng", "lat", "crs", "accuracy_m")}
    return {**rest, ARRIVED_AT: dict(place), "distance_m": None if distance_m is None else round(distance_m, 1)}
