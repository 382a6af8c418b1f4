"""A frame of records, linked: pairs with their weight and what speaks for them, and clusters of records of one and the same.

Chances are learned and pairs weighed by Splink (Fellegi and Sunter 1969; Linacre et al. 2022) on DuckDB. The prior stays fixed
while chances are learned within blocks, where free it would collapse. Which pairs are put together is then decided by two rules
that no weight overrides (`may_link`, `cluster`): never on a name alone, and never two valid numbers that differ.
"""

import logging
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

import duckdb
import numpy as np
import pandas as pd
from numba import njit
from splink import DuckDBAPI, Linker
from splink.internals.exceptions import EMTrainingException

from data.linkage.kinds import PERSON, Linkable
from data.linkage.model import Model, blocking_sql, settings
from data.linkage.weights import (
    DOUBT_WEIGHT,
    FEWEST_TO_LEARN,
    LINK_WEIGHT,
    UNKNOWN,
    Evidence,
    Flags,
    Floats,
    Ints,
    Levels,
    Weights,
    evidence_of,
    may_link,
)

Progress = Callable[[str, float], None]

logging.getLogger("splink").setLevel(logging.ERROR)

SAMPLED_PAIRS: Final = 2**20
"""Pairs that chances are learned from: more cost minutes and change nothing."""
LARGEST_WEIGHT: Final = 40.0
"""Log2 of the odds: one in a million millions."""
RECALL_OF_NUMBER: Final = 0.95
"""How many of a person's pairs agree on the number, where both records have one: the rest are slips."""


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


def link_frame(
    records: pd.DataFrame,
    today: date,
    progress: Progress = lambda _what, _share: None,
    threads: int = 2,
    kind: Linkable = PERSON,
) -> Links:
    """Link records of one kind; columns as its ``columns`` has them, a row a record, ids unique."""
    progress("preparing records", 0.0)
    return link_prepared(kind.prepare(records, today), kind.model, progress, threads)


def learn_weights(records: pd.DataFrame, today: date, kind: Linkable = PERSON, threads: int = 2) -> Weights:
    """What a batch of these records would learn, without linking them."""
    prepared = kind.prepare(records, today)
    with holding(prepared, threads) as connection:
        linker, prior = trained(connection, kind.model, len(prepared), lambda _what, _share: None)
        return weights_of(linker, kind.model, prior)


@contextmanager
def holding(prepared: pd.DataFrame, threads: int) -> Iterator[duckdb.DuckDBPyConnection]:
    """A DuckDB with table ``record``: the prepared records, numbered by their row."""
    with duckdb.connect(config={"threads": threads}) as connection:
        connection.execute("set enable_progress_bar = false")
        numbered = prepared.assign(unique_id=np.arange(len(prepared), dtype=np.int32))
        connection.register("given", numbered)
        connection.execute("create table record as select * from given")
        connection.unregister("given")
        yield connection


def link_prepared(prepared: pd.DataFrame, model: Model, progress: Progress, threads: int = 2) -> Links:
    """Link a frame that has the columns a model compares, and unique_id."""
    ids = prepared["unique_id"].to_numpy(object)
    with holding(prepared, threads) as connection:
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
    linker, prior = trained(connection, model, count, progress)
    progress("weighing pairs", 0.6)
    predicted = linker.inference.predict(threshold_match_weight=DOUBT_WEIGHT, warning_mode="never")
    parts = ", ".join(f"mw_{c.name}" for c in model.comparisons)
    rare = rare_comparison(model)
    extra = f", mw_tf_adj_{rare}" if rare else ""
    query = f"select unique_id_l, unique_id_r, match_weight, {parts}{extra} from {predicted.physical_name}"
    return connection.sql(query).fetchnumpy(), weights_of(linker, model, prior)


def trained(
    connection: duckdb.DuckDBPyConnection, model: Model, count: int, progress: Progress
) -> tuple[Linker, float]:
    """A linker that has learned from table ``record``, where it holds enough to learn from, and the prior."""
    agreement = {level.counted: agreement_on(connection, level.counted) for level in all_levels(model) if level.counted}
    prior = prior_of(agreement, model, count)
    api = DuckDBAPI(connection)
    linker = Linker(api.register("record"), settings(model, prior, agreement), log_level=None)
    if count >= FEWEST_TO_LEARN:
        learn(linker, model, progress)
    return linker, prior


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
        untouched = linker._settings_obj.core_model_settings.copy()  # type: ignore[no-untyped-call]
        try:
            linker.training.estimate_parameters_using_expectation_maximisation(
                blocking_sql(block),
                fix_probability_two_random_records_match=True,
                estimate_without_term_frequencies=True,
                max_pairs=SAMPLED_PAIRS,
            )
        except EMTrainingException:
            # No two records share the block: nothing is learned in it. Splink has taken the block's columns out by then.
            linker._settings_obj.core_model_settings = untouched


def weights_of(linker: Linker, model: Model, prior: float) -> Weights:
    """What a linker has learned."""
    core = linker._settings_obj.core_model_settings
    levels, base = [], 1.0
    for comparison, ours in zip(core.comparisons, model.comparisons, strict=True):
        rungs = [rung for rung in comparison.comparison_levels if not rung.is_null_level]
        levels.append(tuple(bounded(rung._match_weight) for rung in rungs))
        base = next(
            (float(r.u_probability or 1.0) for r, o in zip(rungs, ours.levels, strict=True) if o.by_frequency), base
        )
    return Weights(tuple(levels), base, float(np.log2(prior / (1 - prior))), linker.misc.save_model_to_json())


def bounded(weight: float | None) -> float:
    """A weight that can be reckoned with: of a level that was never met, none; of one that is certain, the largest."""
    return 0.0 if weight is None or np.isnan(weight) else float(np.clip(weight, -LARGEST_WEIGHT, LARGEST_WEIGHT))


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
