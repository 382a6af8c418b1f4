"""Styles and scripts under an address that changes with their content, so that a phone fetches each of them once."""

import hashlib
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Final

from starlette.exceptions import HTTPException
from starlette.responses import Response

TYPES: Final = {".mjs": "text/javascript", ".css": "text/css", ".svg": "image/svg+xml"}
FOR_GOOD: Final = {"Cache-Control": "public, max-age=31536000, immutable"}


@cache
def contents() -> dict[str, bytes]:
    """Every file of ``forms/assets`` by its path below it, but for what is built there (``forms.portal.built``)."""
    folder = Path(str(files("forms").joinpath("assets")))
    own = (f for f in sorted(folder.rglob("*")) if f.suffix in TYPES and "built" not in f.parts)
    return {str(f.relative_to(folder)): f.read_bytes() for f in own}


@cache
def version() -> str:
    """A word for what all files hold now."""
    whole = hashlib.sha256()
    for name, content in contents().items():
        whole.update(name.encode() + b"\0" + content + b"\0")
    return whole.hexdigest()[:12]


async def serve(version: str, path: str) -> Response:
    """A file; an old version's address gives what there is now, not kept."""
    content = contents().get(path)
    if content is None:
        raise HTTPException(404)
    is_now = version == globals()["version"]()
    headers = FOR_GOOD if is_now else {"Cache-Control": "no-store"}
    return Response(content, media_type=TYPES[Path(path).suffix], headers=headers)
