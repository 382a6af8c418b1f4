"""Siting: small problems against every choice there is; bounds that hold; a gap that is told and never hidden."""

from itertools import combinations

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from geo.plane import LocalPlane
from geo.roads import RoadNetwork
from geo.siting.covering import fewest_for, most_within
from geo.siting.p_median import best_exchange, exchanged, greedy, lagrangian, nearest_in_mean, total
from geo.siting.problem import LONGEST_S, Problem
from geo.siting.ways import straight_ways, ways_by_road


def problem(seed: int, demands: int = 14, places: int = 9, there: bool = True) -> Problem:
    random = np.random.default_rng(seed)
    towns, sites, station = (
        random.uniform(0, 1, (demands, 2)),
        random.uniform(0, 1, (places, 2)),
        random.uniform(0, 1, 2),
    )
    seconds = 1_000 * np.hypot(*(towns[:, None] - sites).transpose(2, 0, 1))
    now = 1_000 * np.hypot(*(towns - station).T) if there else np.full(demands, np.inf)
    return Problem.of(seconds, random.integers(1, 30, demands), now)


def reached(one: Problem, chosen: tuple[int, ...], limit_s: float) -> int:
    nearest = np.minimum(one.now_s, one.seconds[:, list(chosen)].min(axis=1, initial=LONGEST_S))
    return int(one.weight[nearest <= limit_s].sum())


@given(seed=st.integers(0, 2**32 - 1), k=st.integers(1, 4), there=st.booleans())
@settings(max_examples=40, deadline=None)
def test_the_p_median_is_the_best_of_all_choices(seed: int, k: int, there: bool) -> None:
    one = problem(seed, there=there)
    found = nearest_in_mean(one, k)
    best = min(total(one, list(choice)) for choice in combinations(range(one.places), k))
    assert found.proved
    assert round(found.value * one.cases) == best == total(one, list(found.chosen))
    assert len(found.chosen) == k


@given(seed=st.integers(0, 2**32 - 1), k=st.integers(1, 4), limit_s=st.sampled_from([150.0, 250.0, 400.0]))
@settings(max_examples=40, deadline=None)
def test_the_most_that_can_be_covered_is_covered(seed: int, k: int, limit_s: float) -> None:
    one = problem(seed)
    found = most_within(one, k, limit_s)
    best = max(reached(one, choice, limit_s) for choice in combinations(range(one.places), k))
    assert found.proved
    assert round(found.value * one.cases) == best == reached(one, found.chosen, limit_s)


@given(seed=st.integers(0, 2**32 - 1), share=st.sampled_from([0.5, 0.8, 0.95, 1.0]))
@settings(max_examples=40, deadline=None)
def test_a_promise_needs_as_many_as_the_smallest_choice_that_keeps_it(seed: int, share: float) -> None:
    one, limit_s = problem(seed, places=7), 350.0
    found = fewest_for(one, share, limit_s)
    enough = [
        k
        for k in range(one.places + 1)
        if any(reached(one, choice, limit_s) >= share * one.cases for choice in combinations(range(one.places), k))
    ]
    assert found.reached == bool(enough)
    if enough:
        assert found.proved
        assert len(found.chosen) == enough[0] == found.bound
        assert reached(one, found.chosen, limit_s) >= share * one.cases
    else:
        assert reached(one, found.chosen, limit_s) == reached(one, tuple(range(one.places)), limit_s)


@given(seed=st.integers(0, 2**32 - 1))
@settings(max_examples=20, deadline=None)
def test_an_exchange_saves_what_it_says_and_no_other_saves_more(seed: int) -> None:
    one = problem(seed)
    chosen = greedy(one, 3)
    gain, out, into = best_exchange(one, chosen)
    saved = {
        (a, b): total(one, chosen) - total(one, [b if at == a else c for at, c in enumerate(chosen)])
        for a in range(3)
        for b in set(range(one.places)) - set(chosen)
    }
    assert gain == max(0, *saved.values())
    assert gain == 0 or saved[out, into] == gain


@given(seed=st.integers(0, 2**32 - 1), k=st.integers(1, 5))
@settings(max_examples=20, deadline=None)
def test_no_choice_is_below_the_bound(seed: int, k: int) -> None:
    one = problem(seed, 40, 20)
    cost = total(one, exchanged(one, greedy(one, k), lambda: None))
    bound, _ = lagrangian(one, k, cost, lambda: None)
    random = np.random.default_rng(seed)
    for _ in range(50):
        assert total(one, random.choice(20, k, replace=False).tolist()) >= bound - 1e-6


def test_a_large_problem_says_how_far_it_may_be_from_the_best() -> None:
    one = problem(5, 900, 250, there=False)
    found = nearest_in_mean(one, 12)
    assert found.bound <= found.value < found.before
    assert 0 <= found.gap < 0.02
    assert found.gap == pytest.approx((found.value - found.bound) / found.value, abs=1e-9)


def test_what_nobody_reaches_is_not_promised() -> None:
    one = Problem.of(np.full((3, 2), np.inf), np.array([1, 1, 1]), np.full(3, np.inf))
    assert not fewest_for(one, 0.5, 600.0).reached
    assert most_within(one, 1, 600.0).value == 0.0


def test_siting_stops_where_its_watcher_says_so() -> None:
    def stop() -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        nearest_in_mean(problem(1), 3, stop)


def test_ways_go_by_road_where_there_are_roads() -> None:
    # Two streets that meet at a right angle: by road one goes round the corner, and a one-way street only one way.
    corner, plane = (116.0, 40.0), LocalPlane(116.0, 40.0)
    ends = plane.to_lnglat(np.array([1_000.0, 0.0]), np.array([0.0, 1_000.0]))
    east, north = (float(ends[0][0]), float(ends[1][0])), (float(ends[0][1]), float(ends[1][1]))
    lines = np.array([shapely.LineString([corner, east]), shapely.LineString([corner, north])])
    roads = RoadNetwork.build(lines, [36.0, 36.0], [False, True], plane)
    places, demands = np.array([east, north]), np.array([east, north])
    by_road = ways_by_road(roads, places, demands)
    assert by_road[1, 0] == pytest.approx(200.0)
    assert np.isinf(by_road[0, 1])
    straight = straight_ways(plane, places, demands, np.array([0.1, 0.1]))
    assert straight[1, 0] == pytest.approx(np.hypot(100, 100), rel=1e-6)
