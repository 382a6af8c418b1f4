"""Photos of the Open311 endpoint: taken from a form, kept, and shown to the channel's key or to a signed address that expires.

An address is signed with the hash of the key that asked for it: whoever holds the address needs no key, and it ends with
its day or with the key, whichever is first.
"""

import hmac
from collections.abc import Callable
from datetime import datetime
from hashlib import sha256
from typing import Final
from urllib.parse import urlencode

from anyio import to_thread
from fastapi import Request, Response
from starlette.datastructures import FormData, UploadFile
from starlette.responses import FileResponse

from data.database import AsyncPool
from data.stores.channel_keys import AsyncConnection, ChannelKey, find_key, live_hash
from data.stores.photos import PhotoFolder, PhotoRow, channel_of_photo, save_photo
from data.stores.reading import reading
from dispatch.photos import MEDIA_TYPE, read_photo

HOUR_S: Final = 3_600
SHOWN_HOURS: Final = 24
"""How long a signed address shows its photo, at least; it changes by the hour, so that clients may keep what they fetched."""

Address = Callable[[str], str]
"""From a photo's digest to the address where one reader may see it."""


class Photos:
    """The endpoint's photos in one server process."""

    def __init__(self, pool: AsyncPool, folder: PhotoFolder) -> None:
        self.pool = pool
        self.folder = folder

    async def keep_all(self, form: FormData, channel: str) -> list[str]:
        """Check, clean and keep every photo of a form; their digests. ``photo.…`` for what is none."""
        uploads = [part for _, part in form.multi_items() if isinstance(part, UploadFile) and part.size]
        return [await self._keep(await upload.read(), channel) for upload in uploads]

    async def _keep(self, raw: bytes, channel: str) -> str:
        photo = await to_thread.run_sync(read_photo, raw)
        await to_thread.run_sync(self.folder.keep, photo.digest, photo.content)
        size = (len(photo.content), photo.width, photo.height)
        row = PhotoRow(photo.digest, *size, photo.taken_at, photo.lng, photo.lat, channel)
        async with reading(self.pool) as connection:
            await save_photo(connection, row)
        return photo.digest

    async def addresses(self, base: str, key: ChannelKey, now: datetime) -> Address:
        """How photos are addressed for the holder of a key. ``base``: the endpoint's own address."""
        async with reading(self.pool) as connection:
            secret = await live_hash(connection, key.id)
        until = (int(now.timestamp()) // HOUR_S + 1 + SHOWN_HOURS) * HOUR_S

        def address(digest: str) -> str:
            proof = signature(secret, digest, until) if secret else ""
            return f"{base}/media/{digest}?{urlencode({'key': key.id, 'until': until, 'signature': proof})}"

        return address

    async def show(self, digest: str, request: Request, now: datetime) -> Response:
        """A photo, to the key of its channel or to a signed address; 403 to all others, even where there is no such photo."""
        async with reading(self.pool) as connection:
            channel = await channel_of_photo(connection, digest)
            text = request.headers.get("x-api-key") or request.query_params.get("api_key")
            key = await find_key(connection, text) if text else None
            seconds = await self._signed_for(connection, digest, request, now)
        if key is not None and key.channel == channel:
            seconds = HOUR_S
        if channel is None or seconds <= 0:
            return Response(status_code=403, headers={"Cache-Control": "no-store"})
        headers = {"Cache-Control": f"private, max-age={seconds}, immutable"}
        return FileResponse(self.folder.path_of(digest), media_type=MEDIA_TYPE, headers=headers)

    async def _signed_for(self, connection: AsyncConnection, digest: str, request: Request, now: datetime) -> int:
        """For how many seconds yet the address shows its photo; 0 where it is not signed, or no longer."""
        said = request.query_params
        numbers = (said.get("key", ""), said.get("until", ""))
        if not all(text.isascii() and text.isdigit() and len(text) < 12 for text in numbers):
            return 0
        key_id, until = map(int, numbers)
        secret = await live_hash(connection, key_id)
        if secret is None or not hmac.compare_digest(
            signature(secret, digest, until).encode(), said.get("signature", "").encode()
        ):
            return 0
        return max(0, until - int(now.timestamp()))


def signature(secret: bytes, digest: str, until: int) -> str:
    """The proof that a photo may be seen until a moment (Unix seconds)."""
    return hmac.new(secret, f"{digest}.{until}".encode(), sha256).hexdigest()
