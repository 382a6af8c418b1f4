"""Past cases through other rules: as the engine decides each, and what a changed rule changes is what is told."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dispatch.matching import Matcher
from dispatch.rules import RuleSet
from dispatch.what_if import PastCases, compare, matcher_of, mean, replay

Cities = Callable[[int], Any]


def past(city: Any) -> PastCases:
    return PastCases(city.matter, city.lng, city.lat)


def matcher(city: Any, rules: RuleSet | None = None) -> Matcher:
    return matcher_of(rules or city.ruleset, city.atlas, city.teams, city.matters)


@given(seed=st.integers(0, 2**32 - 1))
@settings(max_examples=15, deadline=None)
def test_a_replay_decides_as_the_engine_does(random_city: Cities, seed: int) -> None:
    city, told = random_city(seed), []
    side = matcher(city)
    found = replay(side, city.atlas, past(city), lambda done, total: told.append((done, total)))
    expected = side.decide_bulk(city.matter, city.lng, city.lat, city.atlas.locate(city.lng, city.lat))
    assert found.team.tolist() == expected.team.tolist()
    assert told[-1] == (len(city.matter), len(city.matter))


@given(seed=st.integers(0, 2**32 - 1))
@settings(max_examples=15, deadline=None)
def test_the_same_rules_change_nothing(random_city: Cities, seed: int) -> None:
    city = random_city(seed)
    before, after = (replay(matcher(city), city.atlas, past(city)) for _ in range(2))
    found = compare(before, after, city.teams)
    assert (found.moved, found.handed_over) == (0, 0)
    assert all(had == has for _, had, has in found.load)
    assert found.saved_s is None or (found.saved_s.low, found.saved_s.high) == (0, 0)


@given(seed=st.integers(0, 2**32 - 1))
@settings(max_examples=15, deadline=None)
def test_without_rules_nobody_has_anything_and_loads_add_up(random_city: Cities, seed: int) -> None:
    city = random_city(seed)
    none = replace(city.ruleset, rules=())
    before, after = replay(matcher(city), city.atlas, past(city)), replay(matcher(city, none), city.atlas, past(city))
    found = compare(before, after, city.teams)
    assert found.nobody[1] == found.cases
    assert sum(had for _, had, _ in found.load) == found.cases - found.nobody[0] == found.moved
    assert found.way_s[1] is None


def test_a_replay_stops_where_its_watcher_says_so(random_city: Cities) -> None:
    city = random_city(7)

    def stop(_done: int, _total: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        replay(matcher(city), city.atlas, past(city), stop)


def test_the_interval_of_a_mean_holds_it() -> None:
    random, truth = np.random.default_rng(1), 300.0
    held = 0
    for _ in range(200):
        found = mean(random.exponential(truth, 400))
        assert found is not None
        held += found.low <= truth <= found.high
    assert held >= 180
    assert mean(np.array([np.nan])) is None
