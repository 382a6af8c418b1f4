"""What is written into the audit of what changes nothing: signing in, files taken. It gathers for a moment and goes in together.

What changes something is written in the transaction of the change (``data.stores.audit.add_entries``).
"""

import asyncio
from collections.abc import Mapping
from contextlib import suppress
from typing import Any, Final, cast

import structlog
from starlette.requests import HTTPConnection

from dashboard.accounts import Account
from data.database import AsyncPool
from data.stores.audit import Deed, add_entries
from data.stores.reading import reading
from geo.errors import NeedleError

GATHER_SECONDS: Final = 0.05
RETRY_SECONDS: Final = 1.0
#: While the database is away; beyond it the oldest are given up, and the log of the process says so.
MOST_WAITING: Final = 10_000

log = structlog.get_logger()


class AuditLog:
    """The audit of one process: ``async with`` it while the process serves; what waits at the end is still written."""

    def __init__(self, pool: AsyncPool) -> None:
        self.pool = pool
        self.waiting: list[Deed] = []
        self._wake = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    async def __aenter__(self) -> "AuditLog":
        self._task = asyncio.create_task(self._forever())
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        with suppress(NeedleError):
            await self._write()

    def tell(self, deed: Deed) -> None:
        """Write an entry within moments."""
        self.waiting.append(deed)
        if len(self.waiting) > MOST_WAITING:
            log.error("audit.given_up", entries=len(self.waiting) - MOST_WAITING)
            del self.waiting[:-MOST_WAITING]
        self._wake.set()

    async def _forever(self) -> None:
        while True:
            await self._wake.wait()
            await asyncio.sleep(GATHER_SECONDS)
            self._wake.clear()
            try:
                await self._write()
            except NeedleError as error:
                log.warning("audit.waits", code=error.code)
                await asyncio.sleep(RETRY_SECONDS)
                self._wake.set()

    async def _write(self) -> None:
        deeds, self.waiting = self.waiting, []
        if not deeds:
            return
        try:
            async with reading(self.pool) as connection:
                await add_entries(connection, deeds)
        except BaseException:
            self.waiting = deeds + self.waiting
            raise


def address_of(connection: HTTPConnection) -> str:
    """Where a request came from."""
    return connection.client.host if connection.client else ""


def deed_of(
    connection: HTTPConnection,
    account: Account | str,
    action: str,
    thing: str = "",
    detail: Mapping[str, Any] | None = None,
) -> Deed:
    """An entry of what an account did. ``account``: a username where nobody is signed in."""
    actor = account if isinstance(account, str) else account.username
    return Deed(actor, action, thing, address_of(connection), detail or {})


def audit_of(connection: HTTPConnection) -> AuditLog:
    """The process's audit, for routes (a FastAPI dependency)."""
    return cast(AuditLog, connection.app.state.audit)
