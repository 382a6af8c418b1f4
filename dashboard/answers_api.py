"""``/api/forms/of/{key}``: answers as a table, one whole, all together, and what staff found of them."""

import asyncio
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from datetime import time as clock
from typing import Annotated, Any, Final
from zoneinfo import ZoneInfo

import orjson
from fastapi import APIRouter, Body, Request, Response
from starlette.responses import FileResponse

from dashboard.accounts import Account, may, require
from dashboard.attachments import attachment_room
from dashboard.audit_log import deed_of
from dashboard.desk_state import as_json
from dashboard.i18n import language_of
from dashboard.office import TheWall
from dashboard.sessions import Asker
from dashboard.view_models.form_changes import Names, edits_as_json
from dashboard.view_models.form_charts import charts
from dashboard.view_models.form_questions import (
    AskedQuestion,
    answer_as_json,
    definition_of,
    in_words,
    questions_of,
    sheet_labels,
)
from dashboard.wall_state import Ground, Wall
from data.settings import get_settings
from data.stores import form_drafts, form_reading, form_reviews
from data.stores.answer_edits import load_editions, load_workers
from data.stores.audit import add_entries
from data.stores.form_paging import Place, load_page
from data.stores.form_reading import REVIEWS, AnsweredForm, AnswerRow, Asked, Connection
from data.stores.reading import as_owner, scoped
from forms.xlsform.model import FormDefinition
from geo.errors import NeedleError

MOST_ROWS: Final = 500
MOST_REVIEWED: Final = 1_000

router = APIRouter(prefix="/api/forms/of/{form_id}")


def asked_of(query: Mapping[str, str], zone: ZoneInfo) -> Asked:
    """Which answers an address asks for: ``review``, ``q``, ``from``, ``to``, ``area``, ``version``, ``edited``, ``a.<column>``.

    Raises
    ------
    NeedleError
        ``filter.invalid``.
    """
    since, until = (day_of(name, query.get(name), zone) for name in ("from", "to"))
    layer, _, code = query.get("area", "").partition(":")
    return Asked(
        reviews=frozenset(query.get("review", "").split(",")) & frozenset(REVIEWS),
        values={name[2:]: value for name, value in query.items() if name.startswith("a.")},
        text=query.get("q", "").strip(),
        since=since,
        until=until + timedelta(days=1) if until else None,
        area=(layer, code) if code else None,
        version=number_of("version", query.get("version")),
        edited=query.get("edited") == "1",
    )


def day_of(name: str, text: str | None, zone: ZoneInfo) -> datetime | None:
    """The beginning of a day, ``2026-11-24``, in the city."""
    try:
        return datetime.combine(date.fromisoformat(text), clock(), zone) if text else None
    except ValueError as error:
        raise NeedleError("filter.invalid", key=name, value=str(text)[:80], form="2026-11-24") from error


def number_of(name: str, text: str | None) -> int | None:
    """A whole number of an address; None where it says none."""
    if text and not text.isdecimal():
        raise NeedleError("filter.invalid", key=name, value=text[:80], form="1")
    return int(text) if text else None


async def opened(connection: Connection, form_id: str) -> tuple[AnsweredForm, FormDefinition]:
    """A form and what its newest version asks."""
    form = await form_reading.load_answered(connection, form_id)
    _, workbook = await form_drafts.load_newest_workbook(connection, form_id)
    return form, await asyncio.to_thread(definition_of, workbook)


