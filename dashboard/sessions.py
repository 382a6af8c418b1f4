"""Sessions: who a request comes from, and the gate that lets nobody else in.

The cookie ``needle_session`` holds a random token of which the database keeps the hash. ``Sessions`` is ASGI middleware around
everything: it puts the account into ``request.state.account``, refuses whoever has none (pages: the way to sign in), asks
unsafe methods for the token against forged requests, and closes sockets whose session has ended.
"""

import asyncio
import hmac
import secrets
import time
from collections.abc import Mapping
from contextlib import suppress
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import timedelta
from functools import lru_cache
from hashlib import sha256
from typing import Annotated, Any, Final, cast
from urllib.parse import urlencode

import orjson
from fastapi import Depends
from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import HTTPConnection, cookie_parser
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from dashboard.accounts import Account, account_of
from data.database import AsyncPool
from data.stores.reading import reading
from data.stores.sessions import Terms, find_session, hash_token
from geo.errors import NeedleError

COOKIE, CSRF_COOKIE, CSRF_HEADER = "needle_session", "needle_csrf", "x-csrf-token"
TOKEN_BYTES: Final = 32
#: A shift, and two hours away from the desk.
PERSON: Final = Terms(idle=timedelta(hours=2), longest=timedelta(hours=12))
SCREEN: Final = Terms(idle=None, longest=timedelta(days=365))
KEPT_SECONDS: Final = 5.0
KEPT_SESSIONS: Final = 10_000
LOOK_AGAIN_SECONDS: Final = 20.0
SIGNED_OUT: Final = 4401
UNSAFE: Final = frozenset({"POST", "PUT", "PATCH", "DELETE"})
#: What is asked for by scripts, and gets an error of the catalogue instead of the way to sign in.
ASKED_BY_SCRIPTS: Final = ("/api/", "/tiles/", "/ws/", "/_dash-", "/_reload-hash")
#: What needs no account: signing in, files without a word of the city in them, and doors with locks of their own.
OPEN: Final = (
    "/login",
    "/screen/",
    "/static/",
    "/m/sw.js",
    "/_dash-component-suites/",
    "/api/health",
    "/open311/",
    "/openrosa/",
    "/api/connectors/",
    "/registry/api",
    "/registry/ogc",
)
KEPT_LINES: Final = 4_096
#: Doors that a session opens too.
OWN_LOCK: Final = "/api/reports"

_current: ContextVar[Account | None] = ContextVar("account", default=None)


def new_token() -> str:
    """A token that nobody guesses."""
    return secrets.token_urlsafe(TOKEN_BYTES)


@lru_cache(maxsize=KEPT_LINES)
def csrf_of(token: str) -> str:
    """What the pages of a session send along with unsafe requests; it says nothing of the session's token."""
    return sha256(b"csrf:" + token.encode()).hexdigest()[:40]


def account_of_request(connection: HTTPConnection) -> Account:
    """Who asks, for routes (a FastAPI dependency).

    Raises
    ------
    NeedleError
        ``account.login_required``.
    """
    account = connection.scope.get("state", {}).get("account")
    if account is None:
        raise NeedleError("account.login_required")
    return cast(Account, account)


async def asker(connection: HTTPConnection) -> Account:
    """``account_of_request`` as a dependency: a coroutine, since FastAPI sends plain functions through a pool of threads."""
    return account_of_request(connection)


Asker = Annotated[Account, Depends(asker)]


def current_account() -> Account:
    """Who asks, for Dash's callbacks, which are given no request.

    Raises
    ------
    NeedleError
        ``account.login_required``.
    """
    account = _current.get()
    if account is None:
        raise NeedleError("account.login_required")
    return account


# --- who a token belongs to -------------------------------------------------------------------------------------


class Gate:
    """Accounts by their session's token, kept for a few seconds or until somebody says that accounts changed."""

    def __init__(self, pool: AsyncPool) -> None:
        self.pool = pool
        self._kept: dict[str, tuple[float, Account | None]] = {}
        self._changed = asyncio.Event()

    async def find(self, token: str) -> Account | None:
        """Whose session this is; None where it is nobody's any more.

        Raises
        ------
        NeedleError
            ``database.unreachable``.
        """
        until, account = self._kept.get(token, (0.0, None))
        if time.monotonic() < until:
            return account
        async with reading(self.pool) as connection:
            row = await find_session(connection, hash_token(token))
        if len(self._kept) >= KEPT_SESSIONS:
            self._kept.clear()
        account = account_of(row) if row is not None else None
        self._kept[token] = (time.monotonic() + KEPT_SECONDS, account)
        return account

    def forget(self) -> None:
        """Accounts or sessions changed."""
        self._kept.clear()
        self._changed.set()
        self._changed = asyncio.Event()

    async def until_ended(self, token: str, account: Account) -> None:
        """Return when the session ends, or its account becomes another than it was."""
        while True:
            with suppress(TimeoutError):
                async with asyncio.timeout(LOOK_AGAIN_SECONDS):
                    await self._changed.wait()
            with suppress(NeedleError):
                if await self.find(token) != account:
                    return


