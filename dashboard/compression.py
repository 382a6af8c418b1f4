"""gzip for what is worth it. Files that never change under their address are compressed once and kept in memory."""

import gzip
from typing import Final

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

TYPES: Final = ("text/", "application/json", "application/javascript", "image/svg+xml")
SMALLEST_BYTES: Final = 1_000
KEPT_LEVEL, FRESH_LEVEL = 9, 3


class Compression:
    """ASGI middleware: compresses text answers that are not compressed yet, when the client takes gzip."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app
        self.kept: dict[tuple[str, str], bytes] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Gather the answer's body, compress it where that helps, send it on."""
        if scope["type"] != "http" or "gzip" not in Headers(scope=scope).get("accept-encoding", ""):
            await self.app(scope, receive, send)
            return
        answer = _Answer(self, scope["path"], send)
        await self.app(scope, receive, answer.send)


class _Answer:
    """One answer on its way: held back until its body is whole, unless it is not text."""

    def __init__(self, keeper: Compression, path: str, onward: Send) -> None:
        self.keeper, self.path, self.onward = keeper, path, onward
        self.start: Message = {}
        self.body = bytearray()
        self.holds = False

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.start = message
            self.holds = _is_worth_it(Headers(raw=message["headers"]), message["status"])
            if not self.holds:
                await self.onward(message)
        elif not self.holds:
            await self.onward(message)
        else:
            self.body += message.get("body", b"")
            if not message.get("more_body", False):
                await self._finish()

    async def _finish(self) -> None:
        body = bytes(self.body)
        headers = MutableHeaders(scope=self.start)
        headers.add_vary_header("Accept-Encoding")
        if len(body) >= SMALLEST_BYTES:
            body = self._compressed(body, headers)
            headers["content-encoding"] = "gzip"
        headers["content-length"] = str(len(body))
        await self.onward(self.start)
        await self.onward({"type": "http.response.body", "body": body})

    def _compressed(self, body: bytes, headers: MutableHeaders) -> bytes:
        etag = headers.get("etag")
        if etag is None and "max-age=31536000" not in headers.get("cache-control", ""):
            return gzip.compress(body, FRESH_LEVEL, mtime=0)
        key = (self.path, etag or str(len(body)))
        if key not in self.keeper.kept:
            self.keeper.kept[key] = gzip.compress(body, KEPT_LEVEL, mtime=0)
        return self.keeper.kept[key]


def _is_worth_it(headers: Headers, status: int) -> bool:
    return (
        status == 200
        and headers.get("content-type", "").startswith(TYPES)
        and "content-encoding" not in headers
        and "content-range" not in headers
    )
