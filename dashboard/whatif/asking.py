"""Who asks a what-if, and of what city (FastAPI dependencies)."""

from typing import Annotated, Any, Final, cast

from fastapi import Body, Depends
from starlette.requests import HTTPConnection

from dashboard.accounts import Account, require, scope_of
from dashboard.sessions import Asker
from dashboard.wall_state import Wall, wall_of
from dashboard.whatif.state import Stages
from data.mirror.where import write_where

RIGHT: Final = "page.whatif"


def stages_of(connection: HTTPConnection) -> Stages:
    """The city as replays see it (a FastAPI dependency)."""
    return cast(Stages, connection.app.state.whatif_stages)


TheStages = Annotated[Stages, Depends(stages_of)]
TheWall = Annotated[Wall, Depends(wall_of)]
Said = Annotated[dict[str, Any], Body()]


def planner(account: Asker) -> Account:
    """Whoever may ask what would be if (a FastAPI dependency)."""
    require(account, RIGHT)
    return account


Planner = Annotated[Account, Depends(planner)]


def scope_text(account: Account) -> str:
    """The cases that an account sees, as one text."""
    return "&".join(f"{key}={value}" for key, value in write_where(scope_of(account)).items() if value)
