"""``/api/forms/drafts``: forms that are composed: begun, saved as one writes, and checked at once."""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime
from typing import Annotated, Any, Final

from fastapi import APIRouter, Body, Request, Response

from dashboard.accounts import Account, require
from dashboard.audit_log import deed_of
from dashboard.desk_state import as_json
from dashboard.form_media_api import as_list
from dashboard.form_preview import shown
from dashboard.forms_api import areas_of, xlsx
from dashboard.i18n import Words, language_of, words
from dashboard.office import TheWall
from dashboard.sessions import Asker
from dashboard.view_models.form_problems import overlap_as_json, problem_as_json
from dashboard.wall_state import Wall
from data.stores import form_drafts, form_known, form_media, registry_known
from data.stores.audit import add_entries
from data.stores.form_drafts import DraftRow
from data.stores.overview import load_area_names
from data.stores.reading import as_owner, reading, scoped
from forms.overlap import Counted, bind_fields, find_overlap, suggest_fields
from forms.question_bank import question_bank
from forms.templates import LANGUAGES, template
from forms.xlsform.as_json import from_json, plain, to_json
from forms.xlsform.checking import Checked, Problem, check_form
from forms.xlsform.compiling import compile_workbook, import_form
from forms.xlsform.exporting import export_form
from forms.xlsform.media import Media, media_names
from forms.xlsform.model import FormDefinition
from forms.xlsform.spots import spot_of
from forms.xlsform.workbooks import MAX_BYTES, read_workbook
from geo.errors import NeedleError

Said = Annotated[dict[str, Any], Body()]
NAMED: Final = "form_{:%y%m%d_%H%M%S}"

router = APIRouter(prefix="/api/forms/drafts")


# --- begun ------------------------------------------------------------------------------------------------------


@router.post("")
async def begin(request: Request, wall: TheWall, account: Asker, said: Said) -> Response:
    """Begin a draft: of ``template``, of the published ``form``, or an empty one; its number, ``id``."""
    require(account, "form.edit")
    say = words(language_of(said.get("lang")))
    if isinstance(said.get("form"), str):
        return as_json({"id": await begin_version(request, wall, account, said["form"])})
    form = template(said["template"]).form if isinstance(said.get("template"), str) else blank(say)
    form = replace(form, title=title_of(form, said, say))
    return as_json({"id": await keep(request, wall, account, await unlike_others(wall, account, form))})


def title_of(form: FormDefinition, said: dict[str, Any], say: Words) -> str:
    """The title of a new form: a template's in the page's language, or as said."""
    if isinstance(said.get("template"), str):
        known = template(said["template"])
        return say.pick(known.title_zh, known.title_en)
    return form.title


def blank(say: Words) -> FormDefinition:
    """A form that asks nothing yet."""
    return FormDefinition(
        form_id=NAMED.format(datetime.now(UTC)),
        title=say("forms.untitled"),
        default_language=LANGUAGES["zh"],
        languages=tuple(LANGUAGES.values()),
    )


async def unlike_others(wall: TheWall, account: Account, form: FormDefinition) -> FormDefinition:
    """A new form under an id that nobody has."""
    wish, number = form.form_id, 1
    async with scoped(wall.pool, account.id) as connection:
        while await form_drafts.find_form(connection, form.form_id) is not None:
            number += 1
            form = replace(form, form_id=f"{wish}_{number}")
    return form


async def begin_version(request: Request, wall: TheWall, account: Account, form_id: str) -> int:
    """A draft of a form's next version."""
    async with scoped(wall.pool, account.id) as connection:
        number, workbook = await form_drafts.load_newest_workbook(connection, form_id)
        found = await form_drafts.find_form(connection, form_id)
    if found is None or not found[1]:
        raise NeedleError("form.taken", form_id=form_id)
    read = (await asyncio.to_thread(import_form, workbook)).definition
    draft = await keep(request, wall, account, replace(read, version=str(number + 1)), found[0])
    async with scoped(wall.pool, account.id) as connection:
        await form_media.save_draft_media(connection, draft, await form_media.load_newest_media(connection, form_id))
    return draft


@router.post("/upload")
async def upload(request: Request, wall: TheWall, account: Asker) -> Response:
    """Begin a draft of an XLSForm, the request's body; what is wrong with it, and the ``spot`` of its sheet, is the answer."""
    require(account, "form.edit")
    content = await request.body()
    if len(content) > MAX_BYTES:
        raise NeedleError("form.too_large", megabytes=MAX_BYTES >> 20)
    name = request.query_params.get("name", "").rpartition("/")[2].rpartition(".")[0]
    book = await asyncio.to_thread(read_workbook, content, name)
    try:
        form = (await asyncio.to_thread(compile_workbook, book)).definition
    except NeedleError as error:
        spot = spot_of(error, book)
        return as_json({**error.as_dict(), "spot": spot.as_json() if spot else None}, error.entry.http_status)
    async with scoped(wall.pool, account.id) as connection:
        found = await form_drafts.find_form(connection, form.form_id)
    if found is not None and not found[1]:
        raise NeedleError("form.taken", form_id=form.form_id)
    return as_json({"id": await keep(request, wall, account, form, found[0] if found else None)})


async def keep(request: Request, wall: TheWall, account: Account, form: FormDefinition, of: int | None = None) -> int:
    """Keep a new draft of an account's own areas, and say so in the audit."""
    async with scoped(wall.pool, account.id) as connection:
        draft = await form_drafts.add_draft(connection, form.title, to_json(form), account.id, areas_of(account), of)
        await note(request, account, connection, "form.draft", f"draft:{draft}", {"form": form.form_id})
    return draft


