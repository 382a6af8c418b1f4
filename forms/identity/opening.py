"""Proposing, approving, opening and ending what faces are compared for: an administrator's steps, refused out of turn."""

import tomllib
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any, Final

from data.stores import identity_purposes as purposes
from data.stores import identity_references as references
from data.stores.identity_purposes import AsyncConnection, Purpose
from forms.identity.assessment import VALID_DAYS, assess, check_open, digest_of, settings_of
from forms.identity.consent import receipt_of
from geo.errors import NeedleError

WANTED_FMR: Final = 0.001
MOST_RISK: Final = 0.5
NEEDED: Final = ("name", "legal_basis", "necessity", "owner", "contact", "kept_days", "until", "notice_zh", "notice_en")


async def propose(connection: AsyncConnection, said: dict[str, Any], by: str, now: datetime) -> int:
    """Write a purpose and its notice down; nothing is open by that. Its number.

    Raises
    ------
    NeedleError
        ``identity.purpose_refused`` naming what is missing.
    """
    missing = [name for name in NEEDED if not str(said.get(name) or "").strip()]
    if missing:
        raise NeedleError("identity.purpose_refused", reason=", ".join(missing))
    try:
        until = datetime.combine(date.fromisoformat(str(said["until"])), time(23, 59), UTC)
        kept_days, fmr = int(said["kept_days"]), float(said.get("wanted_fmr") or WANTED_FMR)
        risk = float(said.get("most_risk") or MOST_RISK)
    except ValueError as error:
        raise NeedleError("identity.purpose_refused", reason=str(error)) from error
    if until <= now or kept_days < 1 or not 0 < fmr < 1 or not 0 < risk <= 1:
        raise NeedleError("identity.purpose_refused", reason="until, kept_days, wanted_fmr, most_risk")
    name, basis, necessity, owner, contact = (str(said[name]).strip() for name in NEEDED[:5])
    asked = Purpose(0, name, basis, necessity, owner, contact, kept_days, now, until, fmr, risk)
    number = await purposes.create_purpose(connection, asked, by)
    await purposes.add_notice(connection, number, str(said["notice_zh"]).strip(), str(said["notice_en"]).strip(), by)
    return number


def read_proposal(file: Path) -> dict[str, Any]:
    """A proposal from a TOML file."""
    try:
        return tomllib.loads(file.read_text(encoding="utf-8"))
    except (OSError, tomllib.TOMLDecodeError) as error:
        raise NeedleError("identity.purpose_refused", reason=str(error)) from error


async def find(connection: AsyncConnection, number: int) -> Purpose:
    """A purpose by its number.

    Raises
    ------
    NeedleError
        ``identity.purpose_refused``.
    """
    found = next((one for one in await purposes.load_purposes(connection) if one.id == number), None)
    if found is None:
        raise NeedleError("identity.purpose_refused", reason=f"no purpose {number} / 没有用途 {number}")
    return found


async def approve(connection: AsyncConnection, number: int, by: str, now: datetime) -> int:
    """Approve the impact assessment as the settings make it now; it holds for a year and for these settings only."""
    purpose = await find(connection, number)
    notice = await purposes.load_notice(connection, number)
    calibration = await purposes.load_calibration(connection)
    settings = settings_of(purpose, notice, calibration)
    sections = assess(settings, await references.count_stored(connection))
    content = {"settings": settings, "zh": [list(s.zh) for s in sections], "en": [list(s.en) for s in sections]}
    return await purposes.approve(
        connection, number, content, digest_of(settings), by, now + timedelta(days=VALID_DAYS)
    )


async def open_now(connection: AsyncConnection, number: int, now: datetime, due_on: date | None = None) -> None:
    """Let faces be compared for a purpose; another one that is open ends first.

    ``due_on``: the last day for telling the authority, where the stored faces were filed with it.

    Raises
    ------
    NeedleError
        ``identity.purpose_refused`` with what is missing.
    """
    purpose = await find(connection, number)
    notice = await purposes.load_notice(connection, number)
    calibration = await purposes.load_calibration(connection)
    check_open(purpose, notice, calibration, await purposes.load_assessment(connection, number), now)
    before = await purposes.load_open(connection)
    if before is not None and before.id != number:
        await end(connection, before.id, now, due_on)
    await purposes.open_purpose(connection, number)
    if await references.was_filed(connection):
        await references.open_duty(connection, "change_filing", {"purpose": number}, due_on)


async def end(connection: AsyncConnection, number: int, now: datetime, due_on: date | None = None) -> tuple[int, str]:
    """End a purpose and delete every template kept for it; how many, and the receipt."""
    await find(connection, number)
    receipt = receipt_of("purpose", f"{number} {now.isoformat()}")
    await purposes.end_purpose(connection, number)
    gone = await references.delete_references(connection, "purpose_ended", receipt, purpose=number)
    await references.open_duty(
        connection, "cancel_filing", {"purpose": number, "deleted": gone, "receipt": receipt}, due_on
    )
    return gone, receipt
