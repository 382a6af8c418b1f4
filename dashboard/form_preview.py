"""``/api/forms/preview``: the residents' own form page in a frame, on which who composes a form tries the draft out.

The frame is given the draft by the builder around it (``modules/forms_preview.mjs``) and may speak to nobody: its
policy allows scripts and styles of this server, and no connection at all.
"""

from typing import Any, Final

from fastapi import APIRouter, Request, Response

from dashboard.accounts import require
from dashboard.i18n import language_of
from dashboard.sessions import Asker
from forms.answers.papers import paper
from forms.portal import built
from forms.portal.pages import preview_page
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


def shown(compiled: CompiledForm, draft: int, media: Media) -> dict[str, Any] | None:
    """A draft as the frame shows it, with its files; None where Enketo has no way to."""
    form = compiled.definition
    try:
        return paper(
            form.form_id, form.version, form.title, compiled.xform, media, f"/api/forms/drafts/{draft}/media/of"
        )
    except NeedleError:
        return None
