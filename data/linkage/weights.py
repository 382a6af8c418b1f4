"""What a model has learned, and what follows from it for a pair: its evidence in words, and whether it may be put together.

Beside the batch (`data.linkage.linking`) and the single way (`data.linkage.one`), so that the second needs no Splink.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from data.linkage.model import Comparison, Model

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]
Levels = NDArray[np.int8]

LINK_WEIGHT: Final = 5.0
"""Pairs from this weight on (log2 of the odds: 32 to 1) are put together, if they may."""
DOUBT_WEIGHT: Final = 0.0
"""Pairs from this weight on are shown to a person."""
FEWEST_TO_LEARN: Final = 200
"""Records below which nothing is learned from them: the model's own chances stand."""
UNKNOWN: Final = -1
"""The level of a comparison that one of the two records says nothing about."""


@dataclass(frozen=True)
class Weights:
    """What a model has learned: weights (log2 of m over u) of every level by comparison, strongest level first.

    ``frequency_base`` is the u of the level that rare values say more for; ``prior`` the weight of knowing nothing.
    """

    levels: tuple[tuple[float, ...], ...]
    frequency_base: float
    prior: float
    trained: dict[str, Any]

    def of(self, levels: Levels) -> Floats:
        """Weights of level numbers, shape (n, comparisons); 0 where unknown."""
        columns = [np.array([*of_one, 0.0])[levels[:, at]] for at, of_one in enumerate(self.levels)]
        return np.column_stack(columns)

    def as_json(self) -> dict[str, Any]:
        """As they are kept."""
        return asdict(self)


def weights_from(kept: Mapping[str, Any]) -> Weights:
    """Weights as ``Weights.as_json`` gave them."""
    levels = tuple(tuple(map(float, of_one)) for of_one in kept["levels"])
    return Weights(levels, float(kept["frequency_base"]), float(kept["prior"]), dict(kept["trained"]))


@dataclass(frozen=True)
class Evidence:
    """What one comparison says of a pair: its words, and its weight (positive: for the same one)."""

    comparison: str
    level: str
    label_zh: str
    label_en: str
    weight: float

    def as_json(self) -> dict[str, Any]:
        """As it is kept with a merge or a doubt."""
        words = {"field": self.comparison, "level": self.level, "zh": self.label_zh, "en": self.label_en}
        return words | {"weight": round(self.weight, 3)}


def evidence_of(model: Model, weights: Weights, levels: Levels, rarity: float) -> list[Evidence]:
    """What each comparison says at these levels; what is unknown says nothing. ``rarity`` is added to the name's weight."""
    said = []
    for at, comparison in enumerate(model.comparisons):
        if levels[at] == UNKNOWN:
            continue
        level = comparison.levels[levels[at]]
        weight = weights.levels[at][levels[at]] + (rarity if level.by_frequency else 0.0)
        said.append(Evidence(comparison.name, level.name, level.label_zh, level.label_en, weight))
    return sorted(said, key=lambda one: -abs(one.weight))


def may_link(model: Model, levels: Levels) -> Flags:
    """Which pairs may be put together without a person, whatever their weight.

    Their numbers agree; or their names agree, and something beside name and sex does; or no two names are there to compare, and
    the birth date and another thing agree. A name alone, or a shared home and telephone alone, is never enough; and two valid
    numbers that differ are two persons.
    """
    agrees = np.column_stack([agreeing(comparison, levels[:, at]) for at, comparison in enumerate(model.comparisons)])
    number = model.number(model.identifier)
    beside = [at for at, comparison in enumerate(model.comparisons) if comparison.corroborates]
    support = agrees[:, beside].sum(axis=1)
    named = model.number("name")
    nameless = levels[:, named] == UNKNOWN
    personal = agrees[:, [at for at, c in enumerate(model.comparisons) if c.personal]].any(axis=1)
    others = levels[:, number] == len(model.comparisons[number].levels) - 1
    enough = agrees[:, number] | (agrees[:, named] & (support > 0)) | (nameless & personal & (support > 1))
    return np.asarray(enough & ~others)


def agreeing(comparison: Comparison, levels: Levels) -> Flags:
    """Whether each level speaks for the same one."""
    return np.array([*(level.agrees for level in comparison.levels), False])[levels]
