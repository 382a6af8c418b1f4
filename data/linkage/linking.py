"""A frame of records, linked: pairs with their weight and what speaks for them, and clusters of records of one and the same.

Chances are learned and pairs weighed by Splink (Fellegi and Sunter 1969; Linacre et al. 2022) on DuckDB. The prior stays fixed
while chances are learned within blocks, where free it would collapse. Which pairs are put together is then decided by two rules
that no weight overrides (`may_link`, `cluster`): never on a name alone, and never two valid numbers that differ.
"""

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

import duckdb
import numpy as np
import pandas as pd
from numba import njit
from numpy.typing import NDArray
from splink import DuckDBAPI, Linker

from data.linkage.model import PERSONS, Comparison, Model, blocking_sql, settings
from data.linkage.preparing import prepare

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]
Levels = NDArray[np.int8]
Progress = Callable[[str, float], None]

logging.getLogger("splink").setLevel(logging.ERROR)

SAMPLED_PAIRS: Final = 2**20
"""Pairs that chances are learned from: more cost minutes and change nothing."""
LINK_WEIGHT: Final = 5.0
"""Pairs from this weight on (log2 of the odds: 32 to 1) are put together, if they may."""
DOUBT_WEIGHT: Final = 0.0
"""Pairs from this weight on are shown to a person."""
RECALL_OF_NUMBER: Final = 0.95
"""How many of a person's pairs agree on the number, where both records have one: the rest are slips."""
FEWEST_TO_LEARN: Final = 200
"""Records below which nothing is learned from them."""
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


@dataclass(frozen=True)
class Evidence:
    """What one comparison says of a pair: its words, and its weight (positive: for the same one)."""

    comparison: str
    level: str
    label_zh: str
    label_en: str
    weight: float


@dataclass(frozen=True)
class Links:
    """Linked records.

    Attributes
    ----------
    pairs : DataFrame
        id_l, id_r, weight, probability, linked (put together), doubtful (for a person to decide), ``levels`` by comparison.
    clusters : Series of int
        By record id: the number of its cluster; records of one number are one and the same.
    """

    pairs: pd.DataFrame
    clusters: "pd.Series[int]"
    model: Model
    weights: Weights

    def evidence(self, row: int) -> list[Evidence]:
        """What speaks for and against a pair, by its row in ``pairs``, strongest words first."""
        levels = self.pairs[[c.name for c in self.model.comparisons]].to_numpy(np.int8)[row]
        return evidence_of(self.model, self.weights, levels, float(self.pairs["rarity"].iloc[row]))


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


def link_frame(
    records: pd.DataFrame,
    today: date,
    progress: Progress = lambda _what, _share: None,
    threads: int = 2,
) -> Links:
    """Link records of persons; columns as `data.linkage.preparing.COLUMNS` has them, a row a record, ids unique."""
    progress("preparing records", 0.0)
    prepared = prepare(records, today)
    return link_prepared(prepared, PERSONS, progress, threads)


def link_prepared(prepared: pd.DataFrame, model: Model, progress: Progress, threads: int = 2) -> Links:
    """Link a frame that has the columns a model compares, and unique_id."""
    ids = prepared["unique_id"].to_numpy(object)
    with duckdb.connect(config={"threads": threads}) as connection:
        connection.execute("set enable_progress_bar = false")
        numbered = prepared.assign(unique_id=np.arange(len(ids), dtype=np.int32))
        connection.register("given", numbered)
        connection.execute("create table record as select * from given")
        connection.unregister("given")
        found, weights = weigh(connection, model, len(ids), progress)
    progress("putting together", 0.9)
    left, right = found["unique_id_l"].astype(np.int64), found["unique_id_r"].astype(np.int64)
    levels = levels_of(found, model, weights)
    numbers = number_codes(prepared, model)
    weight = np.asarray(found["match_weight"], np.float64)
    may = may_link(model, levels) & (weight >= LINK_WEIGHT)
    label, joined = cluster(len(ids), left, right, weight, may, numbers)
    pairs = pd.DataFrame(
        {
            "id_l": ids[left],
            "id_r": ids[right],
            "weight": weight,
            "probability": 1 / (1 + np.exp2(-weight)),
            "linked": joined,
            "doubtful": label[left] != label[right],
            "rarity": found["mw_tf_adj_" + rare] if (rare := rare_comparison(model)) else np.zeros(len(left)),
            **{comparison.name: levels[:, at] for at, comparison in enumerate(model.comparisons)},
        }
    )
    progress("done", 1.0)
    return Links(pairs, pd.Series(label, ids, name="cluster"), model, weights)


def rare_comparison(model: Model) -> str | None:
    """The comparison in which rare values say more."""
    return next((c.name for c in model.comparisons if any(level.by_frequency for level in c.levels)), None)


def weigh(
    connection: duckdb.DuckDBPyConnection, model: Model, count: int, progress: Progress
) -> tuple[Mapping[str, Any], Weights]:
    """Learn chances from table ``record`` and weigh every pair that a block brings together; those worth a look."""
    agreement = {level.counted: agreement_on(connection, level.counted) for level in all_levels(model) if level.counted}
    prior = prior_of(agreement, model, count)
    api = DuckDBAPI(connection)
    linker = Linker(api.register("record"), settings(model, prior, agreement), log_level=None)
    if count >= FEWEST_TO_LEARN:
        learn(linker, model, progress)
    progress("weighing pairs", 0.6)
    predicted = linker.inference.predict(threshold_match_weight=DOUBT_WEIGHT, warning_mode="never")
    parts = ", ".join(f"mw_{c.name}" for c in model.comparisons)
    rare = rare_comparison(model)
    extra = f", mw_tf_adj_{rare}" if rare else ""
    query = f"select unique_id_l, unique_id_r, match_weight, {parts}{extra} from {predicted.physical_name}"
    return connection.sql(query).fetchnumpy(), weights_of(linker, model, prior)


