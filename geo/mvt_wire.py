"""Mapbox Vector Tile 2.1 on the wire: features, tags and the table of values as protocol buffers, written by kernels.

Field numbers are those of ``vector_tile.proto``: Layer 1 name, 2 features, 3 keys, 4 values, 5 extent, 15 version; Feature 1 id,
2 tags, 3 type, 4 geometry; Value 1 string, 5 uint, 6 sint.
"""

from typing import Final

import numpy as np
from numba import njit
from numpy.typing import NDArray

Bytes = NDArray[np.uint8]
Longs = NDArray[np.int64]

OMIT: Final = np.iinfo(np.int64).min
"""An integer property of this value is left out of its feature."""
MIX: Final = np.uint64(0x9E3779B97F4A7C15)
VARINT_BYTES: Final = 10


@njit(cache=True, nogil=True)
def put_varint(out: Bytes, at: int, value: int) -> int:
    """Write an unsigned number, seven bits a byte, the lowest first; the offset behind it."""
    rest = np.uint64(value)
    while rest >= np.uint64(128):
        out[at] = np.uint8(rest & np.uint64(127)) | np.uint8(128)
        rest >>= np.uint64(7)
        at += 1
    out[at] = np.uint8(rest)
    return at + 1


@njit(cache=True, nogil=True)
def varint_bytes(value: int) -> int:
    """How many bytes ``put_varint`` takes."""
    rest = np.uint64(value)
    if rest < np.uint64(1 << 7):
        return 1
    if rest < np.uint64(1 << 14):
        return 2
    size = 3
    rest >>= np.uint64(21)
    while rest > np.uint64(0):
        rest >>= np.uint64(7)
        size += 1
    return size


@njit(cache=True, nogil=True)
def zigzag(value: int) -> int:
    """A signed number as an unsigned one, small ones small."""
    return (value << 1) ^ (value >> 63)


@njit(cache=True, nogil=True)
def distinct_numbers(columns: Longs) -> tuple[NDArray[np.int32], Longs]:
    """The distinct numbers of columns together.

    Returns
    -------
    codes : NDArray[int32]
        The shape of ``columns``: index into the numbers, -1 for ``OMIT``.
    numbers : NDArray[int64]
        In order of first appearance.
    """
    rows, width = columns.shape
    size = 16
    while size < 2 * rows * width:
        size *= 2
    shift = np.uint64(64)
    while size > 1 << (64 - np.int64(shift)):
        shift -= np.uint64(1)
    table = np.full(size, -1, np.int32)
    codes = np.full((rows, width), -1, np.int32)
    numbers = np.empty(rows * width, np.int64)
    found = 0
    for row in range(rows):
        for at in range(width):
            value = columns[row, at]
            if value == OMIT:
                continue
            slot = np.int64((np.uint64(value) * MIX) >> shift)
            while table[slot] >= 0 and numbers[table[slot]] != value:
                slot = (slot + 1) & (size - 1)
            if table[slot] < 0:
                table[slot] = found
                numbers[found] = value
                found += 1
            codes[row, at] = table[slot]
    return codes, numbers[:found].copy()


@njit(cache=True, nogil=True)
def number_values(numbers: Longs) -> Bytes:
    """The layer's ``values`` for numbers: uint, or sint where negative."""
    out = np.empty(len(numbers) * (VARINT_BYTES + 3), np.uint8)
    at = 0
    for value in numbers:
        word = value if value >= 0 else zigzag(value)
        out[at] = 0x22
        out[at + 1] = 1 + varint_bytes(word)
        out[at + 2] = 0x28 if value >= 0 else 0x30
        at = put_varint(out, at + 3, word)
    return out[:at].copy()


