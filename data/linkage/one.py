"""One new record against millions in memory: the same blocks, levels, weights and rules as the batch, in milliseconds.

A block is an index of hashed keys, sorted; what shares a key with the new record is compared level by level. A test holds this
and `data.linkage.linking` to the same answers.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from math import log2
from typing import Final

import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import NDArray
from rapidfuzz.distance import Levenshtein

from data.linkage.linking import DOUBT_WEIGHT, LINK_WEIGHT, UNKNOWN, Evidence, Ints, Weights, evidence_of, may_link
from data.linkage.model import PERSONS
from data.linkage.preparing import prepare, prepare_one

Hashes = NDArray[np.uint64]
Values = Mapping[str, str | bool | None]
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
    """Records in memory, and who among them a new record may be.

    ``weights`` are those that the batch learned (`Links.weights`). Names are as rare as they are among these records. Not to be
    used by two threads at once.
    """

    def __init__(self, records: pd.DataFrame, weights: Weights, today: date) -> None:
        prepared = prepare(records, today)
        self._today, self._weights = today, weights
        self._table = pa.Table.from_pandas(prepared, preserve_index=False).combine_chunks()
        self._blocks = [Block(prepared, terms) for terms in PERSONS.blocks]
        self._ids = Block(prepared, ("unique_id",))
        self._named = int(prepared["name_folded"].notna().sum())
        self._names = Block(prepared, ("name_folded",))
        self._added: dict[str, Values] = {}
        self._added_by_key: dict[tuple[int, int], list[str]] = {}
        self._gone: set[str] = set()

    def __len__(self) -> int:
        """How many records there are."""
        return int(self._table.num_rows) + len(self._added) - len(self._gone)

    def add(self, records: Iterable[Mapping[str, str | None]]) -> None:
        """Take in records; one whose id is known replaces what was there."""
        for record in records:
            values = prepare_one(record, self._today)
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

    def candidates(self, record: Mapping[str, str | None], least: float = DOUBT_WEIGHT) -> list[Candidate]:
        """Who may be the same, strongest first, from a weight on; the record itself, by its id, is left out."""
        new = prepare_one(record, self._today)
        others = self._sharing(new)
        if not others:
            return []
        levels = np.array([levels_between(new, other) for other in others], np.int8)
        rarity = np.array([self._rarity(new, level[0]) for level in levels])
        weight = self._weights.of(levels).sum(axis=1) + rarity + self._weights.prior
        linked = may_link(PERSONS, levels) & (weight >= LINK_WEIGHT)
        return [
            Candidate(
                str(others[at]["unique_id"]),
                float(weight[at]),
                bool(linked[at]),
                evidence_of(PERSONS, self._weights, levels[at], float(rarity[at])),
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
        names = dict.fromkeys(name for at, key in keys for name in self._added_by_key.get((at, int(key)), ()))
        others: list[Values] = [*found, *(self._added[name] for name in names)]
        return [values for values in others if values["unique_id"] != new["unique_id"]]

    def _rarity(self, new: Values, level: int) -> float:
        """What a name's rarity adds to the weight of the level that asks for it."""
        if level == UNKNOWN or not PERSONS.comparisons[0].levels[level].by_frequency:
            return 0.0
        key = key_of(new, ("name_folded",))
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


def levels_between(one: Values, other: Values) -> list[int]:
    """The level of each comparison of `PERSONS`, as its SQL says."""
    return [ladder(one, other) for ladder in LADDERS]


def name_ladder(one: Values, other: Values) -> int:
    """See `data.linkage.model.NAME`."""
    a, b = one["name_folded"], other["name_folded"]
    if not isinstance(a, str) or not isinstance(b, str):
        return UNKNOWN
    if one["name"] == other["name"]:
        return 0
    if a == b:
        return 1
    if one["name_pinyin"] == other["name_pinyin"]:
        return 2
    return 3 if a[:2] == b[:2] or (a[:1] == b[:1] and a[-1:] == b[-1:]) else 4


def number_ladder(one: Values, other: Values) -> int:
    """See `data.linkage.model.ID_NUMBER`."""
    a, b = one["id_number"], other["id_number"]
    if not isinstance(a, str) or not isinstance(b, str):
        return UNKNOWN
    if a == b:
        return 0
    if one["id_valid"] and other["id_valid"]:
        return 3
    return 1 if distance(a, b) <= 2 else 2


def phone_ladder(one: Values, other: Values) -> int:
    """See `data.linkage.model.PHONE`."""
    a, b = one["phone"], other["phone"]
    if not isinstance(a, str) or not isinstance(b, str):
        return UNKNOWN
    return min(distance(a, b), 2)


def birth_ladder(one: Values, other: Values) -> int:
    """See `data.linkage.model.BIRTH_DATE`."""
    a, b = one["birth_date"], other["birth_date"]
    if not isinstance(a, str) or not isinstance(b, str):
        return UNKNOWN
    if a == b:
        return 0
    same_year = a[:4] == b[:4]
    if distance(a, b) <= 1 or a[:7] == b[:7] or a[5:] == b[5:] or (same_year and a[8:] == b[8:]):
        return 1
    return 2 if same_year else 3


def sex_ladder(one: Values, other: Values) -> int:
    """See `data.linkage.model.SEX`."""
    if one["sex"] is None or other["sex"] is None:
        return UNKNOWN
    return int(one["sex"] != other["sex"])


def address_ladder(one: Values, other: Values) -> int:
    """See `data.linkage.model.ADDRESS`."""
    if one["building"] is None or other["building"] is None:
        return UNKNOWN
    if one["building"] != other["building"]:
        return 3
    if one["room"] is None or other["room"] is None:
        return 1
    same_unit = one["unit"] is None or other["unit"] is None or one["unit"] == other["unit"]
    return 0 if one["room"] == other["room"] and same_unit else 2


def distance(one: str, other: str) -> int:
    """How many symbols must be changed, left out or put in."""
    return int(Levenshtein.distance(one.encode(), other.encode(), score_cutoff=2))


LADDERS: Final[Sequence[Callable[[Values, Values], int]]] = (
    name_ladder,
    number_ladder,
    phone_ladder,
    birth_ladder,
    sex_ladder,
    address_ladder,
)
