"""What a phone sends that is no order: duty, places on duty, reports. Pure."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Final

from dashboard.mobile.orders import is_id, moment_of, read_digests, read_place, read_words
from dashboard.mobile.person import Person
from data.stores.positions import DutyRow, Fix
from dispatch.completing import place_of
from geo.errors import NeedleError

LONGEST_DUTY: Final = timedelta(hours=12)
"""Without a shift that says when, a duty ends by itself after so long."""
MOST_FIXES: Final = 500


def begun(duty_id: str, person: Person, now: datetime, shift_ends: datetime | None) -> DutyRow:
    """A duty that begins now: until the team's shift ends, else for ``LONGEST_DUTY``."""
    return DutyRow(duty_id, person.own, person.team, now, shift_ends or now + LONGEST_DUTY, None)


def fixes_within(said: Mapping[str, Any], duty: DutyRow, now: datetime) -> list[Fix]:
    """The places of a message that lie within a duty: {"sent": ms, "fixes": [{at, lng, lat, accuracy_m}, …]}.

    Raises
    ------
    NeedleError
        ``case.command_invalid``, ``coordinate.…``.
    """
    found = said.get("fixes")
    if not isinstance(found, list) or len(found) > MOST_FIXES or not all(isinstance(f, dict) for f in found):
        raise NeedleError("case.command_invalid", problem=f"fixes: at most {MOST_FIXES} objects")
    fixes = [_fix(fix, said.get("sent"), now) for fix in found]
    ends = min(duty.ended_at or duty.until, duty.until, now)
    return [fix for fix in fixes if duty.started_at <= fix.at <= ends]


def _fix(said: Mapping[str, Any], sent: Any, now: datetime) -> Fix:
    place = place_of({**(read_place(dict(said)) or {})})
    return Fix(moment_of(said.get("at"), sent, now), place["lng"], place["lat"], place["accuracy_m"])


def report_of(said: Mapping[str, Any], person: Person, now: datetime) -> dict[str, Any]:
    """A report in the intake's wire format: by the grid's channel, its sender the witness.

    Raises
    ------
    NeedleError
        ``case.command_invalid``, ``mobile.report_empty`` without matter, words and picture.
    """
    if not is_id(said.get("id")):
        raise NeedleError("case.command_invalid", problem="id: text")
    words, photos = read_words(said.get("words")), read_digests(said.get("photos"))
    matter, address = said.get("matter"), read_words(said.get("address"))
    if not (matter or words or photos):
        raise NeedleError("mobile.report_empty")
    report = {
        "channel": "grid",
        "key": f"m:{said['id']}",
        "reported_at": moment_of(said.get("at"), said.get("sent"), now).isoformat(),
        "matter": matter,
        "text": words,
        "photos": list(photos),
        "address": address or None,
        "reporter": {"worker": person.account.username} if person.sees else {"team": person.team},
        "via": {"phone": True, "place_from": str(said.get("place_from", ""))[:20]},
    }
    return report | dict(read_place(said.get("place")) or {})
