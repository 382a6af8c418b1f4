"""The mirror: every case of the city in memory, column by column, so that a million can be filtered while a person waits.

A row is a case. Rows never move and are never deleted; text travels as an index into a vocabulary that only grows. One writer
(the event loop that patches); readers on the same loop, or in a thread that holds ``CaseMirror.lock``.
"""

from collections.abc import Callable, Collection, Hashable, Iterable, Mapping
from dataclasses import dataclass, field
from threading import RLock
from typing import Any, Final, Generic, TypeVar

import numpy as np
from numpy.typing import NDArray

Value = TypeVar("Value", bound=Hashable)
Rows = NDArray[np.int64]

COLUMNS: Final[Mapping[str, Any]] = {
    "id": np.int64,
    "x": np.uint32,
    "y": np.uint32,
    "placed": np.bool_,
    "hex": np.int64,
    "state": np.uint8,
    "channel": np.uint8,
    "matter": np.int16,
    "department": np.int16,
    "team": np.int32,
    "urgent": np.bool_,
    "reported": np.int64,
    "due": np.int64,
    "dispatched": np.int64,
    "answered": np.int64,
    "closed": np.int64,
    "updated": np.int64,
    "cell": np.int32,
    "returns": np.int16,
    "reworks": np.int16,
    "helpers": np.int32,
}
FIRST_CAPACITY: Final = 1024


class Vocabulary(Generic[Value]):
    """Values that rows name by index: indexes stay, new values are appended."""

    def __init__(self, values: Iterable[Value] = ()) -> None:
        self.values: tuple[Value, ...] = tuple(values)
        self.index = {value: at for at, value in enumerate(self.values)}

    def at(self, value: Value) -> int:
        """The index of a value, known or new."""
        found = self.index.get(value)
        if found is None:
            found = self.index[value] = len(self.values)
            self.values = (*self.values, value)
        return found


@dataclass
class Words:
    """What indexes of a mirror stand for. ``tones`` and ``majors`` run parallel to states and matters."""

    states: Vocabulary[str] = field(default_factory=Vocabulary)
    tones: dict[str, int] = field(default_factory=dict)
    channels: Vocabulary[str] = field(default_factory=Vocabulary)
    matters: Vocabulary[int] = field(default_factory=Vocabulary)
    majors: dict[int, str] = field(default_factory=dict)
    departments: Vocabulary[str] = field(default_factory=Vocabulary)
    cells: Vocabulary[str] = field(default_factory=Vocabulary)
    helpers: Vocabulary[tuple[str, ...]] = field(default_factory=lambda: Vocabulary([()]))
    areas: dict[str, Vocabulary[str]] = field(default_factory=dict)


