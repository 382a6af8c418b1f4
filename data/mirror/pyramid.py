"""The pyramid in memory: cases by H3 cell, level and tone, kept up to date by each change, never counted anew.

For every row it is remembered where and as what it was counted; a change takes that back and counts the row as it is now.
Deadlines pass without a change: a heap of what is due next moves open cases to ``overdue`` as time goes on.
"""

from heapq import heapify, heappop, heappush
from typing import Final

import numpy as np
from numba import njit
from numpy.typing import NDArray

from data.mirror.columns import CaseMirror, Rows
from data.mirror.hexes import LEVELS, Hexes

Counts = NDArray[np.int64]
Marks = NDArray[np.uint8]

ALL, OPEN, URGENT, OVERDUE, FIRST_TONE = range(5)
WIDTH: Final = 8
"""Counts of a cell: all, open, open and urgent, open and overdue, then one for each tone."""
IS_OPEN, IS_URGENT, IS_OVERDUE, TONE_BIT = 1, 2, 4, 3
UNCOUNTED: Final = -1


@njit(cache=True, nogil=True)
def _count(counts: Counts, slots: NDArray[np.int64], marks: Marks, by: int) -> None:
    """Add ``by`` to what each marked case counts for in its slot; slots below zero are passed over."""
    for k in range(len(slots)):
        if slots[k] < 0:
            continue
        mark = marks[k]
        counts[slots[k], ALL] += by
        counts[slots[k], FIRST_TONE + (mark >> TONE_BIT)] += by
        if mark & IS_OPEN:
            counts[slots[k], OPEN] += by
            if mark & IS_URGENT:
                counts[slots[k], URGENT] += by
            if mark & IS_OVERDUE:
                counts[slots[k], OVERDUE] += by


class Pyramid:
    """Counts of cases by cell; follows its mirror.

    Attributes
    ----------
    now : int
        Unix seconds up to which deadlines have passed.
    hexes : Hexes
        What its slots stand for.
    counts : dict[int, NDArray[int64]]
        Level (H3 resolution) -> counts, shape (slots or more, ``WIDTH``).
    """

    def __init__(self, mirror: CaseMirror, now: int) -> None:
        self.mirror = mirror
        self.now, self.turns = now, 0
        self.hexes = Hexes()
        self.counts: dict[int, Counts] = {level: np.zeros((0, WIDTH), np.int64) for level in LEVELS}
        self._base = np.full(0, UNCOUNTED, np.int32)
        self._mark = np.zeros(0, np.uint8)
        self._awaited = np.zeros(0, np.int64)
        self._next: list[tuple[int, int]] = []
        with mirror.lock:
            self.follow(np.arange(mirror.count))
            mirror.followers.append(self.follow)

    def follow(self, rows: Rows) -> None:
        """Take in rows that were written."""
        self._make_room()
        before, was = self._base[rows], self._mark[rows]
        base, marks = self.hexes.base_of(self.mirror.hex[rows]), self._marks(rows)
        self._base[rows], self._mark[rows] = base, marks
        for level in LEVELS:
            around, counts = self.hexes.around[level], self._roomy(level)
            _count(counts, around[before], was, -1)
            _count(counts, around[base], marks, 1)
        self._await(rows)

    def advance(self, now: int) -> None:
        """Let time pass: what fell due before ``now`` and is open is overdue; ``turns`` counts how often that was any."""
        with self.mirror.lock:
            if now <= self.now:
                return
            self.now = now
            late = set()
            while self._next and self._next[0][0] < now:
                due, row = heappop(self._next)
                if self._awaited[row] == due:
                    self._awaited[row] = 0
                    late.add(row)
            if late:
                self.turns += 1
                self.follow(np.array(sorted(late), np.int64))

    def of_filter(self, level: int, fits: NDArray[np.bool_]) -> Counts:
        """The counts of a level over the rows that fit (shape (count,)) alone: a walk over all of them."""
        rows = np.flatnonzero(fits)
        around = self.hexes.around[level]
        counts = np.zeros((len(self.hexes.slots[level]), WIDTH), np.int64)
        _count(counts, around[self._base[rows]], self._mark[rows], 1)
        return counts

    def _marks(self, rows: Rows) -> Marks:
        mirror = self.mirror
        due, is_open = mirror.due[rows], mirror.closed[rows] == 0
        overdue = is_open & (due != 0) & (due < self.now)
        tones = np.array([*mirror.tones, 0], np.uint8)[mirror.state[rows]]
        flags = is_open * IS_OPEN | (is_open & mirror.urgent[rows]) * IS_URGENT | overdue * IS_OVERDUE
        return np.asarray(flags | tones.astype(np.int64) << TONE_BIT, np.uint8)

    def _await(self, rows: Rows) -> None:
        """Note deadlines that are still ahead, one entry a row and deadline."""
        due = self.mirror.due[rows]
        ahead = (self.mirror.closed[rows] == 0) & (due >= self.now) & (due > 0)
        ahead &= self._awaited[rows] != due
        self._awaited[rows[ahead]] = due[ahead]
        entries = list(zip(due[ahead].tolist(), rows[ahead].tolist(), strict=True))
        if len(entries) > len(self._next):
            self._next += entries
            heapify(self._next)
            return
        for entry in entries:
            heappush(self._next, entry)

    def _make_room(self) -> None:
        capacity, had = len(self.mirror.id), len(self._base)
        if capacity > had:
            self._base = np.concatenate((self._base, np.full(capacity - had, UNCOUNTED, np.int32)))
            self._mark = np.concatenate((self._mark, np.zeros(capacity - had, np.uint8)))
            self._awaited = np.concatenate((self._awaited, np.zeros(capacity - had, np.int64)))

    def _roomy(self, level: int) -> Counts:
        counts, slots = self.counts[level], len(self.hexes.slots[level])
        if len(counts) < slots:
            longer = np.zeros((2 * slots, WIDTH), np.int64)
            longer[: len(counts)] = counts
            self.counts[level] = counts = longer
        return counts
