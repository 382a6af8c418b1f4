"""How departments' systems call the registry: by a key and for a purpose, at a rate; what they get is written down first.

``reached`` judges a call and gives what it may see; ``hand_out`` reads rows, leaves of each only the fields that the purpose
needs and the source of each value allowed, and notes the reads in the same transaction. A record of which nothing may be seen is
not told of at all, nor one that was found by a value which may not be seen.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from http import HTTPStatus
from typing import Any, Final
from zoneinfo import ZoneInfo

import orjson
from fastapi import Request, Response

from dashboard.rates import Rates
from dashboard.wall_state import Wall
from data.registry.claims import Purpose
from data.registry.purposes import shown
from data.stores import registry_access as access
from data.stores.reading import reading
from data.stores.registry_reading import Row, Wanted, load_allowed, load_purposes, load_rows
from geo.errors import NeedleError

PREFIX: Final = "/registry/api"
PROBLEM: Final = "application/problem+json"
MOST_ROWS: Final = 1_000
USUAL_ROWS: Final = 100
RETRY_SECONDS: Final = 60


@dataclass(frozen=True)
class Caller:
    """Who calls, and for what."""

    key: access.DepartmentKey
    purpose: Purpose


@dataclass
class Desk:
    """The calls of one process."""

    wall: Wall
    rates: Rates = field(default_factory=Rates)

    async def known(self, request: Request) -> access.DepartmentKey:
        """Whose key a request brings, in ``X-API-Key`` or as a bearer's token.

        Raises
        ------
        NeedleError
            ``registry.key_missing``, ``registry.key_unknown``, ``registry.too_often``.
        """
        bearer = request.headers.get("authorization", "")
        text = request.headers.get("x-api-key") or (bearer[7:] if bearer.lower().startswith("bearer ") else "")
        if not text:
            raise NeedleError("registry.key_missing")
        async with reading(self.wall.pool) as connection:
            key = await access.find_department_key(connection, text)
        if key is None:
            raise NeedleError("registry.key_unknown")
        if not self.rates.allows(key.id, key.per_minute):
            raise NeedleError("registry.too_often", per_minute=key.per_minute)
        return key

    async def reached(self, request: Request) -> Caller:
        """The key and the purpose of a call: ``purpose``, or the header ``X-Purpose``; every call names one.

        Raises
        ------
        NeedleError
            Those of ``known``; ``registry.purpose_missing``, ``registry.purpose_refused``.
        """
        key = await self.known(request)
        wanted = request.query_params.get("purpose") or request.headers.get("x-purpose") or ""
        may = ", ".join(key.purposes)
        if not wanted:
            raise NeedleError("registry.purpose_missing", known=may)
        async with reading(self.wall.pool) as connection:
            purpose = (await load_purposes(connection)).get(wanted)
        if purpose is None or not purpose.active or wanted not in key.purposes:
            raise NeedleError("registry.purpose_refused", purpose=wanted, known=may)
        return Caller(key, purpose)

    async def hand_out(self, caller: Caller, wanted: Wanted) -> "Page":
        """Rows as a caller may see them, noted as read.

        Raises
        ------
        NeedleError
            ``registry.rows_used``.
        """
        key = caller.key
        zone = ZoneInfo((await self.wall.ground()).timezone)
        today = datetime.now(zone).replace(hour=0, minute=0, second=0, microsecond=0)
        async with reading(self.wall.pool) as connection:
            most = min(wanted.most, key.rows_a_day - await access.count_reads(connection, key.id, today))
            if most <= 0:
                raise NeedleError("registry.rows_used", rows=key.rows_a_day)
            own = replace(wanted, layer=key.area_layer, codes=key.area_codes, most=most + 1)
            rows = await load_rows(connection, own)
            sources = await load_allowed(connection, sources_of(rows))
            seen = [(row, visible(row, sources, caller.purpose)) for row in rows[:most]]
            seen = [(row, values) for row, values in seen if values and set(wanted.match or ()) <= values.keys()]
            await access.note_reads(connection, [reading_of(caller, row, values) for row, values in seen])
        return Page(seen, rows[most - 1].id if len(rows) > most else None)


@dataclass(frozen=True)
class Page:
    """Rows with the values that may be seen of each; ``after``: where the next page begins, None on the last."""

    rows: Sequence[tuple[Row, Mapping[str, Any]]]
    after: int | None


def sources_of(rows: Sequence[Row]) -> list[int]:
    """Numbers of the sources that golden values rest on."""
    return sorted(
        {int(held["source"]) for row in rows for held in row.golden.values() if held.get("source") is not None}
    )


def visible(row: Row, sources: Mapping[int, Sequence[str]], purpose: Purpose) -> Mapping[str, Any]:
    """The golden values of a row that a purpose may see."""
    return shown(row.kind, row.golden, sources, purpose)  # type: ignore[arg-type]


def reading_of(caller: Caller, row: Row, values: Mapping[str, Any]) -> access.Read:
    """What is written down of a row that is handed out."""
    return access.Read(row.id, "department", str(caller.key.id), caller.purpose.code, tuple(sorted(values)))


# --- answers ----------------------------------------------------------------------------------------------------


def problem(error: NeedleError, request: Request) -> Response:
    """A refusal by RFC 9457; the code of the catalogue is the last part of its type, both languages stand in it."""
    status = error.entry.http_status
    told = error.as_dict() | {
        "type": f"{base_of(request)}/problems/{error.code}",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "detail": error.sentence("zh" if request.headers.get("accept-language", "").lower().startswith("zh") else "en"),
        "instance": request.url.path,
    }
    headers = {"cache-control": "no-store"} | ({"retry-after": str(RETRY_SECONDS)} if status == 429 else {})
    headers |= {"www-authenticate": 'ApiKey header="X-API-Key"'} if status == 401 else {}
    return Response(orjson.dumps(told), status, headers, PROBLEM)


def answer(content: Any, media_type: str = "application/json", status: int = 200) -> Response:
    """An answer that no cache keeps."""
    return Response(orjson.dumps(content), status, {"cache-control": "no-store"}, media_type)


def base_of(request: Request) -> str:
    """The address of the interface, as the client sees it."""
    return f"{str(request.base_url).rstrip('/')}{PREFIX}"


def whole(request: Request, name: str, usual: int, most: int) -> int:
    """A whole number of the query, cut to ``most``.

    Raises
    ------
    NeedleError
        ``registry.parameter``.
    """
    text = request.query_params.get(name)
    if text is None:
        return usual
    if not text.isdecimal() or not int(text):
        raise NeedleError("registry.parameter", name=name, problem="1, 2, 3, …")
    return min(int(text), most)


def only_known(request: Request, known: frozenset[str]) -> None:
    """Refuse parameters that mean nothing here: a filter that is silently left out would hand out more than was asked for.

    Raises
    ------
    NeedleError
        ``registry.parameter``.
    """
    for name in request.query_params:
        if name not in known:
            raise NeedleError("registry.parameter", name=name, problem=f"? {', '.join(sorted(known))}")
