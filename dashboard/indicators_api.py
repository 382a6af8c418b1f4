"""``/api/indicators``: rates of a period with their intervals, over time and in leagues; the report as a PDF."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Final
from zoneinfo import ZoneInfo

import structlog
from fastapi import APIRouter, Depends, FastAPI, Request, Response

from dashboard import file_jobs
from dashboard.accounts import require
from dashboard.asking import Filter
from dashboard.audit_log import audit_of, deed_of
from dashboard.background import beside
from dashboard.desk_state import Desk, as_json, desk_of
from dashboard.file_jobs import FileJob, FileJobs
from dashboard.i18n import Words, language_of, words
from dashboard.indicators import report, view
from dashboard.indicators.counting import Asked, Counting
from dashboard.indicators.definitions import Basis
from dashboard.indicators.periods import KINDS, Period, period_of, read_period, run_up
from dashboard.sessions import Asker
from dashboard.view_models.desk_columns import Namer
from dashboard.wall_state import Ground, Wall, this_second
from data.mirror.where import Where
from data.stores.indicators import load_extended
from data.stores.reading import reading
from geo.errors import NeedleError

RUN: Final = 12
LOOK_AGAIN_S: Final = 5.0
GROUPS: Final = ("department", "team", "major", "channel")

log = structlog.get_logger("indicators")


class Extended:
    """Keeps the mirror's ``extended``: deadlines that were moved, as the event log says."""

    def __init__(self, wall: Wall) -> None:
        self.wall, self.seen, self.of = wall, 0, -1
        self._turn = asyncio.Lock()

    async def look(self) -> None:
        """Bring the mirror of now up to now."""
        async with self._turn:
            mirror = self.wall.cases
            seen = self.seen if self.of == id(mirror) else 0
            async with reading(self.wall.pool) as connection:
                cases, self.seen = await load_extended(connection, seen)
            mirror.extended, self.of = mirror.extended | cases, id(mirror)

    async def follow(self) -> None:
        """Look now and then; runs until cancelled."""
        while True:
            try:
                await self.look()
            except NeedleError as error:
                log.debug("indicators.waiting", code=error.code)
            await asyncio.sleep(LOOK_AGAIN_S)


keeping_reports, reports_of = file_jobs.files("report")


@asynccontextmanager
async def running(app: FastAPI) -> AsyncIterator[None]:
    """The follower of deadlines and the reports of the application."""
    app.state.extended = Extended(app.state.wall)
    async with keeping_reports(app), beside(app.state.extended.follow()):
        yield


router = APIRouter(prefix="/api/indicators", lifespan=running)
file_jobs.add_routes(router, "/report", reports_of)
Reports = Annotated[FileJobs, Depends(reports_of)]
TheDesk = Annotated[Desk, Depends(desk_of)]


@dataclass(frozen=True)
class Question:
    """What an address asks for."""

    period: Period
    basis: Basis
    by: str


def question_of(request: Request, ground: Ground, now: int) -> Question:
    """``period=2026-11``, ``basis=due|opened``, ``by=area:subdistrict``; this month, what was due, neighbourhoods.

    Raises
    ------
    NeedleError
        ``filter.invalid``.
    """
    query = request.query_params
    basis, said = query.get("basis", Basis.DUE), query.get("period", "")
    if basis not in list(Basis):
        raise NeedleError("filter.invalid", key="basis", value=basis[:80], form=" | ".join(Basis))
    today = datetime.fromtimestamp(now, ZoneInfo(ground.timezone)).date()
    period = period_of(today, said or "month") if said in ("", *KINDS) else read_period(said)
    return Question(period, Basis(basis), query.get("by") or f"area:{ground.place_layer}")


async def count(desk: Desk, where: Where, question: Question, now: int) -> view.Counted:
    """Count what is asked over the mirror, on its writer's loop: milliseconds."""
    ground, mirror = await desk.wall.ground(), desk.wall.cases
    periods = run_up(question.period, RUN)
    stretches = [Asked(*period.bounds(ground.timezone), question.basis, now) for period in periods]

    counting = Counting.of(mirror, where, now)
    run = counting.run(stretches)
    lines = counting.league(stretches[-1], question.by)
    over_time = list(zip(periods, run, strict=True))
    return view.Counted(question.period, stretches[-1], question.by, run[-1], over_time, lines)


def choices(ground: Ground, say: Words) -> list[dict[str, str]]:
    """What a league can be of."""
    layers = [layer for layer in ground.layers if layer.kind != "grid"]
    areas = [{"by": f"area:{layer.name}", "name": say.pick(layer.title_zh, layer.title_en)} for layer in layers]
    return areas + [{"by": by, "name": say(f"indicators.by.{by}")} for by in GROUPS]


def named_filters(where: Where, name: Namer) -> list[tuple[str, str, str]]:
    """What is filtered, by key of an address, value and name."""
    areas = [("area", f"{layer}:{code}", name(f"area:{layer}", code)) for layer, code in where.areas]
    kinds = {"channel": where.channels, "department": where.departments, "major": where.majors, "matter": where.matters,
             "team": where.teams}  # fmt: skip
    others = [(key, str(value), name(key, value)) for key, values in kinds.items() for value in values]
    return sorted(areas + others)


async def namer_of(desk: Desk, request: Request) -> tuple[Words, Namer]:
    """The words and names of a request's language."""
    language = language_of(request.query_params.get("lang"))
    return words(language), (await desk.names()).namer(language)


@router.get("")
async def indicators(request: Request, desk: TheDesk, where: Filter, account: Asker) -> Response:
    """Rates of a period and of those before it, and a league table."""
    require(account, "page.indicators")
    start, now, ground = time.perf_counter(), this_second(), await desk.wall.ground()
    await request.app.state.extended.look()
    found = await count(desk, where, question_of(request, ground, now), now)
    say, name = await namer_of(desk, request)
    told = view.as_json(found, say, name, choices(ground, say))
    filters = named_filters(where, name)
    answer = as_json({"now": now, "timezone": ground.timezone, "filters": filters, **told})
    answer.headers["server-timing"] = f"count;dur={(time.perf_counter() - start) * 1000:.1f}"
    return answer


# --- the report -------------------------------------------------------------------------------------------------


@router.post("/report")
async def begin(request: Request, desk: TheDesk, where: Filter, account: Asker, reports: Reports) -> Response:
    """Begin a report of a period as a PDF: all indicators, the run up to it, leagues of areas and departments."""
    require(account, "page.indicators")
    now, ground = this_second(), await desk.wall.ground()
    await request.app.state.extended.look()
    question = question_of(request, ground, now)
    leagues = dict.fromkeys((f"area:{ground.place_layer}", "department", question.by))
    counted = [await count(desk, where, Question(question.period, question.basis, by), now) for by in leagues]
    say, name = await namer_of(desk, request)
    titles = {one["by"]: one["name"] for one in choices(ground, say)}
    city = say.pick(ground.city.name_zh, ground.city.name_en) if ground.city else ""
    content = report.Report(say, city, ground.timezone, now, account.name, tuple(counted), titles, name)

    def write(job: FileJob) -> None:
        job.path.write_bytes(report.render(content))

    begun = reports.begin(account.id, f"needle-{question.period.key}.pdf", "application/pdf", write)
    detail = {"period": question.period.key, "basis": str(question.basis)}
    audit_of(request).tell(deed_of(request, account, "export", detail=detail))
    return as_json(begun, 202)
