"""``/api/forms/preview``: the residents' own form page in a frame, on which who composes a form tries the draft out.

The frame is given the draft by the builder around it (``modules/forms_preview.mjs``) and may speak to nobody: its
policy allows scripts and styles of this server, and no connection at all. The map of its place picker comes from the builder too.
"""

import asyncio
from dataclasses import asdict
from typing import Any, Final, Literal

from fastapi import APIRouter, Request, Response

from dashboard.accounts import require
from dashboard.desk_state import as_json
from dashboard.i18n import language_of
from dashboard.office import TheWall
from dashboard.sessions import Asker
from data.stores import public
from data.stores.public import SHEET_ZOOM
from data.stores.reading import reading
from forms.answers.papers import paper
from forms.portal import built
from forms.portal.pages import preview_page
from forms.public_map import sketch_sheet
from forms.xlsform.compiling import CompiledForm
from forms.xlsform.media import Media
from geo.errors import NeedleError

AT: Final = "/api/forms/preview"
POLICY: Final = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' data: blob:",
        "media-src 'self'",
        "connect-src 'none'",
        "form-action 'none'",
        "base-uri 'none'",
        "frame-ancestors 'self'",
    )
)

router = APIRouter(prefix=AT)


@router.get("")
async def frame(request: Request, account: Asker) -> Response:
    """The page in the frame, empty until it is told what to show."""
    require(account, "form.edit")
    body = preview_page(language_of(request.query_params.get("lang")), f"{AT}/built")
    headers = {"content-security-policy": POLICY, "cache-control": "no-cache"}
    return Response(body, media_type="text/html", headers=headers)


@router.get("/built/{name}")
async def bundle(name: str, request: Request, _account: Asker) -> Response:
    """A file of the residents' bundle."""
    return await built.serve(name, request)


@router.get("/ground/papers/city.json")
async def city(wall: TheWall, account: Asker) -> Response:
    """The city, as residents' pages learn it; null before one is loaded."""
    require(account, "form.edit")
    async with reading(wall.pool) as connection:
        found = await public.load_city(connection)
    return as_json(None if found is None else asdict(found))


@router.get("/ground/sheets/{kind}/{x}/{y}.json")
async def sheet(kind: Literal["sketch", "doors"], x: int, y: int, wall: TheWall, account: Asker) -> Response:
    """A sheet of residents' map, zoom 14: its streets, or its buildings."""
    require(account, "form.edit")
    if not (0 <= x < 2**SHEET_ZOOM and 0 <= y < 2**SHEET_ZOOM):
        raise NeedleError("request.unknown_address")
    async with reading(wall.pool) as connection:
        if kind == "doors":
            return as_json(await public.load_doors(connection, x, y))
        shapes = await public.load_sketch(connection, x, y)
    drawn = await asyncio.to_thread(sketch_sheet, shapes)
    return Response(drawn, media_type="application/json", headers={"cache-control": "private, max-age=3600"})


def shown(compiled: CompiledForm, draft: int, media: Media) -> dict[str, Any] | None:
    """A draft as the frame shows it, with its files; None where Enketo has no way to."""
    form = compiled.definition
    try:
        return paper(
            form.form_id, form.version, form.title, compiled.xform, media, f"/api/forms/drafts/{draft}/media/of"
        )
    except NeedleError:
        return None