@njit(cache=True, nogil=True)
def text_values(chosen: Longs, data: Bytes, offsets: Longs) -> Bytes:
    """The layer's ``values`` for texts: text k is ``data[offsets[k]:offsets[k + 1]]``, UTF-8."""
    size = 0
    for k in chosen:
        size += offsets[k + 1] - offsets[k] + 2 * VARINT_BYTES + 2
    out = np.empty(size, np.uint8)
    at = 0
    for k in chosen:
        length = offsets[k + 1] - offsets[k]
        out[at] = 0x22
        at = put_varint(out, at + 1, 1 + varint_bytes(length) + length)
        out[at] = 0x0A
        at = put_varint(out, at + 1, length)
        out[at : at + length] = data[offsets[k] : offsets[k + 1]]
        at += length
    return out[:at].copy()


@njit(cache=True, nogil=True)
def value_table(plain: Longs, spoken: Longs, data: Bytes, offsets: Longs) -> tuple[NDArray[np.int32], Bytes]:
    """Codes of every key's value, shape (n, keys), and the layer's ``values``: numbers, then texts.

    Parameters
    ----------
    plain : NDArray[int64]
        Numbers, shape (n, keys of numbers); ``OMIT``: left out.
    spoken : NDArray[int64]
        Texts as in ``text_values``, shape (n, keys of texts); negative: left out.
    """
    rows, first = plain.shape
    width = spoken.shape[1]
    numbers, used_numbers = distinct_numbers(plain)
    said = np.empty((rows, width), np.int64)
    for row in range(rows):
        for at in range(width):
            said[row, at] = spoken[row, at] if spoken[row, at] >= 0 else OMIT
    texts, used_texts = distinct_numbers(said)
    codes = np.empty((rows, first + width), np.int32)
    for row in range(rows):
        for at in range(first):
            codes[row, at] = numbers[row, at]
        for at in range(width):
            codes[row, first + at] = texts[row, at] + len(used_numbers) if texts[row, at] >= 0 else -1
    of_numbers, of_texts = number_values(used_numbers), text_values(used_texts, data, offsets)
    return codes, np.concatenate((of_numbers, of_texts))


@njit(cache=True, nogil=True)
def features(
    kind: int, ids: Longs, commands: NDArray[np.uint32], starts: Longs, codes: NDArray[np.int32]
) -> tuple[Bytes, int]:
    """The layer's ``features``; one without geometry is left out.

    Parameters
    ----------
    kind : int
        1 points, 2 lines, 3 polygons.
    ids : NDArray[int64]
        Shape (n,); negative: without an id.
    commands, starts : NDArray
        Geometry of feature k: ``commands[starts[k]:starts[k + 1]]``.
    codes : NDArray[int32]
        Shape (n, keys): index of the value of each key, -1: the feature lacks it.

    Returns
    -------
    tuple
        The bytes, and how many features they hold.
    """
    rows, width = codes.shape
    out = np.empty(len(commands) * 5 + rows * (2 * 5 * width + 40), np.uint8)
    at = written = 0
    for row in range(rows):
        start, end = starts[row], starts[row + 1]
        if start == end:
            continue
        tags = shape = 0
        for key in range(width):
            if codes[row, key] >= 0:
                tags += varint_bytes(key) + varint_bytes(codes[row, key])
        for word in commands[start:end]:
            shape += varint_bytes(word)
        size = 2 + 1 + varint_bytes(shape) + shape
        if ids[row] >= 0:
            size += 1 + varint_bytes(ids[row])
        if tags:
            size += 1 + varint_bytes(tags) + tags
        out[at] = 0x12
        at = put_varint(out, at + 1, size)
        if ids[row] >= 0:
            out[at] = 0x08
            at = put_varint(out, at + 1, ids[row])
        if tags:
            out[at] = 0x12
            at = put_varint(out, at + 1, tags)
            for key in range(width):
                if codes[row, key] >= 0:
                    at = put_varint(out, put_varint(out, at, key), codes[row, key])
        out[at], out[at + 1], out[at + 2] = 0x18, kind, 0x22
        at = put_varint(out, at + 3, shape)
        for word in commands[start:end]:
            at = put_varint(out, at, word)
        written += 1
    return out[:at].copy(), written
