"""What each case's mark says (``data.mirror.case_tiles`` tells the keys), ready to be written on a tile.

A tile's cases lie anywhere among a million rows: eleven columns would be eleven cache misses a case. What a mark needs is
therefore kept once more, side by side in one line of 40 bytes a case; it follows the mirror.
"""

from typing import Final

import numpy as np
from numba import njit
from numpy.typing import NDArray

from data.mirror.columns import CaseMirror, Rows
from geo.mvt import OMIT, Columns

Longs = NDArray[np.int64]
Units = NDArray[np.uint32]

PLAIN: Final = ("t", "u", "r", "d", "c", "e", "m")
COURSE: Final = ("p", "a", "k")
PLACE, ID, RUNNING, ENDED, CODES = 0, 1, 2, 3, 4
"""Words of a line: x and y; id; minutes reported and due; minute closed and matter's code; codes of state and channel, urgent."""
WORDS: Final = 5
LOW: Final = (1 << 32) - 1
LEAST_PRESSING: Final = 1 << 60


class MarkLines:
    """A line for each row of a mirror, shape (capacity, ``WORDS``)."""

    def __init__(self, mirror: CaseMirror) -> None:
        self.mirror = mirror
        with mirror.lock:
            self.lines = np.zeros((len(mirror.id), WORDS), np.int64)
            self.follow(np.arange(mirror.count))
            mirror.followers.append(self.follow)

    def follow(self, rows: Rows) -> None:
        """Take in rows that were written."""
        mirror = self.mirror
        if len(self.lines) < len(mirror.id):
            longer = np.zeros((len(mirror.id), WORDS), np.int64)
            longer[: len(self.lines)] = self.lines
            self.lines = longer
        _pack(
            self.lines,
            rows,
            mirror.x,
            mirror.y,
            mirror.id,
            mirror.reported,
            mirror.due,
            mirror.closed,
            mirror.state,
            mirror.channel,
            mirror.urgent,
            mirror.matter,
        )

    def most_pressing(self, rows: Rows, most: int) -> Rows:
        """The ``most`` of the rows that press most: open before closed, urgent first, the nearest or longest passed deadline
        first; closed ones from the last closed back."""
        return _most_pressing(self.lines, rows, most)

    def read(
        self, rows: Rows, tones: Longs, matters: Longs, coarse_min: int, *, course: bool = False
    ) -> tuple[Units, Units, Longs, Columns, Columns]:
        """Places (x, y), ids, numbers and texts (codes: states, then channels) of the rows' marks.

        Parameters
        ----------
        tones, matters : NDArray[int64]
            By the mirror's codes of states and matters (``by_code``).
        coarse_min : int
            To how many minutes the moments of closed cases are cut.
        course : bool
            Whether ``COURSE`` is said too.
        """
        mirror = self.mirror
        x, y, ids, numbers, texts = _read(self.lines, rows, tones, matters, coarse_min, len(mirror.states))
        keys: tuple[str, ...] = PLAIN
        if course:
            moments = (mirror.dispatched, mirror.answered, mirror.updated, mirror.closed)
            numbers = np.concatenate((numbers, _course(rows, numbers[:, 2], *moments, coarse_min)), axis=1)
            keys = PLAIN + COURSE
        return x, y, ids, Columns(keys, numbers), Columns(("s", "h"), texts)


def by_code(values: tuple[int, ...]) -> Longs:
    """A table by code; its last place answers for code -1."""
    return np.array([*values, 0], np.int64)


@njit(cache=True, nogil=True)
def _pack(
    lines: Longs,
    rows: Rows,
    x: Units,
    y: Units,
    ids: Longs,
    reported: Longs,
    due: Longs,
    closed: Longs,
    state: NDArray[np.uint8],
    channel: NDArray[np.uint8],
    urgent: NDArray[np.bool_],
    matter: NDArray[np.int16],
) -> None:
    for row in rows:
        line = lines[row]
        line[PLACE] = (np.int64(x[row]) << 32) | np.int64(y[row])
        line[ID] = ids[row]
        line[RUNNING] = ((reported[row] // 60) << 32) | (due[row] // 60)
        line[ENDED] = ((closed[row] // 60) << 32) | (np.int64(matter[row]) & LOW)
        line[CODES] = (np.int64(state[row]) << 16) | (np.int64(channel[row]) << 8) | np.int64(urgent[row])


@njit(cache=True, nogil=True)
def _read(
    lines: Longs, rows: Rows, tones: Longs, matters: Longs, coarse_min: int, states: int
) -> tuple[Units, Units, Longs, Longs, Longs]:
    count = len(rows)
    x, y, ids = np.empty(count, np.uint32), np.empty(count, np.uint32), np.empty(count, np.int64)
    numbers, texts = np.empty((count, 7), np.int64), np.empty((count, 2), np.int64)
    for k in range(count):
        line = lines[rows[k]]
        x[k], y[k], ids[k] = line[PLACE] >> 32, line[PLACE] & LOW, line[ID]
        closed = line[ENDED] >> 32
        step = coarse_min if closed else 1
        state = line[CODES] >> 16
        numbers[k, 0] = tones[state]
        numbers[k, 1] = line[CODES] & 1
        numbers[k, 2] = (line[RUNNING] >> 32) // step * step
        numbers[k, 3] = (line[RUNNING] & LOW) // step * step
        numbers[k, 4] = closed != 0
        numbers[k, 5] = closed // step * step if closed else OMIT
        numbers[k, 6] = matters[np.int32(line[ENDED] & LOW)]
        texts[k, 0] = state
        texts[k, 1] = states + ((line[CODES] >> 8) & 255)
    return x, y, ids, numbers, texts


@njit(cache=True, nogil=True)
def _course(
    rows: Rows, since: Longs, dispatched: Longs, answered: Longs, updated: Longs, closed: Longs, coarse_min: int
) -> Longs:
    """When each case was dispatched, answered and, open ones, last changed: minutes since it was reported, or left out."""
    out = np.full((len(rows), 3), OMIT, np.int64)
    for k in range(len(rows)):
        row = rows[k]
        step = coarse_min if closed[row] else 1
        if dispatched[row]:
            out[k, 0] = max(dispatched[row] // (60 * step) * step - since[k], 0)
        if answered[row]:
            out[k, 1] = max(answered[row] // (60 * step) * step - since[k], 0)
        if updated[row] and not closed[row]:
            out[k, 2] = max(updated[row] // 60 - since[k], 0)
    return out


@njit(cache=True, nogil=True)
def _most_pressing(lines: Longs, rows: Rows, most: int) -> Rows:
    pressing = np.empty(len(rows), np.int64)
    for k in range(len(rows)):
        line = lines[rows[k]]
        due, closed = line[RUNNING] & LOW, line[ENDED] >> 32
        if closed:
            pressing[k] = 2 * LEAST_PRESSING - closed
        else:
            calm = due if due else LEAST_PRESSING // 2 - 1
            pressing[k] = calm if line[CODES] & 1 else calm + LEAST_PRESSING // 2
    last = np.partition(pressing, most - 1)[most - 1]
    chosen = np.empty(most, np.int64)
    found = 0
    for at_last in (False, True):
        for k in range(len(rows)):
            fits = pressing[k] == last if at_last else pressing[k] < last
            if fits and found < most:
                chosen[found] = rows[k]
                found += 1
    return chosen
