"""``/api/hotspots``: analyses with their list, what lies behind a hotspot, files; ``/tiles/hotspots``: their cells on the map."""

from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Annotated, Any, Final, cast

import numpy as np
from fastapi import APIRouter, Depends, FastAPI, Request, Response
from starlette.requests import HTTPConnection

from dashboard import file_jobs
from dashboard.accounts import require
from dashboard.asking import Filter, Scope
from dashboard.audit_log import audit_of, deed_of
from dashboard.background import beside
from dashboard.desk_state import Desk, as_json, desk_of
from dashboard.file_jobs import FileJob, FileJobs
from dashboard.hotspots import files, view
from dashboard.hotspots.analysis import Analysis, Hotspot, Question, hotspots, read_question
from dashboard.hotspots.state import Asked, Hotspots
from dashboard.i18n import language_of, words
from dashboard.sessions import Asker
from dashboard.tiles import REVISIT
from dashboard.view_models.desk_columns import Namer
from dashboard.view_models.snapshot import ground_as_json
from dashboard.wall_state import this_second
from data.mirror.columns import CaseMirror
from data.mirror.where import Where
from data.stores.analysis import load_area_at, load_streets_near
from data.stores.reading import reading
from data.stores.tiles import is_tile
from geo.errors import NeedleError

LISTED: Final = 60
TOP: Final = 5
MEDIA_TYPE: Final = "application/vnd.mapbox-vector-tile"


keeping_files, files_of = file_jobs.files("hotspots")


@asynccontextmanager
async def running(app: FastAPI) -> AsyncIterator[None]:
    """The analyses of the application and the files made of them."""
    app.state.hotspots = Hotspots(app.state.wall, lambda: app.state.ground_tiles.mirror)
    async with keeping_files(app), beside(app.state.hotspots.warm(app.state.desk.prepared)):
        yield


router = APIRouter(lifespan=running)
file_jobs.add_routes(router, "/api/hotspots/files", files_of)


def hotspots_of(connection: HTTPConnection) -> Hotspots:
    """The process's analyses (a FastAPI dependency)."""
    return cast(Hotspots, connection.app.state.hotspots)


Held = Annotated[Hotspots, Depends(hotspots_of)]
Files = Annotated[FileJobs, Depends(files_of)]
TheDesk = Annotated[Desk, Depends(desk_of)]


def asked_of(request: Request, where: Where, scope: Where, now: int) -> Asked:
    """What a request asks; its window of time is the question's, not the filter's."""
    timeless = replace(where, reported_from=None, reported_to=None, box=None)
    return Asked(read_question(request.query_params, now), timeless, scope)


@router.get("/api/hotspots")
async def analysis(
    request: Request, held: Held, desk: TheDesk, where: Filter, scope: Scope, account: Asker
) -> Response:
    """An analysis: what was found, the hotspots, and the word that its tiles are asked for with."""
    require(account, "page.hotspots")
    now, ground = this_second(), await held.wall.ground()
    asked = asked_of(request, where, scope, now)
    mark, found = await held.find(asked, now)
    listed = hotspots(found, LISTED)
    whole = ground_as_json(ground)
    places = await named_places(held, found, listed)
    name = (await desk.names()).namer(language_of(request.query_params.get("lang")))
    return as_json(
        {
            "now": now,
            "timezone": ground.timezone,
            "ground": {key: whole[key] for key in ("version", "city", "layers", "attributions")},
            "mark": mark,
            "question": question_as_json(asked.question),
            "filters": named_filters(where, name),
            **view.summary(found),
            "pieces": int(found.pieces.max(initial=-1)) + 1,
            "hotspots": [view.hotspot_as_json(found, one, places[one.number]) for one in listed],
        }
    )


def question_as_json(question: Question) -> dict[str, Any]:
    """A question as the page's address says it."""
    return {
        "grid": question.grid,
        "measure": question.measure,
        "method": question.method,
        "since": question.start,
        "until": question.end,
        "before": list(question.before),
    }


def named_filters(where: Where, name: Namer) -> list[tuple[str, str, str]]:
    """What is filtered, by key of an address, value and name."""
    areas = [("area", f"{layer}:{code}", name(f"area:{layer}", code)) for layer, code in where.areas]
    kinds = {"channel": where.channels, "department": where.departments, "major": where.majors, "matter": where.matters}
    return sorted(areas + [(key, str(value), name(key, value)) for key, values in kinds.items() for value in values])


async def named_places(held: Hotspots, found: Analysis, listed: list[Hotspot]) -> dict[int, str]:
    """The neighbourhood that each hotspot's hottest cell lies in: as most of its cases say."""
    ground, mirror = await held.wall.ground(), held.wall.cases
    layer = mirror.areas.get(ground.place_layer)
    if layer is None:
        return {one.number: "" for one in listed}
    codes = mirror.area_codes[ground.place_layer]
    count = mirror.count
    rows = found.study.rows(mirror, count)
    piece = np.where(rows >= 0, found.pieces[rows], -1)
    told: dict[int, str] = {}
    for one in listed:
        own = layer[:count][(piece == one.number)]
        own = own[own >= 0]
        told[one.number] = ground.areas.get(codes[np.bincount(own).argmax()], "") if len(own) else ""
    return told


