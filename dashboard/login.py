"""``/login``, ``/logout`` and ``/screen/…``: how a browser comes to its session. Plain forms, no script needed."""

from hmac import compare_digest
from typing import Final
from urllib.parse import parse_qs

from fastapi import APIRouter, Request, Response
from fastapi.responses import HTMLResponse, RedirectResponse

from dashboard.asgi import read_body
from dashboard.audit_log import deed_of
from dashboard.door import Door
from dashboard.files import Files
from dashboard.login_page import LoginPage, login_page
from dashboard.oidc import Oidc, new_attempt, read_attempt
from dashboard.preferences import LANGUAGE_COOKIE, THEME_COOKIE, read_preferences
from dashboard.security import is_own_origin
from dashboard.sessions import COOKIE, CSRF_COOKIE, PERSON, SCREEN, Asker, cookie, csrf_of
from data.stores.sessions import Terms
from geo.errors import NeedleError

MOST_BYTES: Final = 8_192
#: Between going to the provider and coming back.
ATTEMPT_COOKIE, ATTEMPT_SECONDS = "needle_oidc", 600
PREFERENCE_SECONDS: Final = 365 * 24 * 3600


class Login:
    """The addresses of signing in. ``oidc``: the identity provider, where one is set up."""

    def __init__(self, door: Door, files: Files, oidc: Oidc | None) -> None:
        self.door, self.files, self.oidc = door, files, oidc
        self.router = APIRouter()
        self.router.add_api_route("/login", self.show, methods=["GET"])
        self.router.add_api_route("/login", self.sign_in, methods=["POST"])
        self.router.add_api_route("/login/oidc", self.go_to_provider, methods=["GET"])
        self.router.add_api_route("/login/oidc/callback", self.come_back, methods=["GET"])
        self.router.add_api_route("/logout", self.sign_out, methods=["POST"])
        self.router.add_api_route("/screen/{token}", self.screen, methods=["GET"])

    async def show(self, request: Request) -> Response:
        """The page; a language or theme that its address names is remembered."""
        answer = self._page(request, own_address(request.query_params.get("next", "/")), None, "")
        for name, key in ((LANGUAGE_COOKIE, "lang"), (THEME_COOKIE, "theme")):
            value = request.query_params.get(key, "")
            if value.isalpha() and len(value) <= 5:
                line = cookie(name, value, request.scope, seconds=PREFERENCE_SECONDS, script=True)
                answer.headers.append("set-cookie", line)
        return answer

    async def sign_in(self, request: Request) -> Response:
        """Take the form: on to the page that was wanted, or the form again with what was wrong."""
        form = parse_qs((await read_body(request.receive, MOST_BYTES)).decode("utf-8", "replace"))
        username, password, wanted = (form.get(name, [""])[0] for name in ("username", "password", "next"))
        try:
            if not is_own_origin(request.headers):
                raise NeedleError("account.csrf")
            token = await self.door.sign_in(request, username, password)
        except NeedleError as error:
            return self._page(request, own_address(wanted), error, username)
        return signed_in(request, token, own_address(wanted), PERSON)

    async def go_to_provider(self, request: Request) -> Response:
        """On to the identity provider; what must come back waits in a cookie."""
        if self.oidc is None:
            raise NeedleError("account.no_provider")
        attempt = new_attempt(own_address(request.query_params.get("next", "/")))
        try:
            address = await self.oidc.address(attempt, address_back(request))
        except NeedleError as error:
            return self._page(request, attempt.wanted, error, "")
        answer = RedirectResponse(address, 303, {"cache-control": "no-store"})
        line = cookie(ATTEMPT_COOKIE, attempt.packed(), request.scope, seconds=ATTEMPT_SECONDS)
        answer.headers.append("set-cookie", line)
        return answer

    async def come_back(self, request: Request) -> Response:
        """Back from the identity provider: the browser that went, with a code for this very attempt."""
        if self.oidc is None:
            raise NeedleError("account.no_provider")
        attempt, said = read_attempt(request.cookies.get(ATTEMPT_COOKIE, "")), request.query_params
        try:
            if attempt is None or not compare_digest(attempt.state, said.get("state", "")):
                raise NeedleError("account.provider", reason="state")
            if "code" not in said:
                raise NeedleError("account.provider", reason=said.get("error", "code")[:80])
            account_id, username = await self.oidc.account(attempt, said["code"], address_back(request))
            token = await self.door.open(request, account_id, username, "oidc")
        except NeedleError as error:
            self.door.audit.tell(deed_of(request, "-", "sign_in_failed", detail={"by": "oidc", "code": error.code}))
            return self._page(request, "/", error, "")
        answer = signed_in(request, token, own_address(attempt.wanted), PERSON)
        answer.headers.append("set-cookie", cookie(ATTEMPT_COOKIE, "", request.scope, seconds=0))
        return answer

    async def sign_out(self, request: Request, account: Asker) -> Response:
        """End the session that asks."""
        await self.door.sign_out(request, account, request.cookies[COOKIE])
        answer = RedirectResponse("/login", 303)
        for name in (COOKIE, CSRF_COOKIE):
            answer.headers.append("set-cookie", cookie(name, "", request.scope, seconds=0))
        return answer

    async def screen(self, token: str, request: Request) -> Response:
        """Sign a screen in by its link: no keyboard, no mouse; the wall follows, as screens show it."""
        await self.door.screen(request, token)
        return signed_in(request, token, "/wall?screen=1", SCREEN)

    def _page(self, request: Request, wanted: str, error: NeedleError | None, username: str) -> HTMLResponse:
        preferences = read_preferences(request.url.query, request.cookies)
        name = self.oidc.provider.name if self.oidc else None
        shown = LoginPage(preferences, wanted, error, username, name)
        status = error.entry.http_status if error else 200
        return HTMLResponse(login_page(shown, self.files), status, {"cache-control": "no-store"})


def address_back(request: Request) -> str:
    """Where the provider sends the browser back to: this host, as the browser calls it."""
    return f"{request.url.scheme}://{request.url.netloc}/login/oidc/callback"


def signed_in(request: Request, token: str, wanted: str, terms: Terms) -> Response:
    """On to a page with the session's cookies; without a time of their own they go with the browser."""
    seconds = int(terms.longest.total_seconds())
    answer = RedirectResponse(wanted, 303, {"cache-control": "no-store"})
    answer.headers.append("set-cookie", cookie(COOKIE, token, request.scope, seconds=seconds))
    answer.headers.append(
        "set-cookie", cookie(CSRF_COOKIE, csrf_of(token), request.scope, seconds=seconds, script=True)
    )
    return answer


def own_address(wanted: str) -> str:
    """An address of this server, as it was asked for; the first page where it is none: no way leads to another host."""
    is_own = wanted.startswith("/") and not wanted.startswith(("//", "/\\", "/login", "/logout"))
    return wanted if is_own and wanted.isprintable() and "\\" not in wanted else "/"
