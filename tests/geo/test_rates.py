"""Intervals and smoothed rates against the published tools."""

import numpy as np
import pytest
from esda.smoothing import Empirical_Bayes
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binomtest

from geo.stats.rates import empirical_bayes, wilson


@given(st.integers(0, 400), st.integers(1, 400))
def test_wilsons_interval_is_scipys(successes: int, trials: int) -> None:
    successes = min(successes, trials)
    low, high = wilson(np.array([successes]), np.array([trials]))
    expected = binomtest(successes, trials).proportion_ci(0.95, "wilson")
    assert low[0] == pytest.approx(expected.low, abs=1e-9)
    assert high[0] == pytest.approx(expected.high, abs=1e-9)


def test_nothing_counted_has_no_interval() -> None:
    low, high = wilson(np.array([0]), np.array([0]))
    assert np.isnan(low[0])
    assert np.isnan(high[0])


def test_smoothed_rates_are_esdas() -> None:
    random = np.random.default_rng(4)
    base = random.integers(20, 4000, 200).astype(float)
    events = random.poisson(base * random.gamma(4, 0.01, 200)).astype(float)
    expected = Empirical_Bayes(events, base).r.ravel()
    assert np.abs(empirical_bayes(events, base).rates - expected).max() < 1e-12


def test_a_rate_is_drawn_to_the_mean_the_more_the_smaller_its_base() -> None:
    events, base = np.array([3.0, 300.0, 500.0, 0.0]), np.array([10.0, 1000.0, 10000.0, 0.0])
    found = empirical_bayes(events, base)
    raw = events[:2] / base[:2]
    drawn = (raw - found.rates[:2]) / (raw - found.mean)
    assert drawn[0] > drawn[1] > 0
    assert np.isnan(found.rates[3])


@given(st.lists(st.integers(0, 50), min_size=2, max_size=40))
def test_smoothed_rates_lie_between_raw_and_mean(counts: list[int]) -> None:
    events, base = np.array(counts, float), np.full(len(counts), 60.0)
    found = empirical_bayes(events, base)
    low, high = np.minimum(events / base, found.mean), np.maximum(events / base, found.mean)
    assert ((found.rates >= low - 1e-12) & (found.rates <= high + 1e-12)).all()
