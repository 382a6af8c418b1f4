"""The mirror's rows in the order of a column, as windows: a kept order a column, patched with what changed since it was asked.

An order notices changes by itself: it compares the column with the keys that it was sorted by, so that nobody has to tell it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numba import njit
from numpy.typing import NDArray

from data.mirror.columns import CaseMirror
from data.mirror.text_order import TextOrder
from data.mirror.texts import FIELDS, Texts
from geo.errors import NeedleError

Keys = NDArray[np.int64]
Rows = NDArray[np.int64]
Bools = NDArray[np.bool_]
Ranks = Mapping[str, Mapping[Any, int]]
"""Column (``channel``, ``area:police``, ``team``, …) -> code -> place in the order of names."""

NONE: Final = np.iinfo(np.int64).max
"""Key of a row that has no value: last in either direction."""
PATCHED_SHARE: Final = 0.05
"""Up to this share of changed rows an order is patched; above, it is sorted anew."""

TIMES: Final = ("reported", "due", "dispatched", "answered", "closed", "updated")
COUNTS: Final = ("returns", "reworks")
LATER: Final = 1 << 40
"""Added to the moments of cases that are not urgent, so that all urgent ones stand before them in ``queue``."""
PAUSED: Final = "suspended"
"""Cases whose clock stands still (挂账) come last in ``queue``."""
VOCABULARIES: Final = {"channel": "channels", "state": "states", "matter": "matters", "department": "departments"}


@dataclass
class Sorted:
    """Rows by a column, ascending, rows with equal keys by row; ``present`` of them have a value."""

    keys: Keys
    order: Rows
    present: int


class Ordering:
    """The orders of one mirror.

    Parameters
    ----------
    mirror : CaseMirror
    texts : Texts
        Rows beyond its count have no text yet: they come last.
    characters : mapping
        Character -> place in the order of characters (pinyin for Chinese).
    """

    def __init__(self, mirror: CaseMirror, texts: Texts, characters: Mapping[str, int]) -> None:
        self.mirror = mirror
        self.words = texts
        self.texts = {name: TextOrder(texts, at, characters) for at, name in enumerate(FIELDS)}
        self.kept: dict[str, Sorted] = {}

    def window(
        self, fits: Bools, column: str, descending: bool, start: int, end: int, ranks: Ranks
    ) -> tuple[Rows, int]:
        """Rows ``start`` to ``end`` of those that fit, in the order of a column, and how many fit in all.

        Parameters
        ----------
        fits : NDArray[bool]
            Shape (mirror.count,), as ``matching`` gives it.
        column : str
            ``number``, ``title``, ``address``, ``channel``, ``state``, ``matter``, ``department``, ``team``, ``urgent``, ``left``
            (the deadline of open cases), ``queue``, ``cell``, ``returns``, ``reworks``, ``area:<layer>``, or a time.

        Raises
        ------
        NeedleError
            ``desk.unknown_column``.
        """
        rows = self.ordered(fits, column, descending, ranks)
        return rows[start:end], len(rows)

    def ordered(self, fits: Bools, column: str, descending: bool, ranks: Ranks) -> Rows:
        """Every row that fits, in the order of a column."""
        self.refreshed(column, self.keys(column, ranks))
        return self.picked(fits, column, descending)

    def picked(self, fits: Bools, column: str, descending: bool) -> Rows:
        """Every row that fits, in the kept order of a column; rows beyond ``fits`` are left out."""
        kept = self.kept[column]
        order = kept.order
        if descending:
            order = np.concatenate((order[: kept.present][::-1], order[kept.present :]))
        if len(order) > len(fits):
            order = order[order < len(fits)]
        return order[fits[order]]

    def keys(self, column: str, ranks: Ranks) -> Keys:
        """What a column is sorted by: shape (mirror.count,), ``NONE`` where there is nothing."""
        mirror, count = self.mirror, self.mirror.count
        if column in self.texts:
            return _padded(self.texts[column].keys(), count)
        if column in TIMES:
            return _without_zero(getattr(mirror, column)[:count])
        if column == "left":
            return np.where(mirror.closed[:count] == 0, _without_zero(mirror.due[:count]), NONE)
        if column == "queue":
            return _queue_keys(mirror)
        if column in COUNTS:
            return _numbers(getattr(mirror, column)[:count])
        if column == "cell":
            return _by_code(mirror.cell[:count], mirror.cells)
        if column == "urgent":
            return mirror.urgent[:count].astype(np.int64)
        if column == "team":
            return _team_keys(mirror.team[:count], ranks.get("team", {}))
        if column in VOCABULARIES:
            return _ranked(
                getattr(mirror, column)[:count], getattr(mirror, VOCABULARIES[column]), ranks.get(column, {})
            )
        layer = column.removeprefix("area:")
        if layer != column and layer in mirror.areas:
            return _ranked(mirror.areas[layer][:count], mirror.area_codes[layer], ranks.get(column, {}))
        raise NeedleError("desk.unknown_column", column=column)

    def refreshed(self, column: str, keys: Keys) -> Sorted:
        """The order of a column, brought up to these keys and kept."""
        kept = self.kept.get(column)
        if kept is None:
            order = np.argsort(keys, kind="stable")
        else:
            changed = _changed(kept.keys, keys)
            if len(changed) == 0:
                return kept
            if len(changed) > PATCHED_SHARE * len(keys):
                order = np.argsort(keys, kind="stable")
            else:
                order = _merged(kept.order, changed[np.argsort(keys[changed], kind="stable")], keys)
        present = len(keys) - int(np.count_nonzero(keys == NONE))
        self.kept[column] = fresh = Sorted(keys.copy(), order, present)
        return fresh


def _changed(before: Keys, now: Keys) -> Rows:
    """Rows whose key is another, and the new ones."""
    old = np.flatnonzero(before != now[: len(before)])
    return np.concatenate((old, np.arange(len(before), len(now))))


def _without_zero(values: NDArray[np.int64]) -> Keys:
    return np.where(values == 0, NONE, values)


def _padded(keys: Keys, count: int) -> Keys:
    return keys[:count] if len(keys) >= count else np.concatenate((keys, np.full(count - len(keys), NONE)))


def _numbers(values: NDArray[Any]) -> Keys:
    return values.astype(np.int64)


def _queue_keys(mirror: CaseMirror) -> Keys:
    """The order of work: urgent ones first, then by what is left; one without a deadline has waited since its report."""
    count = mirror.count
    due, reported = mirror.due[:count], mirror.reported[:count]
    moment = np.where(due == 0, reported, due) + np.where(mirror.urgent[:count], 0, LATER)
    moment += np.where(
        np.array([*(state == PAUSED for state in mirror.states), False])[mirror.state[:count]], 2 * LATER, 0
    )
    return np.where(mirror.closed[:count] == 0, moment, NONE)


def _by_code(column: NDArray[Any], codes: tuple[str, ...]) -> Keys:
    """The place of each row's code among all codes."""
    places = np.empty(len(codes) + 1, np.int64)
    places[np.argsort(np.array(codes, np.str_), kind="stable")] = np.arange(len(codes))
    places[-1] = NONE
    found: Keys = places[column]
    return found


