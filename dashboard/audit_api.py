"""``/api/audit``: who did what, when, to what, from where; for administrators."""

import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Annotated, Final
from zoneinfo import ZoneInfo

import orjson
from fastapi import APIRouter, Depends, Request, Response

from dashboard.accounts import require
from dashboard.audit_log import audit_of, deed_of
from dashboard.desk_state import as_json
from dashboard.sessions import Asker
from dashboard.wall_state import Wall, wall_of
from data.stores.audit import Asked, AuditRow, find_entries, load_actions
from data.stores.reading import reading
from dispatch.states import transitions
from geo.errors import NeedleError

PAGE_ROWS: Final = 100
MOST_EXPORTED: Final = 100_000
COLUMNS: Final = ("id", "at", "actor", "action", "object", "address", "detail")
#: A cell that a spreadsheet would take for a formula.
FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")

#: Names of a case's moves, Chinese and English.
MOVES: Final = {f"case.{move.action}": [move.name_zh, move.name_en] for move in transitions().values()}

router = APIRouter(prefix="/api/audit")
TheWall = Annotated[Wall, Depends(wall_of)]


@dataclass(frozen=True)
class Filter:
    """What an address asks for: ``actor``, ``action``, ``object``, ``from`` and ``to`` (days of the city), ``before`` (an id)."""

    actor: str | None
    action: str | None
    object: str | None
    first: str | None
    last: str | None
    before: str | None

    def asked(self, timezone: str, most: int) -> Asked:
        """As the store takes it; ``to`` is the last day that counts.

        Raises
        ------
        NeedleError
            ``filter.invalid``.
        """
        since, until = (day_of(value, timezone) for value in (self.first, self.last))
        if self.before is not None and not self.before.isdecimal():
            raise NeedleError("filter.invalid", key="before", value=self.before[:80], form="id")
        return Asked(
            self.actor,
            self.action,
            self.object,
            since,
            None if until is None else until + timedelta(days=1),
            None if self.before is None else int(self.before),
            most,
        )


def filter_of(request: Request) -> Filter:
    """The filter of a request (a FastAPI dependency)."""
    names = ("actor", "action", "object", "from", "to", "before")
    return Filter(*(request.query_params.get(name, "").strip()[:200] or None for name in names))


def day_of(value: str | None, timezone: str) -> datetime | None:
    """The beginning of a day of the city, ``2026-11-24``."""
    if value is None:
        return None
    try:
        return datetime.strptime(value, "%Y-%m-%d").replace(tzinfo=ZoneInfo(timezone))
    except ValueError:
        raise NeedleError("filter.invalid", key="from, to", value=value[:80], form="2026-11-24") from None


Wanted = Annotated[Filter, Depends(filter_of)]


@router.get("")
async def entries(wall: TheWall, account: Asker, wanted: Wanted) -> Response:
    """``entries``, the newest first; ``actions`` to choose from; ``names`` of moves; ``more``: whether older ones fit too."""
    require(account, "page.audit")
    timezone = (await wall.ground()).timezone
    async with reading(wall.pool) as connection:
        rows = await find_entries(connection, wanted.asked(timezone, PAGE_ROWS + 1))
        actions = await load_actions(connection)
    told = [row_as_json(row) for row in rows[:PAGE_ROWS]]
    more = len(rows) > PAGE_ROWS
    return as_json({"timezone": timezone, "entries": told, "actions": actions, "names": MOVES, "more": more})


@router.get("/file.csv")
async def export(request: Request, wall: TheWall, account: Asker, wanted: Wanted) -> Response:
    """The same as a table, up to ``MOST_EXPORTED`` rows; that somebody took it is an entry itself."""
    require(account, "page.audit")
    timezone = (await wall.ground()).timezone
    async with reading(wall.pool) as connection:
        rows = await find_entries(connection, wanted.asked(timezone, MOST_EXPORTED))
    audit_of(request).tell(deed_of(request, account, "audit.export", detail={"entries": len(rows)}))
    headers = {"Cache-Control": "no-store", "Content-Disposition": 'attachment; filename="needle-audit.csv"'}
    return Response(
        "\ufeff" + "".join(csv_lines(rows, timezone)), media_type="text/csv; charset=utf-8", headers=headers
    )


def row_as_json(row: AuditRow) -> dict[str, object]:
    """An entry for the page; ``at`` in Unix seconds."""
    return {
        "id": row.id,
        "at": row.at.timestamp(),
        "actor": row.actor,
        "action": row.action,
        "object": row.object,
        "address": row.address,
        "detail": row.detail,
    }


def csv_lines(rows: list[AuditRow], timezone: str) -> Iterator[str]:
    """Heading and rows, times in the city's zone."""
    line = io.StringIO()
    writer = csv.writer(line)
    for row in (COLUMNS, *(cells(row, timezone) for row in rows)):
        line.seek(0)
        line.truncate()
        writer.writerow(row)
        yield line.getvalue()


def cells(row: AuditRow, timezone: str) -> list[str]:
    """One row's texts."""
    at = row.at.astimezone(ZoneInfo(timezone)).isoformat(timespec="seconds")
    detail = orjson.dumps(row.detail).decode() if row.detail else ""
    texts = [str(row.id), at, row.actor, row.action, row.object, row.address, detail]
    return [f"'{text}" if text.startswith(FORMULA) else text for text in texts]
