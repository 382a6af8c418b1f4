"""GeoReport answers in both of its formats: a document is a tree of plain values, written as JSON or as XML."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from xml.etree.ElementTree import Element, SubElement, tostring

import orjson

from dispatch.open311.values import Service, ServiceRequest, Update, statuses

MEDIA_TYPES: Final = {"json": "application/json", "xml": "text/xml; charset=utf-8"}
PUBLIC_DECIMALS: Final = 3
"""Whoever has no key sees a request's place to about a hundred metres."""


@dataclass(frozen=True, slots=True)
class Document:
    """An answer: the XML names of its root and of one item, and the items (or the one item)."""

    root: str
    item: str
    content: Sequence[Mapping[str, Any]] | Mapping[str, Any]


def write(document: Document, form: str) -> bytes:
    """The document as ``json`` or ``xml``, UTF-8."""
    if form == "json":
        return orjson.dumps(document.content)
    root = Element(document.root)
    if isinstance(document.content, Mapping):
        _fill(root, document.content)
    else:
        for item in document.content:
            _fill(SubElement(root, document.item), item)
    return bytes(tostring(root, encoding="utf-8", xml_declaration=True))


def _fill(element: Element, values: Mapping[str, Any]) -> None:
    for name, value in values.items():
        child = SubElement(element, name)
        if isinstance(value, Mapping):
            _fill(child, value)
        elif isinstance(value, list):
            for item in value:
                _fill_item(SubElement(child, ITEMS[name]), item)
        else:
            child.text = _text(value)


def _fill_item(element: Element, item: Any) -> None:
    if isinstance(item, Mapping):
        _fill(element, item)
    else:
        element.text = _text(item)


ITEMS: Final = {"attributes": "attribute", "values": "value", "endpoints": "endpoint", "formats": "format"}


def _text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    # XML 1.0 knows no control characters; a caller's words may hold some.
    return "".join(c for c in str(value) if c in "\t\n\r" or c >= " ")


def discovery(base: str, changed_at: datetime, contact: str) -> Document:
    """Where the endpoint is and what it speaks. ``base``: its address without a trailing slash."""
    endpoint = {
        "specification": "http://wiki.open311.org/GeoReport_v2",
        "url": base,
        "changeset": changed_at.isoformat(),
        "type": "production",
        "formats": ["text/xml", "application/json"],
    }
    content = {"changeset": changed_at.isoformat(), "contact": contact, "key_service": contact, "endpoints": [endpoint]}
    return Document("discovery", "", content)


def services(found: Iterable[Service]) -> Document:
    """The list of services."""
    return Document("services", "service", [_service(service) for service in found])


def _service(service: Service) -> dict[str, Any]:
    return {
        "service_code": service.code,
        "service_name": service.name,
        "description": service.name,
        "metadata": bool(service.attributes),
        "type": "realtime",
        "keywords": service.group,
        "group": service.group,
    }


def definition(service: Service) -> Document:
    """A service's attributes."""
    attributes = [
        {
            "variable": True,
            "code": attribute.code,
            "datatype": attribute.datatype,
            "required": attribute.required,
            "datatype_description": "",
            "order": order,
            "description": attribute.description,
            "values": [{"key": choice.key, "name": choice.name} for choice in attribute.choices],
        }
        for order, attribute in enumerate(service.attributes, 1)
    ]
    return Document("service_definition", "", {"service_code": service.code, "attributes": attributes})


def requests(found: Iterable[tuple[ServiceRequest, bool]]) -> Document:
    """Requests, each with whether it is shown in full: to the channel it came by, else without words and with a coarse place."""
    return Document("service_requests", "request", [_request(request, full=full) for request, full in found])


def _request(request: ServiceRequest, *, full: bool) -> dict[str, Any]:
    status, extended = statuses()[request.state]
    return {
        "service_request_id": str(request.id),
        "status": status,
        "status_notes": request.state_name,
        "extended_status": extended,
        "service_name": request.service_name,
        "service_code": request.service_code,
        "description": request.description if full else None,
        "agency_responsible": request.agency,
        "service_notice": None,
        "requested_datetime": request.requested_at.isoformat(timespec="seconds"),
        "updated_datetime": request.updated_at.isoformat(timespec="seconds"),
        "expected_datetime": request.expected_at.isoformat(timespec="seconds") if request.expected_at else None,
        "address": request.address if full else None,
        "address_id": None,
        "zipcode": None,
        "lat": _degrees(request.lat, full=full),
        "long": _degrees(request.lng, full=full),
        "media_url": request.media if full else None,
    }


def _degrees(value: float | None, *, full: bool) -> float | None:
    return value if full or value is None else round(value, PUBLIC_DECIMALS)


def receipt(request_id: int) -> Document:
    """What the sender of a new request is told."""
    content = {"service_request_id": str(request_id), "service_notice": None, "account_id": None}
    return Document("service_requests", "request", [content])


def token(request_id: int) -> Document:
    """The request of a token: here a token is the request's id, since it is known at once."""
    return Document("service_requests", "request", [{"service_request_id": str(request_id), "token": str(request_id)}])


def updates(found: Iterable[Update]) -> Document:
    """Steps of requests, the oldest first (mySociety's extension: statuses in capitals)."""
    content = [
        {
            "update_id": str(update.id),
            "service_request_id": str(update.request_id),
            "status": statuses()[update.state][1].upper(),
            "updated_datetime": update.at.isoformat(timespec="seconds"),
            "description": update.words or update.state_name,
            "media_url": update.media,
        }
        for update in found
    ]
    return Document("service_requests_updates", "request_update", content)


def update_receipt(update_id: int) -> Document:
    """What the sender of an update is told: our id of it."""
    return Document("service_request_updates", "request_update", [{"update_id": str(update_id)}])


def errors(status: int, description: str) -> Document:
    """A refusal."""
    return Document("errors", "error", [{"code": str(status), "description": description}])
