"""Photos: kept by content in a folder, known by a row; the same picture sent twice is kept once."""

import os
import tempfile
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

import psycopg

AsyncConnection = psycopg.AsyncConnection[tuple[Any, ...]]

SAVE = """
insert into photo (digest, bytes, width, height, taken_at, geom, channel) values (
    %(digest)s, %(bytes)s, %(width)s, %(height)s, %(taken_at)s,
    case when %(lng)s::float8 is not null then ST_SetSRID(ST_MakePoint(%(lng)s, %(lat)s), 4326) end, %(channel)s)
on conflict (digest) do nothing
"""


@dataclass(frozen=True, slots=True)
class PhotoRow:
    """What is known of a photo. ``taken_at``: the camera's own words; ``lng``/``lat``: where it says it was (EPSG:4326)."""

    digest: str
    bytes: int
    width: int
    height: int
    taken_at: str | None
    lng: float | None
    lat: float | None
    channel: str


class PhotoFolder:
    """The photos' folder: ``ab/cdef….jpg``, named by the SHA-256 of the content. ``suffix``: "" for files of any kind."""

    def __init__(self, folder: Path, suffix: str = ".jpg") -> None:
        self.folder, self.suffix = folder, suffix

    def path_of(self, digest: str) -> Path:
        """Where the photo lies, or would. ``digest``: 64 hexadecimal digits.

        Raises
        ------
        ValueError
            It is no digest.
        """
        if len(digest) != 64 or not set(digest) <= set("0123456789abcdef"):
            raise ValueError(digest)
        return self.folder / digest[:2] / f"{digest[2:]}{self.suffix}"

    def keep(self, digest: str, content: bytes) -> None:
        """Write the content under its name, whole or not at all; durable when this returns."""
        path = self.path_of(digest)
        if path.is_file():
            return
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=path.parent, delete=False) as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        Path(file.name).replace(path)

    def keep_content(self, content: bytes) -> str:
        """Keep a content under its own name; its digest."""
        digest = sha256(content).hexdigest()
        self.keep(digest, content)
        return digest


async def save_photo(connection: AsyncConnection, row: PhotoRow) -> None:
    """Record a photo whose content is already kept; a second time changes nothing."""
    await connection.execute(
        SAVE,
        {
            "digest": row.digest,
            "bytes": row.bytes,
            "width": row.width,
            "height": row.height,
            "taken_at": row.taken_at,
            "lng": row.lng,
            "lat": row.lat,
            "channel": row.channel,
        },
    )


async def channel_of_photo(connection: AsyncConnection, digest: str) -> str | None:
    """The channel that a kept photo came by first; None where there is no such photo."""
    row = await (await connection.execute("select channel from photo where digest = %s", (digest,))).fetchone()
    return str(row[0]) if row else None
