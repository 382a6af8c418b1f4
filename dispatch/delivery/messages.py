"""What a subscriber is told of a case's event: a CloudEvent 1.0 in structured JSON, without anything personal."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

import orjson

MEDIA_TYPE: Final = "application/cloudevents+json"
TYPE_PREFIX: Final = "cn.needle.case."


@dataclass(frozen=True, slots=True)
class Told:
    """An event and the case as it stands now. ``areas``: layer -> code; point in EPSG:4326; times aware."""

    event_id: int
    case_id: int
    number: str
    seq: int
    action: str
    from_state: str
    to_state: str
    at: datetime
    role: str
    state: str
    matter: str
    matter_name: str
    urgent: bool
    lng: float | None
    lat: float | None
    address: str | None
    areas: Mapping[str, str]
    department: str | None
    due_at: datetime | None


def message_id(subscription_id: int, event_id: int) -> str:
    """The same for every try, so that a receiver that heard it twice can tell."""
    return f"evt_{subscription_id}_{event_id}"


def cloud_event(told: Told, source: str) -> bytes:
    """The body of the message. ``source``: a URI reference that names this installation."""
    return orjson.dumps(
        {
            "specversion": "1.0",
            "id": str(told.event_id),
            "source": source,
            "type": f"{TYPE_PREFIX}{told.action}",
            "subject": told.number,
            "time": told.at.isoformat(),
            "datacontenttype": "application/json",
            "data": {
                "case": told.case_id,
                "number": told.number,
                "seq": told.seq,
                "from_state": told.from_state,
                "to_state": told.to_state,
                "state": told.state,
                "by": told.role,
                "matter": told.matter,
                "matter_name": told.matter_name,
                "urgent": told.urgent,
                "lng": told.lng,
                "lat": told.lat,
                "address": told.address,
                "areas": dict(told.areas),
                "department": told.department,
                "due_at": told.due_at.isoformat() if told.due_at else None,
            },
        }
    )
