"""What a GeoReport client sees: services, requests, updates, errors; and which of our states is which status of theirs."""

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Final, Literal

STATUSES: Final = Path(__file__).with_name("statuses.csv")
UNOPENED: Final = "reported"
"""The state that a report shows before it has become a case."""

Status = Literal["open", "closed"]


@dataclass(frozen=True, slots=True)
class Choice:
    """One value of a list attribute."""

    key: str
    name: str


@dataclass(frozen=True, slots=True)
class Attribute:
    """What a client may say besides place and words; ``datatype`` as the standard names it."""

    code: str
    datatype: str
    description: str
    choices: tuple[Choice, ...] = ()
    required: bool = False


@dataclass(frozen=True, slots=True)
class Service:
    """A matter that may be reported. ``code`` is the matter's key, ``group`` its major class."""

    code: str
    name: str
    group: str
    attributes: tuple[Attribute, ...] = ()


@dataclass(frozen=True, slots=True)
class ServiceRequest:
    """A report and how far its case is. ``lng``/``lat`` in EPSG:4326; times aware; ``media``: where its photo is read."""

    id: int
    state: str
    state_name: str
    service_code: str
    service_name: str
    requested_at: datetime
    updated_at: datetime
    expected_at: datetime | None
    agency: str | None
    description: str | None
    address: str | None
    lng: float | None
    lat: float | None
    media: str | None = None


@dataclass(frozen=True, slots=True)
class Update:
    """One step of a request's case. ``id`` grows with time; ``words``, ``media``: what was added, for its own channel alone."""

    id: int
    request_id: int
    state: str
    state_name: str
    at: datetime
    words: str | None = None
    media: str | None = None


class Open311Error(Exception):
    """A refusal as the standard words it: 400, 403 or 404, besides 429 for a channel beyond its rate."""

    def __init__(self, status: int, description: str) -> None:
        super().__init__(description)
        self.status = status
        self.description = description


@cache
def statuses() -> Mapping[str, tuple[Status, str]]:
    """Our state -> (status, mySociety's extended status). Closed only after verification, as the standard's users expect."""
    with STATUSES.open(encoding="utf-8", newline="") as file:
        return {row["state"]: (_status(row["status"]), row["extended"]) for row in csv.DictReader(file)}


def states_with(status: Status) -> list[str]:
    """Our states that a client knows by this status."""
    return [state for state, (theirs, _) in statuses().items() if theirs == status]


def _status(text: str) -> Status:
    if text not in ("open", "closed"):
        raise ValueError(text)
    return "open" if text == "open" else "closed"
