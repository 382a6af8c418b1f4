"""What the process holds of hotspots: grids with their neighbours, and the latest analyses: tiles and lists are of one."""

import asyncio
from collections import OrderedDict
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from secrets import token_hex
from typing import Final, TypeVar

import numpy as np

from dashboard.hotspots.analysis import Analysis, Question, analyse, count, read_question
from dashboard.hotspots.study import CELLS, Study, cell_study, hex_study
from dashboard.wall_state import Wall, this_second
from data.mirror.ground import GroundMirror
from data.mirror.where import EVERYTHING, Where, matching
from geo.errors import NeedleError

KEPT_STUDIES: Final = 6
KEPT_ANALYSES: Final = 12
WAIT_S: Final = 1.0
GROWN: Final = 1.01
"""A grid is drawn anew when the city has so many times the cases it was drawn from."""
Key = TypeVar("Key", bound=Hashable)
Value = TypeVar("Value")


@dataclass(frozen=True)
class Asked:
    """What an account asks: a question, of which cases, of those it sees."""

    question: Question
    where: Where
    scope: Where


@dataclass
class Hotspots:
    """The analyses of one process. ``drawn_ground``: where the outlines of unit cells come from, once loaded."""

    wall: Wall
    drawn_ground: Callable[[], GroundMirror | None]
    process: str = field(default_factory=lambda: token_hex(3))
    _studies: "OrderedDict[Hashable, tuple[int, Study]]" = field(default_factory=OrderedDict)
    _analyses: "OrderedDict[Asked, tuple[str, Analysis]]" = field(default_factory=OrderedDict)
    _turn: asyncio.Lock = field(default_factory=asyncio.Lock)
    _made: int = 0

    async def find(self, asked: Asked, now: int) -> tuple[str, Analysis]:
        """The analysis of a question and a word for it; made once, then kept for its tiles, list and files.

        Raises
        ------
        NeedleError
            ``mirror.loading``, ``coverage.loading`` while the ground is read, ``filter.text_unready``.
        """
        async with self._turn:
            if asked not in self._analyses:
                self._made += 1
                made = await self._make(asked, now)
                keep(self._analyses, asked, (f"{self.process}-{self._made}", made), KEPT_ANALYSES)
            self._analyses.move_to_end(asked)
            return self._analyses[asked]

    async def warm(self, desk_prepared: asyncio.Event) -> None:
        """Make the usual analysis of the whole city after the desk stands, so that nobody waits for the grid to be drawn."""
        await desk_prepared.wait()
        while True:
            try:
                await self.find(Asked(read_question({}, this_second()), EVERYTHING, EVERYTHING), this_second())
                return
            except NeedleError:
                await asyncio.sleep(WAIT_S)

    async def _make(self, asked: Asked, now: int) -> Analysis:
        mirror = self.wall.cases
        fits, scope = (matching(mirror, where, now, self.wall.texts) for where in (asked.where, asked.scope))
        study = await self._study(asked.question.grid, asked.scope, scope)
        rows = study.rows(mirror, len(fits))
        counted = count(study, rows, mirror.reported[: len(fits)], fits, scope, asked.question)
        return await asyncio.to_thread(analyse, study, counted, asked.question)

    async def _study(self, grid: str, scope: Where, fits: "np.ndarray[tuple[int], np.dtype[np.bool_]]") -> Study:
        """The grid of an account's scope."""
        key = (grid, scope, id(self.wall.cases))
        size, known = self._studies.get(key, (0, None))
        if known is not None and len(fits) <= size * GROWN:
            self._studies.move_to_end(key)
            return known
        mirror, ground = self.wall.cases, self.drawn_ground()
        if grid == CELLS and ground is None:
            raise NeedleError("coverage.loading")
        if grid == CELLS and ground is not None:
            made = await asyncio.to_thread(cell_study, mirror, ground, fits)
        else:
            made = await asyncio.to_thread(hex_study, mirror, grid, fits)
        keep(self._studies, key, (len(fits), made), KEPT_STUDIES)
        return made


def keep(held: "OrderedDict[Key, Value]", key: Key, value: Value, most: int) -> None:
    """Keep a value under a key, and no more than ``most`` of them."""
    held[key] = value
    while len(held) > most:
        held.popitem(last=False)
