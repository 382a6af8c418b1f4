"""The operators' server as it is, with two more addresses to compare with: an empty one, and one transaction a request.

Both lie where nobody is asked who they are.
"""

import sys
from collections.abc import Awaitable, Callable

import uvicorn
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from benchmarks.peers.cores import SERVER, stay_on
from dashboard.asgi import answer, read_body
from dashboard.server import create_app
from data.database import AsyncPool, open_pool
from dispatch.intake import MAX_REPORT_BYTES, read_report

DATUMS = {"snap": "gcj02"}
CONNECTIONS = 16
"""Where one transaction a request is fastest here."""

INSERT = """
insert into report (channel, idempotency_key, body, reported_at)
select %(body)s::jsonb->>'channel', %(body)s::jsonb->>'key', %(body)s::jsonb,
       (%(body)s::jsonb->>'reported_at')::timestamptz
on conflict do nothing returning id
"""

Endpoint = Callable[[Scope, Receive, Send], Awaitable[None]]


class Empty:
    """Reads the body and answers as intake does, doing nothing."""

    async def __call__(self, _scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        await read_body(receive, MAX_REPORT_BYTES)
        await answer(send, 201, {"id": 1, "duplicate": False})


class OneTransaction:
    """The same checks, then each report in a transaction of its own."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.pool: AsyncPool | None = None

    async def __call__(self, _scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if self.pool is None:
            self.pool = open_pool(self.url, size=CONNECTIONS)
            await self.pool.open()
        report = read_report(await read_body(receive, MAX_REPORT_BYTES), DATUMS)
        async with self.pool.connection() as connection:
            row = await (await connection.execute(INSERT, {"body": report.body.decode()})).fetchone()
        await answer(send, 201, {"id": row[0] if row else None, "duplicate": row is None})


def main() -> None:
    """Serve until told to stop: database URL, port."""
    url, port = sys.argv[1], int(sys.argv[2])
    stay_on(SERVER)
    app = create_app(url)
    app.router.routes.insert(0, Route("/api/health/empty", Empty(), methods=["POST"]))
    app.router.routes.insert(0, Route("/api/health/one-transaction", OneTransaction(url), methods=["POST"]))
    uvicorn.run(app, port=port, log_level="warning", access_log=False)


if __name__ == "__main__":
    main()
