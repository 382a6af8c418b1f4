"""``/api/desk/exports``: what is filtered as a file, written in a thread of its own, with progress, and a way to stop it."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from typing import Annotated
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Depends, Request, Response

from dashboard import file_jobs
from dashboard.accounts import require
from dashboard.asking import Filter
from dashboard.audit_log import audit_of, deed_of
from dashboard.desk_state import Desk, as_json, desk_of, read_sort
from dashboard.export_batches import Batch, batches
from dashboard.export_files import FORMATS, Format, Table
from dashboard.file_jobs import FileJob, FileJobs
from dashboard.i18n import language_of, words
from dashboard.sessions import Asker
from dashboard.view_models.desk_columns import Column, chosen, columns, heading
from data.database import Connection, connect
from data.mirror.where import write_where
from geo.errors import Language, NeedleError


def counted(job: FileJob, found: Iterator[Batch]) -> Iterator[Batch]:
    """The batches, as long as the job is wanted; it knows how many cases are written."""
    for batch in found:
        job.tell(job.done)
        yield batch
        job.done += len(batch.ids)


def write(job: FileJob, form: Format, url: str, table: Table, found: Callable[[Connection], Iterator[Batch]]) -> None:
    """Write a job's file, batch by batch, over a connection of its own; ``Stopped`` where nobody waits any more."""
    with connect(url, autocommit=True) as connection:
        form.write(job.path, table, counted(job, found(connection)))


# --- addresses ------------------------------------------------------------------------------------------------


running, exports_of = file_jobs.files("exports")
router = APIRouter(prefix="/api/desk/exports", lifespan=running)
file_jobs.add_routes(router, "", exports_of)
TheExports = Annotated[FileJobs, Depends(exports_of)]


@router.post("")
async def begin(
    request: Request, desk: Annotated[Desk, Depends(desk_of)], exports: TheExports, account: Asker, where: Filter
) -> Response:
    """Begin an export of the filter in its order: ``format``, and ``columns`` (all where none is named)."""
    require(account, "case.export")
    query = request.query_params
    form = FORMATS.get(query.get("format", ""))
    if form is None:
        raise NeedleError("export.unknown_format", format=query.get("format", ""), known=", ".join(FORMATS))
    language = language_of(query.get("lang"))
    found = await desk.found(where, read_sort(query), language)
    table, url = await table_of(desk, query.get("columns", "").split(","), language), str(desk.wall.pool.conninfo)
    name = (await desk.names()).namer(language)

    def found_by(connection: Connection) -> Iterator[Batch]:
        return batches(connection, found.mirror, found.rows, table.columns, name)

    at = datetime.now(UTC).astimezone(table.zone)
    begun = exports.begin(
        account.id,
        f"needle-cases-{at:%Y%m%d-%H%M%S}.{form.suffix}",
        form.media_type,
        partial(write, form=form, url=url, table=table, found=found_by),
        len(found.rows),
    )
    told = {"cases": len(found.rows), "format": query.get("format"), **write_where(replace(where, text=None))}
    audit_of(request).tell(deed_of(request, account, "export", detail=told))
    return as_json(begun, 202)


async def table_of(desk: Desk, wanted: list[str], language: Language) -> Table:
    """The table that an export writes: the wanted columns, the point always with them."""
    ground = await desk.wall.ground()
    say = words(language)
    titles = {layer.name: say.pick(layer.title_zh, layer.title_en) for layer in ground.layers}
    available = columns([layer.name for layer in ground.layers if layer.kind != "grid"])
    picked: list[Column] = chosen(available, wanted)
    picked += [column for column in available if column.key in ("lng", "lat") and column not in picked]
    headings = [heading(column, say, titles) for column in picked]
    return Table(picked, headings, say, ZoneInfo(ground.timezone))
