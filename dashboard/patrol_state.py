"""What the process holds of patrols: the ground that can be seen, pictures of periods, and the folding of what is new."""

import asyncio
import time
from collections import OrderedDict
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from datetime import time as clock
from typing import Final, cast
from zoneinfo import ZoneInfo

import structlog
from fastapi import FastAPI
from starlette.requests import HTTPConnection

from dashboard.background import beside
from dashboard.coverage_state import Coverages, drawn_layers
from dashboard.wall_state import Wall, this_second
from data.database import connect
from data.mirror.coverage import ANSWERED, EVERYTHING
from data.mirror.ground import GroundMirror
from data.mirror.patrol import PatrolPicture, Period, case_counts, picture_of, seen_cells
from data.mirror.patrol_folding import fold
from data.mirror.patrol_ground import CELL, PatrolGround, patrol_ground
from data.settings import get_settings
from data.stores.coverage import load_askings
from data.stores.patrols import days_before, forget_before, load_seen
from data.stores.positions import forget_older_now
from data.stores.reading import reading
from geo.errors import NeedleError

FOLD_SECONDS: Final = 60.0
LOOK_SECONDS: Final = 2.0
FRESH_SECONDS: Final = 30.0
KEPT: Final = 6
DOORS_ANSWERED: Final = 5

log = structlog.get_logger("patrol")


@dataclass
class Held:
    """A picture, and since when it is kept. ``mark``: changes with each that is made."""

    picture: PatrolPicture
    at: float
    mark: int


class Patrols:
    """The patrols of one process. ``drawn_ground``: what tiles are drawn from, once it is loaded."""

    def __init__(self, wall: Wall, coverages: Coverages, drawn_ground: Callable[[], GroundMirror | None]) -> None:
        self.wall, self.coverages, self.drawn_ground = wall, coverages, drawn_ground
        self.pictures: OrderedDict[tuple[date, int], Held] = OrderedDict()
        self.marks = 0
        self._ground: PatrolGround | None = None
        self._one = asyncio.Lock()

    # --- ground -------------------------------------------------------------------------------------------------

    @property
    def ground(self) -> PatrolGround:
        """What can be seen; ``patrol.loading`` until that is known."""
        drawn = self.drawn_ground()
        if self._ground is None or self._ground.ground is not drawn:
            raise NeedleError("patrol.loading")
        return self._ground

    async def _keep_ground(self) -> None:
        drawn = self.drawn_ground()
        if drawn is None or (self._ground is not None and self._ground.ground is drawn):
            return
        layers = [name for name in drawn_layers(await self.wall.ground()) if name != CELL]
        self._ground = await asyncio.to_thread(patrol_ground, drawn, layers)
        self.pictures.clear()

    # --- pictures -----------------------------------------------------------------------------------------------

    async def zone(self) -> ZoneInfo:
        """The city's time zone."""
        return ZoneInfo((await self.wall.ground()).timezone)

    async def period(self, last: date | None, days: int) -> Period:
        """The ``days`` that end on a day, today where none is named."""
        zone = await self.zone()
        last = last or datetime.now(zone).date()
        first = last - timedelta(days=days - 1)
        start, end = (
            int(datetime.combine(day, clock(), zone).timestamp()) for day in (first, last + timedelta(days=1))
        )
        return Period(first, last, start, end)

    async def picture(self, period: Period) -> Held:
        """A period's picture, at most half a minute old."""
        key, ground = (period.last, period.days), self.ground
        async with self._one:
            held = self.pictures.get(key)
            if held is None or held.picture.ground is not ground or time.monotonic() - held.at > FRESH_SECONDS:
                self.marks += 1
                held = self.pictures[key] = Held(await self._made(ground, period), time.monotonic(), self.marks)
            self.pictures.move_to_end(key)
            while len(self.pictures) > KEPT:
                self.pictures.popitem(last=False)
        return held

    async def _made(self, ground: PatrolGround, period: Period) -> PatrolPicture:
        before = days_before(period.last, period.days)
        asked = await self._asked()
        async with reading(self.wall.pool) as connection:
            streets = await load_seen(connection, "street", period.first, period.last)
            buildings = await load_seen(connection, "building", period.first, period.last)
            earlier = await load_seen(connection, "street", *before)
        mirror, now = self.wall.cases, this_second()

        def make() -> PatrolPicture:
            with mirror.lock:
                cases = case_counts(mirror, ground, period, now)
            seen, then = seen_cells(ground, streets, buildings), seen_cells(ground, earlier, ())
            return picture_of(ground, period, seen, then, cases, asked)

        return await asyncio.to_thread(make)

    async def _asked(self) -> dict[str, tuple[int, int]]:
        """How many were asked and answered in each cell by the newest asking."""
        async with reading(self.wall.pool) as connection:
            newest = await load_askings(connection, 1)
        if not newest:
            return {}
        mirror = await self.coverages.mirror(newest[0].id)
        sums = mirror.by_area(CELL, EVERYTHING)
        asked, answered = sums[:, :10].sum(axis=1), sums[:, ANSWERED] + sums[:, DOORS_ANSWERED]
        return dict(
            zip(mirror.rows.codes.get(CELL, []), zip(asked.tolist(), answered.tolist(), strict=True), strict=True)
        )

    # --- folding ------------------------------------------------------------------------------------------------

    async def follow(self) -> None:
        """Keep the ground, fold what is new, forget what is old; runs until cancelled."""
        due = 0.0
        while True:
            try:
                await self._keep_ground()
                if self._ground is not None and time.monotonic() >= due:
                    await asyncio.to_thread(self._fold, self._ground)
                    due = time.monotonic() + FOLD_SECONDS
            except NeedleError as error:
                log.warning("patrol.interrupted", code=error.code)
            await asyncio.sleep(LOOK_SECONDS)

    def _fold(self, ground: PatrolGround) -> None:
        settings, now = get_settings(), datetime.now(UTC)
        with connect(str(self.wall.pool.conninfo), autocommit=True) as connection:
            count = fold(connection, ground)
            forget_before(connection, now.date() - timedelta(days=settings.patrol_days))
            forget_older_now(connection, now, settings.positions_kept)
        if count:
            log.info("patrol.folded", duties=count)


@asynccontextmanager
async def running(app: FastAPI) -> AsyncIterator[None]:
    """The patrols of the application, beside its coverages."""
    app.state.patrols = held = Patrols(
        app.state.wall, app.state.coverages, lambda: cast(GroundMirror | None, app.state.ground_tiles.mirror)
    )
    async with beside(held.follow()):
        yield


def patrols_of(connection: HTTPConnection) -> Patrols:
    """The process's patrols (a FastAPI dependency)."""
    return cast(Patrols, connection.app.state.patrols)
