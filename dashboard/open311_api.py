"""``/open311/v2``: a GeoReport v2 endpoint over the intake and the cases, in XML and JSON.

Posting needs a channel's key (``api_key``, or the header ``X-API-Key``). Reading is open, as the standard has it, but whoever
brings no key of the channel sees neither words nor address, and a place only to about a hundred metres.
"""

import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from anyio import to_thread
from fastapi import APIRouter, Request, Response
from starlette.datastructures import FormData, UploadFile
from starlette.exceptions import HTTPException
from starlette.responses import FileResponse
from starlette.routing import Route

from dashboard.i18n import LANGUAGES, words
from dashboard.rates import Rates
from data.database import AsyncPool
from data.stores import open311 as store
from data.stores.channel_keys import ChannelKey, find_key
from data.stores.photos import PhotoFolder, PhotoRow, known_photos, save_photo
from data.stores.reading import reading
from dispatch.intake import Intake, check_report
from dispatch.open311 import documents
from dispatch.open311.documents import MEDIA_TYPES, Document
from dispatch.open311.forms import attributes, read_id, read_query, read_request, read_span
from dispatch.open311.values import (
    UNOPENED,
    Attribute,
    Choice,
    Open311Error,
    Service,
    ServiceRequest,
    Update,
    states_with,
)
from dispatch.photos import MAX_BYTES, read_photo
from geo.errors import NeedleError

PREFIX: Final = "/open311/v2"
MAX_PHOTOS: Final = 6
MAX_FIELDS: Final = 200
MAX_BODY_BYTES: Final = MAX_PHOTOS * MAX_BYTES
MAX_UPDATES: Final = 1_000
SENDERS_IDS: Final = ("external_id", "fixmystreet_id")
"""Attributes by which a sender's system names its own record: a repeated post of one is the same request."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A request to the endpoint: its format, its language (0 Chinese, 1 English), its parameters, and whose key it brings."""

    form: str
    language: int
    said: Mapping[str, str]
    key: ChannelKey | None

    def pick(self, zh: str | None, en: str | None) -> str | None:
        """The name in the language asked for."""
        return (zh, en)[self.language]

    def say(self, message: str) -> str:
        """A word of our own in the language asked for."""
        return words(LANGUAGES[self.language])(message)


