"""Gi* and local Moran against esda, neighbours against H3 and libpysal, and silence where there is nothing."""

from itertools import combinations

import geopandas
import h3.api.numpy_int as h3
import numpy as np
import pytest
import shapely
from esda.getisord import G_Local
from esda.moran import Moran_Local
from hypothesis import given, settings
from hypothesis import strategies as st
from libpysal.graph import Graph
from libpysal.weights import W
from numpy.typing import NDArray
from scipy.stats import false_discovery_control

from geo.stats.hotspots import (
    clusters,
    discoveries,
    gi_star,
    local_moran,
    neighbour_sums,
)
from geo.stats.neighbours import Neighbours, h3_neighbours, neighbours_of, polygon_neighbours

Floats = NDArray[np.float64]


def disk(radius: int, at: tuple[float, float] = (39.9, 116.4), resolution: int = 9) -> NDArray[np.int64]:
    return np.array(h3.grid_disk(h3.latlng_to_cell(*at, resolution), radius)).astype(np.int64)


CELLS = disk(12)
AROUND = h3_neighbours(CELLS)


def weights(neighbours: Neighbours) -> W:
    near = np.split(neighbours.others, neighbours.starts[1:-1])
    return W({k: others.tolist() for k, others in enumerate(near)}, silence_warnings=True)


def counts(seed: int, clustered: bool = True) -> Floats:
    random = np.random.default_rng(seed)
    values = random.poisson(2.0, len(CELLS)).astype(float)
    if clustered:
        values[np.isin(CELLS, disk(2, (39.91, 116.41)))] += random.poisson(6.0)
    return values


def pairs_of(neighbours: Neighbours) -> set[tuple[int, int]]:
    own = np.repeat(np.arange(neighbours.count), neighbours.degrees)
    return set(zip(own.tolist(), neighbours.others.tolist(), strict=True))


@pytest.mark.parametrize(
    ("at", "resolution"),
    [
        ((39.9, 116.4), 9),
        ((39.9, 116.4), 8),
        ((31.2, 121.5), 10),
        ((42.36, -71.06), 7),
        ((64.7, 10.5), 5),
        ((0.0, 0.0), 6),
    ],
)
def test_neighbours_of_hexagons_are_h3s(at: tuple[float, float], resolution: int) -> None:
    """Shanghai lies in a pentagon's base cell; the fifth at the pentagon itself, where the axes turn."""
    cells = disk(6, at, resolution)[::2]
    index = {int(cell): k for k, cell in enumerate(cells)}
    expected = {
        (k, index[int(other)]) for cell, k in index.items() for other in h3.grid_disk(cell, 1) if int(other) in index
    }
    assert pairs_of(h3_neighbours(cells)) == {(a, b) for a, b in expected if a != b}


def test_neighbours_of_polygons_are_libpysals_queens() -> None:
    squares = np.array([shapely.box(x, y, x + 1, y + 1) for x in range(7) for y in range(5)])
    queen = Graph.build_contiguity(geopandas.GeoSeries(squares), rook=False)
    assert pairs_of(polygon_neighbours(squares)) == {(int(a), int(b)) for a, b in queen.adjacency.index if a != b}


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_gi_star_is_esdas(seed: int) -> None:
    values = counts(seed)
    found = gi_star(values, AROUND)
    expected = G_Local(values, weights(AROUND), transform="B", star=True, permutations=0)
    assert np.abs(found.z - expected.Zs).max() < 1e-9
    assert np.abs(found.statistic - expected.Gs).max() < 1e-12


