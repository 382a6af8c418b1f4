"""The p-median: k places from which all cases are nearest in the mean (Hakimi 1964; ReVelle and Swain 1970).

A choice is found greedily and bettered by interchange until no exchange of one place helps (Teitz and Bart 1968). A bound is
found by Lagrangian relaxation of "every case has its place" with subgradient steps (Cornuéjols, Fisher and Nemhauser 1977). Ways
are whole seconds and cases whole, so that a bound less than one case-second away proves the choice; where it does not and the
problem is small enough, an exact programme decides.
"""

from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from geo.siting.problem import Breathe, Problem, Sited
from geo.siting.programme import minimise

Floats = NDArray[np.float64]
STEPS: Final = 400
PATIENCE: Final = 15
"""The step of the subgradient is halved when so many steps brought no better bound."""
EXACT_CELLS: Final = 60_000
"""An exact programme has a variable for each demand and place: more than so many take too long."""


def nearest_in_mean(problem: Problem, k: int, breathe: Breathe = lambda: None) -> Sited:
    """The k places, with what there is already, that make the mean way least."""
    k = min(k, problem.places)
    chosen = exchanged(problem, greedy(problem, k), breathe)
    before, cost = int((problem.weight * problem.now_s).sum()), total(problem, chosen)
    bound, seen = lagrangian(problem, k, cost, breathe)
    for other in seen:
        tried = exchanged(problem, other, breathe)
        if total(problem, tried) < cost:
            chosen, cost = tried, total(problem, tried)
    if cost - bound >= 1.0 and problem.seconds.size <= EXACT_CELLS:
        chosen, bound = exact(problem, k, chosen, bound)
        cost = total(problem, chosen)
    proved = cost - bound < 1.0
    gap = 0.0 if proved else (cost - bound) / cost
    cases = problem.cases
    least = cost if proved else bound
    return Sited(tuple(sorted(chosen)), cost / cases, before / cases, least / cases, gap)


def total(problem: Problem, chosen: list[int]) -> int:
    """Case-seconds of a choice."""
    nearest = np.minimum(problem.now_s, problem.seconds[:, chosen].min(axis=1, initial=np.iinfo(np.int64).max))
    return int((problem.weight * nearest).sum())


def greedy(problem: Problem, k: int) -> list[int]:
    """One place after the other, each the one that helps most."""
    chosen: list[int] = []
    nearest = problem.now_s.copy()
    for _ in range(k):
        saved = problem.weight @ np.maximum(nearest[:, None] - problem.seconds, 0)
        saved[chosen] = -1
        chosen.append(int(saved.argmax()))
        nearest = np.minimum(nearest, problem.seconds[:, chosen[-1]])
    return chosen


def exchanged(problem: Problem, chosen: list[int], breathe: Breathe) -> list[int]:
    """Exchange one place for another, the best exchange first, until none helps."""
    chosen = list(chosen)
    while chosen:
        breathe()
        gain, out, into = best_exchange(problem, chosen)
        if gain <= 0:
            break
        chosen[out] = into
    return chosen


def best_exchange(problem: Problem, chosen: list[int]) -> tuple[int, int, int]:
    """Case-seconds that the best exchange saves, which of the chosen goes, which place comes."""
    seconds, weight = problem.seconds, problem.weight
    # What is there already stands in the first column: it never goes.
    open_s = np.column_stack((problem.now_s, seconds[:, chosen]))
    order = np.argsort(open_s, axis=1, kind="stable")
    first = np.take_along_axis(open_s, order[:, :1], axis=1)[:, 0]
    second = np.take_along_axis(open_s, order[:, 1:2], axis=1)[:, 0]
    saved = weight @ np.maximum(first[:, None] - seconds, 0)
    best = (0, 0, 0)
    for out in range(len(chosen)):
        own = order[:, 0] == out + 1
        # Whoever was nearest to the one that goes falls back to the second, or to the newcomer.
        lost = weight[own] @ np.maximum(np.minimum(second[own, None], seconds[own]) - first[own, None], 0)
        gain = saved - lost
        gain[chosen] = 0
        into = int(gain.argmax())
        if gain[into] > best[0]:
            best = (int(gain[into]), out, into)
    return best


def lagrangian(problem: Problem, k: int, cost: int, breathe: Breathe) -> tuple[float, list[list[int]]]:
    """A bound below every choice's case-seconds, and the choices that stood behind the best bounds."""
    weighted = (problem.weight[:, None] * problem.seconds).astype(np.float64)
    now = (problem.weight * problem.now_s).astype(np.float64)
    price = np.minimum(now, weighted[:, greedy(problem, k)].min(axis=1, initial=np.inf))
    best, seen, step, idle = -np.inf, [list[int]()], 2.0, 0
    for at in range(STEPS):
        if at % PATIENCE == 0:
            breathe()
        worth = np.minimum(weighted - price[:, None], 0.0)
        chosen = np.argpartition(worth.sum(axis=0), k - 1)[:k]
        own = np.minimum(now - price, 0.0)
        bound = float(price.sum() + worth[:, chosen].sum() + own.sum())
        if bound > best:
            best, idle, seen = bound, 0, [*seen[-2:], chosen.tolist()]
        else:
            idle += 1
        if idle >= PATIENCE:
            step, idle = step / 2, 0
        slack = 1.0 - (worth[:, chosen] < 0).sum(axis=1) - (own < 0)
        steepness = float(slack @ slack)
        if steepness == 0.0 or cost - best < 1.0 or step < 1e-3:
            break
        price = price + step * max(cost - bound, 1.0) / steepness * slack
    return best, [one for one in seen if one]


def exact(problem: Problem, k: int, chosen: list[int], bound: float) -> tuple[list[int], float]:
    """The same by a programme: a place is open or not, a demand is served by it or what is there; as far as its time allows."""
    n, places = problem.seconds.shape
    cells = np.arange(n * places)
    demand, place = np.divmod(cells, places)
    # Variables: the places, then each demand by each place, then each demand by what is there.
    served, there = places + cells, places + n * places + np.arange(n)
    weighted = np.concatenate((
        np.zeros(places), (problem.weight[:, None] * problem.seconds).ravel(), problem.weight * problem.now_s,
    )).astype(np.float64)  # fmt: skip
    row = np.concatenate((demand, np.arange(n), n + cells, n + cells, np.full(places, n + n * places)))
    column = np.concatenate((served, there, served, place, np.arange(places)))
    value = np.concatenate((np.ones(n * places + n), np.ones(n * places), -np.ones(n * places), np.ones(places)))
    shape = (n + n * places + 1, len(weighted))
    lower = np.concatenate((np.ones(n), np.full(n * places, -1.0), [float(k)]))
    upper = np.concatenate((np.ones(n), np.zeros(n * places), [float(k)]))
    found = minimise(weighted, csr_matrix((value, (row, column)), shape), (lower, upper), places)
    if found is None:
        return chosen, bound
    better = np.flatnonzero(found.values[:places] > 0.5).tolist()
    return (better if total(problem, better) < total(problem, chosen) else chosen), max(bound, found.bound)
