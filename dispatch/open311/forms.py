"""What a GeoReport client posts, read into a report of the wire format (see ``dispatch.intake``); and its query of requests."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from dispatch.open311.values import Open311Error, Status

MAX_DESCRIPTION: Final = 4_000
MAX_REQUESTS: Final = 1_000
MAX_SPAN: Final = timedelta(days=90)
ATTRIBUTE: Final = re.compile(r"attribute\[([^\]]{1,80})\](\[\])?")
REPORTER: Final = ("first_name", "last_name", "email", "phone", "account_id", "device_id")

Fields = Sequence[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Query:
    """Which requests a client asks for. ``ids`` overrides the rest; ``codes`` and ``status`` empty: all. Times aware."""

    ids: tuple[int, ...]
    codes: tuple[str, ...]
    status: tuple[Status, ...]
    start: datetime
    end: datetime
    page: int
    page_size: int


def read_request(fields: Fields, channel: str, key: str, now: datetime) -> dict[str, Any]:
    """A posted request as a report of ``channel`` with the idempotency key ``key``.

    Raises
    ------
    Open311Error
        400 naming the field and what is wrong with it.
    """
    said = {name: value.strip() for name, value in fields if value.strip()}
    if "service_code" not in said:
        raise Open311Error(400, "service_code is required")
    if len(said.get("description", "")) > MAX_DESCRIPTION:
        raise Open311Error(400, f"description is longer than {MAX_DESCRIPTION} characters")
    place = _place(said)
    return {
        "channel": channel,
        "key": key,
        "reported_at": now.isoformat(),
        "matter": said["service_code"],
        "text": said.get("description"),
        "address": said.get("address_string"),
        "address_id": said.get("address_id"),
        "reporter": {name: said[name] for name in REPORTER if name in said} or None,
        "attributes": attributes(fields) or None,
        "media_url": said.get("media_url"),
        **place,
    }


def _place(said: Mapping[str, str]) -> dict[str, Any]:
    if "lat" in said and "long" in said:
        return {"lng": _degrees(said, "long", 180.0), "lat": _degrees(said, "lat", 90.0), "crs": "wgs84"}
    if "address_string" in said or "address_id" in said:
        return {"lng": None, "lat": None, "crs": "wgs84"}
    raise Open311Error(400, "a location is required: lat and long, or address_string, or address_id")


def _degrees(said: Mapping[str, str], name: str, limit: float) -> float:
    try:
        value = float(said[name])
    except ValueError:
        raise Open311Error(400, f"{name} must be a number in degrees (WGS 84)") from None
    if not -limit <= value <= limit:
        raise Open311Error(400, f"{name} must lie between -{limit:g} and {limit:g} degrees (WGS 84)")
    return value


def attributes(fields: Fields) -> dict[str, str | list[str]]:
    """The values of ``attribute[code]`` and ``attribute[code][]``."""
    found: dict[str, str | list[str]] = {}
    for name, value in fields:
        match = ATTRIBUTE.fullmatch(name)
        if match and match[2]:
            before = found.get(match[1], [])
            found[match[1]] = [*(before if isinstance(before, list) else [before]), value]
        elif match:
            found[match[1]] = value
    return found


def read_query(said: Mapping[str, str], now: datetime) -> Query:
    """What ``GET /requests`` asks for; without dates the last 90 days, never more than 1,000 of them.

    Raises
    ------
    Open311Error
        400 naming the parameter.
    """
    end = _moment(said, "end_date") or now
    start = _moment(said, "start_date") or end - MAX_SPAN
    if end - start > MAX_SPAN:
        raise Open311Error(400, "start_date and end_date may not span more than 90 days")
    return Query(
        ids=tuple(_number(text, "service_request_id") for text in _list(said, "service_request_id")),
        codes=tuple(_list(said, "service_code")),
        status=tuple(_status(text) for text in _list(said, "status")),
        start=start,
        end=end,
        page=_within(said, "page", 1, 1, 1_000_000),
        page_size=_within(said, "page_size", MAX_REQUESTS, 1, MAX_REQUESTS),
    )


def read_span(said: Mapping[str, str], now: datetime) -> tuple[datetime, datetime]:
    """The stretch of time that ``GET /servicerequestupdates`` asks for; by default the last day. Errors as ``read_query``."""
    end = _moment(said, "end_date") or now
    return _moment(said, "start_date") or end - timedelta(days=1), end


def _list(said: Mapping[str, str], name: str) -> list[str]:
    return [part.strip() for part in said.get(name, "").split(",") if part.strip()]


def _status(text: str) -> Status:
    if text == "open":
        return "open"
    if text == "closed":
        return "closed"
    raise Open311Error(400, "status must be open or closed")


def _number(text: str, name: str) -> int:
    if not text.isascii() or not text.isdigit() or len(text) > 18:
        raise Open311Error(404 if name == "service_request_id" else 400, f"{name} {text!r} is not known")
    return int(text)


def read_id(text: str) -> int:
    """The id of a request in an address.

    Raises
    ------
    Open311Error
        404.
    """
    return _number(text, "service_request_id")


def _within(said: Mapping[str, str], name: str, default: int, least: int, most: int) -> int:
    value = _number(said[name], name) if said.get(name) else default
    if not least <= value <= most:
        raise Open311Error(400, f"{name} must lie between {least} and {most}")
    return value


def _moment(said: Mapping[str, str], name: str) -> datetime | None:
    text = said.get(name)
    if not text:
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise Open311Error(400, f"{name} must be a W3C date-time with a time zone, as 2026-11-24T10:00:00Z") from None
    if moment.tzinfo is None:
        raise Open311Error(400, f"{name} lacks its time zone: write 2026-11-24T10:00:00Z or +08:00")
    return moment.astimezone(UTC)
