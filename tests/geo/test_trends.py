"""Trends of hot places against their formula, kernel density against the plain sum."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import kendalltau, norm

from geo.stats.density import kernel_density
from geo.stats.trends import Trend, mann_kendall, trends


def test_the_score_follows_kendalls_formula_by_hand() -> None:
    """S = 7 of 1 2 2 4 3: pairs that rise less those that fall; one tie of two: variance (5·4·15 - 2·1·9) / 18."""
    z, p = mann_kendall(np.array([[1.0, 2.0, 2.0, 4.0, 3.0]]))
    assert z[0] == pytest.approx((7 - 1) / np.sqrt((5 * 4 * 15 - 2 * 1 * 9) / 18))
    assert p[0] == pytest.approx(2 * norm.sf(z[0]))


@given(st.lists(st.integers(0, 9), min_size=4, max_size=14))
def test_its_sign_is_that_of_kendalls_tau(row: list[int]) -> None:
    z, p = mann_kendall(np.array([row], float))
    tau = kendalltau(np.arange(len(row)), row).statistic
    assert np.isnan(tau) or abs(z[0]) < 1e-12 or np.sign(z[0]) == np.sign(tau)
    assert 0 < p[0] <= 1


@pytest.mark.parametrize(
    ("hot", "trend"),
    [
        ("............", Trend.NONE), (".........hhh", Trend.EMERGING), ("hhhhhhhhhhhh", Trend.PERSISTENT),
        ("hhhh.hhhhhhh", Trend.PERSISTENT), ("hhhhhhh.....", Trend.FADING), ("..h.....h...", Trend.SPORADIC),
        ("h..........h", Trend.SPORADIC),
    ],
)  # fmt: skip
def test_what_became_of_a_place(hot: str, trend: Trend) -> None:
    marks = np.array([[c == "h" for c in hot]])
    level = np.random.default_rng(3).normal(0, 0.01, (1, 12))
    assert trends(marks, level)[0] == trend


def test_a_score_that_rises_all_the_time_emerges_although_it_was_hot_before() -> None:
    hot = np.array([[c == "h" for c in "h.h..h.hh.hh"]])
    assert trends(hot, np.linspace(1, 6, 12)[None])[0] == Trend.EMERGING
    assert trends(hot[:, ::-1], np.linspace(6, 1, 12)[None])[0] == Trend.FADING


def test_kernel_density_is_the_sum_over_points() -> None:
    random = np.random.default_rng(5)
    x, y = random.normal(0, 900, (2, 400))
    at = random.normal(0, 700, (2, 50))
    squares = (at[0][:, None] - x) ** 2 + (at[1][:, None] - y) ** 2
    exact = np.exp(-squares / (2 * 300**2)).sum(axis=1) / (2 * np.pi * 0.3**2)
    found = kernel_density(x, y, np.ones(400), at[0], at[1], 300.0)
    assert np.abs(found - exact).max() < 0.03 * exact.max()


def test_density_without_points_is_none() -> None:
    none = np.zeros(0)
    assert kernel_density(none, none, none, np.zeros(3), np.zeros(3), 500.0).tolist() == [0, 0, 0]
