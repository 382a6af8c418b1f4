"""The portal's process: pages, sealed mail in, replies and public papers out. Its only neighbour is the mailbox's database."""

import base64
import gzip
import re
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, Final

import orjson
import uvicorn
from fastapi import FastAPI, Request, Response
from starlette.exceptions import HTTPException
from starlette.middleware.gzip import GZipMiddleware

from data.database import open_pool
from data.portal.links_resident import LinksResidentSide
from data.portal.resident_side import ResidentSide
from forms.limits import Buckets, Pseudonyms
from forms.portal import built, files, pages
from forms.portal.guard import Guard
from forms.portal.letterbox import Letterbox
from forms.portal.links import Doors
from forms.sealing import OVERHEAD
from forms.xlsform.media import AT, SHOWN
from geo.errors import NeedleError

MAX_MAIL_BYTES: Final = 4 * 1024 * 1024
MOST_WAITING: Final = 100_000
LOOK_EVERY_S: Final = 1.0
"""How often it is counted how many wait: not at each mail."""
DEVICE_PER_MINUTE: Final = 10.0
ADDRESS_PER_MINUTE: Final = 60.0
ID: Final = re.compile(r"[0-9a-f]{32}")
KIND: Final = re.compile(r"[a-z_]{1,20}")
KEY_ID: Final = re.compile(r"[0-9a-f]{16}")
ANSWER: Final = "answer"
MEDIA: Final = re.compile(r"[0-9a-f]{64}\.(\w+)")
TYPES: Final = {ending: media_type for media_type, ending in SHOWN.items()}
SHEETS: Final = ("sketch", "around", "doors")


class Portal:
    """The addresses of one portal over one mailbox."""

    def __init__(self, mailbox: ResidentSide, doors: Doors) -> None:
        self.mailbox, self.doors = mailbox, doors
        self.pseudonyms = Pseudonyms()
        self.devices, self.addresses = Buckets(DEVICE_PER_MINUTE), Buckets(ADDRESS_PER_MINUTE)
        self.waiting, self.look_at = 0, 0.0

    def serve(self, app: FastAPI) -> None:
        """Put the addresses into an application."""
        for name in pages.PAGES:
            app.add_api_route(f"/{name}", self.page)
        for road in pages.ROADS:
            app.add_api_route(f"/{road}/{{token}}", self.page)
        app.add_api_route("/", self.page)
        app.add_api_route("/track/{code}", self.page)
        app.add_api_route("/static/{version}/{path:path}", files.serve)
        app.add_api_route(f"{built.AT}/{{name}}", built.serve)
        app.add_api_route(f"/{built.WORKER}", built.serve_worker)
        app.add_api_route("/api/health", health)
        app.add_api_route("/api/key", self.key)
        app.add_api_route("/api/mail/{mail_id}", self.put, methods=["PUT"])
        app.add_api_route("/api/standing/{mail_id}", self.standing)
        app.add_api_route("/api/links/{token}", self.look)
        app.add_api_route("/api/links/{token}/opt-out", self.opt_out, methods=["POST"])
        app.add_api_route("/api/papers/{name}.json", self.paper)
        app.add_api_route(f"{AT}/{{name}}", self.media)
        app.add_api_route("/api/sheets/{kind}/{x}/{y}.json", self.sheet)

    async def page(self, request: Request) -> Response:
        """One of the pages, in the language that was asked for."""
        name = request.url.path.split("/")[1] or "report"
        return as_page(pages.ROADS.get(name, name), request)

    async def key(self) -> Response:
        """The public key that letters are sealed to."""
        found = await self.mailbox.key()
        if found is None:
            raise NeedleError("portal.not_ready")
        return as_json({"key_id": found[0], "public_key": base64.b64encode(found[1]).decode()})

    async def put(
        self, mail_id: str, kind: str, key: str, request: Request, link: str | None = None, replaces: str | None = None
    ) -> Response:
        """Take a sealed mail in; answered once it is on disk. The same id again changes nothing.

        An answer to a form comes by a link, whose uses are counted with it; one that was edited names the mail that it replaces.
        """
        ids = (mail_id, *([replaces] if replaces else []))
        if not (all(map(ID.fullmatch, ids)) and KIND.fullmatch(kind) and KEY_ID.fullmatch(key)):
            raise NeedleError("portal.mail_malformed", problem="id, kind, key")
        sender = self._sender(request)
        sealed = await read_body(request)
        if await self._is_full():
            raise NeedleError("portal.mailbox_full")
        if kind == ANSWER:
            await self.doors.answer(link or "", mail_id, key, sealed, sender, replaces)
        else:
            await self.mailbox.put(mail_id, kind, key, sealed, sender)
        return as_json({"kept": True}, 202)

    async def _is_full(self) -> bool:
        now = time.monotonic()
        if now >= self.look_at:
            self.look_at = now + LOOK_EVERY_S
            self.waiting = await self.mailbox.waiting(MOST_WAITING)
        return self.waiting >= MOST_WAITING

    def _sender(self, request: Request) -> bytes:
        """Today's pseudonym of the address that a mail comes from.

        Raises
        ------
        NeedleError
            ``portal.too_often`` by the device, which a nuisance may change, or by the address, which it hardly can.
        """
        address = self._address(request)
        device = self.pseudonyms.name(f"{address!r} {request.headers.get('x-device', '')[:64]}")
        if not (self.devices.allows(device) and self.addresses.allows(address)):
            raise NeedleError("portal.too_often")
        return address

    async def standing(self, mail_id: str) -> Response:
        """How a mail stands, sealed to who sent it; all null and false for one that is not known."""
        if not ID.fullmatch(mail_id):
            raise NeedleError("portal.nothing_here")
        standing = await self.mailbox.standing(mail_id)
        sealed = base64.b64encode(standing.sealed).decode() if standing.sealed is not None else None
        return as_json({"sealed": sealed, "problem": standing.problem, "waiting": standing.waiting})

    async def look(self, token: str, request: Request) -> Response:
        """What a link leads to: the form, who asks and until when, or why it is closed."""
        return as_json(await self.doors.look(token, self._address(request)))

    async def opt_out(self, token: str, request: Request) -> Response:
        """Whoever got this link wants no more messages: one click, or the mail program's own button (RFC 8058)."""
        await self.doors.opt_out(token, self._address(request))
        return as_json({"noted": True})

    def _address(self, request: Request) -> bytes:
        return self.pseudonyms.address(request.client.host if request.client else "")

    async def paper(self, name: str, request: Request) -> Response:
        """A public document."""
        return as_gzipped(await self.mailbox.paper(name), request, 60)

    async def media(self, name: str) -> Response:
        """A file that a form shows; its name is its content's, so that it is kept for good."""
        found = await self.mailbox.paper(name) if (ending := MEDIA.fullmatch(name)) else None
        if ending is None or found is None:
            raise NeedleError("portal.nothing_here")
        return Response(found, media_type=TYPES[ending[1]], headers=files.FOR_GOOD)

    async def sheet(self, kind: str, x: int, y: int, request: Request) -> Response:
        """A public map sheet of zoom 14; ``null`` where there is nothing."""
        if kind not in SHEETS or not (0 <= x < 2**14 and 0 <= y < 2**14):
            raise NeedleError("portal.nothing_here")
        found = await self.mailbox.sheet(kind, x, y)
        return as_gzipped(found or gzip.compress(b"null", mtime=0), request, 3600 if kind == "sketch" else 60)


