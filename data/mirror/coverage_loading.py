"""Reading an asking's coverage: all of it in chunks of binary arrays, or the places that changed."""

import asyncio
from collections.abc import Sequence
from typing import Any, Final

import numpy as np
import psycopg
from psycopg import sql

from data.mirror.arrays import integers, read_arrays
from data.mirror.coverage import WIDTH, Counts, CoverageMirror, CoverageRows, Ints, joined
from data.mirror.interning import distinct_texts
from data.stores.coverage import COUNTS

AsyncConnection = psycopg.AsyncConnection[tuple[Any, ...]]

CHUNK: Final = 50_000
BUILDINGS: Final = """
select building.id, place, areas, {counts} from building join coverage on place = code
 where outreach_id = {outreach} and building.id > {last} order by building.id limit {chunk}
"""
#: Places that are no building get numbers below zero, the same ones each time: by their order.
OTHERS: Final = """
select -row_number() over (order by place) as id, place, areas, {counts}
  from coverage where outreach_id = {outreach} and not exists (select from building where code = place)
"""
CHANGED: Final = """
select building.id, {counts} from coverage join building on code = place where outreach_id = %s and place = any (%s)
"""


async def load_coverage(connection: AsyncConnection, outreach_id: int, layers: Sequence[str]) -> CoverageMirror:
    """An asking's coverage as of one moment.

    Parameters
    ----------
    connection : AsyncConnection
        Without an open transaction.
    layers : sequence of str
        Whose codes are kept of each place.
    """
    parts: list[CoverageRows] = []
    async with connection.transaction():
        await connection.execute("set transaction isolation level repeatable read, read only")
        last = 0
        while part := await _read(connection, _query(BUILDINGS, outreach_id, last), layers):
            parts.append(part)
            last = int(part.building[-1])
        if others := await _read(connection, _query(OTHERS, outreach_id, 0), layers):
            parts.append(others)
    return CoverageMirror(outreach_id, await asyncio.to_thread(joined, parts, layers))


async def load_changed(connection: AsyncConnection, outreach_id: int, places: Sequence[str]) -> tuple[Ints, Counts]:
    """Ids and counts of places that changed, ascending; with one that is no building, of all that are none: they are few."""
    query = CHANGED.format(counts=COUNTS).encode()
    rows = await (await connection.execute(query, (outreach_id, list(places)))).fetchall()
    if len(rows) < len(set(places)):
        others = await (await connection.execute(_query(OTHERS, outreach_id, 0))).fetchall()
        rows += [(place_id, *counts) for place_id, _place, _areas, *counts in others]
    found = np.array(sorted(rows), np.int64).reshape(-1, 1 + WIDTH)
    return found[:, 0], found[:, 1:].astype(np.int32)


def _query(text: str, outreach_id: int, last: int) -> sql.Composed:
    values = {"outreach": outreach_id, "last": last, "chunk": CHUNK}
    return sql.SQL(text.replace("{counts}", COUNTS)).format(**{name: sql.Literal(v) for name, v in values.items()})


async def _read(connection: AsyncConnection, rows: sql.Composed, layers: Sequence[str]) -> CoverageRows | None:
    """A chunk; None where it is empty."""
    columns = ["array_agg(id::int8)", *(f"array_agg({name}::int4)" for name in COUNTS.split(", "))]
    asked = sql.SQL(", ").join(
        [*(sql.SQL(column) for column in columns)]
        + [sql.SQL("array_agg(areas ->> {})").format(sql.Literal(layer)) for layer in layers]
    )
    answers = await read_arrays(connection, sql.SQL("select count(*), {} from ({}) as part").format(asked, rows))
    return await asyncio.to_thread(_rows, answers, layers) if answers is not None else None


def _rows(answers: Sequence[bytes], layers: Sequence[str]) -> CoverageRows:
    numbers = [integers(answer, ">i4") for answer in answers[1 : 1 + WIDTH]]
    areas, codes = {}, {}
    for layer, answer in zip(layers, answers[1 + WIDTH :], strict=True):
        areas[layer], found = distinct_texts(answer)
        codes[layer] = [code.decode() for code in found]
    return CoverageRows(integers(answers[0], ">i8"), np.stack(numbers, axis=1).astype(np.int32), areas, codes)
