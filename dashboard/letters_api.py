"""``/api/letters``: residents' letters that could not be filed: why, since when, tried again. What is in them stays sealed."""

from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends, Request, Response

from dashboard.accounts import require
from dashboard.audit_log import audit_of, deed_of
from dashboard.desk_state import Desk, as_json, desk_of
from dashboard.i18n import language_of
from dashboard.sessions import Asker
from dashboard.view_models.desk_rows import seconds
from data.stores import parked_letters
from data.stores.parked_letters import LetterCounts, ParkedRow
from data.stores.reading import reading
from geo.errors import NeedleError, catalogue

LISTED: Final = 200

router = APIRouter(prefix="/api/letters")
TheDesk = Annotated[Desk, Depends(desk_of)]


@router.get("")
async def letters(request: Request, desk: TheDesk, account: Asker) -> Response:
    """``counts`` and the parked ``letters``, the newest first."""
    require(account, "page.deliveries")
    language = language_of(request.query_params.get("lang"))
    async with reading(desk.wall.pool) as connection:
        counts = await parked_letters.load_counts(connection)
        found = await parked_letters.load_parked(connection, LISTED)
    return as_json({"counts": counts_as_json(counts), "letters": [letter_as_json(row, language) for row in found]})


@router.post("/retry")
async def retry_all(request: Request, desk: TheDesk, account: Asker) -> Response:
    """Have all of them tried again."""
    return await again(request, desk, account, None)


@router.post("/{mail_id}/retry")
async def retry(mail_id: str, request: Request, desk: TheDesk, account: Asker) -> Response:
    """Have one tried again: the courier does it within seconds."""
    return await again(request, desk, account, mail_id)


@router.post("/{mail_id}/settle")
async def settle(mail_id: str, request: Request, desk: TheDesk, account: Asker) -> Response:
    """Put one aside: it is kept, and shown no more."""
    require(account, "delivery.retry")
    async with reading(desk.wall.pool) as connection:
        if not await parked_letters.settle(connection, [mail_id]):
            raise NeedleError("letter.unknown")
    audit_of(request).tell(deed_of(request, account, "letter.settle", f"letter:{mail_id}"))
    return as_json({"settled": 1})


async def again(request: Request, desk: Desk, account: Asker, mail_id: str | None) -> Response:
    """Ask the courier to try one letter again, or all."""
    require(account, "delivery.retry")
    async with reading(desk.wall.pool) as connection:
        tried = await parked_letters.ask_again(connection, mail_id)
    if mail_id is not None and not tried:
        raise NeedleError("letter.unknown")
    audit_of(request).tell(deed_of(request, account, "letter.retry", f"letter:{mail_id or '*'}", {"letters": tried}))
    return as_json({"tried": tried})


def counts_as_json(counts: LetterCounts) -> dict[str, Any]:
    """The numbers above the list."""
    return {
        "parked": counts.parked,
        "oldest": seconds(counts.oldest_at),
        "settled": counts.settled,
        "filed": counts.filed,
        "rejected": counts.rejected,
    }


def letter_as_json(row: ParkedRow, language: str) -> dict[str, Any]:
    """One letter: which, of what kind, why."""
    return {
        "id": row.mail_id,
        "kind": row.kind,
        "received": seconds(row.received_at),
        "parked": seconds(row.parked_at),
        "reason": sentence(row, language),
        "code": row.reason,
        "tries": row.tries,
        "asked": row.retry_at is not None,
        "bytes": row.bytes,
    }


def sentence(row: ParkedRow, language: str) -> str:
    """Why it is parked, in words; the code alone where the catalogue's sentence has changed since."""
    entry = catalogue().get(row.reason)
    if entry is None:
        return row.reason
    try:
        return (entry.zh if language == "zh" else entry.en).format(**row.detail)
    except (KeyError, IndexError):
        return row.reason
