"""What a phone is told, as plain JSON values with both languages in it, so that a phone may change its language offline. Pure."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, Final

from dashboard.accounts import may
from dashboard.coverage_state import NOBODY, coverage_scope
from dashboard.mobile.orders import offers, whistle_offers
from dashboard.mobile.person import Person
from data.stores.mobile import CaseName, OwnReport, PersonNames, PhoneCase
from data.stores.nearby import NearCase
from data.stores.positions import DutyRow
from data.stores.whistles import OpenWhistle

FOUND: Final = frozenset({"draft", "reported", "accepted", "filed"})
"""States in which nobody has been found yet."""


def case_json(case: PhoneCase, person: Person) -> dict[str, Any]:
    """A case with what the person may ask for on it."""
    asked = person.sees and (case.verifier == person.own or case.state == "verifying_info")
    return {
        "id": case.id,
        "number": case.number,
        "matter": [case.matter_zh, case.matter_en],
        "address": case.address,
        "lng": case.lng,
        "lat": case.lat,
        "uncertainty_m": case.uncertainty_m,
        "state": case.state,
        "state_name": [case.state_zh, case.state_en],
        "urgent": case.urgent,
        "department": pair(case.department_zh, case.department_en),
        "team": case.team,
        "reported_at": millis(case.reported_at),
        "due_at": millis(case.due_at),
        "returns": case.returns,
        "text": case.text,
        "photos": list(dict.fromkeys(case.photos)),
        "closing": case.closing,
        "arrived_at": millis(case.arrived_at),
        "orders": list(
            offers(case.state, person, case.team_id, arrived=case.arrived_at is not None, asked=asked),
        ),
    }


def whistle_json(line: OpenWhistle, name: CaseName, person: Person) -> dict[str, Any]:
    """A whistle that calls the person's department, with what they may answer."""
    speaks, arrived = person.account.department is not None, line.arrived_at is not None
    orders = whistle_offers(line.state, line.party_state, speaks=speaks, lead=line.lead, arrived=arrived)
    return {
        "id": line.case_id,
        "number": line.case_number,
        "matter": [name.matter_zh, name.matter_en],
        "address": name.address,
        "purpose": line.purpose,
        "street": line.street,
        "called_at": millis(line.called_at),
        "answer_by": millis(line.answer_by),
        "arrive_by": millis(line.arrive_by),
        "lead": line.lead,
        "state": line.party_state,
        "arrived_at": millis(line.arrived_at),
        "distance_m": line.distance_m,
        "lng": line.lng,
        "lat": line.lat,
        "orders": list(orders),
    }


def whistles_json(lines: Iterable[OpenWhistle], names: Mapping[int, CaseName], person: Person) -> list[dict[str, Any]]:
    """The whistles that are still the person's: not those that another team of the department has taken on."""
    return [
        whistle_json(line, names[line.case_id], person)
        for line in lines
        if line.case_id in names
        and line.party_state not in ("finished", "released")
        and (person.team is None or line.team_id is None or line.team_id == person.team)
    ]


def report_json(report: OwnReport) -> dict[str, Any]:
    """What became of a report: its case, and who was found to have the power."""
    return {
        "id": report.report_id,
        "key": report.key,
        "at": millis(report.reported_at),
        "matter": pair(report.matter_zh, report.matter_en),
        "case": report.case_id,
        "number": report.number,
        "state": report.state,
        "state_name": pair(report.state_zh, report.state_en),
        "department": pair(report.department_zh, report.department_en),
        "team": report.team,
        "looking": report.case_id is None or report.state in FOUND,
        "due_at": millis(report.due_at),
        "closed_at": millis(report.closed_at),
        "address": report.address,
    }


def near_json(case: NearCase) -> dict[str, Any]:
    """An open case near by that may be the same thing."""
    return {
        "id": case.id,
        "number": case.number,
        "title": case.title,
        "at": millis(case.reported_at),
        "metres": round(case.distance_m),
        "reports": case.reports,
        "text": case.text,
    }


def duty_json(duty: DutyRow | None, now: datetime) -> dict[str, Any] | None:
    """The duty that runs; None off duty, be it that it ran out."""
    if duty is None or duty.ended_at is not None or now >= duty.until:
        return None
    return {"id": duty.id, "since": millis(duty.started_at), "until": millis(duty.until)}


def person_json(person: Person, names: PersonNames) -> dict[str, Any]:
    """Who holds the phone."""
    return {
        "username": person.account.username,
        "name": person.account.name,
        "role": str(person.account.role),
        "sees": person.sees,
        "confirms": may(person.account, "identity.confirm"),
        "cells": may(person.account, "page.cells") and coverage_scope(person.account) != NOBODY,
        "team": names.team,
        "department": pair(names.department_zh, names.department_en),
    }


def pair(zh: str | None, en: str | None) -> list[str | None] | None:
    """A name in both languages."""
    return None if zh is None else [zh, en]


def millis(moment: datetime | None) -> int | None:
    """A moment as scripts count: milliseconds since 1970."""
    return None if moment is None else round(moment.timestamp() * 1000)
