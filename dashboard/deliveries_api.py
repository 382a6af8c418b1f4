"""``/api/deliveries``: how connected systems are told of cases, what did not arrive, and to try it again."""

from datetime import UTC, datetime
from typing import Annotated, Any, Final

from fastapi import APIRouter, Body, Depends, Request, Response

from dashboard.accounts import require
from dashboard.audit_log import deed_of
from dashboard.desk_state import Desk, as_json, desk_of
from dashboard.i18n import language_of, words
from dashboard.sessions import Asker
from dashboard.view_models.delivery_health import delivery_as_json, request_of, system_as_json
from dashboard.view_models.desk_rows import seconds
from data.stores import deliveries, residents
from data.stores.audit import add_entries
from data.stores.reading import reading
from geo.errors import NeedleError

LISTED: Final = 200
LATE_S: Final = 60.0
"""A resident who was not told within this time counts as waiting."""

router = APIRouter(prefix="/api/deliveries")
TheDesk = Annotated[Desk, Depends(desk_of)]


@router.get("")
async def health(request: Request, desk: TheDesk, account: Asker) -> Response:
    """``systems`` with their numbers, ``undelivered`` (given up first), ``residents`` who wait to be told."""
    require(account, "page.deliveries")
    language = language_of(request.query_params.get("lang"))
    say, name = words(language), (await desk.names()).namer(language)
    ground = await desk.wall.ground()
    async with reading(desk.wall.pool) as connection:
        systems = await deliveries.load_health(connection)
        open_ones = await deliveries.load_undelivered(connection, LISTED)
        untold, since = await residents.count_untold(connection, LATE_S)
    return as_json(
        {
            "now": datetime.now(UTC).timestamp(),
            "timezone": ground.timezone,
            "systems": [system_as_json(row, say, name) for row in systems],
            "undelivered": [delivery_as_json(row, say) for row in open_ones],
            "residents": {"waiting": untold, "since": seconds(since)},
        }
    )


@router.get("/{delivery_id}")
async def delivery(delivery_id: int, desk: TheDesk, account: Asker) -> Response:
    """What is sent for a delivery: ``line``, ``headers``, ``body``."""
    require(account, "page.deliveries")
    async with reading(desk.wall.pool) as connection:
        system, due = await deliveries.load_delivery(connection, delivery_id)
    return as_json(request_of(system, due))


@router.post("/{delivery_id}/retry")
async def retry(delivery_id: int, request: Request, desk: TheDesk, account: Asker) -> Response:
    """Try a delivery again that was given up."""
    require(account, "delivery.retry")
    async with reading(desk.wall.pool) as connection:
        await deliveries.retry(connection, delivery_id)
        await add_entries(connection, [deed_of(request, account, "delivery.retry", f"delivery:{delivery_id}")])
    return as_json({"tried": 1})


@router.post("/systems/{name}/retry")
async def retry_all(name: str, request: Request, desk: TheDesk, account: Asker) -> Response:
    """Try everything again that a system did not take."""
    require(account, "delivery.retry")
    async with reading(desk.wall.pool) as connection:
        tried = await deliveries.retry_all(connection, name)
        deed = deed_of(request, account, "delivery.retry", f"system:{name}", {"deliveries": tried})
        await add_entries(connection, [deed])
    return as_json({"tried": tried})


@router.post("/systems/{name}/active")
async def switch(
    name: str, request: Request, desk: TheDesk, account: Asker, said: Annotated[dict[str, Any], Body()]
) -> Response:
    """Tell a system of cases, or cease to: {"active": true or false}; what waits for it stays."""
    require(account, "delivery.retry")
    if not isinstance(said.get("active"), bool):
        raise NeedleError("request.invalid", problem='{"active": true | false}')
    async with reading(desk.wall.pool) as connection:
        await deliveries.switch(connection, name, said["active"])
        deed = deed_of(request, account, "delivery.switch", f"system:{name}", {"active": said["active"]})
        await add_entries(connection, [deed])
    return as_json({"active": said["active"]})
