"""``/api/forms``: the forms and drafts that an account works with, templates to begin with, and forms as files."""

from datetime import UTC, datetime
from typing import Any, Final
from urllib.parse import quote

from fastapi import APIRouter, Request, Response

from dashboard.accounts import Account, may, require
from dashboard.desk_state import as_json
from dashboard.i18n import Words, language_of, words
from dashboard.office import TheWall
from dashboard.sessions import Asker
from dashboard.wall_state import Ground
from data.stores import form_drafts
from data.stores.form_drafts import DraftRow, FormRow
from data.stores.reading import scoped
from forms.templates import Template, templates

XLSX: Final = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"

router = APIRouter(prefix="/api/forms")


@router.get("")
async def forms(request: Request, wall: TheWall, account: Asker) -> Response:
    """``forms``, ``drafts``, ``templates``; what the account ``may`` do with them."""
    require(account, "page.forms")
    say, ground = words(language_of(request.query_params.get("lang"))), await wall.ground()
    async with scoped(wall.pool, account.id) as connection:
        found = await form_drafts.list_forms(connection)
        drafts = await form_drafts.list_drafts(connection)
    now = datetime.now(UTC)
    told: dict[str, Any] = {
        "now": now.timestamp(),
        "timezone": ground.timezone,
        "forms": [form_as_json(row, ground, say, now) for row in found],
        "drafts": [draft_as_json(row, ground, say) for row in drafts],
        "templates": [template_as_json(each, say) for each in templates()],
        "may": [right for right in ("form.edit", "form.publish", "answer.read") if may(account, right)],
    }
    return as_json(told)


@router.get("/of/{form_id}/file.xlsx")
async def file(form_id: str, wall: TheWall, account: Asker) -> Response:
    """The newest version as an XLSForm."""
    require(account, "page.forms")
    async with scoped(wall.pool, account.id) as connection:
        _, workbook = await form_drafts.load_newest_workbook(connection, form_id)
    return xlsx(workbook, form_id)


def xlsx(content: bytes, name: str) -> Response:
    """A workbook to keep, under a name of any script."""
    disposition = f"attachment; filename=\"form.xlsx\"; filename*=UTF-8''{quote(name)}.xlsx"
    return Response(content, media_type=XLSX, headers={"content-disposition": disposition, "cache-control": "no-store"})


def form_as_json(row: FormRow, ground: Ground, say: Words, now: datetime) -> dict[str, Any]:
    """A line of the list. ``state``: asking, ended, or ready: published, asked of nobody yet."""
    state = "ready" if row.until is None else "asking" if row.until > now else "ended"
    return {
        "key": row.form_id,
        "title": row.title,
        "number": row.number,
        "area": area_names(row.area_layer, row.area_codes, ground, say),
        "answers": row.answers,
        "waiting": row.waiting,
        "asked": row.asked,
        "last": row.last_at.timestamp() if row.last_at else None,
        "published": row.published_at.timestamp(),
        "state": state,
        "own": row.own,
    }


def draft_as_json(row: DraftRow, ground: Ground, say: Words) -> dict[str, Any]:
    """A draft in the list."""
    area = area_names(row.area_layer, row.area_codes, ground, say)
    return {
        "id": row.id,
        "title": row.title,
        "of": row.published,
        "area": area,
        "updated": row.updated_at.timestamp(),
    }


def template_as_json(each: Template, say: Words) -> dict[str, Any]:
    """A form to begin with."""
    return {
        "key": each.key,
        "title": say.pick(each.title_zh, each.title_en),
        "about": say.pick(each.about_zh, each.about_en),
        "icon": each.icon,
        "minutes": each.minutes,
        "questions": len(list(each.form.questions())),
    }


def area_names(layer: str | None, codes: list[str], ground: Ground, say: Words) -> str:
    """Where a form belongs, in words."""
    if layer is None or not ground.city:
        return say.pick(ground.city.name_zh, ground.city.name_en) if ground.city else ""
    names = ground.areas if layer == ground.place_layer else {}
    return say("list.comma").join(names.get(code, code) for code in codes)


def areas_of(account: Account) -> tuple[str | None, list[str]]:
    """Layer and codes of an account's areas; no layer: the whole city."""
    return (account.areas[0][0] if account.areas else None), [code for _, code in account.areas]