class Open311:
    """The endpoint of one server process."""

    def __init__(self, pool: AsyncPool, intake: Intake, photos: PhotoFolder) -> None:
        self.pool = pool
        self.intake = intake
        self.photos = photos
        self.rates = Rates()
        self.router = APIRouter()
        for path, answer, method in (
            ("/discovery", self.discovery, "GET"),
            ("/services", self.services, "GET"),
            ("/services/{code}", self.definition, "GET"),
            ("/requests", self.list_requests, "GET"),
            ("/requests", self.post_request, "POST"),
            ("/requests/{id}", self.one_request, "GET"),
            ("/tokens/{id}", self.token, "GET"),
            ("/servicerequestupdates", self.updates, "GET"),
        ):
            self.router.routes.append(Route(f"{PREFIX}{path}.{{form}}", Answer(self, answer), methods=[method]))
        self.router.add_api_route(f"{PREFIX}/media/{{digest}}", self.media, methods=["GET"])

    async def discovery(self, request: Request, _asked: Asked) -> Document:
        """Where the endpoint is."""
        return documents.discovery(base_of(request), datetime.now(UTC), "")

    async def services(self, _request: Request, asked: Asked) -> Document:
        """What may be reported."""
        async with reading(self.pool) as connection:
            return documents.services(service_of(row, asked) for row in await store.load_services(connection))

    async def definition(self, request: Request, asked: Asked) -> Document:
        """What may be said about one service."""
        async with reading(self.pool) as connection:
            rows = await store.load_services(connection, request.path_params["code"])
        if not rows:
            raise Open311Error(404, f"service_code {request.path_params['code']!r} is not known")
        return documents.definition(service_of(rows[0], asked))

    async def list_requests(self, request: Request, asked: Asked) -> Document:
        """Requests by id, or by time, service and status."""
        query = read_query(asked.said, datetime.now(UTC))
        async with reading(self.pool) as connection:
            if query.ids:
                rows = await store.load_requests(connection, query.ids)
            else:
                rows = await store.load_requests_between(
                    connection,
                    query.start,
                    query.end,
                    states=[state for status in query.status for state in states_with(status)] or None,
                    codes=query.codes or None,
                    limit=query.page_size,
                    offset=(query.page - 1) * query.page_size,
                )
        return shown(rows, asked, base_of(request))

    async def one_request(self, request: Request, asked: Asked) -> Document:
        """One request."""
        return shown([await self._row(request)], asked, base_of(request))

    async def token(self, request: Request, _asked: Asked) -> Document:
        """The id behind a token."""
        return documents.token((await self._row(request)).id)

    async def _row(self, request: Request) -> store.RequestRow:
        request_id = read_id(request.path_params["id"])
        async with reading(self.pool) as connection:
            rows = await store.load_requests(connection, [request_id])
        if not rows:
            raise Open311Error(404, f"service_request_id {request_id} is not known")
        return rows[0]

    async def updates(self, _request: Request, asked: Asked) -> Document:
        """What happened to requests."""
        start, end = read_span(asked.said, datetime.now(UTC))
        async with reading(self.pool) as connection:
            rows = await store.load_updates(connection, start, end, MAX_UPDATES)
        return documents.updates(
            Update(row.id, row.request_id, row.state, asked.pick(row.state_zh, row.state_en) or "", row.at)
            for row in rows
        )

    async def post_request(self, request: Request, asked: Asked) -> Document:
        """Take a request in; its id is answered once it is stored for good."""
        key = self._sender(asked)
        form = await posted(request)
        fields = [(name, value) for name, value in form.multi_items() if isinstance(value, str)]
        report = read_request(fields, key.channel, idempotency_key(request, key, fields), datetime.now(UTC))
        await self._refuse_unknown_service(report["matter"])
        report["photos"] = await self._keep_photos(form, key.channel)
        receipt = await self.intake.receive(check_report(report, await self.intake.datums()))
        return documents.receipt(receipt.id)

    def _sender(self, asked: Asked) -> ChannelKey:
        if asked.key is None:
            raise Open311Error(403, "a valid api_key is required")
        if not self.rates.allows(asked.key.id, asked.key.per_minute):
            raise Open311Error(429, f"more than {asked.key.per_minute} requests a minute; wait and send again")
        return asked.key

    async def _refuse_unknown_service(self, code: str) -> None:
        async with reading(self.pool) as connection:
            if not await store.load_services(connection, code):
                raise Open311Error(400, f"service_code {code!r} is not known; see /services")

    async def _keep_photos(self, form: FormData, channel: str) -> list[str]:
        digests = []
        for _, upload in form.multi_items():
            if isinstance(upload, UploadFile) and upload.size:
                photo = await to_thread.run_sync(read_photo, await upload.read())
                await to_thread.run_sync(self.photos.keep, photo.digest, photo.content)
                row = PhotoRow(
                    photo.digest,
                    len(photo.content),
                    photo.width,
                    photo.height,
                    photo.taken_at,
                    photo.lng,
                    photo.lat,
                    channel,
                )
                async with reading(self.pool) as connection:
                    await save_photo(connection, row)
                digests.append(photo.digest)
        return digests

    async def media(self, digest: str) -> Response:
        """A photo by its digest, which nobody guesses."""
        async with reading(self.pool) as connection:
            if digest not in await known_photos(connection, [digest]):
                return Response(status_code=404)
        headers = {"Cache-Control": "private, max-age=31536000, immutable"}
        return FileResponse(self.photos.path_of(digest), media_type="image/jpeg", headers=headers)

    async def asked(self, request: Request) -> Asked:
        """What a request asks, and by whose key.

        Raises
        ------
        Open311Error
            404 for a format that is neither xml nor json.
        """
        form = request.path_params["form"]
        if form not in MEDIA_TYPES:
            raise Open311Error(404, f"format {form!r} is not known: xml or json")
        said = dict(request.query_params)
        if request.method == "POST":
            said |= {name: value for name, value in (await posted(request)).items() if isinstance(value, str)}
        text = request.headers.get("x-api-key") or said.get("api_key")
        key = None
        if text:
            async with reading(self.pool) as connection:
                key = await find_key(connection, text)
            if key is None:
                raise Open311Error(403, "the api_key is not known or no longer valid")
        language = int(request.headers.get("accept-language", "zh").lower().startswith("en"))
        return Asked(form, language, said, key)


