"""Text columns as numbers: equal values of PostgreSQL's binary arrays found by their bytes, decoded once each."""

from typing import Final

import numpy as np
from numba import njit
from numpy.typing import NDArray

ARRAY_HEADER_BYTES: Final = 20
FNV_OFFSET: Final = np.uint64(14695981039346656037)
FNV_PRIME: Final = np.uint64(1099511628211)


def distinct_texts(answer: bytes) -> tuple[NDArray[np.int32], list[bytes]]:
    """The elements of a one-dimensional array of a variable-length type, as PostgreSQL sends it in binary.

    Returns
    -------
    codes : NDArray[int32]
        Shape (n,): index into the values, -1 for null.
    values : list[bytes]
        The distinct values in order of first appearance.
    """
    count = int.from_bytes(answer[12:16])
    data = np.frombuffer(answer, np.uint8)
    codes, starts = _intern(data, ARRAY_HEADER_BYTES, count)
    values = []
    for start in starts.tolist():
        length = int.from_bytes(answer[start : start + 4])
        values.append(answer[start + 4 : start + 4 + length])
    return codes, values


@njit(cache=True, nogil=True)
def _length(data: NDArray[np.uint8], at: int) -> int:
    whole = (
        (np.int64(data[at]) << 24)
        | (np.int64(data[at + 1]) << 16)
        | (np.int64(data[at + 2]) << 8)
        | np.int64(data[at + 3])
    )
    return int(np.int32(whole))


@njit(cache=True, nogil=True)
def _hash(data: NDArray[np.uint8], start: int, end: int) -> np.uint64:
    """FNV-1a."""
    value = FNV_OFFSET
    for at in range(start, end):
        value = (value ^ np.uint64(data[at])) * FNV_PRIME
    return value


@njit(cache=True, nogil=True)
def _equal(data: NDArray[np.uint8], one: int, other: int, length: int) -> bool:
    for at in range(length):  # noqa: SIM110 (numba)
        if data[one + at] != data[other + at]:
            return False
    return True


@njit(cache=True, nogil=True)
def _intern(data: NDArray[np.uint8], at: int, count: int) -> tuple[NDArray[np.int32], NDArray[np.int64]]:
    """Codes of the elements from offset ``at`` on, and the offset (of the length) of each distinct one; open addressing."""
    size = 16
    while size < 2 * count:
        size *= 2
    table = np.full(size, -1, np.int32)
    codes = np.full(count, -1, np.int32)
    starts = np.empty(count, np.int64)
    found = 0
    for k in range(count):
        length = _length(data, at)
        if length < 0:
            at += 4
            continue
        slot = np.int64(_hash(data, at, at + 4 + length) & np.uint64(size - 1))
        while table[slot] >= 0 and not _equal(data, starts[table[slot]], at, 4 + length):
            slot = (slot + 1) & (size - 1)
        if table[slot] < 0:
            table[slot] = found
            starts[found] = at
            found += 1
        codes[k] = table[slot]
        at += 4 + length
    return codes, starts[:found].copy()
