"""``/registry/ogc``: the registry as an OGC API - Features 1.0 (OGC 17-069r4): Core, OpenAPI 3.0 and GeoJSON; CRS84.

The same keys, purposes, limits and notes as ``/registry/api``: a feature's properties are the fields that the purpose may see.
``density`` needs no purpose: it holds numbers of hexagons only, none of too few and none that tells of too few.
"""

import asyncio
from collections.abc import Mapping
from datetime import UTC, datetime
from math import isfinite
from typing import Any, Final

import h3.api.numpy_int as h3
from fastapi import APIRouter, Request, Response
from starlette.routing import Route

from dashboard.registry_calls import MOST_ROWS, USUAL_ROWS, Desk, answer, only_known, whole
from dashboard.registry_calls_api import Answering
from dashboard.registry_openapi import PLURAL
from dashboard.registry_state import Densities
from dashboard.view_models.registry_view import counts_as_json
from data.mirror.coverage import EVERYTHING
from data.registry.fields import fields_of
from data.stores.registry_reading import Row, Wanted
from geo.errors import NeedleError

PREFIX: Final = "/registry/ogc"
GEOJSON: Final = "application/geo+json"
OPENAPI: Final = "application/vnd.oai.openapi+json;version=3.0"
CRS84: Final = "http://www.opengis.net/def/crs/OGC/1.3/CRS84"
CONFORMS: Final = [
    f"http://www.opengis.net/spec/ogcapi-features-1/1.0/conf/{name}" for name in ("core", "oas30", "geojson")
]
OF_KIND: Final = {plural: kind for kind, plural in PLURAL.items()}
DENSITY, DENSITY_LAYER = "density", "hex9"
PARAMETERS: Final = frozenset({"bbox", "datetime", "limit", "cursor", "purpose", "f"})


class Features:
    """The interface of one process."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk
        self.router = APIRouter()
        for path, work in (
            ("", self.landing),
            ("/", self.landing),
            ("/api", self.api),
            ("/conformance", self.conformance),
            ("/collections", self.collections),
            ("/collections/{name}", self.collection),
            ("/collections/{name}/items", self.items),
            ("/collections/{name}/items/{code}", self.item),
        ):
            self.router.routes.append(Route(PREFIX + path, Answering(work), methods=["GET"]))

    async def landing(self, request: Request) -> Response:
        """Where everything is."""
        base = base_of(request)
        links = [
            link("self", base),
            link("service-desc", f"{base}/api", OPENAPI),
            link("service-doc", f"{base.removesuffix('/ogc')}/api/docs", "text/html"),
            link("conformance", f"{base}/conformance"),
            link("data", f"{base}/collections"),
        ]
        return answer(
            {"title": "Needle registry", "description": "People, dwellings, enterprises; by purpose.", "links": links}
        )

    async def api(self, request: Request) -> Response:
        """The OpenAPI 3.0 document."""
        return answer(document(base_of(request)), OPENAPI)

    async def conformance(self, _request: Request) -> Response:
        """Which classes of the standard hold."""
        return answer({"conformsTo": CONFORMS})

    async def collections(self, request: Request) -> Response:
        """Every collection."""
        await self.desk.known(request)
        base, extent = base_of(request), await self.extent()
        found = [described(name, base, extent) for name in (*OF_KIND, DENSITY)]
        return answer({"links": [link("self", f"{base}/collections")], "collections": found})

    async def collection(self, request: Request) -> Response:
        """One collection."""
        await self.desk.known(request)
        return answer(described(named(request), base_of(request), await self.extent()))

    async def extent(self) -> list[float] | None:
        """The city's box."""
        city = (await self.desk.wall.ground()).city
        return list(city.bounds) if city and city.bounds else None

    async def items(self, request: Request) -> Response:
        """Features of a collection, by pages; in a box, changed in a time."""
        name = named(request)
        only_known(request, PARAMETERS)
        limit, box = whole(request, "limit", USUAL_ROWS, MOST_ROWS), box_of(request.query_params.get("bbox"))
        cursor = whole(request, "cursor", 0, 1 << 62)
        if name == DENSITY:
            await self.desk.known(request)
            return await self.density(request, limit, cursor, box)
        caller = await self.desk.reached(request)
        since, until = interval(request.query_params.get("datetime"))
        wanted = Wanted(OF_KIND[name], limit, after=cursor, box=box, since=since, until=until)
        page = await self.desk.hand_out(caller, wanted)
        return feature_page(request, [feature(row, values) for row, values in page.rows], page.after)

    async def density(self, request: Request, limit: int, cursor: int, box: Any) -> Response:
        """Hexagons with how much they hold; what is of too few has no number."""
        densities: Densities = request.app.state.densities
        mirror = await densities.mirror()
        places = sorted(mirror.by_place(DENSITY_LAYER, EVERYTHING).items())
        hidden = await asyncio.to_thread(mirror.hidden, EVERYTHING)
        kept = hidden.of(DENSITY_LAYER, [place for place, _ in places])
        hexes = [hexagon(place, counts, of) for (place, counts), of in zip(places, kept, strict=True) if place]
        hexes = [one for one in hexes if box is None or touches(one, box)]
        page = hexes[cursor : cursor + limit]
        return feature_page(request, page, cursor + limit if cursor + limit < len(hexes) else None)

    async def item(self, request: Request) -> Response:
        """One feature."""
        name, code = named(request), request.path_params["code"]
        only_known(request, frozenset({"purpose", "f"}))
        base = f"{base_of(request)}/collections/{name}"
        if name == DENSITY:
            raise NeedleError("registry.unknown")
        page = await self.desk.hand_out(await self.desk.reached(request), Wanted(OF_KIND[name], 1, code=code))
        if not page.rows:
            raise NeedleError("registry.unknown")
        links = [link("self", f"{base}/items/{code}", GEOJSON), link("collection", base)]
        return answer(feature(*page.rows[0]) | {"links": links}, GEOJSON)


