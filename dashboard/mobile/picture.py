"""What a phone shows in one picture: what is the person's own, and the work that their account sees."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from dashboard.mobile import orders, views
from dashboard.mobile.person import Person
from data.settings import get_settings
from data.stores import mobile, positions, whistles
from data.stores.mobile import AsyncConnection
from data.stores.nearby import load_own
from data.stores.public import load_city
from data.working_states import WORKING_STATES
from dispatch.completing import place_of
from dispatch.duplicates import metres_between
from geo.errors import NeedleError


async def own_of(connection: AsyncConnection, person: Person, now: datetime, keep: timedelta) -> dict[str, Any]:
    """What is the person's alone, wherever its cases went: read past the areas of the account."""
    kept, since = await positions.count_own(connection, person.own)
    ends = await positions.shift_ends(connection, person.team, now) if person.team is not None else None
    city = await load_city(connection)
    seen_days = get_settings().patrol_days if person.sees else 0
    return {
        "person": views.person_json(person, await mobile.names_of(connection, person.team, person.department)),
        "duty": views.duty_json(await positions.open_duty(connection, person.own), now),
        "shift_ends": views.millis(ends),
        "kept": {
            "places": kept,
            "since": views.millis(since),
            "hours": keep / timedelta(hours=1),
            "seen_days": seen_days,
        },
        "reports": [views.report_json(row) for row in await mobile.own_reports(connection, person.own)],
        "city": None if city is None else [city.west, city.south, city.east, city.north],
    }


async def work_of(connection: AsyncConnection, person: Person, now: datetime) -> dict[str, Any]:
    """What is to be done, as far as the account sees cases."""
    speaks = person.account.department
    return {
        "tasks": [views.case_json(case, person) for case in await _tasks(connection, person)],
        "done": await _done(connection, person, now),
        "whistles": await _whistles(connection, person),
        "checks": await _checks(connection, person),
        "teams": await mobile.teams_of(connection, speaks) if speaks is not None else [],
    }


async def _tasks(connection: AsyncConnection, person: Person) -> list[mobile.PhoneCase]:
    if person.team is not None:
        return await mobile.team_cases(connection, person.team)
    if person.department is not None:
        return await mobile.department_cases(connection, person.department, sorted(WORKING_STATES))
    return []


async def _done(connection: AsyncConnection, person: Person, now: datetime) -> int:
    day = timedelta(hours=24)
    return await mobile.done_since(connection, person.team, now - day) if person.team is not None else 0


async def _whistles(connection: AsyncConnection, person: Person) -> list[dict[str, Any]]:
    if person.department is None:
        return []
    lines = await whistles.load_board(connection, department=person.department)
    names = await mobile.case_names(connection, [line.case_id for line in lines])
    return views.whistles_json(lines, names, person)


async def _checks(connection: AsyncConnection, person: Person) -> list[dict[str, Any]]:
    if not person.sees:
        return []
    return [views.case_json(case, person) for case in await mobile.cases_to_check(connection, person.own)]


async def arrival_of(connection: AsyncConnection, order: orders.Order) -> Mapping[str, Any] | None:
    """The place of an arrival in WGS84, and how far it is from the case; None for what is no arrival."""
    if order.kind != "arrive":
        return None
    if order.place is None:
        raise NeedleError("mobile.place_missing")
    place, own = place_of(order.place), await load_own(connection, order.case_id)
    metres = metres_between((place["lng"], place["lat"]), own.point if own else None)
    return {orders.ARRIVED_AT: place, "distance_m": None if metres is None else round(metres, 1)}
