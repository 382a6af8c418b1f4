"""Reading the registry's density: each layer in chunks of binary arrays, as of one moment."""

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any, Final

import numpy as np
import psycopg
from numpy.typing import NDArray
from psycopg import sql

from data.mirror.arrays import integers, joined_codes, read_arrays
from data.mirror.interning import distinct_texts
from data.mirror.registry_density import KINDS, WIDTH, DensityMirror, Level

AsyncConnection = psycopg.AsyncConnection[tuple[Any, ...]]

CHUNK: Final = 50_000
PARTS: Final = ("entities", "incomplete", "stale")
SUMS: Final = ", ".join(
    f"coalesce(sum({part}) filter (where kind = '{kind}'), 0)::int4 as {kind}_{part}"
    for kind in KINDS
    for part in PARTS
)
COUNTED: Final = [f"array_agg({kind}_{part})" for kind in KINDS for part in PARTS]
PLACES: Final = """
select place, (array_agg(areas))[1] as areas, {sums} from registry_density
 where layer = {layer} and place > {after} and kind = any ({kinds})
 group by place order by place limit {chunk}
"""
Part = tuple[list[str], NDArray[np.int32], NDArray[np.int64], list[tuple[NDArray[np.int32], list[str]]]]


async def load_density(
    connection: AsyncConnection, version: str, layers: Sequence[str], kept: Sequence[str]
) -> DensityMirror:
    """The density of the registry as of one moment.

    Parameters
    ----------
    connection : AsyncConnection
        Without an open transaction.
    layers : sequence of str
        Which layers: ``building``, areas, ``hex7`` …, and the empty one for the whole city.
    kept : sequence of str
        The layers whose codes are kept of each building and cell.
    """
    levels: dict[str, Level] = {}
    async with connection.transaction():
        await connection.execute("set transaction isolation level repeatable read, read only")
        for layer in layers:
            wanted = kept if layer in ("building", "cell") else ()
            levels[layer] = await _load_level(connection, layer, wanted)
    return DensityMirror(version, levels)


async def _load_level(connection: AsyncConnection, layer: str, kept: Sequence[str]) -> Level:
    parts: list[Part] = []
    after = "" if layer else "-"
    while part := await _read(connection, layer, after, kept):
        parts.append(part)
        after = part[0][-1]
        if not layer:
            break
    return await asyncio.to_thread(_joined, parts, kept)


async def _read(connection: AsyncConnection, layer: str, after: str, kept: Sequence[str]) -> Part | None:
    values: Mapping[str, Any] = {"layer": layer, "after": after, "kinds": list(KINDS), "chunk": CHUNK}
    places = PLACES if layer else PLACES.replace("and place > {after}", "and {after} <> ''")
    rows = sql.SQL(places.replace("{sums}", SUMS)).format(**{name: sql.Literal(v) for name, v in values.items()})
    columns = [
        sql.SQL("array_agg(place)"),
        sql.SQL("array_agg(coalesce(building.id, 0)::int8)"),
        *(sql.SQL(column) for column in COUNTED),
        *(sql.SQL("array_agg(areas ->> {})").format(sql.Literal(name)) for name in kept),
    ]
    asked = sql.SQL("select count(*), {} from ({}) as part left join building on {} and code = place").format(
        sql.SQL(", ").join(columns), rows, sql.Literal(layer == "building")
    )
    answers = await read_arrays(connection, asked)
    return await asyncio.to_thread(_part, answers, kept) if answers is not None else None


def _part(answers: Sequence[bytes], kept: Sequence[str]) -> Part:
    numbers, values = distinct_texts(answers[0])
    names = [value.decode() for value in values]
    counts = np.stack([integers(answer, ">i4") for answer in answers[2 : 2 + WIDTH]], axis=1).astype(np.int32)
    areas = []
    for answer in answers[2 + WIDTH : 2 + WIDTH + len(kept)]:
        codes, found = distinct_texts(answer)
        areas.append((codes, [code.decode() for code in found]))
    return [names[at] for at in numbers.tolist()], counts, integers(answers[1], ">i8"), areas


def _joined(parts: Sequence[Part], kept: Sequence[str]) -> Level:
    """Chunks one after the other, ascending by the ids of buildings."""
    places = [place for part in parts for place in part[0]]
    counts = np.concatenate([part[1] for part in parts]) if parts else np.zeros((0, WIDTH), np.int32)
    buildings = np.concatenate([part[2] for part in parts]) if parts else np.zeros(0, np.int64)
    without = buildings == 0
    buildings = np.where(without, -np.cumsum(without), buildings)
    order = np.argsort(buildings, kind="stable")
    areas: dict[str, NDArray[np.int32]] = {}
    codes: dict[str, list[str]] = {}
    for at, layer in enumerate(kept):
        column, codes[layer] = joined_codes([part[3][at] for part in parts])
        areas[layer] = column[order]
    return Level(buildings[order], counts[order], areas, codes, tuple(places[at] for at in order.tolist()))