async def note(
    request: Request, account: Account, connection: Any, action: str, thing: str, detail: dict[str, Any]
) -> None:
    """Write a change into the audit, in its own transaction, of which this is the last step."""
    await as_owner(connection)
    await add_entries(connection, [deed_of(request, account, action, thing, detail)])


# --- written ----------------------------------------------------------------------------------------------------


@router.get("/{draft}")
async def read(draft: int, wall: TheWall, account: Asker) -> Response:
    """A draft whole, with its problems, the question bank, and the areas that it may be published for."""
    require(account, "form.edit")
    async with scoped(wall.pool, account.id) as connection:
        row, content = await form_drafts.load_draft(connection, draft)
        media = as_list(await form_media.load_draft_media(connection, draft))
    ground = await wall.ground()
    told = await outcome(wall, account, row, from_json(content))
    told |= {
        "timezone": ground.timezone,
        "now": datetime.now(UTC).timestamp(),
        "id": draft,
        "of": row.published,
        "revision": row.revision,
        "content": content,
        "languages": LANGUAGES,
        "bank": bank(),
        "areas": await areas(wall, account),
        "media": media,
        "whole": not account.areas,
        "chosen": row.area_codes,
    }
    return as_json(told)


def bank() -> list[dict[str, Any]]:
    """The question bank, as the builder puts it into a form."""
    return [
        {
            "group": each.group,
            "question": plain(each.question),
            "choices": [plain(choice) for choice in each.choices.choices] if each.choices else None,
        }
        for each in question_bank()
    ]


async def areas(wall: TheWall, account: Account) -> list[dict[str, str]]:
    """The areas that an account may publish for: its own, or those of the layer that names neighbourhoods."""
    ground = await wall.ground()
    layer = account.areas[0][0] if account.areas else ground.place_layer
    async with reading(wall.pool) as connection:
        names = await load_area_names(connection, layer)
    own = {code for _, code in account.areas}
    return [{"layer": layer, "code": code, "name": name} for code, name in names.items() if not own or code in own]


@router.put("/{draft}")
async def write(draft: int, wall: TheWall, account: Asker, said: Said) -> Response:
    """Save ``content`` over ``revision``: the new ``revision``, ``problems``, ``overlap``, ``paper`` for the preview."""
    require(account, "form.edit")
    form, revision = from_json(said.get("content")), said.get("revision")
    if not isinstance(revision, int):
        raise NeedleError("form.draft_broken", reason="revision")
    async with scoped(wall.pool, account.id) as connection:
        saved = await form_drafts.save_draft(connection, draft, revision, form.title, to_json(form))
        row, _ = await form_drafts.load_draft(connection, draft)
    return as_json({"revision": saved, **await outcome(wall, account, row, form)})


async def outcome(wall: TheWall, account: Account, row: DraftRow, form: FormDefinition) -> dict[str, Any]:
    """What is to be said of a form as it stands."""
    async with scoped(wall.pool, account.id) as connection:
        media = await form_media.load_draft_media(connection, row.id)
    checked, paper = await asyncio.to_thread(checked_and_shown, form, row.id, media)
    suggested = suggest_fields(form, question_bank())
    whole = bind_fields(form, suggested)
    fields = {question.needle_field for question in whole.questions() if question.needle_field}
    base, counted = await known_in(wall, account, row, fields)
    return {
        "problems": [problem_as_json(each) for each in checked.problems],
        "warnings": list(checked.compiled.warnings) if checked.compiled else [],
        "overlap": overlap_as_json(find_overlap(whole, counted), suggested, base),
        "paper": paper,
    }


async def known_in(wall: Wall, account: Account, row: DraftRow, fields: set[str]) -> tuple[str, Counted]:
    """What is known of a draft's area: by the registry where it has anybody there, else by what was answered to forms."""
    where = (row.area_layer, row.area_codes)
    async with reading(wall.pool) as connection:
        people, known = await registry_known.count_registered(connection, *where, fields)
    if people:
        return "registry", Counted(people, known)
    async with scoped(wall.pool, account.id) as connection:
        people = await form_known.count_people(connection, *where)
        known = await form_known.count_known(connection, *where, fields) if fields else {}
    return "answers", Counted(people, known)


def checked_and_shown(form: FormDefinition, draft: int, media: Media) -> tuple[Checked, dict[str, Any] | None]:
    """A form's problems, files that are missing among them, and as residents will meet it where it can be shown."""
    checked = check_form(form)
    if checked.compiled is None:
        return checked, None
    missing = [name for name in media_names(checked.compiled.xform) if name not in media]
    problems = (Problem(NeedleError("form.media_missing", names=", ".join(missing)), field="media"),) if missing else ()
    return replace(checked, problems=problems), shown(checked.compiled, draft, media)


@router.delete("/{draft}")
async def remove(draft: int, request: Request, wall: TheWall, account: Asker) -> Response:
    """Throw a draft away."""
    require(account, "form.edit")
    async with scoped(wall.pool, account.id) as connection:
        await form_drafts.remove_draft(connection, draft)
        await note(request, account, connection, "form.discard", f"draft:{draft}", {})
    return as_json({"removed": draft})


@router.get("/{draft}/file.xlsx")
async def file(draft: int, wall: TheWall, account: Asker) -> Response:
    """A draft as an XLSForm."""
    require(account, "form.edit")
    async with scoped(wall.pool, account.id) as connection:
        _, content = await form_drafts.load_draft(connection, draft)
    form = from_json(content)
    return xlsx(await asyncio.to_thread(export_form, form), form.form_id)