@router.get("")
async def about(form_id: str, request: Request, wall: TheWall, account: Asker) -> Response:
    """The form: ``title``, ``questions``, ``sheets``; what the account ``may``."""
    require(account, "answer.read")
    language, ground = language_of(request.query_params.get("lang")), await wall.ground()
    async with scoped(wall.pool, account.id) as connection:
        form, definition = await opened(connection, form_id)
        number, _ = await form_drafts.load_newest_workbook(connection, form_id)
    told = {
        "now": datetime.now(UTC).timestamp(),
        "timezone": ground.timezone,
        "bounds": ground.city.bounds if ground.city else None,
        "key": form_id,
        "title": form.title,
        "number": number,
        "own": form.own,
        "questions": [question.as_json() for question in questions_of(form, definition, language)],
        "sheets": sheet_labels(form, definition, language),
        "root": form.root.path,
        "areas": ground.areas,
        "layer": ground.place_layer,
        "attributions": ground.attributions,
        "version": ground.version,
        "layers": [{"name": each.name, "kind": each.kind, "rank": each.rank} for each in ground.layers],
        "may": [right for right in ("answer.review", "form.edit") if may(account, right)],
    }
    return as_json(told)


@router.get("/answers")
async def table(form_id: str, request: Request, wall: TheWall, account: Asker) -> Response:
    """At most ``limit`` rows in the order of ``sort``, ``after`` those before; ``next``: what to go on after, null at the end."""
    require(account, "answer.read")
    query, ground = request.query_params, await wall.ground()
    zone, language = ZoneInfo(ground.timezone), language_of(query.get("lang"))
    asked, after = asked_of(query, zone), place_of(query.get("after"))
    most = min(number_of("limit", query.get("limit")) or 100, MOST_ROWS)
    async with scoped(wall.pool, account.id) as connection:
        form, definition = await opened(connection, form_id)
        rows, end = await load_page(connection, form, asked, query.get("sort", ""), after, most)
    by_name = {q.column.name: q for q in questions_of(form, definition, language) if q.column.sheet == form.root.path}
    questions = [by_name.get(column.name) for column in form.columns_of(form.root.path)]
    told = [row_as_json(row, questions, ground, zone) for row in rows]
    return as_json({"rows": told, "next": None if end is None else orjson.dumps([end.value, end.id]).decode()})


def place_of(text: str | None) -> Place | None:
    """Where the page before ended, as its ``next`` said it; None for the first.

    Raises
    ------
    NeedleError
        ``filter.invalid``.
    """
    if not text:
        return None
    try:
        value, number = orjson.loads(text)
        return Place(None if value is None else str(value), int(number))
    except (ValueError, TypeError) as error:
        raise NeedleError("filter.invalid", key="after", value=text[:80], form="next") from error


@router.get("/counts")
async def counts(form_id: str, request: Request, wall: TheWall, account: Asker) -> Response:
    """How many answers there are in each state of review, whatever state is asked for."""
    require(account, "answer.read")
    asked = asked_of(request.query_params, ZoneInfo((await wall.ground()).timezone))
    async with scoped(wall.pool, account.id) as connection:
        form = await form_reading.load_answered(connection, form_id)
        found = await form_reading.count_answers(connection, form, replace(asked, reviews=frozenset()))
    return as_json(found)


def row_as_json(
    row: AnswerRow, questions: list[AskedQuestion | None], ground: Ground, zone: ZoneInfo
) -> dict[str, Any]:
    """A line of the table; ``values`` by column, what was not answered is absent. None among questions: a note."""
    pairs = ((q, in_words(value, q, zone)) for q, value in zip(questions, row.values, strict=True) if q is not None)
    values = {question.column.name: value for question, value in pairs if value is not None}
    return head_as_json(row, ground) | {"values": values}


def head_as_json(row: AnswerRow, ground: Ground) -> dict[str, Any]:
    """Where an answer came from, and how it stands."""
    code = row.areas.get(ground.place_layer)
    return {
        "id": row.id,
        "at": row.received_at.timestamp(),
        "review": row.review,
        "version": row.version,
        "from": row.label,
        "area": ground.areas.get(code, code) if code else None,
        "receipt": row.receipt,
        "edited": row.edited_at.timestamp() if row.edited_at else None,
        "edits": row.edits,
        "place": None if row.lng is None else [row.lng, row.lat],
    }


