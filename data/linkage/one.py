"""One new record against millions in memory: the same blocks, levels, weights and rules as the batch, in milliseconds.

A block is an index of hashed keys, sorted; what shares a key with the new record is compared level by level. A test holds this
and `data.linkage.linking` to the same answers.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from math import log2
from typing import Final

import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import NDArray

from data.linkage.kinds import PERSON, Linkable, Said
from data.linkage.ladders import Values
from data.linkage.weights import DOUBT_WEIGHT, LINK_WEIGHT, UNKNOWN, Evidence, Ints, Weights, evidence_of, may_link

Hashes = NDArray[np.uint64]
MIX: Final = np.uint64(0x9E3779B97F4A7C15)
MOST_IN_A_BLOCK: Final = 2_000
"""Blocks larger than this say nothing (a default telephone, a placeholder's birth date), and are not searched."""


@dataclass(frozen=True)
class Candidate:
    """A record that may be of the same person. ``linked``: the weight suffices and the rules allow it without a person."""

    id: str
    weight: float
    linked: bool
    evidence: list[Evidence]


class OneLinker:
    """Records of one kind in memory, and who among them a new record may be.

    ``weights`` are those that the batch learned (`Links.weights`). Names are as rare as they are among these records. Not to be
    used by two threads at once.
    """

    def __init__(self, records: pd.DataFrame, weights: Weights, today: date, kind: Linkable = PERSON) -> None:
        prepared = kind.prepare(records, today)
        self._today, self._weights, self._kind = today, weights, kind
        self._table = pa.Table.from_pandas(prepared, preserve_index=False).combine_chunks()
        self._blocks = [Block(prepared, terms) for terms in kind.model.blocks]
        self._ids = Block(prepared, ("unique_id",))
        self._rare = kind.model.rare_column
        self._named = int(prepared[self._rare].notna().sum())
        self._names = Block(prepared, (self._rare,))
        self._added: dict[str, Values] = {}
        self._added_by_key: dict[tuple[int, int], list[str]] = {}
        self._gone: set[str] = set()

    def __len__(self) -> int:
        """How many records there are."""
        return int(self._table.num_rows) + len(self._added) - len(self._gone)

    def add(self, records: Iterable[Said]) -> None:
        """Take in records; one whose id is known replaces what was there."""
        for record in records:
            values = self._kind.prepare_one(record, self._today)
            name = str(values["unique_id"])
            self.remove([name])
            self._added[name] = values
            for at, key in self._keys(values):
                self._added_by_key.setdefault((at, int(key)), []).append(name)

    def remove(self, ids: Iterable[str]) -> None:
        """Forget records by their ids."""
        for name in ids:
            values = self._added.pop(name, None)
            if values is None and self._ids.count(key_of({"unique_id": name}, ("unique_id",)) or np.uint64(0)):
                self._gone.add(name)
            for at, key in self._keys(values) if values else ():
                self._added_by_key[at, int(key)].remove(name)

    def candidates(self, record: Said, least: float = DOUBT_WEIGHT) -> list[Candidate]:
        """Who may be the same, strongest first, from a weight on; the record itself, by its id, is left out."""
        new = self._kind.prepare_one(record, self._today)
        others = self._sharing(new)
        if not others:
            return []
        levels = np.array([[rung(new, other) for rung in self._kind.ladders] for other in others], np.int8)
        rarity = np.array([self._rarity(new, level[0]) for level in levels])
        weight = self._weights.of(levels).sum(axis=1) + rarity + self._weights.prior
        linked = may_link(self._kind.model, levels) & (weight >= LINK_WEIGHT)
        return [
            Candidate(
                str(others[at]["unique_id"]),
                float(weight[at]),
                bool(linked[at]),
                evidence_of(self._kind.model, self._weights, levels[at], float(rarity[at])),
            )
            for at in np.argsort(-weight, kind="stable")
            if weight[at] >= least
        ]

    def _keys(self, values: Values) -> list[tuple[int, np.uint64]]:
        """The blocks that a record falls into: number and key."""
        keys = ((at, key_of(values, block.terms)) for at, block in enumerate(self._blocks))
        return [(at, key) for at, key in keys if key is not None]

    def _sharing(self, new: Values) -> list[Values]:
        """Records that share a block with a new one, each once."""
        keys = self._keys(new)
        rows = np.unique(np.concatenate([self._blocks[at].rows(key) for at, key in keys] or [np.zeros(0, np.int64)]))
        known = self._table.take(rows).to_pylist()
        found = [values for values in known if values["unique_id"] not in self._gone]
        added = [self._added_by_key.get((at, int(key)), []) for at, key in keys]
        names = dict.fromkeys(name for block in added if len(block) <= MOST_IN_A_BLOCK for name in block)
        others: list[Values] = [*found, *(self._added[name] for name in names)]
        return [values for values in others if values["unique_id"] != new["unique_id"]]

    def _rarity(self, new: Values, level: int) -> float:
        """What a name's rarity adds to the weight of the level that asks for it."""
        if level == UNKNOWN or not self._kind.model.comparisons[0].levels[level].by_frequency:
            return 0.0
        key = key_of(new, (self._rare,))
        count = max(1, self._names.count(key)) if key is not None else 1
        return log2(self._weights.frequency_base) - log2(count / max(1, self._named))


class Block:
    """Rows by the hash of the terms they share."""

    def __init__(self, prepared: pd.DataFrame, terms: tuple[str, ...]) -> None:
        self.terms = terms
        hashes = np.zeros(len(prepared), np.uint64)
        known = np.ones(len(prepared), np.bool_)
        for term in terms:
            values = column_term(prepared, term)
            known &= values.notna().to_numpy()
            hashes = hashes * MIX + hashed(values.fillna(""))
        rows = np.flatnonzero(known)
        order = np.argsort(hashes[rows], kind="stable")
        self._hashes, self._rows = hashes[rows][order], rows[order].astype(np.int32)

    def rows(self, key: np.uint64) -> Ints:
        """Rows with a key; none of a block that is too large to say anything."""
        first, last = np.searchsorted(self._hashes, key, "left"), np.searchsorted(self._hashes, key, "right")
        return self._rows[first : last if last - first <= MOST_IN_A_BLOCK else first].astype(np.int64)

    def count(self, key: np.uint64) -> int:
        """How many rows have a key."""
        return int(np.searchsorted(self._hashes, key, "right") - np.searchsorted(self._hashes, key, "left"))


def hashed(values: "pd.Series[str]") -> Hashes:
    """A hash of each text."""
    return np.asarray(pd.util.hash_array(values.to_numpy(object), categorize=True), np.uint64)


def column_term(prepared: pd.DataFrame, term: str) -> "pd.Series[str]":
    """A column, or the part of it that a block names: ``substr(birth_date, 1, 4)``."""
    name, first, length = parsed(term)
    return prepared[name] if length is None else prepared[name].str[first : first + length]


def parsed(term: str) -> tuple[str, int, int | None]:
    """Column, first symbol from 0, and length of a block's term; no length for the whole."""
    if not term.startswith("substr("):
        return term, 0, None
    name, first, length = term[7:-1].split(", ")
    return name, int(first) - 1, int(length)


def key_of(values: Values, terms: tuple[str, ...]) -> np.uint64 | None:
    """The hash of a record's terms; none where it lacks one."""
    parts = []
    for name, first, length in map(parsed, terms):
        value = values[name]
        if value is None:
            return None
        parts.append(str(value)[first : None if length is None else first + length])
    hashes = np.asarray(pd.util.hash_array(np.array(parts, object), categorize=False), np.uint64)
    key = np.zeros(1, np.uint64)
    for one in hashes:
        key = key * MIX + one
    return np.uint64(key[0])
