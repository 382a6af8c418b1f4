"""``/registry/api``: departments read records of one kind, for a purpose; the document of it for people and for programs."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final, cast

from fastapi import APIRouter, Request, Response
from starlette.routing import Route

from dashboard.registry_calls import (
    MOST_ROWS,
    PREFIX,
    USUAL_ROWS,
    Caller,
    Desk,
    answer,
    base_of,
    only_known,
    problem,
    whole,
)
from dashboard.registry_openapi import described, document
from data.registry.claims import Purpose
from data.registry.fields import EntityKind, fields_of
from data.stores.reading import reading
from data.stores.registry_reading import MATCHED, Row, Wanted, load_purposes
from geo.errors import NeedleError, catalogue

PLURALS: Final[Mapping[str, EntityKind]] = {
    "persons": "person",
    "households": "household",
    "buildings": "building",
    "rooms": "room",
    "enterprises": "enterprise",
}
PARAMETERS: Final = frozenset({"purpose", "limit", "cursor", "updated_since", *MATCHED})


class Calls:
    """The interface of one process."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk
        self.router = APIRouter()
        for path, work in (
            ("", self.landing),
            ("/", self.landing),
            ("/openapi.json", self.openapi),
            ("/docs", self.docs),
            ("/problems/{code}", self.explain),
            ("/{kind}", self.rows),
            ("/{kind}/{code}", self.one),
        ):
            self.router.routes.append(Route(PREFIX + path, Answering(work), methods=["GET"]))

    async def landing(self, request: Request) -> Response:
        """Where everything is; with a key, what it may."""
        base = base_of(request)
        links = [
            {
                "rel": "service-desc",
                "href": f"{base}/openapi.json",
                "type": "application/vnd.oai.openapi+json;version=3.1",
            },
            {"rel": "service-doc", "href": f"{base}/docs", "type": "text/html"},
            {"rel": "alternate", "href": f"{base.removesuffix('/api')}/ogc", "title": "OGC API - Features"},
            *({"rel": "item", "href": f"{base}/{name}", "title": name} for name in PLURALS),
        ]
        return answer({"title": "Needle registry", "links": links})

    async def openapi(self, request: Request) -> Response:
        """The OpenAPI document: every field of every kind, every purpose with what it needs."""
        return answer(document(base_of(request), await self.purposes()), "application/vnd.oai.openapi+json;version=3.1")

    async def docs(self, request: Request) -> Response:
        """The same to read."""
        return Response(described(base_of(request), await self.purposes()), media_type="text/html; charset=utf-8")

    async def explain(self, request: Request) -> Response:
        """What a problem's type means."""
        entry = catalogue().get(request.path_params["code"])
        if entry is None:
            raise NeedleError("request.unknown_address")
        return answer({"code": entry.code, "status": entry.http_status, "zh": entry.zh, "en": entry.en})

    async def purposes(self) -> dict[str, Purpose]:
        """What the registry may be called for."""
        async with reading(self.desk.wall.pool) as connection:
            return await load_purposes(connection)

    async def rows(self, request: Request) -> Response:
        """Records of a kind that have the values asked for, by pages."""
        kind = kind_of(request)
        caller = await self.desk.reached(request)
        only_known(request, PARAMETERS)
        wanted = Wanted(
            kind,
            whole(request, "limit", USUAL_ROWS, MOST_ROWS),
            after=whole(request, "cursor", 0, 1 << 62),
            since=moment(request.query_params.get("updated_since")),
            match=match_of(request, kind, caller),
        )
        page = await self.desk.hand_out(caller, wanted)
        records = [record_as_json(row, values) for row, values in page.rows]
        following = None if page.after is None else str(request.url.include_query_params(cursor=page.after))
        return answer({"purpose": caller.purpose.code, "records": records, "next": following})

    async def one(self, request: Request) -> Response:
        """One record by its code."""
        kind = kind_of(request)
        caller = await self.desk.reached(request)
        only_known(request, frozenset({"purpose"}))
        page = await self.desk.hand_out(caller, Wanted(kind, 1, code=request.path_params["code"]))
        if not page.rows:
            raise NeedleError("registry.unknown")
        return answer({"purpose": caller.purpose.code, **record_as_json(*page.rows[0])})


class Answering:
    """One address: it answers, and words refusals as problems (RFC 9457)."""

    def __init__(self, work: Any) -> None:
        self.work = work

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Answer one request."""
        request = Request(scope, receive)
        try:
            response = cast(Response, await self.work(request))
        except NeedleError as error:
            response = problem(error, request)
        await response(scope, receive, send)


def kind_of(request: Request) -> EntityKind:
    """The kind that an address names; ``request.unknown_address`` for none of ours."""
    name = request.path_params["kind"]
    if name not in PLURALS:
        raise NeedleError("request.unknown_address")
    return PLURALS[name]


def match_of(request: Request, kind: EntityKind, caller: Caller) -> dict[str, str] | None:
    """The values that records must have: of fields that the purpose needs, since whoever may ask by a value learns it.

    Raises
    ------
    NeedleError
        ``registry.parameter``.
    """
    said = {name: value for name in MATCHED if (value := request.query_params.get(name))}
    for name in said:
        if name not in fields_of(kind) or f"{kind}.{name}" not in caller.purpose.needs:
            raise NeedleError("registry.parameter", name=name, problem=f"{kind}.{name} ∉ {caller.purpose.code}")
    return said or None


def moment(text: str | None) -> datetime | None:
    """A moment with its offset, ISO 8601.

    Raises
    ------
    NeedleError
        ``registry.parameter``.
    """
    if text is None:
        return None
    try:
        found = datetime.fromisoformat(text.replace(" ", "+"))
    except ValueError:
        found = None
    if found is None or found.tzinfo is None:
        raise NeedleError("registry.parameter", name="updated_since", problem="2026-11-24T08:00:00+08:00")
    return found


def record_as_json(row: Row, values: Mapping[str, Any]) -> dict[str, Any]:
    """A record: each value with when it was so, how it was verified, and from what kind of source."""
    return {
        "code": row.code,
        "kind": row.kind,
        "updated_at": row.updated_at.isoformat(),
        "fields": {
            name: {part: held[part] for part in ("value", "at", "verification", "from")}
            for name, held in values.items()
        },
    }
