"""``/openrosa``: forms for field workers' programs (ODK Collect and its like), and what they send. OpenRosa 1.0.

Who asks is said by HTTP Basic: an account's name and one of its passwords for programs (``needle collect add``). Serve it over
https, as everything here.
"""

import base64
import binascii
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from email.utils import format_datetime
from hashlib import md5, sha256
from typing import Final

import structlog
from anyio import to_thread
from fastapi import APIRouter, Request, Response
from fastapi.responses import FileResponse
from starlette.datastructures import FormData, UploadFile

from dashboard.accounts import Account, account_of, require
from dashboard.attachments import AttachmentRoom
from dashboard.audit_log import address_of
from dashboard.door import PER_ACCOUNT, PER_ADDRESS, WHILE, Allowance, refuse_guessing
from dashboard.i18n import words
from data.database import AsyncPool
from data.stores.app_passwords import find_by_app_password
from data.stores.field_forms import FieldFiles, load_field_files, load_field_forms
from data.stores.reading import reading, scoped
from data.stores.sessions import note_failure
from forms.answers.field import FieldDesk
from forms.letters import Enclosed
from forms.openrosa.documents import ITEMSETS, form_list, manifest, response
from forms.xlsform.media import Media
from geo.errors import NeedleError

MAX_BYTES: Final = 20 * 1024 * 1024
MAX_PARTS: Final = 60
XML: Final = "text/xml; charset=utf-8"
SUBMISSION: Final = "xml_submission_file"
HEADERS: Final = {"X-OpenRosa-Version": "1.0", "Cache-Control": "no-store"}
ACCEPTS: Final = {"X-OpenRosa-Accept-Content-Length": str(MAX_BYTES)}
CHALLENGE: Final = {"WWW-Authenticate": 'Basic realm="Needle", charset="UTF-8"'}

log = structlog.get_logger("openrosa")
Answer = Callable[[Request, Account], Awaitable[Response]]


class OpenRosa:
    """The endpoint of one server process."""

    def __init__(self, pool: AsyncPool, files: AttachmentRoom) -> None:
        self.pool, self.desk, self.folder = pool, FieldDesk(pool, files), files.folder
        self.router = APIRouter(prefix="/openrosa")
        add = self.router.add_api_route
        add("/formList", self._guarded(self.forms), methods=["GET", "HEAD"])
        add("/forms/{version_id}", self._guarded(self.form))
        add("/forms/{version_id}/manifest", self._guarded(self.manifest))
        add(f"/forms/{{version_id}}/{ITEMSETS}", self._guarded(self.itemsets))
        add("/forms/{version_id}/media/{name}", self._guarded(self.media))
        add("/submission", self._guarded(self.ready), methods=["HEAD"])
        add("/submission", self._guarded(self.submit), methods=["POST"])

    def _guarded(self, answer: Answer) -> Callable[[Request], Awaitable[Response]]:
        """An address that asks who it is, and says errors as such programs show them."""

        async def guarded(request: Request) -> Response:
            try:
                account = await self._account(request)
                require(account, "report.write")
                found = await answer(request, account)
            except NeedleError as error:
                found = refusal(error)
            found.headers.update({**HEADERS, "Date": format_datetime(datetime.now(UTC), usegmt=True)})
            return found

        return guarded

    async def _account(self, request: Request) -> Account:
        """Whose password a request shows.

        Raises
        ------
        NeedleError
            ``account.login_required``, ``account.wrong``; ``account.wait`` for who guesses.
        """
        username, password = basic(request.headers.get("authorization", ""))
        allowed = allowances(username, address_of(request))
        async with reading(self.pool) as connection:
            await refuse_guessing(connection, allowed)
            row = await find_by_app_password(connection, username, password)
        if row is None:
            async with reading(self.pool) as connection:
                await note_failure(connection, [allowance.key for allowance in allowed], WHILE)
            raise NeedleError("account.wrong")
        return account_of(row)

    async def forms(self, request: Request, account: Account) -> Response:
        """The forms that this account may fill in; ``formID`` names one."""
        async with scoped(self.pool, account.id) as connection:
            found = await load_field_forms(connection, request.query_params.get("formID"))
        return Response(form_list(found, base_of(request)), media_type=XML)

    async def form(self, request: Request, account: Account) -> Response:
        """A version's XForm."""
        return Response((await self._files(request, account)).xform, media_type=XML)

    async def manifest(self, request: Request, account: Account) -> Response:
        """The files of a version."""
        found = await self._files(request, account)
        media = await to_thread.run_sync(self._hashed, found.media)
        return Response(manifest(number_of(request), found.itemsets, media, base_of(request)), media_type=XML)

    def _hashed(self, media: Media) -> dict[str, str]:
        """MD5 by name, as the manifest names content; what is not there is left out."""
        paths = {name: self.folder.path_of(file["digest"]) for name, file in media.items()}
        return {n: md5(p.read_bytes(), usedforsecurity=False).hexdigest() for n, p in paths.items() if p.is_file()}

    async def media(self, request: Request, account: Account) -> Response:
        """A file that a version shows."""
        name = str(request.path_params["name"])
        file = (await self._files(request, account)).media.get(name)
        if file is None:
            raise NeedleError("form.unknown", form_id=number_of(request), version=name)
        return FileResponse(self.folder.path_of(file["digest"]), media_type=file["type"])

    async def itemsets(self, request: Request, account: Account) -> Response:
        """A version's external choices."""
        itemsets = (await self._files(request, account)).itemsets
        if itemsets is None:
            raise NeedleError("form.unknown", form_id=number_of(request), version=ITEMSETS)
        return Response(itemsets, media_type="text/csv; charset=utf-8")

    async def _files(self, request: Request, account: Account) -> FieldFiles:
        async with scoped(self.pool, account.id) as connection:
            found = await load_field_files(connection, number_of(request))
        if found is None:
            raise NeedleError("form.unknown", form_id=number_of(request), version="-")
        return found

    async def ready(self, request: Request, _account: Account) -> Response:
        """Submissions are taken here, of so many bytes."""
        return Response(status_code=204, headers={**ACCEPTS, "Location": f"{base_of(request)}/submission"})

    async def submit(self, request: Request, account: Account) -> Response:
        """Take a submission in; 201 once it is filed for good, also when it was before."""
        check_length(request)
        async with request.form(max_files=MAX_PARTS, max_fields=MAX_PARTS, max_part_size=MAX_BYTES) as form:
            text, files = await read_parts(form)
        asked = await self.desk.file(account.id, text, files)
        log.info("filed", form=asked.form_id, account=account.username, files=len(files))
        said = " ".join(words(language)("openrosa.received", form=asked.title) for language in ("zh", "en"))
        return Response(response("submit_success", said), 201, media_type=XML, headers=ACCEPTS)


