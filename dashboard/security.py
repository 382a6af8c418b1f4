"""The guard around every request, pages and sockets alike: security headers, and sockets from our own pages only.

Pure ASGI, so that it also wraps Dash's own routes and WebSockets.
"""

from collections.abc import Callable, Sequence
from typing import Final
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

HEADERS: Final = {
    "x-content-type-options": "nosniff",
    "referrer-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    "permissions-policy": "geolocation=(self), camera=(), microphone=()",
}

RAW_HEADERS: Final = [(name.encode(), value.encode()) for name, value in HEADERS.items()]


def content_policy(script_hashes: Sequence[str]) -> str:
    """The Content-Security-Policy: everything from this server; inline scripts only by their hash; no eval.

    ``style-src 'unsafe-inline'`` is what plotly's charts need.
    """
    return "; ".join(
        (
            "default-src 'self'",
            f"script-src 'self' {' '.join(script_hashes)}".rstrip(),
            "style-src 'self' 'unsafe-inline'",
            "img-src 'self' data: blob:",
            "worker-src 'self'",
            "connect-src 'self'",
            "object-src 'none'",
            "base-uri 'none'",
            "form-action 'self'",
            "frame-ancestors 'self'",
        )
    )


def is_own_origin(headers: Headers) -> bool:
    """Whether a socket was asked for by a page of this host (or by a program, which sends no origin)."""
    origin = headers.get("origin")
    return origin is None or urlsplit(origin).netloc == headers.get("host")


class Guard:
    """ASGI middleware. ``script_hashes`` is asked at each answer: Dash learns of inline scripts while it starts."""

    def __init__(self, app: ASGIApp, script_hashes: Callable[[], Sequence[str]]) -> None:
        self.app = app
        self.script_hashes = script_hashes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on; refuse foreign sockets; add the headers to the answer."""
        if scope["type"] == "websocket" and not is_own_origin(Headers(scope=scope)):
            await receive()
            await send({"type": "websocket.close", "code": 4403})
            return
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return

        async def send_guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                given = {name for name, _ in message["headers"]}
                message["headers"] = [*message["headers"], *(line for line in RAW_HEADERS if line[0] not in given)]
                self._guard_document(MutableHeaders(scope=message))
            await send(message)

        await self.app(scope, receive, send_guarded)

    def _guard_document(self, headers: MutableHeaders) -> None:
        if headers.get("content-type", "").startswith("text/html"):
            headers.setdefault("content-security-policy", content_policy(self.script_hashes()))
            headers.setdefault("cache-control", "no-cache")
