"""Which kind of thing words speak of: a small linear model over Chinese characters, and how often it would have been right.

A text is its characters and pairs of neighbouring characters (other scripts: whole words), weighted by TF-IDF. The model is
ridge regression onto the kinds, solved in closed form over the examples (so it takes hundreds of kinds as easily as ten), with
rare kinds weighted up by the root of how rare they are. It is linear, so that it can say which characters spoke for a kind.
"""

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import log
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

RUN: Final = re.compile(r"[\u3400-\u9fff]+|[a-z]+")
RIDGE: Final = 0.5
SHARPNESS: Final = 10.0
MOST_WORDS: Final = 3
Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A kind that words may mean. ``score``: its share among all kinds, 0 to 1, for ranking; ``words`` spoke for it."""

    label: str
    score: float
    words: tuple[str, ...]


@dataclass(frozen=True)
class WordModel:
    """What was learnt. ``weights``: one row a gram, one column a label; ``rarity``: the IDF of each gram."""

    labels: tuple[str, ...]
    grams: Mapping[str, int]
    rarity: Floats
    weights: NDArray[np.float32]
    bias: Floats

    def suggest(self, words: str, limit: int = 5) -> list[Suggestion]:
        """The likeliest labels, the best first: those for which some of the words speak."""
        row = features([words], self.grams, self.rarity)
        if row.nnz == 0:
            return []
        raw = np.asarray(row @ self.weights)[0] + self.bias
        share = np.exp(SHARPNESS * (raw - raw.max()))
        share /= share.sum()
        best = np.argsort(-raw, kind="stable")[:limit]
        found = [Suggestion(self.labels[k], round(float(share[k]), 4), self._spoke(words, row, int(k))) for k in best]
        return [suggestion for suggestion in found if suggestion.words]

    def _spoke(self, words: str, row: sparse.csr_matrix, label: int) -> tuple[str, ...]:
        """The stretches of the words that weighed most for a label."""
        each = {int(j): float(v * self.weights[j, label]) for j, v in zip(row.indices, row.data, strict=True)}
        return heaviest(words, {gram: each[j] for gram, j in self.grams.items() if j in each} if each else {})


def learn_words(texts: Sequence[str], labels: Sequence[str], ridge: float = RIDGE) -> WordModel:
    """A model of what texts of each label are like; at least one text.

    Raises
    ------
    ValueError
        Nothing to learn from, or not one label a text.
    """
    if not texts or len(texts) != len(labels):
        raise ValueError("one label a text")
    known = tuple(sorted(set(labels)))
    grams, rarity = vocabulary(texts)
    rows = features(texts, grams, rarity)
    column = np.searchsorted(np.array(known), np.array(labels))
    counts = np.bincount(column, minlength=len(known))
    weight = 1 / np.sqrt(counts[column])
    weight /= weight.mean()
    target = np.eye(len(known))[column]
    bias = (target * weight[:, None]).sum(axis=0) / weight.sum()
    alike = (rows @ rows.T).toarray() + ridge * np.diag(1 / weight)
    weights = np.asarray(rows.T @ np.linalg.solve(alike, target - bias), np.float32)
    return WordModel(known, grams, rarity, weights, bias)


def grams_of(text: str) -> Counter[str]:
    """How often each character and each pair stands in a text; words of Latin letters count whole."""
    found: Counter[str] = Counter()
    for run in RUN.findall(text.lower()):
        if run.isascii():
            found[run] += 1
        else:
            found.update(run)
            found.update(map("".join, pairwise(run)))
    return found


def vocabulary(texts: Iterable[str]) -> tuple[dict[str, int], Floats]:
    """Every gram with its column, and how rare each is (smoothed IDF)."""
    counted = [grams_of(text) for text in texts]
    within = Counter(gram for each in counted for gram in each)
    grams = {gram: column for column, gram in enumerate(within)}
    rarity = np.array([log((1 + len(counted)) / (1 + n)) + 1 for n in within.values()])
    return grams, rarity


def features(texts: Iterable[str], grams: Mapping[str, int], rarity: Floats) -> sparse.csr_matrix:
    """One row a text, of length 1 (or 0 where none of its grams is known)."""
    counted = [{grams[g]: 1 + log(n) for g, n in grams_of(text).items() if g in grams} for text in texts]
    lengths = np.array([len(row) for row in counted])
    columns = np.array([column for row in counted for column in row], dtype=np.int64)
    values = np.array([value for row in counted for value in row.values()], dtype=float)
    values *= rarity[columns]
    squares = (
        np.add.reduceat(np.append(values**2, 0.0), np.append(0, lengths.cumsum())[:-1]) if len(lengths) else values
    )
    norm = np.sqrt(np.where(lengths > 0, squares, 1.0))
    starts = np.append(0, lengths.cumsum())
    return sparse.csr_matrix((values / np.repeat(norm, lengths), columns, starts), (len(counted), len(grams)))


def heaviest(words: str, weights: Mapping[str, float]) -> tuple[str, ...]:
    """The stretches of ``words`` whose grams weigh most together, at most ``MOST_WORDS``, the heaviest first."""
    found: dict[str, float] = {}
    for run in RUN.findall(words.lower()):
        found |= {run: weights.get(run, 0.0)} if run.isascii() else dict(_stretches(run, weights))
    spoke = [stretch for stretch in found if found[stretch] > 0]
    return tuple(sorted(spoke, key=lambda stretch: -found[stretch])[:MOST_WORDS])


def _stretches(run: str, weights: Mapping[str, float]) -> Iterable[tuple[str, float]]:
    """Maximal stretches of a run whose every pair speaks for it, with what they weigh."""
    start = 0
    while start < len(run) - 1:
        end, weight = start, 0.0
        while end < len(run) - 1 and weights.get(run[end : end + 2], 0.0) > 0:
            weight += weights[run[end : end + 2]]
            end += 1
        if end > start:
            yield run[start : end + 1], weight
        start = max(end, start + 1)
