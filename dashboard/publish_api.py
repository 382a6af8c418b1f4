"""``/api/forms/drafts/{id}/publish``: a draft becomes a version of a form, with its tables, in one transaction."""

import asyncio
import time
from dataclasses import replace
from typing import Annotated, Any

from fastapi import APIRouter, Body, Request, Response

from dashboard.accounts import Account, require
from dashboard.audit_log import deed_of
from dashboard.desk_state import as_json
from dashboard.forms_api import areas_of
from dashboard.office import TheWall
from dashboard.sessions import Asker
from data.database import Connection, connect
from data.stores import form_drafts, form_media
from data.stores.audit import Deed, add_entry
from data.stores.forms import PublishedForm, drop_draft, load_versions, publish_form
from data.stores.reading import scoped
from forms.xlsform.as_json import from_json
from forms.xlsform.checking import check_form
from forms.xlsform.compiling import CompiledForm
from forms.xlsform.media import Media, media_names
from forms.xlsform.model import FormDefinition
from forms.xlsform.publishing import to_publication
from geo.errors import NeedleError

router = APIRouter(prefix="/api/forms/drafts")


@router.post("/{draft}/publish")
async def publish(
    draft: int, request: Request, wall: TheWall, account: Asker, said: Annotated[dict[str, Any], Body()]
) -> Response:
    """Publish for ``codes`` of ``layer`` (none: the whole city): the form's ``key``, the version's ``number``, ``seconds``."""
    require(account, "form.publish")
    begun = time.perf_counter()
    layer, codes = chosen_areas(account, said)
    async with scoped(wall.pool, account.id) as connection:
        row, content = await form_drafts.load_draft(connection, draft)
        media = await form_media.load_draft_media(connection, draft)
        form = from_json(content)
        found = await form_drafts.find_form(connection, form.form_id)
    if found is not None and found[0] != row.form:
        raise NeedleError("form.taken", form_id=form.form_id)
    deed = deed_of(request, account, "form.publish", f"form:{form.form_id}", {"areas": codes})
    url = str(wall.pool.conninfo)
    made = await asyncio.to_thread(publish_draft, url, draft, form, media, (account.id, layer, codes), deed)
    return as_json({"key": made.form_id, "number": made.number, "seconds": time.perf_counter() - begun})


def chosen_areas(account: Account, said: dict[str, Any]) -> tuple[str | None, list[str]]:
    """The areas that a form is published for; ``form.area_beyond`` where they are not the account's."""
    layer, codes = said.get("layer"), [str(code) for code in said.get("codes") or ()]
    own_layer, own = areas_of(account)
    if not codes:
        return own_layer, own
    if own and (layer != own_layer or not set(codes) <= set(own)):
        raise NeedleError("form.area_beyond")
    return str(layer), codes


def publish_draft(
    url: str, draft: int, form: FormDefinition, media: Media, whose: tuple[int, str | None, list[str]], deed: Deed
) -> PublishedForm:
    """Compile, make the tables, throw the draft away and say so in the audit: all of it or nothing. Runs in a thread."""
    with connect(url) as connection:
        compiled = compiled_or_refused(replace(form, version=next_version(connection, form)))
        named = media_names(compiled.xform)
        if missing := [name for name in named if name not in media]:
            raise NeedleError("form.media_missing", names=", ".join(missing))
        shown = {name: media[name] for name in named}
        made = publish_form(connection, replace(to_publication(compiled, *whose), media=shown))
        drop_draft(connection, draft)
        add_entry(connection, deed)
    return made


def compiled_or_refused(form: FormDefinition) -> CompiledForm:
    """A form that can be published; its first problem as an error otherwise."""
    checked = check_form(form)
    if checked.compiled is None:
        raise checked.problems[0].error
    return checked.compiled


def next_version(connection: Connection, form: FormDefinition) -> str:
    """The author's name of the version where it is still free, else the number of the next."""
    known = load_versions(connection, form.form_id)
    taken = {each.version for each in known}
    return form.version if form.version and form.version not in taken else str(len(known) + 1)
