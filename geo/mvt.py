"""Vector tiles from columns: an encoder of Mapbox Vector Tile 2.1 (https://github.com/mapbox/vector-tile-spec) in Numba.

A layer is columns of coordinates in Web Mercator (2**32 units around the earth, x eastward from 180° west, y southward from the
north edge of its square), of integer properties, and of texts by code. A tile is the concatenation of its layers. The kernels
release the interpreter's lock.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from geo.mvt_shapes import EXTENT, point_commands, shape_commands
from geo.mvt_wire import OMIT, features, value_table

Longs = NDArray[np.int64]
POINTS, LINES, POLYGONS = 1, 2, 3
BUFFER: Final = 64
__all__ = [
    "BUFFER",
    "EXTENT",
    "LINES",
    "OMIT",
    "POINTS",
    "POLYGONS",
    "Columns",
    "Shapes",
    "Texts",
    "encode_points",
    "encode_shapes",
]


@dataclass(frozen=True, eq=False)
class Texts:
    """A list of texts: text k is ``data[offsets[k]:offsets[k + 1]]`` in UTF-8."""

    data: NDArray[np.uint8]
    offsets: Longs

    @classmethod
    def of(cls, texts: Sequence[str]) -> "Texts":
        """From Python's texts."""
        packed = [text.encode() for text in texts]
        offsets = np.zeros(len(packed) + 1, np.int64)
        np.cumsum([len(part) for part in packed], out=offsets[1:])
        return cls(np.frombuffer(b"".join(packed), np.uint8), offsets)


NO_TEXTS: Final = Texts.of(())


@dataclass(frozen=True, eq=False)
class Columns:
    """Properties side by side: ``values`` of shape (n, keys), integers or codes of texts."""

    keys: tuple[str, ...]
    values: Longs

    @classmethod
    def of(cls, count: int, columns: "Properties | None") -> "Columns":
        """From columns by key."""
        if isinstance(columns, Columns):
            return columns
        together = np.empty((count, len(columns or ())), np.int64)
        for at, column in enumerate((columns or {}).values()):
            together[:, at] = column
        return cls(tuple(columns or ()), together)


Properties = Mapping[str, NDArray[Any]] | Columns


@dataclass(frozen=True, eq=False)
class Shapes:
    """Many lines or polygons as columns.

    Attributes
    ----------
    shape_parts : NDArray[int64]
        Shape (n + 1,): parts (lines, rings) of shape k are ``shape_parts[k]:shape_parts[k + 1]``.
    part_points : NDArray[int64]
        Points of part p are ``part_points[p]:part_points[p + 1]``; a ring ends where it begins.
    holes : NDArray[bool]
        Whether a part is an interior ring; it follows its exterior ring.
    x, y : NDArray[uint32]
        Web Mercator units.
    """

    shape_parts: Longs
    part_points: Longs
    holes: NDArray[np.bool_]
    x: NDArray[np.uint32]
    y: NDArray[np.uint32]


def encode_points(
    name: str,
    tile: tuple[int, int, int],
    x: NDArray[np.uint32],
    y: NDArray[np.uint32],
    ids: Longs | None = None,
    numbers: Properties | None = None,
    texts: Properties | None = None,
    words: Texts = NO_TEXTS,
) -> bytes:
    """A layer of points; empty bytes without any.

    Parameters
    ----------
    name : str
    tile : tuple[int, int, int]
        Zoom, column, row (XYZ); zoom at most 20.
    x, y : NDArray[uint32]
        Web Mercator units, shape (n,).
    ids : NDArray[int64], optional
        Ids of features; negative: none.
    numbers : Mapping[str, NDArray] or Columns, optional
        Integer properties; ``OMIT``: left out.
    texts : Mapping[str, NDArray] or Columns, optional
        Text properties as codes into ``words``; -1: left out.
    """
    return _layer(name, POINTS, point_commands(x, y, *tile), ids, numbers, texts, words)


def encode_shapes(
    name: str,
    kind: int,
    tile: tuple[int, int, int],
    shapes: Shapes,
    chosen: Longs,
    ids: Longs | None = None,
    numbers: Properties | None = None,
    texts: Properties | None = None,
    words: Texts = NO_TEXTS,
    tolerance: float = 0.0,
    buffer: int = BUFFER,
) -> bytes:
    """A layer of lines or polygons (``kind``), clipped to the buffered tile; empty bytes where none of them is on it.

    Parameters
    ----------
    chosen : NDArray[int64]
        Which shapes; ``ids`` and properties are parallel to it.
    tolerance : float
        Simplification (Douglas-Peucker) of parts of more than five points, in tile units.
    buffer : int
        In tile units.
    """
    commands = shape_commands(
        chosen,
        shapes.shape_parts,
        shapes.part_points,
        shapes.holes,
        shapes.x,
        shapes.y,
        *tile,
        kind == POLYGONS,
        tolerance,
        buffer,
    )
    return _layer(name, kind, commands, ids, numbers, texts, words)


def _layer(
    name: str,
    kind: int,
    geometry: tuple[NDArray[np.uint32], Longs],
    ids: Longs | None,
    numbers: Properties | None,
    texts: Properties | None,
    words: Texts,
) -> bytes:
    commands, starts = geometry
    count = len(starts) - 1
    if not len(commands):
        return b""
    plain, spoken = Columns.of(count, numbers), Columns.of(count, texts)
    codes, values = value_table(plain.values, spoken.values, words.data, words.offsets)
    ids = np.full(count, -1, np.int64) if ids is None else ids
    body, _ = features(kind, ids, commands, starts, codes)
    keys = b"".join(b"\x1a" + _sized(key.encode()) for key in plain.keys + spoken.keys)
    head = b"\x78\x02\x0a" + _sized(name.encode())
    tail = b"\x28" + _varint(EXTENT)
    size = len(head) + body.nbytes + len(keys) + values.nbytes + len(tail)
    return b"".join((b"\x1a", _varint(size), head, body.data, keys, values.data, tail))


def _varint(value: int) -> bytes:
    out = bytearray()
    while value >= 128:
        out.append(value & 127 | 128)
        value >>= 7
    out.append(value)
    return bytes(out)


def _sized(body: bytes) -> bytes:
    return _varint(len(body)) + body
