"""What the desk and its sister pages share on the server: one casework, and as whom a person acts."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Annotated, Final, cast

from fastapi import Depends, FastAPI
from starlette.requests import HTTPConnection

from dashboard.wall_state import Wall, wall_of
from dispatch.casework import CaseDesk

OFFICE: Final[Mapping[str, str]] = {
    "operator": "desk",
    "shift_leader": "desk",
    "dispatcher": "desk",
    "centre": "desk",
    "leader": "desk",
    "street": "",
    "department": "",
}
"""Roles of the state table that a dispatch desk stands for; a street's or department's own name is that of the case."""


@asynccontextmanager
async def running(app: FastAPI) -> AsyncIterator[None]:
    """The casework of the application's pages."""
    app.state.casework = CaseDesk(app.state.pool)
    yield


def casework_of(connection: HTTPConnection) -> CaseDesk:
    """The process's casework, for routes (a FastAPI dependency)."""
    return cast(CaseDesk, connection.app.state.casework)


def stands_of(_connection: HTTPConnection) -> Mapping[str, str]:
    """Role of the state table -> the person's name in it (a FastAPI dependency)."""
    return OFFICE


TheWall = Annotated[Wall, Depends(wall_of)]
Casework = Annotated[CaseDesk, Depends(casework_of)]
Stands = Annotated[Mapping[str, str], Depends(stands_of)]