def create_app(url: str) -> FastAPI:
    """The process as an ASGI application. ``url``: the mailbox, as the role ``portal`` enters it."""
    pool = open_pool(url)
    links = LinksResidentSide(pool)
    box = Letterbox(links)

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        async with pool, box:
            yield

    app = FastAPI(title="Needle portal", lifespan=lifespan, docs_url=None, redoc_url=None, openapi_url=None)
    Portal(ResidentSide(pool), Doors(links, box)).serve(app)
    app.add_exception_handler(NeedleError, answer_error)
    app.add_exception_handler(HTTPException, answer_missing)
    app.add_middleware(GZipMiddleware, minimum_size=600)
    app.add_middleware(Guard)
    return app


def serve(url: str, host: str, port: int) -> None:
    """Run the process until it is told to stop."""
    uvicorn.run(create_app(url), host=host, port=port, log_level="warning", access_log=False, server_header=False)


async def health() -> Response:
    """The process answers."""
    return as_json({"ok": True})


async def read_body(request: Request) -> bytes:
    """The sealed mail of a request.

    Raises
    ------
    NeedleError
        ``portal.mail_too_large`` as soon as it grows too large, ``portal.mail_malformed`` when it is too short to be sealed.
    """
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > MAX_MAIL_BYTES:
            raise NeedleError("portal.mail_too_large", limit_mb=MAX_MAIL_BYTES // 2**20)
    if len(body) <= OVERHEAD:
        raise NeedleError("portal.mail_malformed", problem="sealed")
    return bytes(body)


def as_page(name: str, request: Request, status: int = 200) -> Response:
    """A page in the language that was asked for; Chinese first."""
    lang = "en" if request.query_params.get("lang") == "en" else "zh"
    body = pages.page(name, lang, f"/static/{files.version()}")
    return Response(
        body, status, media_type="text/html", headers={"Cache-Control": "no-cache", "Content-Language": lang}
    )


def as_json(content: Any, status: int = 200) -> Response:
    """JSON that nobody keeps."""
    return Response(orjson.dumps(content), status, media_type="application/json", headers={"Cache-Control": "no-store"})


def as_gzipped(body: bytes | None, request: Request, seconds: int) -> Response:
    """Public JSON that is gzipped already, kept by the phone for a while."""
    if body is None:
        raise NeedleError("portal.nothing_here")
    headers = {"Cache-Control": f"public, max-age={seconds}", "Vary": "Accept-Encoding"}
    if "gzip" in request.headers.get("accept-encoding", ""):
        return Response(body, media_type="application/json", headers={**headers, "Content-Encoding": "gzip"})
    return Response(gzip.decompress(body), media_type="application/json", headers=headers)


async def answer_error(_request: Request, error: Exception) -> Response:
    """An error of the catalogue, in both languages, with its status."""
    if not isinstance(error, NeedleError):
        raise error
    return as_json(error.as_dict(), error.entry.http_status)


async def answer_missing(request: Request, error: Exception) -> Response:
    """A page that is not there: for people a page, for programs the code."""
    status = error.status_code if isinstance(error, HTTPException) else 500
    if "text/html" in request.headers.get("accept", ""):
        return as_page("missing", request, status)
    return as_json(NeedleError("portal.nothing_here").as_dict(), status)
