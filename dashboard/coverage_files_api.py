"""``/api/coverage/{outreach}/files``: who has answered and who has not, building by building, as a file."""

from datetime import UTC, datetime
from functools import partial
from typing import Annotated
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Depends, Request, Response

from dashboard import file_jobs
from dashboard.accounts import require
from dashboard.audit_log import audit_of, deed_of
from dashboard.coverage_api import Area
from dashboard.coverage_files import FORMATS, Sheet, write
from dashboard.coverage_map import Held
from dashboard.coverage_state import coverage_scope
from dashboard.desk_state import as_json
from dashboard.file_jobs import FileJobs
from dashboard.i18n import language_of, words
from dashboard.sessions import Asker
from geo.errors import NeedleError

running, files_of = file_jobs.files("coverage")
router = APIRouter(prefix="/api/coverage/{outreach}/files", lifespan=running)
file_jobs.add_routes(router, "", files_of)
TheFiles = Annotated[FileJobs, Depends(files_of)]


@router.post("")
async def begin(outreach: int, request: Request, held: Held, account: Asker, files: TheFiles, area: Area) -> Response:
    """Begin to write the buildings of an asking, of ``area`` where it is named: ``format`` xlsx, csv or gpkg."""
    require(account, "coverage.export")
    query = request.query_params
    kind = query.get("format", "")
    if kind not in FORMATS:
        raise NeedleError("export.unknown_format", format=kind, known=", ".join(FORMATS))
    sheet = Sheet(await held.mirror(outreach), coverage_scope(account, area), words(language_of(query.get("lang"))))
    count = len(sheet.buildings)
    at = datetime.now(UTC).astimezone(ZoneInfo((await held.wall.ground()).timezone))
    name = f"needle-coverage-{outreach}-{at:%Y%m%d-%H%M%S}.{kind}"
    begun = files.begin(
        account.id, name, FORMATS[kind], partial(write, kind=kind, url=str(held.wall.pool.conninfo), sheet=sheet), count
    )
    told = {"buildings": count, "format": kind, "area": ":".join(area or ())}
    audit_of(request).tell(deed_of(request, account, "export", f"outreach:{outreach}", told))
    return as_json(begun, 202)