@router.get("/summary")
async def summary(form_id: str, request: Request, wall: TheWall, account: Asker) -> Response:
    """``charts``, a question each, of the answers that are asked for; ``points``: [id, longitude, latitude, review]."""
    require(account, "answer.read")
    query, ground = request.query_params, await wall.ground()
    asked = asked_of(query, ZoneInfo(ground.timezone))
    async with scoped(wall.pool, account.id) as connection:
        form, definition = await opened(connection, form_id)
        questions = questions_of(form, definition, language_of(query.get("lang")))
        told = await charts(connection, form, asked, questions, ground)
    return as_json(told)


@router.get("/answers/{answer}")
async def one(form_id: str, answer: int, request: Request, wall: TheWall, account: Asker) -> Response:
    """One answer whole: what it says, its ``files``, its ``reviews``, how its sender edited it."""
    require(account, "answer.read")
    language, ground = language_of(request.query_params.get("lang")), await wall.ground()
    async with scoped(wall.pool, account.id) as connection:
        form, definition = await opened(connection, form_id)
        head, said = await form_reviews.load_answer(connection, form, answer)
        reviews = await form_reviews.load_reviews(connection, answer)
        files = await form_reviews.load_attachments(connection, answer)
        editions = await load_editions(connection, answer) if head.edits else []
        await as_owner(connection)
        workers = await load_workers(connection, editions)
    questions, labels = questions_of(form, definition, language), sheet_labels(form, definition, language)
    names = Names(questions, labels, workers, ZoneInfo(ground.timezone))
    digests = {each.name: each.digest for each in files}
    told = head_as_json(head, ground) | {
        "said": answer_as_json(said, form.root.path, questions, labels, ZoneInfo(ground.timezone)),
        "files": [{"name": each.name, "digest": each.digest, "type": each.media_type} for each in files],
        "reviews": [
            {"state": each.state, "note": each.note, "who": each.reviewer, "at": each.at.timestamp()}
            for each in reviews
        ],
        "edited_by": await asyncio.to_thread(edits_as_json, editions, names, digests),
    }
    return as_json(told)


@router.get("/answers/{answer}/files/{digest}")
async def file(form_id: str, answer: int, digest: str, wall: TheWall, account: Asker) -> Response:
    """A file of an answer that the account sees; 404 otherwise."""
    require(account, "answer.read")
    async with scoped(wall.pool, account.id) as connection:
        await form_reading.load_answered(connection, form_id)
        files = await form_reviews.load_attachments(connection, answer)
    found = next((each for each in files if each.digest == digest), None)
    if found is None:
        return Response(status_code=404)
    path = attachment_room(get_settings().home).folder.path_of(digest)
    headers = {"cache-control": "private, max-age=31536000, immutable", "content-security-policy": "default-src 'none'"}
    return FileResponse(path, media_type=found.media_type, headers=headers)


@router.post("/review")
async def review(
    form_id: str, request: Request, wall: TheWall, account: Asker, said: Annotated[dict[str, Any], Body()]
) -> Response:
    """Say of answers, ``ids``, what was found: ``state`` and a ``note``; the ids that were marked."""
    require(account, "answer.review")
    state, note, ids = said.get("state"), str(said.get("note") or "").strip()[:2000], said.get("ids")
    if state not in REVIEWS or not isinstance(ids, list) or not 0 < len(ids) <= MOST_REVIEWED:
        raise NeedleError("request.invalid", problem='{"ids": [1], "state": "approved", "note": ""}')
    marked = await marked_by(wall, account, form_id, [int(each) for each in ids], (state, note), request)
    return as_json({"marked": marked})


async def marked_by(
    wall: Wall, account: Account, form_id: str, ids: list[int], found: tuple[str, str], request: Request
) -> list[int]:
    """Mark answers, with the audit's entry in the same transaction."""
    async with scoped(wall.pool, account.id) as connection:
        form = await form_reading.load_answered(connection, form_id)
        marked = await form_reviews.add_review(connection, form, ids, (*found, account.username))
        await as_owner(connection)
        detail = {"state": found[0], "answers": len(marked)}
        await add_entries(connection, [deed_of(request, account, "answer.review", f"form:{form_id}", detail)])
    return marked