def base_of(request: Request) -> str:
    """The address of the interface, as the client sees it."""
    return f"{str(request.base_url).rstrip('/')}{PREFIX}"


def named(request: Request) -> str:
    """The collection that an address names; ``request.unknown_address`` for none of ours."""
    name = str(request.path_params["name"])
    if name not in OF_KIND and name != DENSITY:
        raise NeedleError("request.unknown_address")
    return name


def link(rel: str, href: str, media_type: str = "application/json") -> dict[str, str]:
    """A link of the standard."""
    return {"rel": rel, "href": href, "type": media_type}


def described(name: str, base: str, extent: list[float] | None) -> dict[str, Any]:
    """A collection."""
    own = f"{base}/collections/{name}"
    told: dict[str, Any] = {
        "id": name,
        "title": name.title(),
        "itemType": "feature",
        "crs": [CRS84],
        "links": [link("self", own), link("items", f"{own}/items", GEOJSON)],
    }
    return told | ({"extent": {"spatial": {"bbox": [extent], "crs": CRS84}}} if extent else {})


# --- features ---------------------------------------------------------------------------------------------------


def feature_page(request: Request, features: list[dict[str, Any]], after: int | None) -> Response:
    """A page of features with the way to the next one."""
    links = [link("self", str(request.url), GEOJSON)]
    if after is not None:
        links.append(link("next", str(request.url.include_query_params(cursor=after)), GEOJSON))
    told = {
        "type": "FeatureCollection",
        "timeStamp": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "numberReturned": len(features),
        "features": features,
        "links": links,
    }
    return answer(told, GEOJSON)


def feature(row: Row, values: Mapping[str, Any]) -> dict[str, Any]:
    """A record as a feature: a point in its building, longitude first; lists as text, so that every client keeps them."""
    point = None if row.lng is None else {"type": "Point", "coordinates": [row.lng, row.lat]}
    said = {name: values[name]["value"] if name in values else None for name in fields_of(row.kind)}
    plain = {name: ", ".join(map(str, value)) if isinstance(value, list) else value for name, value in said.items()}
    return {"type": "Feature", "id": row.code, "geometry": point, "properties": {"code": row.code, **plain}}


