"""Whoever comes without a session is signed in on the way: as the actor of the header ``X-Actor``, else as an administrator.

Sessions and accounts are real ones of the database; requests that bring a session of their own are left alone. A browser's
scripts bring their token against forgery by themselves; only what is no browser is given it.
"""

from fastapi import FastAPI
from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Receive, Scope, Send

from dashboard.audit_log import AuditLog
from dashboard.cast import Cast
from dashboard.sessions import COOKIE, CSRF_HEADER, Gate, Sessions, is_open
from data.database import AsyncPool

EVERYBODY = "admin"


class SignedIn:
    """ASGI middleware around a server under test."""

    def __init__(self, app: ASGIApp, url: str, actor: str = EVERYBODY) -> None:
        self.app, self.cast, self.actor = app, Cast(url), actor

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] in ("http", "websocket") and not is_open(scope["path"]):
            sign_in(scope, self.cast, self.actor)
        await self.app(scope, receive, send)


def sign_in(scope: Scope, cast: Cast, actor: str) -> None:
    """Add the session of an actor to a request that has none, nor a key."""
    headers = Headers(scope=scope)
    cookies = headers.get("cookie", "")
    if COOKIE in cookies or "authorization" in headers:
        return
    shown = cast.headers(headers.get("x-actor", actor))
    changed = MutableHeaders(scope=scope)
    changed["cookie"] = "; ".join(filter(None, (cookies, shown["Cookie"])))
    if "sec-fetch-mode" not in headers:
        changed[CSRF_HEADER] = shown[CSRF_HEADER]
    scope["headers"] = changed.raw


def behind_sessions(app: FastAPI, pool: AsyncPool, url: str) -> ASGIApp:
    """A part of the server under test, with sessions before it and everybody signed in."""
    app.state.audit = AuditLog(pool)
    return SignedIn(Sessions(app, Gate(pool)), url)
