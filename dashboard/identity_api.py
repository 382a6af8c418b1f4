"""``/api/identity``: what faces are compared for and how, the record of it, and a worker's confirmation in person."""

import re
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, Final

from anyio import to_thread
from fastapi import APIRouter, Body, Request, Response

from dashboard.accounts import Account, may, require
from dashboard.audit_log import deed_of
from dashboard.desk_state import as_json
from dashboard.i18n import language_of
from dashboard.identity_room import is_workday
from dashboard.office import TheWall
from dashboard.sessions import Asker
from data.settings import get_settings
from data.stores import identity_checks as checks
from data.stores import identity_purposes as purposes
from data.stores import identity_references as references
from data.stores.audit import add_entries
from data.stores.identity_checks import CheckRow
from data.stores.identity_purposes import AsyncConnection, CalibrationRow, Purpose
from data.stores.reading import reading
from forms.identity import opening
from forms.identity.assessment import assess, digest_of, settings_of
from forms.identity.retention import FILING_DAYS, add_workdays, filing
from forms.identity.vault import open_vault
from forms.identity.visiting import Visitor, confirm_visit, find_visit, read_qr
from forms.limits import Buckets
from geo.errors import NeedleError

NEWEST: Final = 100
TALLIED: Final = timedelta(days=30)
CODE: Final = re.compile(r"\d{8}")
MOST_WORDS: Final = 2_000
MOST_PICTURE: Final = 2 * 2**20
TRIES_A_MINUTE: Final = 12.0
"""Two a visit: who it is, and the word."""

router = APIRouter(prefix="/api/identity")
tries = Buckets(TRIES_A_MINUTE)
Said = Annotated[dict[str, Any], Body()]


@router.get("")
async def identity(request: Request, wall: TheWall, account: Asker) -> Response:
    """What the page shows; who only confirms in person is told no more than that they may."""
    require(account, "page.identity")
    rights = {"manage": may(account, "identity.manage"), "confirm": may(account, "identity.confirm")}
    ground = await wall.ground()
    told: dict[str, Any] = {"may": rights, "timezone": ground.timezone}
    if may(account, "identity.read"):
        async with reading(wall.pool) as connection:
            told |= await overview(connection, language_of(request.query_params.get("lang")))
    return as_json(told)


@router.post("/visit")
async def visit(wall: TheWall, account: Asker, said: Said) -> Response:
    """Who shows the code ``code`` to a worker, as they say themselves: what the worker compares with their document."""
    require(account, "identity.confirm")
    async with reading(wall.pool) as connection:
        _, visitor = await visited(connection, account, said)
    return as_json({"name": visitor.name, "id_number": visitor.masked})


