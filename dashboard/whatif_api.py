"""``/api/whatif``: what-ifs run in the background and kept, sitings, files; ``/tiles/whatif``: their differences."""

import asyncio
from collections import OrderedDict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import asdict, replace
from typing import Annotated, Final

from fastapi import APIRouter, Depends, FastAPI, Request, Response

from dashboard import file_jobs, whatif_plan_api
from dashboard.accounts import Account, require
from dashboard.asking import Filter
from dashboard.audit_log import audit_of, deed_of
from dashboard.desk_api import TheDesk, view_name
from dashboard.desk_state import as_json
from dashboard.file_jobs import FileJob, FileJobs
from dashboard.hotspots.state import keep
from dashboard.hotspots_api import named_filters
from dashboard.i18n import language_of, words
from dashboard.jobs import housed
from dashboard.tiles import REVISIT
from dashboard.wall_state import Wall, this_second
from dashboard.whatif import files, siting, view
from dashboard.whatif.asked import Asked, read_asked
from dashboard.whatif.asking import Planner, Said, TheStages, TheWall, scope_text
from dashboard.whatif.cells import Drawn, read_cells
from dashboard.whatif.runs import Order, Runs, changes_of, work_of
from dashboard.whatif.state import Stages
from data.mirror.where import Where, parse_where, write_where
from data.stores import what_ifs as store
from data.stores.reading import reading
from data.stores.tiles import is_tile
from data.stores.what_ifs import WhatIfRow
from dispatch.what_if_changes import teams_with
from geo.errors import NeedleError

KEPT: Final = 8
MEDIA_TYPE: Final = "application/vnd.mapbox-vector-tile"

keeping_files, files_of = file_jobs.files("whatif")
keeping_runs, runs_of = housed("whatif_runs", lambda: Runs("whatif"))


@asynccontextmanager
async def running(app: FastAPI) -> AsyncIterator[None]:
    """The what-ifs of the application: the city as they see it, those under way, those drawn last, their files."""
    app.state.whatif_stages, app.state.whatif_drawn = Stages(app.state.wall), OrderedDict()
    async with keeping_files(app), keeping_runs(app):
        yield


router = APIRouter(lifespan=running)
router.include_router(whatif_plan_api.router)
file_jobs.add_routes(router, "/api/whatif/files", files_of)


TheRuns = Annotated[Runs, Depends(runs_of)]
TheFiles = Annotated[FileJobs, Depends(files_of)]


# --- runs ---------------------------------------------------------------------------------------------------------


async def order_of(wall: Wall, stages: Stages, account: Account, where: Where, asked: Asked) -> Order:
    """What a job is given."""
    stage = await stages.stage()
    within = replace(where, reported_from=asked.since, reported_to=asked.until, box=None)
    timeless = replace(where, reported_from=None, reported_to=None, box=None)
    said = {key: value for key, value in write_where(timeless).items() if value}
    rows = wall.fitting(within, this_second())
    return Order(stages.url, account.username, scope_text(account), said, stage, wall.cases, rows)


@router.post("/api/whatif/runs")
async def begin(
    request: Request, wall: TheWall, stages: TheStages, runs: TheRuns, where: Filter, account: Planner, said: Said
) -> Response:
    """Replay the cases of the filter with the changes of the body; 202 with the job, ``made``: the what-if, once it is kept."""
    asked = read_asked(said)
    if asked.nothing:
        raise NeedleError("what_if.nothing_changed")
    order = await order_of(wall, stages, account, where, asked)
    detail = {"since": asked.since, "until": asked.until, "changes": view.changes_in_numbers(asked)}
    audit_of(request).tell(deed_of(request, account, "whatif.run", detail=detail))
    return as_json(runs.begin(account.id, work_of(order, asked)), 202)


@router.post("/api/whatif/sitings")
async def site(
    wall: TheWall, stages: TheStages, runs: TheRuns, where: Filter, account: Planner, said: Said
) -> Response:
    """Seek places for the next teams; 202 with the job, whose ``answer`` holds them."""
    asked, wanted = read_asked(said), siting.read_wanted(said.get("siting") or {})
    order = await order_of(wall, stages, account, where, asked)
    changes = await asyncio.to_thread(changes_of, order, replace(asked, rules=None, boundaries=()))
    teams = teams_with(order.stage.teams, changes, order.stage.atlas)
    plane, ground = order.stage.atlas.plane, await wall.ground()
    work = siting.siting_of(order, teams, wanted, lambda: stages.roads(plane), ground.place_layer)
    return as_json(runs.begin(account.id, work), 202)


@router.get("/api/whatif/runs/{job_id}")
async def progress(job_id: str, runs: TheRuns, account: Planner) -> Response:
    """How far a job is."""
    return as_json(runs.find(job_id, account.id).as_dict(job_id))


@router.delete("/api/whatif/runs/{job_id}")
async def cancel(job_id: str, runs: TheRuns, account: Planner) -> Response:
    """Stop a job."""
    runs.find(job_id, account.id)
    runs.drop(job_id)
    return Response(status_code=204)


