"""What a GeoReport client posts, read into a report of the wire format (see ``dispatch.intake``); and its query of requests."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from dispatch.open311.values import Open311Error, Status, statuses

MAX_DESCRIPTION: Final = 4_000
MAX_UPDATE: Final = 2_000
MAX_OWN_ID: Final = 100
MAX_REQUESTS: Final = 1_000
MAX_SPAN: Final = timedelta(days=90)
ATTRIBUTE: Final = re.compile(r"attribute\[([^\]]{1,80})\](\[\])?")
REPORTER: Final = ("first_name", "last_name", "email", "phone", "account_id", "device_id")
REOPENING: Final = frozenset({"OPEN", "REOPEN"})
UPDATE_STATUSES: Final = frozenset(
    {extended.upper() for _, extended in statuses().values()} | {"UNCHANGED", "OPEN", "CLOSED", "REOPEN"}
)

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
    page, page_size = _page(said)
    return Query(
        ids=tuple(_number(text, "service_request_id") for text in _list(said, "service_request_id")),
        codes=tuple(_list(said, "service_code")),
        status=tuple(_status(text) for text in _list(said, "status")),
        start=start,
        end=end,
        page=page,
        page_size=page_size,
    )


@dataclass(frozen=True, slots=True)
class UpdateQuery:
    """Which updates a client asks for: a stretch of time, a page of it, of which requests (empty: all). Times aware."""

    ids: tuple[int, ...]
    start: datetime
    end: datetime
    page: int
    page_size: int


def read_update_query(said: Mapping[str, str], now: datetime) -> UpdateQuery:
    """What ``GET /servicerequestupdates`` asks for; by default the last day. Errors as ``read_query``."""
    end = _moment(said, "end_date") or now
    start = _moment(said, "start_date") or end - timedelta(days=1)
    if end - start > MAX_SPAN:
        raise Open311Error(400, "start_date and end_date may not span more than 90 days")
    ids = tuple(_number(text, "service_request_id") for text in _list(said, "service_request_id"))
    return UpdateQuery(ids, start, end, *_page(said))


def _page(said: Mapping[str, str]) -> tuple[int, int]:
    return _within(said, "page", 1, 1, 1_000_000), _within(said, "page_size", MAX_REQUESTS, 1, MAX_REQUESTS)


@dataclass(frozen=True, slots=True)
class PostedUpdate:
    """What a client adds to a request. ``own_id`` names the update in the sender's system; ``status`` is theirs, in capitals."""

    request_id: int
    own_id: str
    status: str
    text: str
    media_url: str | None


def read_update(said: Mapping[str, str]) -> PostedUpdate:
    """A posted update (mySociety's extension of GeoReport v2).

    Raises
    ------
    Open311Error
        400 naming the field; 404 for a request that cannot exist.
    """
    said = {name: value.strip() for name, value in said.items() if value.strip()}
    for name in ("service_request_id", "update_id", "description"):
        if name not in said:
            raise Open311Error(400, f"{name} is required")
    if len(said["description"]) > MAX_UPDATE:
        raise Open311Error(400, f"description is longer than {MAX_UPDATE} characters")
    if len(said["update_id"]) > MAX_OWN_ID:
        raise Open311Error(400, f"update_id is longer than {MAX_OWN_ID} characters")
    status = said.get("status", "UNCHANGED").upper()
    if status not in UPDATE_STATUSES:
        raise Open311Error(400, f"status must be one of {', '.join(sorted(UPDATE_STATUSES))}")
    _moment(said, "updated_datetime")
    request_id = _number(said["service_request_id"], "service_request_id")
    return PostedUpdate(request_id, said["update_id"], status, said["description"], said.get("media_url"))


def action_of(update: PostedUpdate, state: str) -> str:
    """What an update asks of its case: *reopen* for a closed one that is said to be open, else *remark*.

    A reporter's "fixed" closes nothing: a case is closed when somebody else has verified it.
    """
    return "reopen" if state == "closed" and update.status in REOPENING else "remark"


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
