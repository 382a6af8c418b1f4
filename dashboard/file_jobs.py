"""Files that are written in a thread and fetched when they are whole: exports, reports; the one mechanism for all of them."""

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Annotated, Any

from fastapi import APIRouter, Depends, FastAPI, Request, Response

from dashboard import jobs
from dashboard.desk_state import as_json
from dashboard.jobs import Jobs, housed, run
from dashboard.sessions import Asker
from geo.errors import NeedleError


@dataclass(kw_only=True)
class FileJob(jobs.Job):
    """One file. ``ready``: it is whole; ``name``, ``media_type``: as it is handed out."""

    path: Path
    name: str
    media_type: str
    ready: bool = False

    @property
    def finished(self) -> bool:
        """Whether the file is whole."""
        return self.ready

    def result(self) -> dict[str, Any]:
        """Whether it can be fetched."""
        return {"ready": self.ready}


class FileJobs(Jobs[FileJob]):
    """The files of one kind of one process."""

    def begin(
        self, owner: int, name: str, media_type: str, write: Callable[[FileJob], None], total: int | None = None
    ) -> dict[str, Any]:
        """Start writing in a thread, of ``total`` things that ``write`` tells; what the watcher is told at first.

        Raises
        ------
        NeedleError
            ``export.busy``.
        """
        suffix = Path(name).suffix
        job_id = self.start(
            lambda path: FileJob(
                owner=owner, path=path.with_suffix(suffix), name=name, media_type=media_type, total=total
            ),
            partial(make, write=write),
        )
        return self.jobs[job_id].as_dict(job_id)


def make(job: FileJob, write: Callable[[FileJob], None]) -> None:
    """Write a job's file until it is whole or nobody wants it; of one that is not whole nothing stays."""

    def work(job: FileJob) -> None:
        write(job)
        job.ready = not job.stopped

    run(job, work)
    if not job.ready:
        job.path.unlink(missing_ok=True)


def files(
    name: str,
) -> tuple[Callable[[FastAPI], AbstractAsyncContextManager[None]], Callable[[Request], FileJobs]]:
    """The files of an application under a name: its lifespan, and what finds them again (a FastAPI dependency)."""
    return housed(f"files_{name}", lambda: FileJobs(name))


def add_routes(router: APIRouter, path: str, files_of: Callable[[Request], FileJobs]) -> None:
    """What may be done with a file that was begun by a POST to ``path``: watch it, fetch it, stop it. Its account's only."""
    the_files = Depends(files_of)

    @router.get(f"{path}/{{job_id}}")
    async def progress(job_id: str, account: Asker, held: Annotated[FileJobs, the_files]) -> Response:
        """How far a file is: ``done``, ``total``, ``ready``, or an ``error``."""
        return as_json(held.find(job_id, account.id).as_dict(job_id))

    @router.get(f"{path}/{{job_id}}/file")
    async def fetch(job_id: str, account: Asker, held: Annotated[FileJobs, the_files]) -> Response:
        """The file, once; it is thrown away after it was sent."""
        job = held.find(job_id, account.id)
        if not job.ready:
            raise NeedleError("export.not_ready", done=job.done, total=job.total or 0)
        return held.hand_out(job_id, job.path, job.media_type, job.name)

    @router.delete(f"{path}/{{job_id}}")
    async def stop(job_id: str, account: Asker, held: Annotated[FileJobs, the_files]) -> Response:
        """Stop a file that is being written."""
        held.find(job_id, account.id)
        held.drop(job_id)
        return Response(status_code=204)