def all_levels(model: Model) -> list[Any]:
    """Every level of a model."""
    return [level for comparison in model.comparisons for level in comparison.levels]


def agreement_on(connection: duckdb.DuckDBPyConnection, columns: tuple[str, ...]) -> float:
    """How probable it is that two records that both say these columns agree on them."""
    known = " and ".join(f"{column} is not null" for column in columns)
    query = f"""
        select coalesce(sum(c * (c - 1.0)) / nullif(sum(c) * (sum(c) - 1.0), 0), 0)
          from (select count(*) as c from record where {known} group by {", ".join(columns)})"""
    found = connection.execute(query).fetchone()
    assert found is not None
    return float(found[0])


def prior_of(agreement: dict[tuple[str, ...], float], model: Model, count: int) -> float:
    """How probable it is that two records are of one: of those with numbers it is known; one partner each where none agree."""
    by_number = agreement.get(model.comparisons[model.number(model.identifier)].levels[0].counted, 0.0)
    return min(0.5, max(by_number / RECALL_OF_NUMBER, 1 / max(count, 2)))


def learn(linker: Linker, model: Model, progress: Progress) -> None:
    """Chances of every level between different ones (u) and between records of one (m)."""
    progress("learning from pairs at random", 0.1)
    linker.training.estimate_u_using_random_sampling(max_pairs=SAMPLED_PAIRS)
    for at, block in enumerate(model.training):
        progress("learning from likely pairs", 0.3 + 0.3 * at / len(model.training))
        linker.training.estimate_parameters_using_expectation_maximisation(
            blocking_sql(block),
            fix_probability_two_random_records_match=True,
            estimate_without_term_frequencies=True,
            max_pairs=SAMPLED_PAIRS,
        )


def weights_of(linker: Linker, model: Model, prior: float) -> Weights:
    """What a linker has learned."""
    core = linker._settings_obj.core_model_settings
    levels, base = [], 1.0
    for comparison, ours in zip(core.comparisons, model.comparisons, strict=True):
        rungs = [rung for rung in comparison.comparison_levels if not rung.is_null_level]
        levels.append(tuple(float(rung._match_weight or 0.0) for rung in rungs))
        base = next(
            (float(r.u_probability or 1.0) for r, o in zip(rungs, ours.levels, strict=True) if o.by_frequency), base
        )
    return Weights(tuple(levels), base, float(np.log2(prior / (1 - prior))), linker.misc.save_model_to_json())


def levels_of(found: Mapping[str, Any], model: Model, weights: Weights) -> Levels:
    """Level numbers (0 strongest, -1 unknown), shape (n, comparisons), read off the weights that Splink gave each comparison."""
    columns = []
    for comparison, of_one in zip(model.comparisons, weights.levels, strict=True):
        known = np.array([*of_one, 0.0])
        order = np.argsort(known)
        values = np.asarray(found[f"mw_{comparison.name}"], np.float64)
        at = np.clip(np.searchsorted(known[order], values), 1, len(known) - 1)
        nearer = np.where(values - known[order][at - 1] < known[order][at] - values, at - 1, at)
        level = order[nearer]
        columns.append(np.where(level == len(of_one), UNKNOWN, level))
    return np.column_stack(columns).astype(np.int8)


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


def number_codes(prepared: pd.DataFrame, model: Model) -> Ints:
    """A number for each distinct valid identifier, -1 where a record has none."""
    column = prepared[model.identifier]
    certain = column.where(prepared[model.valid]) if model.valid else column
    return np.asarray(pd.factorize(certain)[0], np.int64)


def cluster(count: int, left: Ints, right: Ints, weight: Floats, may: Flags, numbers: Ints) -> tuple[Ints, Flags]:
    """Records put together along their pairs, strongest pair first, refusing what would bring two valid numbers together.

    Returns the cluster of each record (the least row in it), and whether each pair was followed or lies within one.
    """
    order = np.flatnonzero(may)
    order = order[np.argsort(-weight[order], kind="stable")]
    label = unite(count, left[order], right[order], numbers.copy())
    return label, may & (label[left] == label[right])


@njit(cache=True)
def unite(count: int, left: Ints, right: Ints, number: Ints) -> Ints:
    """Union-find over pairs in order; ``number`` is consumed: the number of each root's cluster."""
    parent = np.arange(count)
    for k in range(len(left)):
        a, b = left[k], right[k]
        while parent[a] != a:
            parent[a] = parent[parent[a]]
            a = parent[a]
        while parent[b] != b:
            parent[b] = parent[parent[b]]
            b = parent[b]
        if a == b or (number[a] >= 0 and number[b] >= 0 and number[a] != number[b]):
            continue
        low, high = min(a, b), max(a, b)
        parent[high] = low
        number[low] = max(number[low], number[high])
    for at in range(count):
        parent[at] = parent[parent[at]]
    return parent
