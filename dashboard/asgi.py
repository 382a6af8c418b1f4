"""The few lines of ASGI that a hot address needs: read a body, answer JSON. No request object, no validation layer."""

from typing import Any

import orjson
from starlette.types import Receive, Send

from geo.errors import NeedleError

JSON = (b"content-type", b"application/json")
NO_STORE = (b"cache-control", b"no-store")


async def read_body(receive: Receive, limit: int) -> bytes:
    """The whole body of a request.

    Raises
    ------
    NeedleError
        ``report.too_large`` as soon as it grows beyond ``limit`` bytes; ``report.too_slow`` when the sender went away.
    """
    message = await receive()
    body = message.get("body", b"")
    if not message.get("more_body") and message["type"] == "http.request" and len(body) <= limit:
        return bytes(body)
    chunks = [body]
    size = len(body)
    while message.get("more_body") and size <= limit:
        message = await receive()
        chunks.append(message.get("body", b""))
        size += len(chunks[-1])
    if size > limit:
        raise NeedleError("report.too_large", limit=limit)
    if message["type"] != "http.request":
        raise NeedleError("report.too_slow")
    return b"".join(chunks)


async def answer(send: Send, status: int, content: Any) -> None:
    """Answer with JSON."""
    body = orjson.dumps(content)
    headers = [JSON, NO_STORE, (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


async def answer_error(send: Send, error: NeedleError) -> None:
    """Answer with an error of the catalogue, in both languages, with its status."""
    await answer(send, error.entry.http_status, error.as_dict())
