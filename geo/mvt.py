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
from geo.mvt_wire import OMIT, distinct_numbers, features, number_values, text_values

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
    numbers: Mapping[str, NDArray[Any]] | None = None,
    texts: Mapping[str, NDArray[Any]] | None = None,
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
    numbers : Mapping[str, NDArray], optional
        Integer properties; ``OMIT``: left out.
    texts : Mapping[str, NDArray], optional
        Text properties as codes into ``words``; -1: left out.
    """
    return _layer(name, POINTS, point_commands(x, y, *tile), ids, numbers or {}, texts or {}, words)


def encode_shapes(
    name: str,
    kind: int,
    tile: tuple[int, int, int],
    shapes: Shapes,
    chosen: Longs,
    ids: Longs | None = None,
    numbers: Mapping[str, NDArray[Any]] | None = None,
    texts: Mapping[str, NDArray[Any]] | None = None,
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
    return _layer(name, kind, commands, ids, numbers or {}, texts or {}, words)


def _layer(
    name: str,
    kind: int,
    geometry: tuple[NDArray[np.uint32], Longs],
    ids: Longs | None,
    numbers: Mapping[str, NDArray[Any]],
    texts: Mapping[str, NDArray[Any]],
    words: Texts,
) -> bytes:
    commands, starts = geometry
    count = len(starts) - 1
    if not len(commands):
        return b""
    codes, values = _values(count, numbers, texts, words)
    ids = np.full(count, -1, np.int64) if ids is None else ids
    body, _ = features(kind, ids, commands, starts, codes)
    keys = b"".join(b"\x1a" + _sized(key.encode()) for key in (*numbers, *texts))
    head = b"\x78\x02\x0a" + _sized(name.encode())
    tail = b"\x28" + _varint(EXTENT)
    size = len(head) + body.nbytes + len(keys) + len(values) + len(tail)
    return b"".join((b"\x1a", _varint(size), head, body.data, keys, values, tail))


def _values(
    count: int, numbers: Mapping[str, NDArray[Any]], texts: Mapping[str, NDArray[Any]], words: Texts
) -> tuple[NDArray[np.int32], bytes]:
    """Codes of every key's value, shape (count, keys), and the table of values: numbers, then texts."""
    plain, used_numbers = distinct_numbers(_columns(count, list(numbers.values())))
    wanted = _columns(count, list(texts.values()))
    spoken, used_texts = distinct_numbers(np.where(wanted < 0, OMIT, wanted))
    codes = np.concatenate((plain, np.where(spoken < 0, -1, spoken + len(used_numbers)).astype(np.int32)), axis=1)
    values = number_values(used_numbers).tobytes() + text_values(used_texts, words.data, words.offsets).tobytes()
    return codes, values


def _columns(count: int, columns: Sequence[NDArray[Any]]) -> Longs:
    together = np.empty((count, len(columns)), np.int64)
    for at, column in enumerate(columns):
        together[:, at] = column
    return together


def _varint(value: int) -> bytes:
    out = bytearray()
    while value >= 128:
        out.append(value & 127 | 128)
        value >>= 7
    out.append(value)
    return bytes(out)


def _sized(body: bytes) -> bytes:
    return _varint(len(body)) + body
