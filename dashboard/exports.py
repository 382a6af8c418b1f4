"""``/api/desk/exports``: what is filtered as a file, written in a thread of its own, with progress, and a way to stop it."""

import asyncio
import secrets
import shutil
import tempfile
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Annotated, Any, Final, cast
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Depends, FastAPI, Request, Response
from fastapi.responses import FileResponse
from starlette.background import BackgroundTask

from dashboard.accounts import require
from dashboard.asking import Filter
from dashboard.audit_log import audit_of, deed_of
from dashboard.desk_state import Desk, as_json, desk_of, read_sort
from dashboard.export_batches import Batch, batches
from dashboard.export_files import FORMATS, Format, Table
from dashboard.i18n import language_of, words
from dashboard.sessions import Asker
from dashboard.view_models.desk_columns import Column, chosen, columns, heading
from data.database import Connection, connect
from data.mirror.where import write_where
from geo.errors import Language, NeedleError

MOST_AT_ONCE: Final = 4
KEPT_SECONDS: Final = 900.0
NO_STORE: Final = {"cache-control": "no-store"}


@dataclass
class Job:
    """One export. ``done`` of ``total`` cases are written; ``ready``: the file is whole; ``owner``: the account that asked."""

    format: Format
    path: Path
    total: int
    owner: int
    done: int = 0
    ready: bool = False
    stopped: bool = False
    error: NeedleError | None = None
    begun_at: float = field(default_factory=time.monotonic)

    @property
    def runs(self) -> bool:
        """Whether it is still being written."""
        return not (self.ready or self.stopped or self.error)

    def as_dict(self, job_id: str) -> dict[str, Any]:
        """What its watcher is told."""
        told = {"id": job_id, "done": self.done, "total": self.total, "ready": self.ready}
        return told | ({"error": self.error.as_dict()} if self.error else {})


class Exports:
    """The exports of one process, and the folder that their files lie in until they are fetched."""

    def __init__(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="needle-export-"))
        self.jobs: dict[str, Job] = {}
        self.tasks: set[asyncio.Task[None]] = set()

    def begin(self, total: int, form: Format, owner: int, work: Callable[["Job"], None]) -> str:
        """Start writing for an account; the id of the job. ``work`` writes it, in a thread.

        Raises
        ------
        NeedleError
            ``export.busy``.
        """
        self._forget_old()
        if sum(job.runs for job in self.jobs.values()) >= MOST_AT_ONCE:
            raise NeedleError("export.busy", most=MOST_AT_ONCE)
        job_id = secrets.token_urlsafe(12)
        job = self.jobs[job_id] = Job(form, self.folder / f"{job_id}.{form.suffix}", total, owner)
        task = asyncio.create_task(asyncio.to_thread(work, job))
        self.tasks.add(task)
        task.add_done_callback(self.tasks.discard)
        return job_id

    def find(self, job_id: str, owner: int) -> Job:
        """An account's own job; ``export.unknown`` when it was stopped, fetched, somebody else's, or never was."""
        job = self.jobs.get(job_id)
        if job is None or job.owner != owner:
            raise NeedleError("export.unknown")
        return job

    def drop(self, job_id: str) -> None:
        """Stop a job and throw its file away."""
        job = self.jobs.pop(job_id, None)
        if job is not None:
            job.stopped = True
            job.path.unlink(missing_ok=True)

    async def close(self) -> None:
        """Stop all and throw every file away."""
        for job in self.jobs.values():
            job.stopped = True
        await asyncio.gather(*self.tasks)
        shutil.rmtree(self.folder, ignore_errors=True)

    def _forget_old(self) -> None:
        for job_id, job in list(self.jobs.items()):
            if not job.runs and time.monotonic() - job.begun_at > KEPT_SECONDS:
                self.drop(job_id)


class StoppedError(Exception):
    """Nobody waits for the file any more."""


def counted(job: Job, found: Iterator[Batch]) -> Iterator[Batch]:
    """The batches, as long as the job is wanted; it knows how many cases are written."""
    for batch in found:
        if job.stopped:
            raise StoppedError
        yield batch
        job.done += len(batch.ids)


def write(job: Job, url: str, table: Table, found: Callable[[Connection], Iterator[Batch]]) -> None:
    """Write a job's file, batch by batch, until it is whole or stopped. Runs in a thread with a connection of its own."""
    try:
        with connect(url, autocommit=True) as connection:
            job.format.write(job.path, table, counted(job, found(connection)))
        job.ready = not job.stopped
    except NeedleError as error:
        job.error = error
    except Exception as error:  # noqa: BLE001 - whatever fails in the thread, the watcher must hear of it
        if not job.stopped:
            job.error = NeedleError("export.failed", reason=str(error).strip()[:200])
    finally:
        if not job.ready:
            job.path.unlink(missing_ok=True)


# --- addresses ------------------------------------------------------------------------------------------------


@asynccontextmanager
async def running(app: FastAPI) -> AsyncIterator[None]:
    """The exports of the application, gone with it."""
    app.state.exports = held = Exports()
    yield
    await held.close()


def exports_of(request: Request) -> Exports:
    """The process's exports (a FastAPI dependency)."""
    return cast(Exports, request.app.state.exports)


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
    # "identity" keeps the compression of small answers from gathering a large file in memory.
    headers = NO_STORE | {"content-encoding": "identity"}
    name = f"needle-cases-{time.strftime('%Y%m%d-%H%M%S')}.{job.format.suffix}"
    after = BackgroundTask(exports.drop, job_id)
    return FileResponse(job.path, media_type=job.format.media_type, filename=name, headers=headers, background=after)


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
