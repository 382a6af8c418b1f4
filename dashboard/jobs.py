"""Work that takes longer than a request, in threads, with progress and a way to stop it: exports, links, posters."""

import asyncio
import secrets
import shutil
import tempfile
import time
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, Generic, TypeVar, cast

from fastapi import FastAPI, Request
from fastapi.responses import FileResponse
from starlette.background import BackgroundTask

from geo.errors import NeedleError

MOST_AT_ONCE: Final = 4
KEPT_SECONDS: Final = 900.0
#: "identity" keeps the compression of small answers from gathering a large file in memory.
ONCE: Final = {"cache-control": "no-store", "content-encoding": "identity"}


class Stopped(Exception):  # noqa: N818 - it is no error
    """Nobody waits for the job any more."""


@dataclass(kw_only=True)
class Job:
    """A piece of work of an account: ``done`` of ``total`` (None: not known), into a file at ``path`` (None: none)."""

    owner: int
    path: Path | None = None
    total: int | None = None
    done: int = 0
    stopped: bool = False
    error: NeedleError | None = None
    begun_at: float = field(default_factory=time.monotonic)

    @property
    def finished(self) -> bool:
        """Whether it did what it was begun for."""
        raise NotImplementedError

    @property
    def runs(self) -> bool:
        """Whether it is still at it."""
        return not (self.finished or self.stopped or self.error)

    def result(self) -> dict[str, Any]:
        """What its watcher is told of what it made."""
        raise NotImplementedError

    def tell(self, done: int, total: int | None = None) -> None:
        """Note how far it is; raises ``Stopped`` where nobody waits any more."""
        self.done, self.total = done, total if total is not None else self.total
        if self.stopped:
            raise Stopped

    def as_dict(self, job_id: str) -> dict[str, Any]:
        """What its watcher is told."""
        told = {"id": job_id, "done": self.done, "total": self.total, **self.result()}
        return told | ({"error": self.error.as_dict()} if self.error else {})


J = TypeVar("J", bound=Job)


class Jobs(Generic[J]):
    """The jobs of one kind of one process, and the folder that their files lie in until they are fetched."""

    def __init__(self, name: str) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix=f"needle-{name}-"))
        self.jobs: dict[str, J] = {}
        self.tasks: set[asyncio.Task[None]] = set()

    def start(self, make: Callable[[Path], J], work: Callable[[J], None]) -> str:
        """Start some work in a thread; the id of its job. ``make``: the job, by the path of its file without a suffix.

        Raises
        ------
        NeedleError
            ``export.busy``.
        """
        self._forget_old()
        if sum(job.runs for job in self.jobs.values()) >= MOST_AT_ONCE:
            raise NeedleError("export.busy", most=MOST_AT_ONCE)
        job_id = secrets.token_urlsafe(12)
        job = self.jobs[job_id] = make(self.folder / job_id)
        task = asyncio.create_task(asyncio.to_thread(work, job))
        self.tasks.add(task)
        task.add_done_callback(self.tasks.discard)
        return job_id

    def find(self, job_id: str, owner: int) -> J:
        """An account's own job; ``export.unknown`` when it was stopped, fetched, somebody else's, or never was."""
        job = self.jobs.get(job_id)
        if job is None or job.owner != owner:
            raise NeedleError("export.unknown")
        return job

    def drop(self, job_id: str) -> None:
        """Stop a job and throw away what it made."""
        job = self.jobs.pop(job_id, None)
        if job is not None:
            job.stopped = True
            if job.path is not None:
                job.path.unlink(missing_ok=True)

    async def close(self) -> None:
        """Stop all and throw everything away."""
        for job in self.jobs.values():
            job.stopped = True
        await asyncio.gather(*self.tasks)
        shutil.rmtree(self.folder, ignore_errors=True)

    def hand_out(self, job_id: str, path: Path, media_type: str, name: str) -> FileResponse:
        """A job's file, once: nobody finds the job any more, and the file is thrown away after it was sent."""
        self.jobs.pop(job_id, None)
        after = BackgroundTask(path.unlink, missing_ok=True)
        return FileResponse(path, media_type=media_type, filename=name, headers=ONCE, background=after)

    def _forget_old(self) -> None:
        for job_id, job in list(self.jobs.items()):
            if not job.runs and time.monotonic() - job.begun_at > KEPT_SECONDS:
                self.drop(job_id)


H = TypeVar("H", bound=Jobs[Any])


def housed(
    name: str, make: Callable[[], H]
) -> tuple[Callable[[FastAPI], AbstractAsyncContextManager[None]], Callable[[Request], H]]:
    """The jobs of an application, gone with it: the lifespan of its router, and what finds them again (a FastAPI dependency)."""

    @asynccontextmanager
    async def running(app: FastAPI) -> AsyncIterator[None]:
        held = make()
        setattr(app.state, name, held)
        yield
        await held.close()

    def of(request: Request) -> H:
        return cast(H, getattr(request.app.state, name))

    return running, of


def run(job: J, work: Callable[[J], None]) -> None:
    """Do a job's work; whatever fails, its watcher hears of it."""
    try:
        work(job)
    except Stopped:
        pass
    except NeedleError as error:
        job.error = error
    except Exception as error:  # noqa: BLE001 - whatever fails in the thread, the watcher must hear of it
        if not job.stopped:
            job.error = NeedleError("export.failed", reason=str(error).strip()[:200])
