"""Loading the mirror: a million cases in seconds, in chunks, so that the loop breathes between them.

A chunk is one row of arrays, one a column (see ``data.copy.read_arrays`` for why). Text columns are interned by their bytes.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import orjson
from numpy.typing import NDArray
from psycopg import AsyncConnection
from psycopg.rows import tuple_row

from data.mirror.arrays import read_arrays
from data.mirror.columns import CaseMirror, Vocabulary, Words
from data.mirror.inside import mercator_units
from data.mirror.interning import ARRAY_HEADER_BYTES, distinct_texts
from data.mirror.tones import tone_of

Connection = AsyncConnection[Any]
Progress = Callable[[int, int], None]
"""Told how many cases are loaded, and how many there are."""

CHUNK: Final = 32_768
EPOCH_S: Final = 946_684_800
"""PostgreSQL counts microseconds from 2000-01-01."""

TIMES: Final = {
    "reported": "reported_at",
    "due": "due_at",
    "dispatched": "dispatched_at",
    "answered": "answered_at",
    "closed": "closed_at",
    "updated": "updated_at",
}
FIXED: Final[Mapping[str, tuple[str, str, str]]] = {
    "id": ("id", "int8", ">i8"),
    "lng": ("coalesce(ST_X(geom), 'NaN')", "float8", ">f8"),
    "lat": ("coalesce(ST_Y(geom), 'NaN')", "float8", ">f8"),
    "hex": ("coalesce(h3_9, 0)", "int8", ">i8"),
    "matter": ("matter_id", "int4", ">i4"),
    "team": ("coalesce(team_id, 0)", "int4", ">i4"),
    "urgent": ("urgent", "bool", "?"),
    "returns": ("returns", "int2", ">i2"),
    "reworks": ("reworks", "int2", ">i2"),
    **{name: (f"coalesce({column}, '-infinity')", "timestamptz", ">i8") for name, column in TIMES.items()},
}
TEXTS: Final = {
    "state": "state",
    "channel": "channel",
    "department": "department_code",
    "cell": "cell_code",
    "areas": "areas::text",
}

COLUMNS_SQL: Final = ", ".join(
    [f"array_agg({expression}::{kind})" for expression, kind, _ in FIXED.values()]
    + [f"array_agg({expression})" for expression in TEXTS.values()]
)
NEXT_SQL: Final = (
    f"select count(*), {COLUMNS_SQL} from (select * from cases where id > %s order by id limit %s) as part"
)
THESE_SQL: Final = f"select count(*), {COLUMNS_SQL} from cases where id = any(%s)"

HELPERS_SQL: Final = """
select case_id, array_agg(distinct department_code order by department_code) from whistle_party
 where case_id = any(%s) and not lead and state <> 'released' group by case_id
"""

AREAS_SQL: Final = """
select layer.name, array_agg(area.code order by area.id) filter (where area.code is not null)
  from layer left join generation on generation.layer = layer.name and generation.valid_to is null
       left join area on area.generation_id = generation.id
 where layer.kind in ('area', 'jurisdiction')
 group by layer.name, layer.rank order by layer.rank, layer.name
