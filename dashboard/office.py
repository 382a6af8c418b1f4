"""What the desk and its sister pages share on the server: one casework, and as whom an account acts."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from typing import Annotated, cast

from fastapi import Depends, FastAPI
from starlette.requests import HTTPConnection

from dashboard.accounts import Account, actor_of
from dashboard.sessions import Asker
from dashboard.wall_state import Wall, wall_of
from dispatch.casework import CaseDesk
from dispatch.states import transitions
from geo.errors import NeedleError


@asynccontextmanager
async def running(app: FastAPI) -> AsyncIterator[None]:
    """The casework of the application's pages."""
    app.state.casework = CaseDesk(app.state.pool)
    yield


def casework_of(connection: HTTPConnection) -> CaseDesk:
    """The process's casework, for routes (a FastAPI dependency)."""
    return cast(CaseDesk, connection.app.state.casework)


def stands(account: Account) -> dict[str, str]:
    """Role of the state table -> what the account is called in it."""
    found = {}
    for role in sorted({role for move in transitions().values() for role in move.roles}):
        with suppress(NeedleError):
            found[role] = actor_of(account, {role})[1].partition(":")[2]
    return found


def stands_of(account: Asker) -> Mapping[str, str]:
    """As whom the asking account moves cases (a FastAPI dependency)."""
    return stands(account)


TheWall = Annotated[Wall, Depends(wall_of)]
Casework = Annotated[CaseDesk, Depends(casework_of)]
Stands = Annotated[Mapping[str, str], Depends(stands_of)]
