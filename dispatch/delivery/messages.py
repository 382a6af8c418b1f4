"""What a subscriber is told of a case's event: a CloudEvent 1.0 in structured JSON, without anything personal."""

from typing import Final

import orjson

from data.stores.deliveries import DueDelivery

MEDIA_TYPE: Final = "application/cloudevents+json"
TYPE_PREFIX: Final = "cn.needle.case."


def message_id(subscription_id: int, event_id: int) -> str:
    """The same for every try, so that a receiver that heard it twice can tell."""
    return f"evt_{subscription_id}_{event_id}"


def cloud_event(due: DueDelivery, source: str) -> bytes:
    """The body of the message: no name of a person in it, only the kind of who acted.

    ``source``: a URI reference that names this installation.
    """
    return orjson.dumps(
        {
            "specversion": "1.0",
            "id": str(due.event_id),
            "source": source,
            "type": f"{TYPE_PREFIX}{due.action}",
            "subject": due.number,
            "time": due.at.isoformat(),
            "datacontenttype": "application/json",
            "data": {
                "case": due.case_id,
                "number": due.number,
                "seq": due.seq,
                "from_state": due.from_state,
                "to_state": due.to_state,
                "state": due.state,
                "by": due.actor.partition(":")[0],
                "matter": due.matter,
                "matter_name": due.matter_name,
                "urgent": due.urgent,
                "lng": due.lng,
                "lat": due.lat,
                "address": due.address,
                "areas": dict(due.areas),
                "department": due.department,
                "due_at": due.due_at.isoformat() if due.due_at else None,
            },
        }
    )