@router.get("/api/hotspots/{number}/behind")
async def behind(
    number: int, request: Request, held: Held, desk: TheDesk, where: Filter, scope: Scope, account: Asker
) -> Response:
    """What lies behind a hotspot: matters, departments and teams of its cases, and the streets that cross it."""
    require(account, "page.hotspots")
    now = this_second()
    asked = asked_of(request, where, scope, now)
    _, found = await held.find(asked, now)
    cells = np.flatnonzero(found.pieces == number)
    if not len(cells):
        raise NeedleError("request.unknown_address")
    mirror = held.wall.cases
    rows = found.study.rows(mirror, mirror.count)
    chosen = np.isin(rows, cells) & held.wall.fitting(asked.where, now)
    reported = mirror.reported[: mirror.count]
    chosen &= (reported >= asked.question.start) & (reported < asked.question.end)
    name = (await desk.names()).namer(language_of(request.query_params.get("lang")))
    rings = [found.study.polygon(cell) for cell in cells.tolist()]
    async with reading(held.wall.pool) as connection:
        streets = await load_streets_near(connection, rings, TOP * 2)
        area = await load_area_at(connection, rings[0][0])
    return as_json({"streets": streets, "areas": area, **tops(mirror, np.flatnonzero(chosen), name)})


def tops(mirror: CaseMirror, rows: "np.ndarray[tuple[int], np.dtype[np.int64]]", name: Namer) -> dict[str, Any]:
    """The commonest matters, departments and teams of some rows: [code, name, cases]."""
    matters = Counter(mirror.matter[rows].tolist()).most_common(TOP)
    departments = Counter(at for at in mirror.department[rows].tolist() if at >= 0).most_common(TOP)
    teams = Counter(team for team in mirror.team[rows].tolist() if team).most_common(TOP)
    return {
        "matters": [[mirror.matters[at], name("matter", mirror.matters[at]), n] for at, n in matters],
        "departments": [
            [mirror.departments[at], name("department", mirror.departments[at]), n] for at, n in departments
        ],
        "teams": [[team, name("team", team), n] for team, n in teams],
    }


# --- the map ------------------------------------------------------------------------------------------------------


@router.get("/tiles/hotspots/{zoom}/{column}/{row}.mvt")
async def tile(
    zoom: int, column: int, row: int, request: Request, held: Held, where: Filter, scope: Scope, account: Asker
) -> Response:
    """The cells of an analysis on a tile; 304 where the browser's copy is right."""
    require(account, "page.hotspots")
    if not is_tile(zoom, column, row):
        return Response(status_code=404)
    now = this_second()
    mark, found = await held.find(asked_of(request, where, scope, now), now)
    headers = {"etag": f'"{mark}"', "cache-control": REVISIT.decode(), "vary": "Accept-Encoding"}
    if request.headers.get("if-none-match") == headers["etag"]:
        return Response(status_code=304, headers=headers)
    drawn = view.draw(found, (zoom, column, row))
    return Response(drawn, 200 if drawn else 204, headers, MEDIA_TYPE if drawn else None)


# --- files --------------------------------------------------------------------------------------------------------


@router.post("/api/hotspots/files")
async def begin(
    request: Request, held: Held, jobs: Files, desk: TheDesk, where: Filter, scope: Scope, account: Asker
) -> Response:
    """Begin a file of an analysis: ``format`` geojson, gpkg, png or pdf."""
    require(account, "case.export")
    query, now = request.query_params, this_second()
    form = query.get("format", "")
    if form not in files.FORMATS:
        raise NeedleError("export.unknown_format", format=form, known=", ".join(files.FORMATS))
    ground = await held.wall.ground()
    asked = asked_of(request, where, scope, now)
    _, found = await held.find(asked, now)
    language = language_of(query.get("lang"))
    name = (await desk.names()).namer(language)
    listed = hotspots(found, LISTED)
    places = await named_places(held, found, listed)
    said = [what for _, _, what in named_filters(where, name)]
    say = words(language)
    city = say.pick(ground.city.name_zh, ground.city.name_en) if ground.city else ""
    paper = files.Paper(say, ground.timezone, now, account.name, said, listed, places, city, ground.attributions)

    def write(job: FileJob) -> None:
        job.tell(0, found.study.count)
        files.write(job.path, form, found, paper)

    begun = jobs.begin(account.id, f"needle-hotspots.{form}", files.FORMATS[form], write)
    detail = {"format": form, **question_as_json(asked.question)}
    audit_of(request).tell(deed_of(request, account, "export", detail=detail))
    return as_json(begun, 202)
