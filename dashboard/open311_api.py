"""``/open311/v2``: a GeoReport v2 endpoint over the intake and the cases, in XML and JSON.

Posting needs a channel's key (``api_key``, or the header ``X-API-Key``). Reading is open, as the standard has it, but whoever
brings no key of the channel sees neither words nor address, and a place only to about a hundred metres.
"""

import uuid
from datetime import UTC, datetime
from typing import Any, Final

from fastapi import APIRouter, Request, Response
from starlette.datastructures import FormData
from starlette.exceptions import HTTPException
from starlette.routing import Route

from dashboard.open311_photos import Address, Photos
from dashboard.open311_view import Asked, service_of, shown, update_of
from dashboard.rates import Rates
from data.database import AsyncPool
from data.stores import open311 as store
from data.stores.channel_keys import ChannelKey, find_key
from data.stores.photos import PhotoFolder
from data.stores.reading import reading
from dispatch.casework import CaseDesk
from dispatch.commands import Command
from dispatch.intake import Intake, check_report
from dispatch.open311 import documents
from dispatch.open311.documents import MEDIA_TYPES, Document
from dispatch.open311.forms import (
    action_of,
    attributes,
    read_id,
    read_query,
    read_request,
    read_update,
    read_update_query,
)
from dispatch.open311.values import (
    Open311Error,
    states_with,
)
from dispatch.opening import SUBMITTERS
from dispatch.photos import MAX_BYTES
from geo.errors import NeedleError

PREFIX: Final = "/open311/v2"
MAX_PHOTOS: Final = 6
MAX_FIELDS: Final = 200
MAX_BODY_BYTES: Final = MAX_PHOTOS * MAX_BYTES
SENDERS_IDS: Final = ("external_id", "fixmystreet_id")
"""Attributes by which a sender's system names its own record: a repeated post of one is the same request."""


class Open311:
    """The endpoint of one server process."""

    def __init__(self, pool: AsyncPool, intake: Intake, desk: CaseDesk, photos: PhotoFolder) -> None:
        self.pool = pool
        self.intake = intake
        self.desk = desk
        self.photos = Photos(pool, photos)
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
            ("/servicerequestupdates", self.post_update, "POST"),
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
        return shown(rows, asked, await self._addresses(request, asked))

    async def one_request(self, request: Request, asked: Asked) -> Document:
        """One request."""
        return shown([await self._row(request)], asked, await self._addresses(request, asked))

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

    async def updates(self, request: Request, asked: Asked) -> Document:
        """What happened to requests; what was added in words or pictures, to the channel that they came by."""
        query, address = read_update_query(asked.said, datetime.now(UTC)), await self._addresses(request, asked)
        async with reading(self.pool) as connection:
            rows = await store.load_updates(
                connection,
                query.start,
                query.end,
                query.ids or None,
                limit=query.page_size,
                offset=(query.page - 1) * query.page_size,
            )
        return documents.updates(update_of(row, asked, address) for row in rows)

    async def post_update(self, request: Request, asked: Asked) -> Document:
        """Take what a sender adds to a request of its own; our id of it is answered once it is stored for good."""
        key = self._sender(asked)
        form = await posted(request)
        update = read_update({name: value for name, value in form.multi_items() if isinstance(value, str)})
        case_id, state = await self._own_case(update.request_id, key)
        action, once = action_of(update, state), f"{key.channel}:{update.own_id}"
        added = {
            "text": update.text,
            "photos": await self.photos.keep_all(form, key.channel),
            **({"media_url": update.media_url} if update.media_url else {}),
        }
        actor = SUBMITTERS.get(key.channel, "resident")
        await self.desk.give(case_id, Command(action, actor, update.text, added), datetime.now(UTC), once=once)
        async with reading(self.pool) as connection:
            return documents.update_receipt(await store.event_of(connection, case_id, once))

    async def _own_case(self, request_id: int, key: ChannelKey) -> tuple[int, str]:
        """The case behind a request that came by the sender's channel."""
        async with reading(self.pool) as connection:
            found = await store.case_of_request(connection, request_id)
        if found is None:
            raise Open311Error(404, f"service_request_id {request_id} is not known")
        channel, case_id, state = found
        if channel != key.channel:
            raise Open311Error(403, f"service_request_id {request_id} did not come by this channel")
        if case_id is None or state is None:
            raise Open311Error(400, f"service_request_id {request_id} is still being opened; send the update again")
        return case_id, state

    async def post_request(self, request: Request, asked: Asked) -> Document:
        """Take a request in; its id is answered once it is stored for good."""
        key = self._sender(asked)
        form = await posted(request)
        fields = [(name, value) for name, value in form.multi_items() if isinstance(value, str)]
        report = read_request(fields, key.channel, idempotency_key(request, key, fields), datetime.now(UTC))
        await self._refuse_unknown_service(report["matter"])
        report["photos"] = await self.photos.keep_all(form, key.channel)
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

    async def media(self, digest: str, request: Request) -> Response:
        """A photo, to its channel's key or by a signed address."""
        return await self.photos.show(digest, request, datetime.now(UTC))

    async def _addresses(self, request: Request, asked: Asked) -> Address | None:
        """How the asker may see photos; None without a key."""
        if asked.key is None:
            return None
        return await self.photos.addresses(base_of(request), asked.key, datetime.now(UTC))

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
