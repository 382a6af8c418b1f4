"""Tables that somebody brings to the registry's page, and the imports that are made of them: in threads, with progress.

The mapping, the cleaning and the writing are those of ``needle registry import`` (`data.importers`).
"""

import asyncio
import secrets
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, Final

import pandas as pd

from dashboard import jobs
from dashboard.jobs import Jobs, run
from data.database import connect
from data.importers import registry as tables
from data.importers.registry_writing import write_rows
from data.registry.claims import Source, Verification
from data.registry.fields import EntityKind
from data.stores.audit import Deed, add_entry
from geo.errors import NeedleError

MOST_BYTES: Final = 200 << 20
MOST_TABLES: Final = 4
KEPT_SECONDS: Final = 3_600.0
REJECTS: Final = ".rejects.csv"


@dataclass(frozen=True)
class Brought:
    """A table that an account brought. ``digest``: by which its file is known again."""

    owner: int
    name: str
    table: pd.DataFrame
    digest: str
    at: float = field(default_factory=time.monotonic)


@dataclass(frozen=True)
class Wanted:
    """How a table is to be taken: fields by heading, what its source is, of when it tells, how it was proved."""

    kind: EntityKind
    mapping: dict[str, str]
    source: Source
    at: datetime
    verification: Verification


@dataclass(kw_only=True)
class Job(jobs.Job):
    """An import. ``outcome``: how many rows are new, about known entities, imported before, rejected."""

    outcome: dict[str, int] | None = None

    @property
    def finished(self) -> bool:
        """Whether all rows are written."""
        return self.outcome is not None

    def result(self) -> dict[str, Any]:
        """What became of the rows."""
        return {"outcome": self.outcome}


class Imports(Jobs[Job]):
    """The tables and the imports of one process."""

    def __init__(self) -> None:
        super().__init__("registry-import")
        self.tables: dict[str, Brought] = {}

    async def bring(self, owner: int, name: str, content: AsyncIterator[bytes]) -> tuple[str, Brought]:
        """Read a file that comes in pieces.

        Raises
        ------
        NeedleError
            ``registry.file_kind``, ``registry.file_unreadable``, ``registry.file_large``, ``export.busy``.
        """
        self._forget()
        if len(self.tables) >= MOST_TABLES:
            raise NeedleError("export.busy", most=MOST_TABLES)
        path = self.folder / f"{secrets.token_hex(8)}{Path(name).suffix.lower()}"
        try:
            await store(path, content)
            table, digest = (
                await asyncio.to_thread(tables.read_table, path),
                await asyncio.to_thread(tables.digest_of, path),
            )
        except NeedleError as error:
            raise named(error, name) from None
        finally:
            path.unlink(missing_ok=True)
        brought, mark = Brought(owner, name, table, digest), secrets.token_urlsafe(12)
        self.tables[mark] = brought
        return mark, brought

    def table(self, mark: str, owner: int) -> Brought:
        """An account's own table; ``registry.table_gone`` where it is not there any more."""
        found = self.tables.get(mark)
        if found is None or found.owner != owner:
            raise NeedleError("registry.table_gone")
        return found

    def begin(self, url: str, brought: Brought, wanted: Wanted, deed: Deed) -> str:
        """Start an import in a thread; the id of its job, ``export.busy``."""

        def work(job: Job) -> None:
            job.outcome = write(url, brought, wanted, deed, job)

        return self.start(
            lambda path: Job(owner=brought.owner, path=path.with_suffix(REJECTS)), lambda job: run(job, work)
        )

    def _forget(self) -> None:
        old = [mark for mark, one in self.tables.items() if time.monotonic() - one.at > KEPT_SECONDS]
        for mark in old:
            del self.tables[mark]

    async def close(self) -> None:
        """Stop all and throw everything away."""
        self.tables.clear()
        await super().close()


def named(error: NeedleError, name: str) -> NeedleError:
    """The same refusal, of the file as its owner knows it."""
    return NeedleError(error.code, **{**error.context, "path": name})


async def store(path: Path, content: AsyncIterator[bytes]) -> None:
    """Write what comes into a file; ``registry.file_large`` where it is too much."""
    size = 0
    with path.open("wb") as file:
        async for part in content:
            size += len(part)
            if size > MOST_BYTES:
                raise NeedleError("registry.file_large", megabytes=MOST_BYTES >> 20)
            file.write(part)


def write(url: str, brought: Brought, wanted: Wanted, deed: Deed, job: Job) -> dict[str, int]:
    """Clean, keep aside what cannot be taken, write the rest, and say so in the audit."""
    checked = tables.check(brought.table, wanted.kind, wanted.mapping)
    job.total = len(checked.rows)
    if checked.rejects and job.path is not None:
        tables.write_rejects(job.path, brought.table, checked.rejects)
    written = write_rows(url, wanted.kind, checked.rows, wanted.source, wanted.at, wanted.verification, job.tell)
    counts = {"new": written.new, "known": written.known, "again": written.again, "rejected": len(checked.rejects)}
    with connect(url) as connection:
        add_entry(connection, Deed(deed.actor, deed.action, deed.object, deed.address, {**deed.detail, **counts}))
    return counts