class Answer:
    """One address of the endpoint: it asks, answers in the format wanted, and words refusals as the standard does."""

    def __init__(self, endpoint: Open311, answer: Any) -> None:
        self.endpoint = endpoint
        self.answer = answer

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Answer one request."""
        request = Request(scope, receive)
        form = request.path_params["form"] if request.path_params["form"] in MEDIA_TYPES else "xml"
        try:
            document, status = await self.answer(request, await self.endpoint.asked(request)), 200
        except Open311Error as error:
            document, status = documents.errors(error.status, error.description), error.status
        except NeedleError as error:
            status = error.entry.http_status if error.entry.http_status >= 500 else 400
            document = documents.errors(status, error.as_dict()["en"])
        finally:
            await request.close()
        headers = {"Cache-Control": "no-store"}
        response = Response(documents.write(document, form), status, headers, MEDIA_TYPES[form])
        await response(scope, receive, send)


async def posted(request: Request) -> FormData:
    """The form of a post, parsed once.

    Raises
    ------
    Open311Error
        400 for a body that does not say its length, is too long, or is no form.
    """
    length = request.headers.get("content-length", "")
    if not length.isdigit() or int(length) > MAX_BODY_BYTES:
        raise Open311Error(400, f"send a form with Content-Length, of at most {MAX_BODY_BYTES} bytes")
    try:
        return await request.form(max_files=MAX_PHOTOS, max_fields=MAX_FIELDS)
    except HTTPException as error:
        raise Open311Error(400, f"the form cannot be read: {error.detail}") from None


def base_of(request: Request) -> str:
    """The endpoint's own address, as the client sees it."""
    return f"{str(request.base_url).rstrip('/')}{PREFIX}"


def idempotency_key(request: Request, key: ChannelKey, fields: list[tuple[str, str]]) -> str:
    """What makes a repeated post the same request: the header, or the sender's own id of it; else each post is a new one."""
    said = attributes(fields)
    own = request.headers.get("idempotency-key") or next((said[name] for name in SENDERS_IDS if said.get(name)), None)
    return f"{key.id}:{own if isinstance(own, str) else uuid.uuid4().hex}"[:200]


def service_of(row: store.ServiceRow, asked: Asked) -> Service:
    """A matter as a service; its filing conditions are what a sender may choose from."""
    choices = tuple(Choice(str(number), words) for number, words in row.conditions)
    condition = Attribute("condition", "singlevaluelist", asked.say("open311.condition"), choices)
    return Service(row.key, asked.pick(row.name_zh, row.name_en) or row.key, row.major, (condition,) if choices else ())


def shown(rows: Iterable[store.RequestRow], asked: Asked, base: str) -> Document:
    """Requests as their reader may see them."""
    channel = asked.key.channel if asked.key else None
    return documents.requests([(request_of(row, asked), row.channel == channel) for row in rows], base=base)


def request_of(row: store.RequestRow, asked: Asked) -> ServiceRequest:
    """A stored report as a service request."""
    return ServiceRequest(
        id=row.id,
        state=row.state or UNOPENED,
        state_name=asked.pick(row.state_zh, row.state_en) or asked.say("open311.reported"),
        service_code=row.matter or "",
        service_name=asked.pick(row.matter_zh, row.matter_en) or "",
        requested_at=row.requested_at,
        updated_at=row.updated_at,
        expected_at=row.due_at,
        agency=asked.pick(row.agency_zh, row.agency_en),
        description=row.text,
        address=row.address,
        lng=row.lng,
        lat=row.lat,
        media=tuple(row.photos),
    )
