"""``/api/whistles``: the whistle board, and the scores of both sides."""

from datetime import UTC, datetime, timedelta
from typing import Annotated, Final

from fastapi import APIRouter, Depends, Query, Request, Response

from dashboard.accounts import require
from dashboard.desk_state import Desk, as_json, desk_of
from dashboard.i18n import language_of, words
from dashboard.office import Casework
from dashboard.sessions import Asker
from dashboard.view_models.whistle_board import COLUMNS, cards, score_rows
from data.stores.reading import scoped
from data.stores.whistles import load_board

ENDED_SHOWN: Final = timedelta(hours=24)
LONGEST_DAYS: Final = 366

router = APIRouter(prefix="/api/whistles")
TheDesk = Annotated[Desk, Depends(desk_of)]


@router.get("")
async def board(
    request: Request, desk: TheDesk, account: Asker, street: str | None = None, department: str | None = None
) -> Response:
    """``cards`` of the open whistles and of those that ended within a day; ``columns`` in their order."""
    require(account, "page.whistles")
    language, now = language_of(request.query_params.get("lang")), datetime.now(UTC)
    ground, name = await desk.wall.ground(), (await desk.names()).namer(language)
    async with scoped(desk.wall.pool, account.id) as connection:
        lines = await load_board(connection, street, department, ended_since=now - ENDED_SHOWN)
    return as_json(
        {
            "now": now.timestamp(),
            "timezone": ground.timezone,
            "event": desk.wall.event,
            "columns": COLUMNS,
            "cards": cards(lines, words(language), name, now),
        }
    )


@router.get("/scores")
async def scores(
    request: Request,
    desk: TheDesk,
    account: Asker,
    casework: Casework,
    days: Annotated[int, Query(ge=1, le=LONGEST_DAYS)] = 30,
) -> Response:
    """Both sides' scores over the last days: ``streets`` and ``departments``."""
    require(account, "page.whistles")
    now = datetime.now(UTC)
    name = (await desk.names()).namer(language_of(request.query_params.get("lang")))
    found = await casework.scores(now - timedelta(days=days), now, now)
    return as_json({"days": days, **score_rows(found, name)})