"""


@dataclass(frozen=True)
class Chunk:
    """Cases as they came: numbers, texts as codes into distinct values (-1: null), who helps with the few that are joint."""

    count: int
    numbers: dict[str, NDArray[Any]]
    texts: dict[str, tuple[NDArray[np.int32], list[bytes]]]
    helpers: dict[int, tuple[str, ...]]


async def load_mirror(connection: Connection, progress: Progress | None = None) -> CaseMirror:
    """Every case of the database as of one moment.

    Parameters
    ----------
    connection : AsyncConnection
        Without an open transaction: one is opened that sees a single snapshot.
    progress : callable, optional
    """
    async with connection.transaction():
        await connection.execute("set transaction isolation level repeatable read, read only")
        mirror = CaseMirror(await read_words(connection))
        total, mirror.event = await _one(
            connection, "select (select count(*) from cases), (select coalesce(max(id), 0) from case_event)"
        )
        last, translate = -(1 << 62), Translator(mirror.words)
        while True:
            chunk = await read_chunk(connection, NEXT_SQL, (last, CHUNK))
            if not chunk.count:
                return mirror
            mirror.put(*translate(chunk))
            last = int(chunk.numbers["id"][-1])
            if progress is not None:
                progress(mirror.count, total)


async def read_words(connection: Connection) -> Words:
    """The vocabularies: states with their tones, channels, matters, departments, codes of the areas in force."""
    words = Words()
    for code, stage, terminal in await _all(connection, "select code, stage, terminal from case_state order by code"):
        words.tones[code] = tone_of(stage, terminal=terminal)
    words.states = Vocabulary(words.tones)
    words.channels = Vocabulary(code for (code,) in await _all(connection, "select code from channel order by code"))
    words.departments = Vocabulary(
        code for (code,) in await _all(connection, "select code from department order by code")
    )
    words.areas = {layer: Vocabulary(codes or ()) for layer, codes in await _all(connection, AREAS_SQL)}
    await read_matters(connection, words)
    return words


async def read_matters(connection: Connection, words: Words) -> None:
    """Append the matters that the vocabulary does not know."""
    for matter, major in await _all(
        connection, "select id, edition || ':' || kind || ':' || major_code from matter order by id"
    ):
        words.matters.at(matter)
        words.majors[matter] = major


async def read_chunk(connection: Connection, query: str, parameters: Sequence[object]) -> Chunk:
    """The cases of ``NEXT_SQL`` or ``THESE_SQL``."""
    answers = await read_arrays(connection, query, parameters)
    if answers is None:
        return Chunk(0, {}, {}, {})
    numbers = {
        name: _numbers(answer, wire) for (name, (_, _, wire)), answer in zip(FIXED.items(), answers, strict=False)
    }
    texts = {name: distinct_texts(answer) for name, answer in zip(TEXTS, answers[len(FIXED) :], strict=True)}
    return Chunk(len(numbers["id"]), numbers, texts, await read_helpers(connection, numbers["id"].tolist()))


async def read_helpers(connection: Connection, ids: list[int]) -> dict[int, tuple[str, ...]]:
    """The departments that whistles called to help, by case, for those of the cases that are joint."""
    async with connection.cursor(row_factory=tuple_row) as cursor:
        found = await (await cursor.execute(HELPERS_SQL, (ids,))).fetchall()
    return {case_id: tuple(codes) for case_id, codes in found}


def _numbers(answer: bytes, wire: str) -> NDArray[Any]:
    element = np.dtype([("bytes", ">i4"), ("value", wire)])
    return np.frombuffer(answer, element, offset=ARRAY_HEADER_BYTES)["value"]


class Translator:
    """Chunks into the columns of a mirror; remembers what each text of areas stands for."""

    def __init__(self, words: Words) -> None:
        self.words = words
        self._areas: dict[bytes, dict[str, int]] = {}

    def __call__(self, chunk: Chunk) -> tuple[dict[str, NDArray[Any]], dict[str, NDArray[np.int32]]]:
        """The arguments of ``CaseMirror.put``."""
        words, numbers = self.words, chunk.numbers
        columns: dict[str, NDArray[Any]] = {
            name: numbers[name].astype(numbers[name].dtype.newbyteorder("="))
            for name in ("id", "hex", "team", "urgent", "returns", "reworks")
        }
        columns |= {name: _unix(numbers[name]) for name in TIMES}
        columns |= _places(numbers["lng"], numbers["lat"])
        columns["matter"] = _indexed(numbers["matter"], words.matters)
        for name, vocabulary in (
            ("state", words.states),
            ("channel", words.channels),
            ("department", words.departments),
            ("cell", words.cells),
        ):
            codes, values = chunk.texts[name]
            columns[name] = np.array([*(vocabulary.at(value.decode()) for value in values), -1])[codes]
        columns["helpers"] = self._helpers_of(numbers["id"], chunk.helpers)
        return columns, self._areas_of(*chunk.texts["areas"])

    def _helpers_of(self, ids: NDArray[Any], helpers: Mapping[int, tuple[str, ...]]) -> NDArray[np.int32]:
        found = np.zeros(len(ids), np.int32)
        joint = np.isin(ids, list(helpers)) if helpers else np.zeros(len(ids), np.bool_)
        found[joint] = [self.words.helpers.at(helpers[case_id]) for case_id in ids[joint].tolist()]
        return found

    def _areas_of(self, codes: NDArray[np.int32], values: list[bytes]) -> dict[str, NDArray[np.int32]]:
        read = [self._areas.get(value) or self._read(value) for value in values]
        return {
            layer: np.array([*(areas.get(layer, -1) for areas in read), -1], np.int32)[codes]
            for layer in self.words.areas
        }

    def _read(self, value: bytes) -> dict[str, int]:
        said: dict[str, str] = orjson.loads(value)
        areas = self._areas[value] = {
            layer: self.words.areas.setdefault(layer, Vocabulary()).at(code) for layer, code in said.items()
        }
        return areas


def _unix(microseconds: NDArray[np.int64]) -> NDArray[np.int64]:
    """Whole Unix seconds; 0 for minus infinity."""
    native = microseconds.astype(np.int64)
    return np.where(native == np.iinfo(np.int64).min, 0, native // 1_000_000 + EPOCH_S)


def _places(lng: NDArray[np.float64], lat: NDArray[np.float64]) -> dict[str, NDArray[Any]]:
    placed = np.isfinite(lng)
    units = np.zeros((len(lng), 2))
    units[placed] = mercator_units(np.column_stack((lng[placed], lat[placed])).astype(np.float64))
    return {"x": units[:, 0].astype(np.uint32), "y": units[:, 1].astype(np.uint32), "placed": placed}


def _indexed(values: NDArray[Any], vocabulary: Vocabulary[int]) -> NDArray[np.int64]:
    distinct, inverse = np.unique(values, return_inverse=True)
    return np.array([vocabulary.at(int(value)) for value in distinct], np.int64)[inverse]


async def _all(connection: Connection, query: str) -> list[tuple[Any, ...]]:
    async with connection.cursor(row_factory=tuple_row) as cursor:
        return await (await cursor.execute(query)).fetchall()


async def _one(connection: Connection, query: str) -> tuple[Any, ...]:
    (row,) = await _all(connection, query)
    return row
