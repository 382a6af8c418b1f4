"""The files that browsers keep: the assets and what is made of them, under an address that changes with their content.

Text is compressed once, the best way gzip knows, and kept in memory; fonts and pictures, compressed by nature, stay on disk.
"""

import gzip
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from posixpath import dirname, join, normpath
from typing import Final

from fastapi import FastAPI, Request, Response

MEDIA_TYPES: Final = {
    ".mjs": "text/javascript",
    ".js": "text/javascript",
    ".css": "text/css",
    ".svg": "image/svg+xml",
    ".woff2": "font/woff2",
}
TEXT: Final = frozenset({".mjs", ".js", ".css", ".svg"})
KEEP: Final = {"cache-control": "public, max-age=31536000, immutable", "vary": "accept-encoding"}
IMPORTS: Final = re.compile(r"^(?:import|export)\b[^'\"]*['\"](\.{1,2}/[^'\"]+)['\"]", flags=re.MULTILINE)


@dataclass(frozen=True)
class Kept:
    """One file ready to send: plain, and compressed where that is smaller."""

    media_type: str
    plain: bytes
    packed: bytes | None
    etag: str


class Files:
    """A folder and some files made in memory, by their names below ``root``, ``/static/<version>``."""

    def __init__(self, folder: Path, made: Mapping[str, str]) -> None:
        self.paths = {path.relative_to(folder).as_posix(): path for path in sorted(folder.rglob("*")) if path.is_file()}
        self.made = {name: text.encode() for name, text in made.items()}
        self.kept: dict[str, Kept] = {}
        digest = sha256()
        for name, path in self.paths.items():
            stat = path.stat()
            digest.update(f"{name}:{stat.st_mtime_ns}:{stat.st_size}".encode())
        for name, body in self.made.items():
            digest.update(name.encode() + body)
        self.root = f"/static/{digest.hexdigest()[:12]}"

    def read(self, name: str) -> Kept | None:
        """The file of this name, or None."""
        if name not in self.kept:
            body = self.made.get(name) if name in self.made else self._from_disk(name)
            if body is None:
                return None
            self.kept[name] = keep(name, body)
        return self.kept[name]

    def _from_disk(self, name: str) -> bytes | None:
        path = self.paths.get(name)
        return path.read_bytes() if path else None

    def with_imports(self, names: Iterable[str]) -> list[str]:
        """These modules and every module of ours that they import, so that a browser need not find them one by one."""
        found: dict[str, None] = {}
        waiting = list(names)
        while waiting:
            name = waiting.pop(0)
            if name in found or name not in self.paths:
                continue
            found[name] = None
            if not name.startswith("vendor/"):
                text = self.paths[name].read_text(encoding="utf-8")
                waiting += [normpath(join(dirname(name), other)) for other in IMPORTS.findall(text)]
        return list(found)

    def serve(self, app: FastAPI) -> None:
        """Answer for every file below ``root``."""

        async def file(name: str, request: Request) -> Response:
            """A file, its compressed form where the browser takes it, or the word that the browser's copy still holds."""
            kept = self.read(name)
            if kept is None:
                return Response(status_code=404)
            packed = kept.packed if "gzip" in request.headers.get("accept-encoding", "") else None
            headers = KEEP | {"etag": kept.etag}
            if request.headers.get("if-none-match") == kept.etag:
                return Response(status_code=304, headers=headers)
            if packed is not None:
                headers["content-encoding"] = "gzip"
            return Response(packed or kept.plain, media_type=kept.media_type, headers=headers)

        app.add_api_route(f"{self.root}/{{name:path}}", file, methods=["GET", "HEAD"])


def keep(name: str, body: bytes) -> Kept:
    """A file's content, ready to send."""
    suffix = Path(name).suffix
    packed = gzip.compress(body, 9, mtime=0) if suffix in TEXT else None
    return Kept(
        media_type=MEDIA_TYPES.get(suffix, "application/octet-stream"),
        plain=body,
        packed=packed if packed is not None and len(packed) < len(body) else None,
        etag=f'W/"{sha256(body).hexdigest()[:20]}"',
    )