class CaseMirror:
    """Cases as columns; arrays are as long as the capacity, ``[:mirror.count]`` is in use.

    Attributes
    ----------
    count : int
        Rows in use.
    event : int
        The last ``case_event.id`` that it certainly contains.
    x, y : NDArray[uint32]
        Web Mercator in 2**32 units around the earth, x eastward from 180° west, y southward from the north edge; 0 where not
        ``placed``.
    hex : NDArray[int64]
        The H3 cell of resolution 9, 0 without a place.
    state, channel, matter, department : NDArray
        Indexes into ``states``, ``channels``, ``matters`` (ids), ``departments``; department -1: none.
    team : NDArray[int32]
        Team id, 0: none.
    cell : NDArray[int32]
        Index into ``cells``, -1: none.
    returns, reworks : NDArray[int16]
        How often it was returned by a department, and worked on again.
    helpers : NDArray[int32]
        Index into ``words.helpers``: the departments that a whistle called to help, 0: none.
    areas : dict[str, NDArray[int32]]
        Layer -> index into ``area_codes[layer]``, -1: none.
    reported, due, dispatched, answered, closed, updated : NDArray[int64]
        Unix seconds, 0: none.
    extended : frozenset[int]
        Ids of cases whose deadline was moved, as far as somebody keeps them (``data.stores.indicators``).
    followers : list[Callable[[NDArray[int64]], None]]
        Told the rows that were written, after each ``put``, under the lock: what is derived from the mirror keeps up by them.
    """

    id: NDArray[np.int64]
    x: NDArray[np.uint32]
    y: NDArray[np.uint32]
    placed: NDArray[np.bool_]
    hex: NDArray[np.int64]
    state: NDArray[np.uint8]
    channel: NDArray[np.uint8]
    matter: NDArray[np.int16]
    department: NDArray[np.int16]
    team: NDArray[np.int32]
    urgent: NDArray[np.bool_]
    reported: NDArray[np.int64]
    due: NDArray[np.int64]
    dispatched: NDArray[np.int64]
    answered: NDArray[np.int64]
    closed: NDArray[np.int64]
    updated: NDArray[np.int64]
    cell: NDArray[np.int32]
    returns: NDArray[np.int16]
    reworks: NDArray[np.int16]
    helpers: NDArray[np.int32]

    def __init__(self, words: Words, capacity: int = FIRST_CAPACITY) -> None:
        self.words = words
        self.lock = RLock()
        self.count = 0
        self.event = 0
        self.extended: frozenset[int] = frozenset()
        self.followers: list[Callable[[Rows], None]] = []
        for name, kind in COLUMNS.items():
            setattr(self, name, np.zeros(capacity, kind))
        self.areas: dict[str, NDArray[np.int32]] = {layer: np.full(capacity, -1, np.int32) for layer in words.areas}
        self._ascending = 0
        self._later: dict[int, int] = {}

    @property
    def states(self) -> tuple[str, ...]:
        """Codes of states."""
        return self.words.states.values

    @property
    def tones(self) -> tuple[int, ...]:
        """Tone of each of ``states`` (an index into ``data.mirror.tones.TONES``)."""
        return tuple(self.words.tones.get(state, 0) for state in self.states)

    @property
    def channels(self) -> tuple[str, ...]:
        """Codes of channels."""
        return self.words.channels.values

    @property
    def matters(self) -> tuple[int, ...]:
        """Ids of matters."""
        return self.words.matters.values

    @property
    def majors(self) -> tuple[str, ...]:
        """``edition:kind:major code`` of each of ``matters``."""
        return tuple(self.words.majors.get(matter, "") for matter in self.matters)

    @property
    def departments(self) -> tuple[str, ...]:
        """Codes of departments."""
        return self.words.departments.values

    @property
    def cells(self) -> tuple[str, ...]:
        """Codes of unit cells."""
        return self.words.cells.values

    @property
    def area_codes(self) -> dict[str, tuple[str, ...]]:
        """Layer -> codes of its areas, those in force first."""
        return {layer: vocabulary.values for layer, vocabulary in self.words.areas.items()}

    def helped_by(self, departments: Collection[str]) -> NDArray[np.bool_]:
        """For each of ``words.helpers`` whether one of the departments is among them."""
        return np.array(
            [not codes.isdisjoint(departments) for codes in map(frozenset, self.words.helpers.values)], np.bool_
        )

    def row_of(self, ids: NDArray[np.int64]) -> Rows:
        """The row of each case id, -1 where it is unknown; shape (n,)."""
        known = self.id[: self._ascending]
        at = np.searchsorted(known, ids)
        rows = np.full(len(ids), -1, np.int64)
        found = at < self._ascending
        found[found] = known[at[found]] == ids[found]
        rows[found] = at[found]
        if self._later:
            for k in np.flatnonzero(~found).tolist():
                rows[k] = self._later.get(int(ids[k]), -1)
        return rows

    def put(self, columns: Mapping[str, NDArray[Any]], areas: Mapping[str, NDArray[np.int32]]) -> Rows:
        """Write cases: known ones in their place, new ones appended.

        Parameters
        ----------
        columns : Mapping[str, NDArray]
            Every name of ``COLUMNS``, shape (n,), ids distinct.
        areas : Mapping[str, NDArray[int32]]
            Layer -> index; a layer that is left out is none.

        Returns
        -------
        NDArray[int64]
            The row of each, shape (n,).
        """
        with self.lock:
            rows = self._rows_for(columns["id"])
            for name in COLUMNS:
                getattr(self, name)[rows] = columns[name]
            for layer in areas.keys() - self.areas.keys():
                self.areas[layer] = np.full(len(self.id), -1, np.int32)
            for layer, column in self.areas.items():
                column[rows] = areas.get(layer, -1)
            for follow in self.followers:
                follow(rows)
        return rows

    def _rows_for(self, ids: NDArray[np.int64]) -> Rows:
        rows = self.row_of(ids)
        new = np.flatnonzero(rows < 0)
        if len(new):
            first, self_ascending = self.count, self._ascending == self.count
            self._make_room(self.count + len(new))
            rows[new] = np.arange(first, first + len(new))
            fresh = ids[new]
            ascends = self_ascending and (np.diff(fresh) > 0).all() and (first == 0 or fresh[0] > self.id[first - 1])
            self.id[rows[new]] = fresh
            self.count = first + len(new)
            if ascends:
                self._ascending = self.count
            else:
                self._later |= dict(zip(fresh.tolist(), rows[new].tolist(), strict=True))
        return rows

    def _make_room(self, rows: int) -> None:
        capacity = len(self.id)
        if rows <= capacity:
            return
        while capacity < rows:
            capacity *= 2
        for name in COLUMNS:
            setattr(self, name, _longer(getattr(self, name), capacity, 0))
        for layer, column in self.areas.items():
            self.areas[layer] = _longer(column, capacity, -1)


def _longer(column: NDArray[Any], capacity: int, rest: int) -> NDArray[Any]:
    longer = np.full(capacity, rest, column.dtype)
    longer[: len(column)] = column
    return longer
