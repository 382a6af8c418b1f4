"""Loading the ground: each layer in chunks of binary arrays, read by the loop, made into columns in a thread."""

import asyncio
from collections.abc import Callable
from typing import Any, Final

import numpy as np
import shapely
from numpy.typing import NDArray
from psycopg import AsyncConnection

from data.mirror.arrays import integers, read_arrays
from data.mirror.ground import LAYERS, DrawnLayer, DrawnLines, GroundLayer, GroundMirror, LayerColumns
from data.mirror.interning import ARRAY_HEADER_BYTES, distinct_texts
from data.stores.tiles import tiles_version
from geo.mvt import LINES, Shapes, Texts
from geo.mvt_columns import joined, shapes_of

Connection = AsyncConnection[Any]

CHUNK: Final = 20_000


async def load_ground(connection: Connection, progress: Callable[[str], None] | None = None) -> GroundMirror:
    """Every layer of ``LAYERS``, of one moment.

    Parameters
    ----------
    connection : AsyncConnection
        Without an open transaction: one is opened that sees a single snapshot.
    progress : callable, optional
        Told the name of each layer that is there.
    """
    layers: list[DrawnLayer] = []
    async with connection.transaction():
        await connection.execute("set transaction isolation level repeatable read, read only")
        version = await tiles_version(connection)
        for layer in LAYERS:
            layers.append(await _load_layer(connection, layer))
            if progress is not None:
                progress(layer.name)
    return GroundMirror(version, layers)


async def _load_layer(connection: Connection, layer: GroundLayer) -> DrawnLayer:
    gathered = Gathered(layer)
    columns = ", ".join(
        ["array_agg(id::int8)", "array_agg(ST_AsBinary(geom))", "array_agg(from_zoom::int4)"]
        + [f"array_agg({name}::int4)" for name in layer.numbers]
        + [f"array_agg({name}::text)" for name in layer.texts]
    )
    order = f"select * from ({layer.rows}) as every where id > %s order by id limit %s"
    last = -(1 << 62)
    while True:
        query = f"select count(*), {columns} from ({order}) as part"
        answers = await read_arrays(connection, query, (last, CHUNK))
        if answers is None:
            return await asyncio.to_thread(gathered.drawn)
        last = int(integers(answers[0], ">i8")[-1])
        await asyncio.to_thread(gathered.take, answers)


class Gathered:
    """The chunks of a layer so far."""

    def __init__(self, layer: GroundLayer) -> None:
        self.layer = layer
        self.words: dict[bytes, int] = {}
        self.shapes: list[Shapes] = [shapes_of(np.empty(0, object))]
        self.columns: list[list[NDArray[Any]]] = [[np.empty(0, np.int64)] for _ in range(self.width)]

    @property
    def width(self) -> int:
        """Columns besides the geometry: the id, the zoom, numbers, texts."""
        return 2 + len(self.layer.numbers) + len(self.layer.texts)

    def take(self, answers: list[bytes]) -> None:
        """Take in a chunk: ids, geometries, zooms, numbers, texts as PostgreSQL's binary arrays."""
        self.columns[0].append(integers(answers[0], ">i8"))
        self.shapes.append(shapes_of(np.asarray(shapely.from_wkb(_elements(answers[1])), object)))
        plain = 2 + len(self.layer.numbers)
        for column, answer in zip(self.columns[1:plain], answers[2:], strict=False):
            column.append(integers(answer, ">i4"))
        for column, answer in zip(self.columns[plain:], answers[1 + plain :], strict=True):
            codes, values = distinct_texts(answer)
            column.append(
                np.array([*(self.words.setdefault(value, len(self.words)) for value in values), -1], np.int32)[codes]
            )

    def drawn(self) -> DrawnLayer:
        """The layer, whole."""
        columns = [np.concatenate(column) for column in self.columns]
        layer, plain = self.layer, 2 + len(self.layer.numbers)
        numbers = dict(zip(layer.numbers, columns[2:plain], strict=True))
        texts = dict(zip(layer.texts, columns[plain:], strict=True))
        words = Texts.of([value.decode() for value in self.words])
        drawn = DrawnLines if layer.kind == LINES else DrawnLayer
        return drawn(layer, LayerColumns(columns[0], joined(self.shapes), columns[1], numbers, texts, words))


def _elements(answer: bytes) -> list[bytes]:
    """The elements of an array of a variable-length type, none null."""
    elements, at = [], ARRAY_HEADER_BYTES
    for _ in range(int.from_bytes(answer[12:16])):
        start = at + 4
        at = start + int.from_bytes(answer[at:start])
        elements.append(answer[start:at])
    return elements
