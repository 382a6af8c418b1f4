"""``/api/department``: what a department must do now, its whistles, and how its own system is reached."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends, Request, Response

from dashboard.accounts import Account, require, within
from dashboard.desk_state import Desk, Sort, as_json, desk_of
from dashboard.i18n import language_of, words
from dashboard.sessions import Asker
from dashboard.view_models.delivery_health import system_as_json
from dashboard.view_models.department_board import JOINT, LISTS, work_lists
from dashboard.view_models.desk_rows import row_as_json
from dashboard.view_models.whistle_board import cards
from data.mirror.facets import counts, helping
from data.mirror.where import Where
from data.stores import deliveries, desk_cases
from data.stores import desk as store
from data.stores.reading import reading, scoped
from data.stores.whistles import load_board
from geo.errors import Language, NeedleError

LISTED: Final = 50
BY_URGENCY: Final = Sort("queue", descending=False)

router = APIRouter(prefix="/api/department")
TheDesk = Annotated[Desk, Depends(desk_of)]


@router.get("")
async def departments(request: Request, desk: TheDesk, account: Asker) -> Response:
    """The departments that may be looked at: ``departments`` of [code, name, open cases]."""
    say, ordering = words(language_of(request.query_params.get("lang"))), desk.ready()
    rows, mirror = await own_departments(desk, account), ordering.mirror
    open_cases = Where(open=True)
    led = counts(mirror, await desk.fits(within(account, open_cases), ordering), "department")
    joint = await desk.fits(within(account, replace(open_cases, states=frozenset(LISTS[JOINT]))), ordering)
    helped = helping(mirror, joint)
    counted = [[code, say.pick(zh, en), led.get(code, 0) + helped.get(code, 0)] for code, zh, en in rows]
    return as_json({"departments": counted})


@router.get("/{code}")
async def department(code: str, request: Request, desk: TheDesk, account: Asker) -> Response:
    """Its ``lists`` (total, overdue, first rows by urgency), ``whistles`` and ``systems``."""
    language, now = language_of(request.query_params.get("lang")), datetime.now(UTC)
    say, name = words(language), (await desk.names()).namer(language)
    ground, event = await desk.wall.ground(), desk.wall.event
    if code not in {known for known, _, _ in await own_departments(desk, account)}:
        raise NeedleError("department.unknown", department=code)
    async with scoped(desk.wall.pool, account.id) as connection:
        lines = await load_board(connection)
    async with reading(desk.wall.pool) as connection:
        systems = [row for row in await deliveries.load_health(connection) if row.department_code == code]
    called = {line.case_id for line in lines if line.department_code == code}
    return as_json(
        {
            "now": now.timestamp(),
            "timezone": ground.timezone,
            "event": event,
            "lists": await listed(desk, account, code, now, language),
            "whistles": cards([line for line in lines if line.case_id in called], say, name, now),
            "systems": [system_as_json(row, say, name) for row in systems],
        }
    )


async def own_departments(desk: Desk, account: Account) -> list[tuple[str, str, str]]:
    """The departments that an account may look at: a handler's own, everybody else's all."""
    require(account, "page.department")
    async with reading(desk.wall.pool) as connection:
        rows = await desk_cases.load_departments(connection)
    return [row for row in rows if account.department in (None, row[0])]


async def listed(desk: Desk, account: Account, code: str, now: datetime, language: Language) -> list[dict[str, Any]]:
    """Its lists: how many, how many of them overdue, the first rows."""
    found = await desk.found(within(account, Where(hands=frozenset({code}), open=True)), BY_URGENCY, language)
    lists = work_lists(found.mirror, found.rows, code, int(now.timestamp()))
    shown = {key: found.mirror.id[rows[:LISTED]].tolist() for key, (rows, _) in lists.items()}
    async with reading(desk.wall.pool) as connection:
        read = await store.load_rows(connection, [case_id for ids in shown.values() for case_id in ids])
    name = (await desk.names()).namer(language)
    by_id = {row.id: row_as_json(row, name, code) for row in read}
    return [
        {
            "key": key,
            "states": LISTS[key],
            "total": len(rows),
            "overdue": overdue,
            "rows": [by_id[case_id] for case_id in shown[key] if case_id in by_id],
        }
        for key, (rows, overdue) in lists.items()
    ]