def _ranked(column: NDArray[Any], known: tuple[Any, ...], ranks: Mapping[Any, int]) -> Keys:
    """The place of each row's name; a code without a known name comes after those with one."""
    places = [ranks.get(code, len(ranks) + 1 + at) for at, code in enumerate(known)]
    found: Keys = np.array([*places, NONE], np.int64)[column]
    return found


def _team_keys(team: NDArray[np.int32], ranks: Mapping[Any, int]) -> Keys:
    table = np.full(int(team.max(initial=0)) + 1, len(ranks) + 1, np.int64)
    for code, place in ranks.items():
        if code < len(table):
            table[code] = place
    table[0] = NONE
    found: Keys = table[team]
    return found


@njit(cache=True, nogil=True)
def _merged(order: Rows, changed: Rows, keys: Keys) -> Rows:
    """An order without the changed rows, and these, themselves in order, put in where they belong now."""
    moved = np.zeros(len(keys), np.bool_)
    for row in changed:
        moved[row] = True
    merged = np.empty(len(keys), np.int64)
    at, to = 0, 0
    for row in order:
        if moved[row]:
            continue
        while at < len(changed) and _is_before(changed[at], row, keys):
            merged[to] = changed[at]
            at += 1
            to += 1
        merged[to] = row
        to += 1
    while at < len(changed):
        merged[to] = changed[at]
        at += 1
        to += 1
    return merged


@njit(cache=True, nogil=True, inline="always")
def _is_before(row: int, other: int, keys: Keys) -> bool:
    return keys[row] < keys[other] or (keys[row] == keys[other] and row < other)
