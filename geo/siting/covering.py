"""Covering: the k places that reach most cases within a promised time (Church and ReVelle 1974, MCLP), and the fewest places that
reach a promised share of them (partial set covering; Daskin and Owen 1999).

Both as exact programmes over demands that the same places reach, joined; where their time does not suffice the best choice stands
beside its bound. The greedy choice, within 1 - 1/e of the most (Nemhauser, Wolsey and Fisher 1978), is never undercut.
"""

from dataclasses import dataclass
from math import ceil, floor
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from geo.siting.problem import Longs, Problem, Sited
from geo.siting.programme import WHOLE, Solution, minimise

Bools = NDArray[np.bool_]
NEARLY: Final = 1e-9


@dataclass(frozen=True, eq=False)
class Reach:
    """Which places reach what in time: ``reaches`` (groups, places), ``weight`` of each group; ``there``: reached already."""

    reaches: Bools
    weight: Longs
    there: int
    cases: int

    def share(self, chosen: list[int]) -> float:
        """The share of all cases that is reached."""
        return (self.there + self.count(chosen)) / self.cases if self.cases else 0.0

    def count(self, chosen: list[int]) -> int:
        """Cases that a choice reaches, besides those that are."""
        return int(self.weight[self.reaches[:, chosen].any(axis=1)].sum())


def reach_of(problem: Problem, limit_s: float) -> Reach:
    """The demands that nobody reaches yet and some place does, those of equal places joined."""
    within = problem.seconds <= limit_s
    there = problem.now_s <= limit_s
    open_ = ~there & within.any(axis=1)
    groups, at = np.unique(np.packbits(within[open_], axis=1), axis=0, return_inverse=True)
    weight = np.bincount(at.ravel(), problem.weight[open_], minlength=len(groups)).astype(np.int64)
    reaches = np.unpackbits(groups, axis=1, count=problem.places).astype(np.bool_)
    return Reach(reaches, weight, int(problem.weight[there].sum()), problem.cases)


def most_within(problem: Problem, k: int, limit_s: float) -> Sited:
    """The k places that, with what there is already, reach most cases within a time."""
    reach = reach_of(problem, limit_s)
    k = min(k, problem.places)
    chosen = greedy(reach, k)
    # No choice reaches more than all places together, and none more than the k that reach most, each counted for itself.
    alone = np.sort(reach.weight @ reach.reaches)[::-1][:k].sum()
    bound = float(min(reach.weight.sum(), alone))
    if len(reach.weight) and bound > reach.count(chosen):
        found = _programme(reach, np.concatenate((np.zeros(problem.places), -reach.weight.astype(np.float64))), k=k)
        if found is not None:
            bound = min(bound, float(floor(-found.bound + WHOLE)))
            better = _open(found, problem.places)
            chosen = better if reach.count(better) > reach.count(chosen) else chosen
    most = reach.there + max(bound, float(reach.count(chosen)))
    value, cases = reach.share(chosen), max(reach.cases, 1)
    return Sited(tuple(sorted(chosen)), value, reach.there / cases, most / cases, _gap(value * cases, most))


def fewest_for(problem: Problem, share: float, limit_s: float) -> Sited:
    """The fewest places that, with what there is already, reach a share of all cases within a time.

    ``reached`` is False, and the choice all that helps, where even all places do not; ``bound`` is the least number of places.
    """
    reach = reach_of(problem, limit_s)
    before = reach.share([])
    needed = max(0, ceil(share * reach.cases - NEARLY) - reach.there)
    if needed == 0:
        return Sited((), before, before, 0.0, 0.0)
    if needed > int(reach.weight.sum()):
        chosen = greedy(reach, problem.places)
        return Sited(tuple(sorted(chosen)), reach.share(chosen), before, float(len(chosen)), 0.0, reached=False)
    chosen = greedy(reach, problem.places, enough=needed)
    bound = float(_at_least(reach, needed))
    if len(chosen) > bound:
        objective = np.concatenate((np.ones(problem.places), np.zeros(len(reach.weight))))
        found = _programme(reach, objective, needed=needed)
        if found is not None:
            bound = max(bound, float(ceil(found.bound - WHOLE)))
            better = _open(found, problem.places)
            enough = reach.count(better) >= needed
            chosen = better if enough and len(better) < len(chosen) else chosen
    gap = 0.0 if len(chosen) <= bound else (len(chosen) - bound) / len(chosen)
    return Sited(tuple(sorted(chosen)), reach.share(chosen), before, bound, gap)


def greedy(reach: Reach, k: int, enough: int | None = None) -> list[int]:
    """One place after the other, each the one that reaches most more; ends where none helps, or enough is reached."""
    chosen: list[int] = []
    left, reached = reach.weight.astype(np.int64).copy(), 0
    while len(chosen) < k and (enough is None or reached < enough):
        more = left @ reach.reaches
        if not len(more) or more.max() <= 0:
            break
        chosen.append(int(more.argmax()))
        reached += int(more.max())
        left[reach.reaches[:, chosen[-1]]] = 0
    return chosen


def _at_least(reach: Reach, needed: int) -> int:
    """So many places at least: those that reach most, each counted for itself."""
    alone = np.cumsum(np.sort(reach.weight @ reach.reaches)[::-1])
    return int(np.searchsorted(alone, needed)) + 1


def _programme(
    reach: Reach, objective: NDArray[np.float64], k: int | None = None, needed: int | None = None
) -> Solution | None:
    """Places are open or not; a group is reached as far as places that reach it are open."""
    groups, places = reach.reaches.shape
    row, column = np.nonzero(reach.reaches)
    own = np.arange(groups)
    last_row, last_column, last_value = (
        (np.full(places, groups), np.arange(places), np.ones(places))
        if k is not None
        else (np.full(groups, groups), places + own, reach.weight.astype(np.float64))
    )
    rows = csr_matrix(
        (
            np.concatenate((-np.ones(len(row)), np.ones(groups), last_value)),
            (np.concatenate((row, own, last_row)), np.concatenate((column, places + own, last_column))),
        ),
        (groups + 1, places + groups),
    )
    lower = np.concatenate((np.full(groups, -float(places)), [0.0 if k is not None else float(needed or 0)]))
    upper = np.concatenate((np.zeros(groups), [float(k) if k is not None else float(reach.weight.sum())]))
    return minimise(objective, rows, (lower, upper), places)


def _open(found: Solution, places: int) -> list[int]:
    return [int(at) for at in np.flatnonzero(found.values[:places] > 0.5)]


def _gap(value: float, most: float) -> float:
    return 0.0 if most - value < 1.0 - WHOLE else (most - value) / most
