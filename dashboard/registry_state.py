"""What the process holds of the registry: its density, read anew soon after something changed, once somebody looks.

Whoever asks meanwhile gets the density of a moment ago; only the first one waits.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from itertools import count
from secrets import token_hex
from typing import Annotated, Final, cast

import structlog
from fastapi import Depends, FastAPI
from starlette.requests import HTTPConnection

from dashboard.accounts import Account
from dashboard.background import beside
from dashboard.registry_finding import finding
from dashboard.wall_state import Ground, Wall
from data.mirror.coverage import EVERYTHING, Scope
from data.mirror.ground import GroundMirror
from data.mirror.registry_density import HEXES, DensityMirror
from data.mirror.registry_loading import load_density
from data.stores.notices import Lost, listen
from data.stores.reading import reading
from geo.errors import NeedleError

CHANNEL: Final = "needle_registry"
PATIENCE_SECONDS: Final = 3.0
"""So long a request waits for the first reading."""
REST_SECONDS: Final = 5.0
"""A change is shown after so long at most; a thousand changes in it cost one reading."""
NOBODY: Final = ("", "\0")

log = structlog.get_logger("registry")


def registry_scope(account: Account, chosen: tuple[str, str] | None = None) -> Scope:
    """What an account sees of the registry, in an area where it names one; the database says the same.

    Departments and teams see nothing here: departments call by keys.
    """
    if account.department is not None or account.team is not None:
        return Scope(frozenset({NOBODY}))
    return Scope(frozenset(account.areas), chosen)


def drawn_layers(ground: Ground) -> list[str]:
    """The layers of areas that density is shown by, from wide to narrow: neighbourhoods, communities, cells."""
    there = [layer.name for layer in ground.layers if layer.kind != "jurisdiction"]
    wanted = [ground.place_layer, "community", *(layer.name for layer in ground.layers if layer.kind == "grid")]
    return [name for name in dict.fromkeys(wanted) if name in there]


class Densities:
    """The density of one process. ``drawn_ground``: what tiles are drawn from, once it is loaded."""

    def __init__(self, wall: Wall, drawn_ground: Callable[[], GroundMirror | None]) -> None:
        self.wall, self.drawn_ground = wall, drawn_ground
        self.process = token_hex(3)
        self.loads = count(1)
        self.held: DensityMirror | None = None
        self.changed, self.read_at = True, 0.0
        self._loading: asyncio.Task[None] | None = None

    async def mirror(self) -> DensityMirror:
        """The density as of a moment ago.

        Raises
        ------
        NeedleError
            ``registry.loading`` while it is read for the first time.
        """
        ground = await self.wall.ground()
        stale = self.changed and time.monotonic() - self.read_at > REST_SECONDS
        if self._loading is None and (self.held is None or stale):
            self._loading = asyncio.create_task(self._read(ground))
        if self.held is None and self._loading is not None:
            try:
                await asyncio.wait_for(asyncio.shield(self._loading), PATIENCE_SECONDS)
            except TimeoutError:
                raise NeedleError("registry.loading") from None
        if self.held is None:
            raise NeedleError("registry.loading")
        return self.held

    async def _read(self, ground: Ground) -> None:
        try:
            self.changed, self.read_at = False, time.monotonic()
            areas = [layer.name for layer in ground.layers if layer.kind == "area"]
            kept = [*areas, *(name for name in drawn_layers(ground) if name not in areas), *HEXES]
            layers = ["", "building", *kept]
            async with reading(self.wall.pool) as connection:
                held = await load_density(connection, f"{self.process}-{next(self.loads)}", layers, kept)
            await asyncio.to_thread(held.hidden, EVERYTHING)
            self.held = held
        except NeedleError as error:
            self.changed = True
            log.warning("registry.interrupted", code=error.code)
        finally:
            self._loading = None

    async def follow(self) -> None:
        """Hear that something changed; runs until cancelled."""
        async for notice in listen(str(self.wall.pool.conninfo), (CHANNEL,)):
            if not isinstance(notice, Lost):
                self.changed = True


@asynccontextmanager
async def running(app: FastAPI) -> AsyncIterator[None]:
    """The density of the application, drawn on the ground that its tiles have, and its finder."""
    app.state.densities = held = Densities(app.state.wall, lambda: app.state.ground_tiles.mirror)
    async with beside(held.follow()), finding(app):
        yield


def densities_of(connection: HTTPConnection) -> Densities:
    """The process's density (a FastAPI dependency)."""
    return cast(Densities, connection.app.state.densities)


Held = Annotated[Densities, Depends(densities_of)]