def within_monte_carlo(larger: Floats, p_sim: Floats, permutations: int) -> None:
    """esda's p is the smaller tail of so many dealings; five standard errors, and what rounding to steps costs."""
    expected = (np.minimum(larger, 1 - larger) * permutations + 1) / (permutations + 1)
    error = 5 * np.sqrt(expected * (1 - expected) / permutations) + 3e-3
    assert (np.abs(p_sim - expected) < error).all()


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_the_exact_p_is_what_esdas_dealings_come_near() -> None:
    """No two sums are equal here: with ties esda leaves the decision to rounding."""
    values = counts(4) + np.random.default_rng(4).random(len(CELLS))
    gi = G_Local(values, weights(AROUND), transform="B", star=True, permutations=999, n_jobs=1, seed=4)
    within_monte_carlo(gi_star(values, AROUND).high, gi.p_sim, 999)
    found = local_moran(values, AROUND)
    moran = Moran_Local(values, weights(AROUND), permutations=999, n_jobs=1, seed=6)
    assert np.abs(found.statistic - moran.Is).max() < 1e-9
    within_monte_carlo(np.where(values > values.mean(), found.high, found.low), moran.p_sim, 999)


@settings(max_examples=30, deadline=None)
@given(st.lists(st.integers(0, 6), min_size=6, max_size=9), st.data())
def test_the_permutation_test_counts_every_dealing(values: list[int], data: st.DataObject) -> None:
    n = len(values)
    pairs = data.draw(st.lists(st.tuples(st.integers(0, n - 1), st.integers(0, n - 1)), min_size=1, max_size=14))
    apart = [(a, b) for a, b in pairs if a != b]
    neighbours = neighbours_of(np.array(apart, np.int64).reshape(-1, 2), n)
    high, low = neighbour_sums(np.array(values, float), neighbours)
    for cell in range(n):
        near = neighbours.others[neighbours.starts[cell] : neighbours.starts[cell + 1]]
        others = [value for k, value in enumerate(values) if k != cell]
        reached = sum(values[k] for k in near)
        dealt = [sum(hand) for hand in combinations(others, len(near))]
        assert high[cell] == pytest.approx(sum(s >= reached for s in dealt) / len(dealt), abs=1e-9)
        assert low[cell] == pytest.approx(sum(s <= reached for s in dealt) / len(dealt), abs=1e-9)


def test_rates_are_tested_as_finely_as_thousands_of_dealings_could() -> None:
    random = np.random.default_rng(8)
    values = random.gamma(2.0, 1.0, len(CELLS))
    high, _ = neighbour_sums(values, AROUND)
    cell, rest = 100, np.delete(values, 100)
    reached = values[AROUND.others[AROUND.starts[cell] : AROUND.starts[cell + 1]]].sum()
    dealt = np.array([random.choice(rest, 6, replace=False).sum() for _ in range(4000)])
    share = (dealt >= reached).mean()
    assert abs(high[cell] - share) < 5 * np.sqrt(share * (1 - share) / 4000) + 1e-3


@given(st.lists(st.floats(0, 1), min_size=1, max_size=50))
def test_adjusted_values_are_scipys(p: list[float]) -> None:
    assert np.allclose(discoveries(np.array(p)), false_discovery_control(np.array(p)))


def test_shuffled_cases_have_no_hotspot() -> None:
    """The same values dealt anew a hundred times: at most five dealings may show anything at all."""
    random, values = np.random.default_rng(11), counts(11)
    true = discoveries(gi_star(values, AROUND).p) <= 0.05
    assert true.any()
    shuffled = (gi_star(random.permutation(values), AROUND) for _ in range(100))
    assert sum((discoveries(found.p) <= 0.05).any() for found in shuffled) <= 5


def test_equal_values_are_nowhere_significant() -> None:
    found = gi_star(np.full(len(CELLS), 3.0), AROUND)
    assert np.isnan(found.z).all()
    assert (found.p == 1.0).all()


def test_hot_cells_that_touch_are_one_piece() -> None:
    chosen = np.isin(CELLS, disk(1)) | np.isin(CELLS, disk(1, (39.92, 116.42)))
    found = clusters(chosen, AROUND)
    assert set(found[~chosen].tolist()) == {-1}
    assert sorted(np.bincount(found[chosen]).tolist()) == [7, 7]