# --- the middleware ---------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Presented:
    """What a request shows: its session's token, and what its page says against forgery."""

    token: str | None
    csrf: str | None
    csrf_cookie: str | None


def presented(headers: Headers) -> Presented:
    """Read the cookies and the header."""
    token, csrf_cookie = own_cookies(headers.get("cookie", ""))
    return Presented(token, headers.get(CSRF_HEADER), csrf_cookie)


@lru_cache(maxsize=KEPT_LINES)
def own_cookies(line: str) -> tuple[str | None, str | None]:
    """The session's token and the token against forgery of a ``Cookie`` line; a browser sends the same one with every tile."""
    cookies = cookie_parser(line)
    return cookies.get(COOKIE), cookies.get(CSRF_COOKIE)


class Sessions:
    """ASGI middleware. ``gate``: who a token belongs to."""

    def __init__(self, app: ASGIApp, gate: Gate) -> None:
        self.app = app
        self.gate = gate

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let a request in with its account, or turn it away."""
        if scope["type"] not in ("http", "websocket") or is_open(scope["path"]) or shows_key(scope):
            await self.app(scope, receive, send)
            return
        try:
            shown = presented(Headers(scope=scope))
            account = await self.gate.find(shown.token) if shown.token else None
            if account is None and not scope["path"].startswith(OWN_LOCK):
                raise NeedleError("account.login_required")
            if account is not None and scope.get("method") in UNSAFE and not is_genuine(shown):
                raise NeedleError("account.csrf")
        except NeedleError as error:
            await turn_away(scope, receive, send, error)
            return
        scope.setdefault("state", {})["account"] = account
        _current.set(account)
        if scope["type"] == "websocket" and shown.token is not None and account is not None:
            await self._socket(scope, receive, send, shown.token, account)
        else:
            await self.app(scope, receive, send_renewed(scope, send, shown) if account else send)

    async def _socket(self, scope: Scope, receive: Receive, send: Send, token: str, account: Account) -> None:
        """A socket lives no longer than its session."""
        serving = asyncio.ensure_future(self.app(scope, receive, send))
        ending = asyncio.ensure_future(self.gate.until_ended(token, account))
        try:
            await asyncio.wait({serving, ending}, return_when=asyncio.FIRST_COMPLETED)
            if serving.done():
                serving.result()
            else:
                serving.cancel()
                await asyncio.gather(serving, return_exceptions=True)
                await send({"type": "websocket.close", "code": SIGNED_OUT})
        finally:
            serving.cancel()
            ending.cancel()


def is_open(path: str) -> bool:
    """Whether an address needs no account."""
    return path.startswith(OPEN)


def shows_key(scope: Scope) -> bool:
    """Whether a channel's system brings its own key, which the door behind holds against what is kept."""
    return scope["path"].startswith(OWN_LOCK) and any(name == b"authorization" for name, _ in scope["headers"])


def is_genuine(shown: Presented) -> bool:
    """Whether an unsafe request came from a page of its session."""
    return shown.token is not None and hmac.compare_digest(shown.csrf or "", csrf_of(shown.token))


async def turn_away(scope: Scope, receive: Receive, send: Send, error: NeedleError) -> None:
    """Pages are shown the way to sign in, scripts are told the error, sockets are closed with ``SIGNED_OUT``."""
    if scope["type"] == "websocket":
        await receive()
        await send({"type": "websocket.accept"})
        await send({"type": "websocket.close", "code": SIGNED_OUT})
        return
    status, body = error.entry.http_status, orjson.dumps(error.as_dict())
    headers = [(b"content-type", b"application/json"), (b"cache-control", b"no-store")]
    if error.code == "account.login_required" and not scope["path"].startswith(ASKED_BY_SCRIPTS):
        status, body = 303, b""
        headers.append((b"location", f"/login?{urlencode({'next': wanted(scope)})}".encode()))
    headers.append((b"content-length", str(len(body)).encode()))
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


def wanted(scope: Scope) -> str:
    """The address that somebody wanted before signing in; the first page where it was no page."""
    query = scope["query_string"].decode("latin-1")
    return str(scope["path"]) + (f"?{query}" if query else "") if scope["method"] == "GET" else "/"


def send_renewed(scope: Scope, send: Send, shown: Presented) -> Send:
    """``send`` that gives a page its token against forgery where the browser has lost it."""
    right = csrf_of(shown.token or "")
    if shown.csrf_cookie == right or scope.get("method") != "GET":
        return send

    async def renewing(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(raw=message["headers"])
            if headers.get("content-type", "").startswith("text/html"):
                headers.append("set-cookie", cookie(CSRF_COOKIE, right, scope, script=True))
        await send(message)

    return renewing


def cookie(name: str, value: str, scope: Mapping[str, Any], *, seconds: int | None = None, script: bool = False) -> str:
    """A ``Set-Cookie`` line: for this host alone, not sent from other sites' forms, read by scripts only where ``script``."""
    parts = [f"{name}={value}", "Path=/", "SameSite=Lax"]
    parts += [] if seconds is None else [f"Max-Age={seconds}"]
    parts += [] if script else ["HttpOnly"]
    parts += ["Secure"] if scope.get("scheme") in ("https", "wss") else []
    return "; ".join(parts)
