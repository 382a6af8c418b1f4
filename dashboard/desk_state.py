"""What the process holds for the desk: the texts and orders beside the mirror, and the names behind codes."""

import asyncio
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from itertools import product
from typing import Any, Final, cast

import numpy as np
import orjson
import structlog
from fastapi import FastAPI, Response
from numpy.typing import NDArray
from starlette.requests import HTTPConnection

from dashboard.background import beside
from dashboard.garbage import settle
from dashboard.i18n import LANGUAGES
from dashboard.view_models.desk_columns import Namer
from dashboard.wall_state import Wall
from data.mirror.columns import CaseMirror
from data.mirror.inside import inside, mercator_units
from data.mirror.ordering import COUNTS, TIMES, VOCABULARIES, Ordering
from data.mirror.texts import FIELDS, Texts
from data.mirror.where import Where, matching
from data.stores import desk
from data.stores.reading import reading
from dispatch.states import states
from geo.errors import Language, NeedleError

log = structlog.get_logger()

CHUNK: Final = 1 << 15
LOOK_AGAIN_S: Final = 0.2
LATER_S: Final = 2.0
NUMBERED: Final = frozenset({"matter", "team"})
"""Facets whose codes the mirror holds as numbers."""


@dataclass(frozen=True)
class Sort:
    """By which column, in which direction; ``-due`` in an address."""

    column: str = "reported"
    descending: bool = True


def read_sort(query: Mapping[str, str]) -> Sort:
    """``sort=-due``: a column, descending with a minus; the newest reports first where nothing is said."""
    said = query.get("sort") or "-reported"
    return Sort(said.removeprefix("-"), said.startswith("-"))


@dataclass
class Names:
    """The names behind codes, as they were at one version of the city."""

    version: str
    rows: list[desk.Name]
    by_code: dict[Language, dict[tuple[str, str], str]]
    ranks: dict[Language, dict[str, dict[Any, int]]]

    def namer(self, language: Language) -> Namer:
        """What says the name of a code; the code itself where it has none."""
        said = self.by_code[language]
        return lambda facet, code: said.get((facet, str(code)), str(code))

    @staticmethod
    def key(name: desk.Name) -> Any:
        """A name's code as the mirror holds it."""
        return int(name.code) if name.facet in NUMBERED else name.code


@dataclass(frozen=True)
class Found:
    """Rows of a mirror that a filter found, in order."""

    mirror: CaseMirror
    rows: NDArray[np.int64]

    @property
    def ids(self) -> NDArray[np.int64]:
        """Their cases."""
        return self.mirror.id[self.rows]


