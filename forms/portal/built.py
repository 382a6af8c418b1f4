"""The form page's bundle, built by .ci/setup (``forms/enketo/build.mjs``): named by content, compressed beforehand."""

from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Final

import orjson
from fastapi import Request
from starlette.exceptions import HTTPException
from starlette.responses import Response

from forms.portal.files import FOR_GOOD, TYPES

AT: Final = "/built"
WORKER: Final = "form-worker.js"
ENCODINGS: Final = (("br", ".br"), ("gzip", ".gz"))
SCRIPT: Final = "text/javascript"


@dataclass(frozen=True, slots=True)
class Manifest:
    """Names of what the page needs at first. ``preload``: scripts that the first one will ask for; ``preview``: of drafts."""

    script: str
    style: str
    preload: tuple[str, ...]
    preview: str


def folder() -> Path:
    """Where the bundle lies."""
    return Path(str(files("forms").joinpath("assets", "built")))


@cache
def manifest() -> Manifest:
    """What was built.

    Raises
    ------
    FileNotFoundError
        Before .ci/setup has run.
    """
    said = orjson.loads((folder() / "manifest.json").read_bytes())
    return Manifest(said["script"], said["style"], tuple(said["preload"]), said["preview"])


@cache
def contents() -> dict[str, bytes]:
    """Every file of the bundle, and its compressed forms, by name."""
    return {file.name: file.read_bytes() for file in folder().iterdir() if file.suffix != ".json"}


async def serve(name: str, request: Request) -> Response:
    """A file of the bundle, in the best encoding that the phone reads; its name is its content's, so that it is kept for good."""
    if Path(name).suffix not in (".mjs", ".css") or name not in contents():
        raise HTTPException(404)
    return _encoded(name, TYPES[Path(name).suffix], request, FOR_GOOD)


async def serve_worker(request: Request) -> Response:
    """The service worker of the form page: asked for anew each time, in charge of links only."""
    return _encoded("worker.js", SCRIPT, request, {"Cache-Control": "no-cache", "Service-Worker-Allowed": "/f/"})


def _encoded(name: str, media_type: str, request: Request, headers: dict[str, str]) -> Response:
    read = {word.split(";")[0].strip() for word in request.headers.get("accept-encoding", "").split(",")}
    for encoding, ending in ENCODINGS:
        if encoding in read:
            headers = {**headers, "Content-Encoding": encoding, "Vary": "Accept-Encoding"}
            return Response(contents()[name + ending], media_type=media_type, headers=headers)
    return Response(contents()[name], media_type=media_type, headers={**headers, "Vary": "Accept-Encoding"})