# --- what is kept -------------------------------------------------------------------------------------------------


@router.get("/api/whatif/saved")
async def saved(wall: TheWall, account: Planner) -> Response:
    """The account's saved what-ifs, then those that others share who see the same cases."""
    async with reading(wall.pool) as connection:
        found = await store.list_what_ifs(connection, account.username, scope_text(account))
    return as_json({"saved": [asdict(one) | {"mine": one.owner == account.username} for one in found]})


async def kept(wall: Wall, account: Account, what_if: int) -> WhatIfRow:
    """One that the account may see."""
    async with reading(wall.pool) as connection:
        return await store.load_what_if(connection, what_if, account.username, scope_text(account))


@router.get("/api/whatif/{what_if}")
async def result(what_if: int, request: Request, wall: TheWall, desk: TheDesk, account: Planner) -> Response:
    """What was asked, in words too, and what came of it."""
    row = await kept(wall, account, what_if)
    name = (await desk.names()).namer(language_of(request.query_params.get("lang")))
    async with reading(wall.pool) as connection:
        tried = await store.load_tried_sources(connection, row.asked.get("boundaries", []))
    cells = read_cells(row.found["cells"])
    return as_json(
        {
            "id": row.id,
            "name": row.name,
            "shared": row.shared,
            "mine": row.owner == account.username,
            "owner": row.owner,
            "made_at": int(row.made_at.timestamp()),
            "asked": row.asked,
            "tried": tried,
            "filters": named_filters(parse_where(row.asked.get("where", {})), name),
            "found": {key: value for key, value in row.found.items() if key != "cells"}
            | {
                "loads": [
                    one | {"department_name": name("department", one["department"])} for one in row.found["loads"]
                ]
            },
            "cells": view.cells_in_numbers(cells),
        }
    )


@router.patch("/api/whatif/{what_if}")
async def name_it(what_if: int, wall: TheWall, account: Planner, said: Said) -> Response:
    """Save one under a name, {"name", "shared"?}."""
    async with reading(wall.pool) as connection:
        await store.name_what_if(
            connection, what_if, account.username, view_name(said.get("name")), said.get("shared") is True
        )
    return as_json({"id": what_if})


@router.delete("/api/whatif/{what_if}")
async def drop(what_if: int, wall: TheWall, account: Planner) -> Response:
    """Delete one of this account."""
    async with reading(wall.pool) as connection:
        await store.drop_what_if(connection, what_if, account.username)
    return Response(status_code=204)


@router.get("/tiles/whatif/{what_if}/{zoom}/{column}/{row}.mvt")
async def tile(
    what_if: int, zoom: int, column: int, row: int, request: Request, wall: TheWall, account: Planner
) -> Response:
    """The cells of a what-if on a tile; 304 where the browser's copy is right: what is kept never changes."""
    if not is_tile(zoom, column, row):
        return Response(status_code=404)
    found = await kept_drawn(request, wall, account, what_if)
    headers = {"etag": f'"{what_if}"', "cache-control": REVISIT.decode(), "vary": "Accept-Encoding"}
    if request.headers.get("if-none-match") == headers["etag"]:
        return Response(status_code=304, headers=headers)
    drawn = view.draw(found, (zoom, column, row))
    return Response(drawn, 200 if drawn else 204, headers, MEDIA_TYPE if drawn else None)


async def kept_drawn(request: Request, wall: Wall, account: Account, what_if: int) -> Drawn:
    """The cells of a what-if, drawn once for whoever may see it."""
    drawn: OrderedDict[tuple[str, int], Drawn] = request.app.state.whatif_drawn
    key = account.username + "?" + scope_text(account), what_if
    if key not in drawn:
        row = await kept(wall, account, what_if)
        keep(drawn, key, await asyncio.to_thread(lambda: Drawn.of(read_cells(row.found["cells"]))), KEPT)
    return drawn[key]


# --- files --------------------------------------------------------------------------------------------------------


@router.post("/api/whatif/files")
async def write(
    request: Request, wall: TheWall, jobs: TheFiles, desk: TheDesk, account: Planner, id: int, format: str
) -> Response:
    """Begin a file of a what-if: ``format`` xlsx, geojson or pdf."""
    require(account, "case.export")
    if format not in files.FORMATS:
        raise NeedleError("export.unknown_format", format=format, known=", ".join(files.FORMATS))
    row = await kept(wall, account, id)
    language = language_of(request.query_params.get("lang"))
    name = (await desk.names()).namer(language)
    ground = await wall.ground()
    said = [what for _, _, what in named_filters(parse_where(row.asked.get("where", {})), name)]
    paper = files.Paper(words(language), ground.timezone, this_second(), account.name, said, name, row)

    def work(job: FileJob) -> None:
        job.tell(0, 1)
        files.write(job.path, format, paper)

    begun = jobs.begin(account.id, f"needle-whatif.{format}", files.FORMATS[format], work)
    audit_of(request).tell(deed_of(request, account, "export", detail={"format": format, "whatif": id}))
    return as_json(begun, 202)