@dataclass
class Desk:
    """The desk's side of one process, prepared in the background for each mirror that the wall reads.

    ``prepared``: it stood once; what nobody waits for begins after it.
    """

    wall: Wall
    ordering: Ordering | None = None
    prepared: asyncio.Event = field(default_factory=asyncio.Event)
    _names: Names | None = None
    _turn: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def follow(self) -> None:
        """Prepare for the wall's mirror, and anew when it reads another; for as long as the process lives.

        Texts of new cases are read as they come, so that the wall finds them too.
        """
        while True:
            mirror = self.wall.mirror
            try:
                if mirror is not None and (self.ordering is None or self.ordering.mirror is not mirror):
                    await self._prepare(mirror)
                elif mirror is not None and self.ordering is not None:
                    async with self._turn:
                        await self._read_texts(mirror, self.ordering.words)
                await asyncio.sleep(LOOK_AGAIN_S)
            except NeedleError as error:
                log.warning("desk.interrupted", code=error.code)
                await asyncio.sleep(LATER_S)

    async def _prepare(self, mirror: CaseMirror) -> None:
        """Read the texts and sort every column once, so that nobody waits for it."""
        self.wall.texts, texts = None, Texts()
        characters = await self._read_texts(mirror, texts)
        async with reading(self.wall.pool) as connection:
            places = await desk.load_characters(connection, sorted(characters))
        ordering, names = Ordering(mirror, texts, places), await self.names()
        self.wall.texts = texts
        # The first call of a compiled kernel loads it: not while somebody waits, and beside the loop.
        nowhere, nothing = mercator_units(np.zeros((3, 2))), np.zeros(0, np.bool_)
        await asyncio.to_thread(inside, mirror.x[:0], mirror.y[:0], nowhere, nothing)
        await asyncio.to_thread(texts.containing, "-")
        for column in (*FIELDS, *TIMES, *COUNTS, "left", "queue", "cell", "urgent"):
            await self._sorted(ordering, column, column, {})
        for column, language in product((*VOCABULARIES, "team", *map("area:{}".format, mirror.areas)), LANGUAGES):
            await self._sorted(ordering, column, f"{column}/{language}", names.ranks[language])
        self.ordering = ordering
        settle()
        self.prepared.set()

    def ready(self) -> Ordering:
        """The orders of the mirror; ``desk.loading`` until they stand."""
        if self.ordering is None:
            raise NeedleError("desk.loading", percent=self.percent)
        return self.ordering

    @property
    def percent(self) -> int:
        """How much of the mirror is read, of what stands before its texts are read and its columns sorted too."""
        wall = self.wall
        return min(99, 80 * wall.loaded // max(1, wall.total) + (19 if wall.mirror is not None else 0))

    async def names(self) -> Names:
        """The names, read anew when the city's version changed."""
        version = await self.wall.version()
        if self._names is None or self._names.version != version:
            async with reading(self.wall.pool) as connection:
                rows = await desk.load_names(connection)
            by_code: dict[Language, dict[tuple[str, str], str]] = {
                "zh": {(name.facet, name.code): name.zh for name in rows},
                "en": {(name.facet, name.code): name.en for name in rows},
            }
            self._names = Names(version, rows, by_code, {"zh": ranks(rows, "zh"), "en": ranks(rows, "en")})
        return self._names

    async def found(self, where: Where, sort: Sort, language: Language) -> Found:
        """What fits, in order.

        Raises
        ------
        NeedleError
            ``desk.loading``, ``desk.unknown_column``.
        """
        ordering, names = self.ready(), await self.names()
        kept = f"{sort.column}/{language}" if sort.column in names.ranks[language] else sort.column
        fits = await self.fits(where, ordering)
        async with self._turn:
            keys = await self._sorted(ordering, sort.column, kept, names.ranks[language])
            rows = await asyncio.to_thread(ordering.picked, fits[: len(keys)], kept, sort.descending)
        return Found(ordering.mirror, rows)

    async def fits(self, where: Where, ordering: Ordering) -> NDArray[np.bool_]:
        """Which rows of the mirror fit: read here, on its writer's loop; texts are searched in a thread."""
        mirror, texts = ordering.mirror, ordering.words
        if where.text is None:
            return matching(mirror, where, int(time.time()))
        async with self._turn:
            await self._read_texts(mirror, texts)
            found = await asyncio.to_thread(texts.containing, where.text)
        fits = matching(mirror, replace(where, text=None), int(time.time()))
        fits[: len(found)] &= found[: len(fits)]
        fits[len(found) :] = False
        return fits

    async def _sorted(self, ordering: Ordering, column: str, kept: str, names: Mapping[str, Mapping[Any, int]]) -> Any:
        """Bring a column's order up to now: what the mirror says is read here, on its writer's loop; the rest in a thread."""
        if column in FIELDS:
            await self._read_texts(ordering.mirror, ordering.words)
            await asyncio.to_thread(ordering.texts[column].keys)
        keys = ordering.keys(column, names)
        await asyncio.to_thread(ordering.refreshed, kept, keys)
        return keys

    async def _read_texts(self, mirror: CaseMirror, texts: Texts) -> set[str]:
        """Read the texts of rows that have none yet; the characters that they are made of."""
        characters: set[str] = set()
        while texts.count < mirror.count:
            start = texts.count
            ids = mirror.id[start : min(start + CHUNK, mirror.count)].tolist()
            async with reading(self.wall.pool) as connection:
                blob = await desk.load_texts(connection, ids)
            characters |= await asyncio.to_thread(keep, texts, blob)
        return characters


def keep(texts: Texts, blob: str) -> set[str]:
    """Add rows to the texts; the characters that they are made of."""
    texts.append(blob)
    return set(blob.lower())


def ranks(names: list[desk.Name], language: Language) -> dict[str, dict[Any, int]]:
    """Facet -> code -> place: names in the order of the language, states in the order of the work."""
    found: dict[str, dict[Any, int]] = {}
    for name in names:
        found.setdefault(name.facet, {})[Names.key(name)] = name.place_zh if language == "zh" else name.place_en
    found["state"] = {state: place for place, state in enumerate(states())}
    return found


@asynccontextmanager
async def running(app: FastAPI) -> AsyncIterator[None]:
    """The desk beside the application's wall, prepared while the application already answers."""
    app.state.desk = held = Desk(app.state.wall)
    async with beside(held.follow()):
        yield


def desk_of(connection: HTTPConnection) -> Desk:
    """The process's desk, for routes (a FastAPI dependency)."""
    return cast(Desk, connection.app.state.desk)


def as_json(content: Any, status: int = 200) -> Response:
    """A JSON answer that no one keeps."""
    headers = {"Cache-Control": "no-store"}
    return Response(orjson.dumps(content), status_code=status, media_type="application/json", headers=headers)
