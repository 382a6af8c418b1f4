"""``/api/desk/exports``: what is filtered as a file, written in a thread of its own, with progress, and a way to stop it."""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated, Any
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Depends, Request, Response

from dashboard import jobs
from dashboard.accounts import require
from dashboard.asking import Filter
from dashboard.audit_log import audit_of, deed_of
from dashboard.desk_state import Desk, as_json, desk_of, read_sort
from dashboard.export_batches import Batch, batches
from dashboard.export_files import FORMATS, Format, Table
from dashboard.i18n import language_of, words
from dashboard.jobs import Jobs, Stopped, housed, run
from dashboard.sessions import Asker
from dashboard.view_models.desk_columns import Column, chosen, columns, heading
from data.database import Connection, connect
from data.mirror.where import write_where
from geo.errors import Language, NeedleError


@dataclass(kw_only=True)
class Job(jobs.Job):
    """One export. ``done`` of ``total`` cases are written; ``ready``: the file is whole."""

    format: Format
    path: Path
    ready: bool = False

    @property
    def finished(self) -> bool:
        """Whether the file is whole."""
        return self.ready

    def result(self) -> dict[str, Any]:
        """Whether it can be fetched."""
        return {"ready": self.ready}


class Exports(Jobs[Job]):
    """The exports of one process."""

    def __init__(self) -> None:
        super().__init__("export")

    def begin(self, total: int, form: Format, owner: int, work: Callable[[Job], None]) -> str:
        """Start writing for an account; the id of the job, ``export.busy``. ``work`` writes it, in a thread."""
        return self.start(
            lambda path: Job(owner=owner, path=path.with_suffix(f".{form.suffix}"), total=total, format=form), work
        )


def counted(job: Job, found: Iterator[Batch]) -> Iterator[Batch]:
    """The batches, as long as the job is wanted; it knows how many cases are written."""
    for batch in found:
        if job.stopped:
            raise Stopped
        yield batch
        job.done += len(batch.ids)


def write(job: Job, url: str, table: Table, found: Callable[[Connection], Iterator[Batch]]) -> None:
    """Write a job's file, batch by batch, until it is whole or stopped. Runs in a thread with a connection of its own."""

    def work(job: Job) -> None:
        with connect(url, autocommit=True) as connection:
            job.format.write(job.path, table, counted(job, found(connection)))
        job.ready = not job.stopped

    run(job, work)
    if not job.ready:
        job.path.unlink(missing_ok=True)


# --- addresses ------------------------------------------------------------------------------------------------


running, exports_of = housed("exports", Exports)
router = APIRouter(prefix="/api/desk/exports", lifespan=running)
TheExports = Annotated[Exports, Depends(exports_of)]


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

    def work(job: Job) -> None:
        write(job, url, table, lambda connection: batches(connection, found.mirror, found.rows, table.columns, name))

    job_id = exports.begin(len(found.rows), form, account.id, work)
    told = {"cases": len(found.rows), "format": query.get("format"), **write_where(replace(where, text=None))}
    audit_of(request).tell(deed_of(request, account, "export", detail=told))
    return as_json(exports.find(job_id, account.id).as_dict(job_id), 202)


@router.get("/{job_id}")
async def progress(job_id: str, exports: TheExports, account: Asker) -> Response:
    """How far an export is."""
    return as_json(exports.find(job_id, account.id).as_dict(job_id))


@router.get("/{job_id}/file")
async def fetch(job_id: str, exports: TheExports, account: Asker) -> Response:
    """The file, once; it is thrown away after it was sent."""
    job = exports.find(job_id, account.id)
    if not job.ready:
        raise NeedleError("export.not_ready", done=job.done, total=job.total)
    name = f"needle-cases-{time.strftime('%Y%m%d-%H%M%S')}.{job.format.suffix}"
    return exports.hand_out(job_id, job.path, job.format.media_type, name)


@router.delete("/{job_id}")
async def stop(job_id: str, exports: TheExports, account: Asker) -> Response:
    """Stop an export."""
    exports.find(job_id, account.id)
    exports.drop(job_id)
    return Response(status_code=204)


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