@router.post("/scan")
async def scan(request: Request, account: Asker) -> Response:
    """The code of a photographed QR code, the body of the request."""
    require(account, "identity.confirm")
    if int(request.headers.get("content-length") or MOST_PICTURE + 1) > MOST_PICTURE:
        raise NeedleError("photo.too_large", limit_mb=MOST_PICTURE // 2**20)
    code = await to_thread.run_sync(read_qr, await request.body())
    if code is None:
        raise NeedleError("identity.no_code")
    return as_json({"code": code})


@router.post("/confirm")
async def confirm(request: Request, wall: TheWall, account: Asker, said: Said) -> Response:
    """A worker has compared who shows the code ``code`` with their document."""
    require(account, "identity.confirm")
    async with reading(wall.pool) as connection:
        check, _ = await visited(connection, account, said)
        await confirm_visit(connection, check, account.username)
        await add_entries(connection, [deed_of(request, account, "identity.confirm", f"check:{check.id}")])
    return as_json({"check": check.id})


async def visited(connection: AsyncConnection, account: Account, said: dict[str, Any]) -> tuple[CheckRow, Visitor]:
    """The check whose code was typed; who guesses must wait.

    Raises
    ------
    NeedleError
        ``identity.code_wrong``, ``portal.too_often``.
    """
    code = re.sub(r"\D", "", str(said.get("code") or ""))
    if not tries.allows(account.username.encode()):
        raise NeedleError("portal.too_often")
    if not CODE.fullmatch(code):
        raise NeedleError("identity.code_wrong")
    return await find_visit(connection, open_vault(get_settings().home / "secrets"), code)


@router.post("/incident")
async def incident(request: Request, wall: TheWall, account: Asker, said: Said) -> Response:
    """Something leaked: what, in ``words``. It becomes a task that is due today, with how many persons it may concern."""
    require(account, "identity.manage")
    words = str(said.get("words") or "").strip()[:MOST_WORDS]
    if not words:
        raise NeedleError("request.invalid", problem='{"words": …}')
    async with reading(wall.pool) as connection:
        detail = {"words": words, "stored": await references.count_stored(connection), "by": account.username}
        await references.open_duty(connection, "incident", detail, datetime.now(UTC).date())
        await add_entries(connection, [deed_of(request, account, "identity.incident", "identity", detail)])
    return as_json({}, 201)


@router.post("/done")
async def done(request: Request, wall: TheWall, account: Asker, said: Said) -> Response:
    """A task towards authorities or persons, ``duty``, is done."""
    require(account, "identity.manage")
    duty = said.get("duty")
    async with reading(wall.pool) as connection:
        if not isinstance(duty, int) or not await references.finish_duty(connection, duty, account.username):
            raise NeedleError("request.invalid", problem='{"duty": 1}')
        await add_entries(connection, [deed_of(request, account, "identity.done", f"duty:{duty}")])
    return as_json({})


@router.post("/{act}")
async def change(act: str, request: Request, wall: TheWall, account: Asker, said: Said) -> Response:
    """``propose`` (name, legal_basis, …), ``approve``, ``open``, ``end`` of a ``purpose``; each is audited."""
    require(account, "identity.manage")
    async with reading(wall.pool) as connection:
        number, detail = await changed(connection, act, account, said)
        await add_entries(connection, [deed_of(request, account, f"identity.{act}", f"purpose:{number}", detail)])
    return as_json({"purpose": number, **detail})


async def changed(
    connection: AsyncConnection, act: str, account: Account, said: dict[str, Any]
) -> tuple[int, dict[str, Any]]:
    """Do it; the purpose's number, and what came of it."""
    now, by = datetime.now(UTC), account.username
    if act == "propose":
        return await opening.propose(connection, said, by, now), {}
    number = said.get("purpose")
    if act not in ("approve", "open", "end") or not isinstance(number, int):
        raise NeedleError("request.invalid", problem='{"purpose": 1}')
    if act == "approve":
        return number, {"assessment": await opening.approve(connection, number, by, now)}
    due = add_workdays(now.date(), FILING_DAYS, is_workday)
    if act == "open":
        await opening.open_now(connection, number, now, due)
        return number, {}
    gone, receipt = await opening.end(connection, number, now, due)
    return number, {"deleted": gone, "receipt": receipt}


async def overview(connection: AsyncConnection, language: str) -> dict[str, Any]:
    """Purposes, threshold, counter, records, deletions, tasks, and the assessment as the settings make it now."""
    known, calibration = await purposes.load_purposes(connection), await purposes.load_calibration(connection)
    stored, now = await references.count_stored(connection), datetime.now(UTC)
    found = filing(stored, now.date(), is_workday)
    records = await checks.load_records(connection, NEWEST)
    return {
        "purposes": [await purpose_as_json(connection, one, calibration) for one in known],
        "calibration": calibration_as_json(calibration),
        "filing": {"stored": stored, "level": found.level, "due_on": str(found.due_on) if found.due_on else None},
        "assessment": await assessment(connection, known, calibration, stored, language),
        "tally": [list(row) for row in await checks.tally(connection, now - TALLIED)],
        "records": [
            {
                "id": r.id,
                "at": r.at.timestamp(),
                "reference": r.reference,
                "distance": r.distance,
                "threshold": r.threshold,
            }
            | {"fmr": r.fmr, "fnmr": r.fnmr, "risk": r.risk, "signs": r.signs, "outcome": r.outcome, "model": r.model}
            for r in records
        ],
        "deletions": [
            {"at": d.at.timestamp(), "why": d.why, "count": d.count, "receipt": d.receipt}
            for d in await references.load_deletions(connection, NEWEST)
        ],
        "duties": [
            {"id": d.id, "kind": d.kind, "due_on": str(d.due_on) if d.due_on else None, "done": d.done_at is not None}
            | {"words": d.detail.get("words")}
            for d in await references.load_duties(connection, NEWEST)
        ],
    }


async def purpose_as_json(
    connection: AsyncConnection, purpose: Purpose, calibration: CalibrationRow | None
) -> dict[str, Any]:
    """A purpose with where it stands: open, ended, or what is approved."""
    notice = await purposes.load_notice(connection, purpose.id)
    found = await purposes.load_assessment(connection, purpose.id)
    holds = found is not None and found.digest == digest_of(settings_of(purpose, notice, calibration))
    state = "ended" if purpose.ended_at else "open" if purpose.opened_at else "approved" if holds else "proposed"
    return {
        "id": purpose.id,
        "name": purpose.name,
        "legal_basis": purpose.legal_basis,
        "owner": purpose.owner,
        "contact": purpose.contact,
        "kept_days": purpose.kept_days,
        "until": purpose.until.timestamp(),
        "state": state,
        "notice": notice.version if notice else None,
        "approved_by": found.approved_by if found else None,
    }


async def assessment(
    connection: AsyncConnection,
    known: Sequence[Purpose],
    calibration: CalibrationRow | None,
    stored: int,
    language: str,
) -> list[dict[str, Any]]:
    """The newest purpose's impact assessment, a part each with its sentences."""
    if not known:
        return []
    notice = await purposes.load_notice(connection, known[0].id)
    parts = assess(settings_of(known[0], notice, calibration), stored)
    is_zh = language == "zh"
    return [{"title": p.title_zh if is_zh else p.title_en, "text": p.zh if is_zh else p.en} for p in parts]


def calibration_as_json(found: CalibrationRow | None) -> dict[str, Any] | None:
    """The threshold with its curve."""
    if found is None:
        return None
    named = ("model", "detector", "library", "data", "genuine", "impostors")
    names = (*named, "threshold", "fmr", "fmr_upper", "fnmr", "eer", "curve")
    return {name: getattr(found, name) for name in names}