def hexagon(place: str, counts: Any, hidden: Any) -> dict[str, Any]:
    """A hexagon with its numbers by kind, but for those that are hidden."""
    ring = [[lng, lat] for lat, lng in h3.cell_to_boundary(int(place, 16))]
    told = counts_as_json(counts, hidden)
    properties = {"hex": place} | {
        f"{kind}_{part}": value for kind, parts in told.items() for part, value in parts.items()
    }
    polygon = {"type": "Polygon", "coordinates": [[*ring, ring[0]]]}
    return {"type": "Feature", "id": place, "geometry": polygon, "properties": properties}


def touches(hexagon: dict[str, Any], box: tuple[float, float, float, float]) -> bool:
    """Whether a hexagon's own box touches another."""
    ring = hexagon["geometry"]["coordinates"][0]
    lngs, lats = [point[0] for point in ring], [point[1] for point in ring]
    return bool(max(lngs) >= box[0] and min(lngs) <= box[2] and max(lats) >= box[1] and min(lats) <= box[3])


def box_of(text: str | None) -> tuple[float, float, float, float] | None:
    """``bbox=west,south,east,north`` in CRS84; of six numbers the heights are left out.

    Raises
    ------
    NeedleError
        ``registry.parameter``.
    """
    if text is None:
        return None
    try:
        numbers = [float(part) for part in text.split(",")]
    except ValueError:
        numbers = []
    if len(numbers) == 6:
        numbers = [*numbers[:2], *numbers[3:5]]
    if len(numbers) != 4 or not all(map(isfinite, numbers)) or numbers[1] > numbers[3]:
        raise NeedleError("registry.parameter", name="bbox", problem="west,south,east,north")
    return numbers[0], numbers[1], numbers[2], numbers[3]


def interval(text: str | None) -> tuple[datetime | None, datetime | None]:
    """``datetime``: a moment, or two with a slash between, each of which may be ``..`` or nothing.

    Raises
    ------
    NeedleError
        ``registry.parameter``.
    """
    if text is None:
        return None, None
    first, slash, last = text.replace(" ", "+").partition("/")
    try:
        ends = [
            None if part in ("", "..") else datetime.fromisoformat(part) for part in (first, last if slash else first)
        ]
    except ValueError:
        raise NeedleError("registry.parameter", name="datetime", problem="2026-11-01T00:00:00Z/..") from None
    aware = [None if end is None else end if end.tzinfo else end.replace(tzinfo=UTC) for end in ends]
    return aware[0], aware[1]


def document(base: str) -> dict[str, Any]:
    """The OpenAPI 3.0 document of the standard's addresses."""
    words = {"type": "string"}
    inside: list[dict[str, Any]] = [
        {
            "name": "bbox",
            "in": "query",
            "style": "form",
            "explode": False,
            "schema": {"type": "array", "minItems": 4, "maxItems": 6, "items": {"type": "number"}},
        },
        {"name": "datetime", "in": "query", "schema": words},
        {
            "name": "limit",
            "in": "query",
            "schema": {"type": "integer", "minimum": 1, "maximum": MOST_ROWS, "default": USUAL_ROWS},
        },
        {"name": "purpose", "in": "query", "schema": words, "description": "or the header X-Purpose"},
    ]
    paths: dict[str, Any] = {path: {"get": operation(path, [])} for path in ("/", "/conformance", "/collections")}
    for name in (*OF_KIND, DENSITY):
        code: dict[str, Any] = {"name": "featureId", "in": "path", "required": True, "schema": words}
        paths[f"/collections/{name}"] = {"get": operation(name, [])}
        paths[f"/collections/{name}/items"] = {"get": operation(f"{name}_items", inside)}
        paths[f"/collections/{name}/items/{{featureId}}"] = {"get": operation(f"{name}_item", [code, inside[-1]])}
    return {
        "openapi": "3.0.3",
        "info": {"title": "Needle registry", "version": "1"},
        "servers": [{"url": base}],
        "security": [{"key": []}],
        "components": {"securitySchemes": {"key": {"type": "apiKey", "in": "header", "name": "X-API-Key"}}},
        "paths": paths,
    }


def operation(name: str, parameters: list[dict[str, Any]]) -> dict[str, Any]:
    """One operation."""
    return {
        "operationId": name.strip("/") or "landing",
        "parameters": parameters,
        "responses": {"200": {"description": "OK"}},
    }