def allowances(username: str, address: str) -> tuple[Allowance, Allowance]:
    """How often somebody may be wrong here. Whoever guesses here does not shut an account out of the sign-in page."""
    return (
        Allowance(sha256(f"app:{username}".encode()).digest(), PER_ACCOUNT),
        Allowance(sha256(f"address:{address}".encode()).digest(), PER_ADDRESS),
    )


def basic(header: str) -> tuple[str, str]:
    """Name and password of an Authorization header (RFC 7617, UTF-8).

    Raises
    ------
    NeedleError
        ``account.login_required``.
    """
    scheme, _, said = header.partition(" ")
    try:
        name, colon, password = base64.b64decode(said.strip(), validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError) as error:
        raise NeedleError("account.login_required") from error
    if scheme.lower() != "basic" or not colon:
        raise NeedleError("account.login_required")
    return name.strip().lower(), password


def base_of(request: Request) -> str:
    """The endpoint's own address, as the program reached it."""
    return f"{str(request.base_url).rstrip('/')}/openrosa"


def number_of(request: Request) -> int:
    """The version's number in an address; one that is none leads nowhere."""
    said = str(request.path_params["version_id"])
    return int(said) if said.isascii() and said.isdigit() and len(said) < 10 else 0


def check_length(request: Request) -> None:
    """Refuse a body before it is read.

    Raises
    ------
    NeedleError
        ``openrosa.length``, ``openrosa.too_large``.
    """
    said = request.headers.get("content-length", "")
    if not said.isdigit():
        raise NeedleError("openrosa.length")
    if int(said) > MAX_BYTES:
        raise NeedleError("openrosa.too_large", limit_mb=MAX_BYTES // 2**20)


async def read_parts(form: FormData) -> tuple[str, list[Enclosed]]:
    """The submission's XML, and the files beside it.

    Raises
    ------
    NeedleError
        ``openrosa.part_missing``, ``form.submission_broken``.
    """
    xml = form.get(SUBMISSION)
    if xml is None:
        raise NeedleError("openrosa.part_missing")
    try:
        text = (await xml.read()).decode("utf-8-sig") if isinstance(xml, UploadFile) else xml
    except UnicodeDecodeError as error:
        raise NeedleError("form.submission_broken", reason="UTF-8") from error
    parts = [part for name, part in form.multi_items() if name != SUBMISSION and isinstance(part, UploadFile)]
    files = {part.filename or "": await part.read() for part in parts}
    return text, [Enclosed(name, content) for name, content in files.items() if name and content]


def refusal(error: NeedleError) -> Response:
    """An error as these programs show it: in both languages, with its status; what a program sends wrong is 400."""
    status = 400 if error.entry.http_status == 422 else error.entry.http_status
    said = f"{error.sentence('zh')} {error.sentence('en')}"
    headers = CHALLENGE if status == 401 else {}
    return Response(response("submit_error", said), status, media_type=XML, headers=headers)
