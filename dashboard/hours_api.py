"""``/api/hours``: the city's working hours, by which limits that are not 紧急 run; edited by who may."""

from typing import Annotated, Any, Final

from fastapi import APIRouter, Body, Request, Response

from dashboard.accounts import require
from dashboard.audit_log import deed_of
from dashboard.desk_state import as_json
from dashboard.office import Casework, TheWall
from dashboard.sessions import Asker
from data.stores.reading import reading
from data.stores.reference import load_city_clock
from dispatch.clock import CALENDARS, WorkingTime, working_time

CLOCK: Final = "%H:%M"

router = APIRouter(prefix="/api/hours")


@router.get("")
async def hours(wall: TheWall, account: Asker) -> Response:
    """``calendar``, ``calendars`` to choose from, ``periods`` of a working day as [opens, closes], ``timezone``."""
    require(account, "page.hours")
    async with reading(wall.pool) as connection:
        zone, settings = await load_city_clock(connection)
    return as_json(hours_as_json(zone, settings.get("calendar", "china"), working_time(zone, settings)))


@router.post("")
async def edit(
    request: Request, wall: TheWall, account: Asker, casework: Casework, said: Annotated[dict[str, Any], Body()]
) -> Response:
    """Change them, {"calendar", "periods"}: what starts from now on counts by them, running deadlines keep their moment."""
    require(account, "hours.edit")
    asked = {"calendar": said.get("calendar", "china"), "periods": said.get("periods")}
    await casework.set_hours(asked, deed_of(request, account, "hours.edit", "city", asked))
    return await hours(wall, account)


def hours_as_json(zone: str, calendar: str, time: WorkingTime) -> dict[str, Any]:
    """The hours as their form takes them; ``day_h``: how long a working day is."""
    return {
        "timezone": zone,
        "calendar": calendar,
        "calendars": list(CALENDARS),
        "periods": [[f"{opens:{CLOCK}}", f"{closes:{CLOCK}}"] for opens, closes in time.periods],
        "day_h": time.day.total_seconds() / 3600,
    }
