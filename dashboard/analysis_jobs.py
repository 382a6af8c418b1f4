"""Files that analyses write in a thread: reports and exports, each begun, watched and fetched by its account."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dashboard import jobs
from dashboard.jobs import Jobs, Stopped, run
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

    def tell(self, done: int, total: int) -> None:
        """Note how far it is; raises ``Stopped`` where nobody waits any more."""
        self.done, self.total = done, total
        if self.stopped:
            raise Stopped


class FileJobs(Jobs[FileJob]):
    """The files of one process."""

    def begin(self, owner: int, name: str, media_type: str, write: Callable[[FileJob], None]) -> str:
        """Start writing in a thread; the id of the job, ``export.busy``."""

        def work(job: FileJob) -> None:
            write(job)
            job.ready = not job.stopped

        suffix = Path(name).suffix
        return self.start(
            lambda path: FileJob(owner=owner, path=path.with_suffix(suffix), name=name, media_type=media_type),
            lambda job: run(job, work),
        )

    def fetch(self, job_id: str, owner: int) -> Any:
        """The file of an account's job, once; ``export.unknown``, ``export.not_ready``."""
        job = self.find(job_id, owner)
        if not job.ready:
            raise NeedleError("export.not_ready", done=job.done, total=job.total)
        return self.hand_out(job_id, job.path, job.media_type, job.name)
