"""The words of every case (number, title, address) in one buffer of UTF-8, so that a million of them are searched at once.

A row of the mirror has the same row here. Texts never change once a case exists, so that new rows are only appended.
"""

from collections.abc import Sequence
from typing import Final, TypeVar

import numpy as np
from numba import njit
from numpy.typing import NDArray

Bytes = NDArray[np.uint8]
Bools = NDArray[np.bool_]
Scalar = TypeVar("Scalar", bound=np.generic)

FIELD_END: Final = "\x01"
ROW_END: Final = "\x02"
FIELDS: Final = ("number", "title", "address")
SAMPLE_BYTES: Final = 1 << 20
KEPT_SEARCHES: Final = 8
"""Answers kept, the last asked for: somebody who scrolls through one asks for it again and again."""
BLOCK: Final = 64
"""Bytes that are looked at together: a whole number of any processor's vectors."""


class Texts:
    """Texts by row, in lower case.

    Attributes
    ----------
    count : int
        Rows held.
    buffer : NDArray[uint8]
        Capacity-sized; a row's fields are parted by ``FIELD_END``, rows by ``ROW_END``.
    starts : NDArray[int64]
        Where each row begins; ``starts[count]`` is the end of the last.
    """

    def __init__(self) -> None:
        self.count = 0
        self.buffer: Bytes = np.zeros(1 << 16, np.uint8)
        self.starts: NDArray[np.int64] = np.zeros(1 << 10, np.int64)
        self._found: dict[str, Bools] = {}

    @property
    def bytes(self) -> int:
        """Bytes in use."""
        return int(self.starts[self.count])

    def append(self, blob: str) -> None:
        """Add rows: fields parted by ``FIELD_END``, each row ended by ``ROW_END``."""
        added = np.frombuffer(blob.lower().encode(), np.uint8)
        ends = np.flatnonzero(added == ord(ROW_END)) + 1
        used, count = self.bytes, self.count + len(ends)
        self.buffer = _grown(self.buffer, used + len(added) + BLOCK)
        self.starts = _grown(self.starts, count + 1)
        self.buffer[used : used + len(added)] = added
        self.starts[self.count + 1 : count + 1] = used + ends
        self.count = count

    def fields(self, row: int) -> tuple[str, ...]:
        """Number, title and address of a row, in lower case."""
        raw = self.buffer[self.starts[row] : self.starts[row + 1] - 1].tobytes()
        return tuple(raw.decode().split(FIELD_END))

    def containing(self, wanted: str) -> Bools:
        """Whether a field of each row contains ``wanted``, in any case; shape (count,), not to be changed."""
        needle = np.frombuffer(wanted.lower().encode(), np.uint8)
        known = self._found.pop(wanted, np.zeros(0, np.bool_))
        found = np.ones(self.count, np.bool_)
        found[: len(known)] = known
        if len(needle) and len(known) < self.count:
            found[len(known) :] = False
            first, second = self._rarest(needle)
            starts = self.starts[len(known) : self.count + 1]
            _scan(self.buffer, starts, needle, first, second, found[len(known) :])
        self._found[wanted] = found
        if len(self._found) > KEPT_SEARCHES:
            del self._found[next(iter(self._found))]
        return found

    def _rarest(self, needle: Bytes) -> tuple[int, int]:
        """The two bytes of the needle that the texts hold least often: what a block is judged by."""
        often = np.bincount(self.buffer[: min(self.bytes, SAMPLE_BYTES)], minlength=256)
        order = np.argsort(often[needle], kind="stable")
        return int(order[0]), int(order[min(1, len(order) - 1)])


def blob_of(rows: Sequence[Sequence[str]]) -> str:
    """Rows of fields as ``Texts.append`` takes them."""
    return "".join(FIELD_END.join(row) + ROW_END for row in rows)


def _grown(array: NDArray[Scalar], wanted: int) -> NDArray[Scalar]:
    """The array with room for ``wanted`` items: capacity doubles."""
    if wanted <= len(array):
        return array
    larger = np.zeros(max(wanted, 2 * len(array)), array.dtype)
    larger[: len(array)] = array
    return larger


@njit(cache=True, nogil=True)
def _scan(buffer: Bytes, starts: NDArray[np.int64], needle: Bytes, first: int, second: int, found: Bools) -> None:
    """Mark the rows whose bytes hold the needle: blocks without its two rarest bytes are passed over."""
    length, rows = len(needle), len(found)
    end = starts[rows] - length
    a, b = needle[first], needle[second]
    at, row = starts[0], 0
    while at <= end:
        ahead, behind = buffer[at + first :], buffer[at + second :]
        hits = 0
        for i in range(BLOCK):
            hits += (ahead[i] == a) & (behind[i] == b)
        stop = min(at + BLOCK, end + 1)
        if hits == 0:
            at += BLOCK
            continue
        while at < stop:
            if buffer[at + first] == a and buffer[at + second] == b and _is_here(buffer, needle, at):
                while starts[row + 1] <= at:
                    row += 1
                found[row] = True
                at = starts[row + 1]
            else:
                at += 1


@njit(cache=True, nogil=True, inline="always")
def _is_here(buffer: Bytes, needle: Bytes, at: int) -> bool:
    for i in range(len(needle)):  # noqa: SIM110 - a loop is what the compiler makes fast
        if buffer[at + i] != needle[i]:
            return False
    return True
