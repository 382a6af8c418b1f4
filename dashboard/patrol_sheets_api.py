"""``/api/patrol/sheets``: the weekly sheet of a cell or a worker as PDF or workbook, written in a thread."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import partial
from typing import Annotated, Final

import numpy as np
from fastapi import APIRouter, Depends, Request, Response

from dashboard import file_jobs, patrol_sheet_map
from dashboard.accounts import Account, may, require
from dashboard.audit_log import audit_of, deed_of
from dashboard.coverage_state import coverage_scope
from dashboard.desk_state import as_json
from dashboard.file_jobs import FileJobs
from dashboard.i18n import Words, language_of, words
from dashboard.paper_map import Furniture
from dashboard.patrol_api import Here, mine, own_cells
from dashboard.patrol_day_api import watched
from dashboard.patrol_sheet import FORMATS, Day, WeeklySheet, write
from dashboard.patrol_state import Patrols
from dashboard.sessions import Asker
from dashboard.view_models import patrol_view as view
from dashboard.view_models.coverage_view import cell_name
from dashboard.wall_state import this_second
from data.mirror.patrol import Bools, PatrolPicture
from data.stores import patrols as store
from data.stores.coverage import load_area_names, load_workers
from data.stores.reading import reading
from geo.errors import NeedleError

WEEKS: Final = 4
DAYS: Final = 7

running, files_of = file_jobs.files("patrol")
router = APIRouter(prefix="/api/patrol/sheets", lifespan=running)
file_jobs.add_routes(router, "", files_of)


@dataclass(frozen=True)
class Subject:
    """What a sheet is about: some cells, in words, with their days. ``rows``: indices of the cells that are listed."""

    about: str
    fits: Bools
    rows: Sequence[int]
    days: Sequence[Day]


@router.post("")
async def begin(
    request: Request,
    here: Here,
    account: Asker,
    files: Annotated[FileJobs, Depends(files_of)],
    format: str = "",
    to: date | None = None,
    cell: str | None = None,
    worker: int | None = None,
) -> Response:
    """Begin the sheet of the week (Monday to Sunday) of ``to``, today where that is left out: of ``cell`` or of ``worker``."""
    require(account, "patrol.workers")
    if format not in FORMATS or (cell is None) == (worker is None):
        raise NeedleError("export.unknown_format", format=format, known=", ".join(FORMATS))
    week = await sunday(here, to)
    pictures = [
        (await here.picture(await here.period(week - timedelta(days=DAYS * k), DAYS))).picture for k in range(WEEKS)
    ]
    say = words(language_of(request.query_params.get("lang")))
    subject = (
        await of_cell(here, account, pictures[0], cell)
        if cell
        else await of_worker(here, account, pictures[0], worker or 0)
    )
    sheet = await sheet_of(here, account, say, subject, pictures)
    name = f"needle-week-{pictures[0].period.first}-{cell or f'worker-{worker}'}.{format}"
    begun = files.begin(account.id, name, FORMATS[format], partial(write, kind=format, sheet=sheet))
    detail = {"week": sheet.week, "format": format}
    thing = f"cell:{cell}" if cell else f"account:{worker}"
    audit_of(request).tell(deed_of(request, account, "patrol.sheet", thing, detail))
    return as_json(begun, 202)


async def sunday(here: Patrols, to: date | None) -> date:
    """The last day of a day's week."""
    day = to or (await here.period(None, 1)).last
    return day + timedelta(days=6 - day.weekday())


async def of_cell(here: Patrols, account: Account, picture: PatrolPicture, code: str) -> Subject:
    """A cell, with its neighbours listed beneath it.

    Raises
    ------
    NeedleError
        ``patrol.no_cell``.
    """
    ground, at = picture.ground, picture.ground.number.get(code, -1)
    if at < 0 or not picture.mask(coverage_scope(account))[at]:
        raise NeedleError("patrol.no_cell", cell=code)
    period = picture.period
    async with reading(here.wall.pool) as connection:
        rows = await store.load_cell_days(connection, code, period.first, period.last)
        workers = await load_workers(connection) if may(account, "patrol.workers") else []
        names = await load_area_names(connection, "community")
    known = {one.id: one.name for one in mine(account, picture, workers)}
    told = view.daily(ground, at, rows, days_of(picture))
    today = (await here.period(None, 1)).last.isoformat()
    days = [
        Day(
            one["day"],
            one["share"] if one["day"] <= today else None,
            int(bool(one["by"])),
            "、".join(known[by] for by in one["by"] if by in known),
        )
        for one in told
    ]
    around = ground.around.others[ground.around.starts[at] : ground.around.starts[at + 1]].tolist()
    fits = np.zeros(len(ground.codes), np.bool_)
    fits[at] = True
    return Subject(cell_name(code, names), fits, [at, *around], days)


async def of_worker(here: Patrols, account: Account, picture: PatrolPicture, account_id: int) -> Subject:
    """A worker's cells, those that want attention first."""
    one = await watched(here, account, picture, account_id)
    async with reading(here.wall.pool) as connection:
        found = await store.load_worker_days(connection, account_id, picture.period.first, picture.period.last)
    known = {row.day: row.cells for row in found}
    days = [Day(day.isoformat(), None, known.get(day, 0), one.name if day in known else "") for day in days_of(picture)]
    fits = picture.mask(own_cells(one))
    order = view.order_of(picture.cells, "streets")
    return Subject(one.name, fits, order[fits[order]].tolist(), days)


def days_of(picture: PatrolPicture) -> list[date]:
    """Every day of a picture."""
    return [picture.period.first + timedelta(days=k) for k in range(picture.period.days)]


async def sheet_of(
    here: Patrols, account: Account, say: Words, subject: Subject, pictures: Sequence[PatrolPicture]
) -> WeeklySheet:
    """The sheet of a subject. ``pictures``: of the week and those before it, the newest first."""
    picture, ground, now = pictures[0], await here.wall.ground(), this_second()
    async with reading(here.wall.pool) as connection:
        names = await load_area_names(connection, "community")
    weeks = [(f"{one.period.first:%m-%d}", view.total(one, subject.fits)["streets"]) for one in reversed(pictures)]
    codes = picture.ground.codes
    rows = [{"name": cell_name(codes[at], names), **view.figures(picture.cells, at)} for at in subject.rows]
    week = f"{picture.period.first} – {picture.period.last}"
    around = Furniture(
        subject.about,
        [week],
        patrol_sheet_map.signs(say("cells.patrol.seen_sign"), say("cells.patrol.gap_sign")),
        [say("cells.patrol.sheet.source"), *ground.attributions],
        say("cells.patrol.north"),
    )
    return WeeklySheet(
        say,
        say.pick(ground.city.name_zh, ground.city.name_en) if ground.city else "",
        subject.about,
        week,
        ground.timezone,
        now,
        account.name,
        view.total(picture, subject.fits),
        weeks,
        subject.days,
        rows,
        patrol_sheet_map.drawn(picture, subject.fits, around),
    )
