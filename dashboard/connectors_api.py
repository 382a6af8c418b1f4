"""``/api/connectors/{name}/updates``: another system pushes how a case of ours stands there, signed (Standard Webhooks).

Body: ``{"service_request_id": "…", "status": "in_progress"}``, the id that the system itself gave and one of its statuses.
"""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import orjson
from fastapi import APIRouter, Request, Response

from dashboard.asgi import read_body
from data.database import AsyncPool
from data.secrets import read_secret
from data.stores import deliveries
from data.stores.deliveries import SubscriptionRow
from data.stores.reading import reading
from dispatch.casework import CaseDesk
from dispatch.delivery.answers import apply_status
from dispatch.delivery.connectors import make_connector
from dispatch.delivery.signing import verify
from geo.errors import NeedleError

MAX_BYTES = 64 * 1024


class Connectors:
    """The addresses that connected systems push to."""

    def __init__(self, pool: AsyncPool, desk: CaseDesk, secrets: Path) -> None:
        self.pool = pool
        self.desk = desk
        self.secrets = secrets
        self.router = APIRouter()
        self.router.add_api_route("/api/connectors/{name}/updates", self.update, methods=["POST"])

    async def update(self, name: str, request: Request) -> Response:
        """Take one pushed status; 200 with the number of steps that our case took because of it.

        A push that comes twice finds the case already there: 0 steps.
        """
        body = await read_body(request.receive, MAX_BYTES)
        row = await self._subscription(name)
        connector, now = make_connector(row.settings), datetime.now(UTC)
        if connector.secret is None or connector.department is None:
            raise NeedleError("delivery.signature")
        verify(read_secret(connector.secret, self.secrets), dict(request.headers), body, now)
        remote_id, status = read_update(body)
        async with reading(self.pool) as connection:
            found = await deliveries.case_of_remote(connection, row.id, remote_id)
            if found is None:
                raise NeedleError("delivery.remote_unknown", remote_id=remote_id)
        case_id, before = found
        actions = connector.statuses.get(status, ()) if status != before else ()
        steps = await apply_status(self.desk, case_id, connector.department, actions, row.name, status, now)
        async with reading(self.pool) as connection:
            await deliveries.note_statuses(connection, row.id, now, [(case_id, status)])
        return Response(orjson.dumps({"steps": steps}), media_type="application/json")

    async def _subscription(self, name: str) -> SubscriptionRow:
        async with reading(self.pool) as connection:
            rows = await deliveries.active_subscriptions(connection)
        found = next((row for row in rows if row.name == name), None)
        if found is None:
            raise NeedleError("delivery.subscription_unknown", name=name)
        return found


def read_update(body: bytes) -> tuple[str, str]:
    """The remote id and the status of a pushed update.

    Raises
    ------
    NeedleError
        ``delivery.update_malformed``.
    """
    try:
        said: Any = orjson.loads(body)
        remote_id, status = said["service_request_id"], said["status"]
    except (orjson.JSONDecodeError, KeyError, TypeError):
        raise NeedleError("delivery.update_malformed") from None
    if not isinstance(remote_id, str) or not isinstance(status, str):
        raise NeedleError("delivery.update_malformed")
    return remote_id, status.lower()
