"""A department's own system, as an integrator would meet it: another process, another store, another vocabulary.

    NEEDLE_SECRET_DEPARTMENT=… python -m dispatch.delivery.reference_system STORE PORT [SECONDS A STEP]

It speaks GeoReport v2: takes requests (one per ``Idempotency-Key``), works them off by itself (received, in progress, fixed) at
its own pace, answers how they stand, says something to each when it sends people out, and takes words (mySociety's
``servicerequestupdates``). What it has accepted survives being killed. Tests, the benchmark of the chain
and the demo play with it.
"""

import os
import sqlite3
import sys
import time
from pathlib import Path

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from data.database import Connection
from data.stores.deliveries import save_subscription
from dispatch.delivery.connectors import as_settings, make_connector

STEPS = ("action_scheduled", "in_progress", "fixed")
TABLE = """
create table if not exists request (
    id integer primary key autoincrement, key text unique, service_code text, description text, received real)
"""
WORDS = "create table if not exists words (request text, name text, said text, primary key (request, name))"
SENT_OUT = "已派人前往"
#: Name of the secret that both sides know.
SECRET = "department"


def enter(connection: Connection, name: str, department: str, port: int) -> None:
    """Connect the system at a port of this machine as a department's own."""
    said = {
        "name": name,
        "kind": "open311",
        "url": f"http://127.0.0.1:{port}/open311/v2",
        "department": department,
        "secret": SECRET,
        "services": {"*": "WORK"},
        "updates": True,
    }
    save_subscription(connection, name, "open311", department, as_settings(make_connector(said)))


class DepartmentSystem:
    """Requests in a file of its own; a request's status is how long ago it came."""

    def __init__(self, store: Path, step_s: float, key: str) -> None:
        self.step_s, self.key = step_s, key
        self.store = sqlite3.connect(store, check_same_thread=False, isolation_level=None)
        self.store.execute("pragma journal_mode = wal")
        self.store.execute("pragma synchronous = full")
        self.store.execute(TABLE)
        self.store.execute(WORDS)

    def app(self) -> Starlette:
        """The system's addresses."""
        routes = [
            Route("/open311/v2/requests.json", self.take, methods=["POST"]),
            Route("/open311/v2/requests.json", self.tell, methods=["GET"]),
            Route("/open311/v2/servicerequestupdates.json", self.hear, methods=["POST"]),
            Route("/open311/v2/servicerequestupdates.json", self.say, methods=["GET"]),
            Route("/count", self.count, methods=["GET"]),
            Route("/words", self.words, methods=["GET"]),
        ]
        return Starlette(routes=routes)

    async def take(self, request: Request) -> JSONResponse:
        """A new request, or the one of the same key."""
        async with request.form() as form:
            if form.get("api_key") != self.key:
                return JSONResponse([{"code": "403", "description": "api_key"}], 403)
            values = (request.headers["idempotency-key"], form["service_code"], form["description"], time.time())
        self.store.execute(
            "insert into request (key, service_code, description, received) values (?, ?, ?, ?) on conflict (key) do nothing",
            values,
        )
        (id,) = self.store.execute("select id from request where key = ?", values[:1]).fetchone()
        return JSONResponse([{"service_request_id": f"CG-{id}"}], 201)

    async def tell(self, request: Request) -> JSONResponse:
        """How requests stand."""
        ids = [int(part.removeprefix("CG-")) for part in request.query_params["service_request_id"].split(",")]
        marks = ",".join("?" * len(ids))
        rows = self.store.execute(f"select id, received from request where id in ({marks})", ids).fetchall()
        return JSONResponse([{"service_request_id": f"CG-{id}", **self.status(received)} for id, received in rows])

    def status(self, received: float) -> dict[str, str]:
        """Status and extended status of a request that came at ``received``."""
        step = STEPS[min(int((time.time() - received) / self.step_s), len(STEPS) - 1)]
        return {"status": "closed" if step == "fixed" else "open", "extended_status": step}

    async def hear(self, request: Request) -> JSONResponse:
        """Words about a request; the same update again changes nothing."""
        async with request.form() as form:
            if form.get("api_key") != self.key:
                return JSONResponse([{"code": "403", "description": "api_key"}], 403)
            values = (form["service_request_id"], form["update_id"], form["description"])
        self.store.execute("insert into words values (?, ?, ?) on conflict do nothing", values)
        return JSONResponse([{"update_id": values[1]}])

    async def say(self, _request: Request) -> JSONResponse:
        """What it said itself: that people were sent out. Everything each time, as careless systems do."""
        rows = self.store.execute("select id from request where received < ?", (time.time() - self.step_s,)).fetchall()
        said = [{"update_id": f"{id}-1", "service_request_id": f"CG-{id}", "description": SENT_OUT} for (id,) in rows]
        return JSONResponse(said)

    async def words(self, _request: Request) -> JSONResponse:
        """What it was told in words: (request, words)."""
        return JSONResponse(self.store.execute("select request, said from words order by request, name").fetchall())

    async def count(self, _request: Request) -> JSONResponse:
        """How many requests it ever took."""
        return JSONResponse(self.store.execute("select count(*) from request").fetchone()[0])


if __name__ == "__main__":
    step_s = float(sys.argv[3]) if len(sys.argv) > 3 else 1.0
    system = DepartmentSystem(Path(sys.argv[1]), step_s, os.environ["NEEDLE_SECRET_DEPARTMENT"])
    uvicorn.run(system.app(), port=int(sys.argv[2]), log_level="warning")
