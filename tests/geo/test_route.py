"""A worker's walk: every door once, never longer than from nearest to nearest, as short as the best where that is known."""

from itertools import pairwise, permutations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from geo.plane import LocalPlane
from geo.route import _nearest, walking_route

PLANE = LocalPlane(116.4, 39.9)
metres = st.floats(-800, 800, allow_nan=False)
doors = st.lists(st.tuples(metres, metres), min_size=1, max_size=40)


def placed(points: list[tuple[float, float]]) -> tuple[np.ndarray, np.ndarray]:
    """Metres around the middle of the city as degrees."""
    xy = np.array(points)
    return PLANE.to_lnglat(xy[:, 0], xy[:, 1])


def length(points: list[tuple[float, float]], order: tuple[int, ...]) -> float:
    return sum(float(np.hypot(*np.subtract(points[a], points[b]))) for a, b in pairwise(order))


@given(doors, st.none() | st.tuples(metres, metres))
@settings(deadline=None)
def test_every_door_is_passed_once_and_the_length_is_that_of_the_way(
    points: list[tuple[float, float]], start: tuple[float, float] | None
) -> None:
    lng, lat = placed(points)
    here = None if start is None else PLANE.to_lnglat(*start)
    walk = walking_route(lng, lat, here)
    assert sorted(walk.order) == list(range(len(points)))
    way = [points[k] for k in walk.order] if start is None else [start, *(points[k] for k in walk.order)]
    assert walk.length_m == pytest.approx(length(way, tuple(range(len(way)))), rel=1e-3, abs=0.1)


@given(doors)
@settings(deadline=None)
def test_it_is_never_longer_than_going_from_nearest_to_nearest(points: list[tuple[float, float]]) -> None:
    xy = np.array(points)
    walk = walking_route(*placed(points))
    greedy = _nearest(xy[:, 0].copy(), xy[:, 1].copy(), walk.order[0], len(points))
    assert length(points, walk.order) <= length(points, tuple(greedy.tolist())) * 1.001 + 0.1


@given(st.lists(st.tuples(metres, metres), min_size=2, max_size=7, unique=True), st.tuples(metres, metres))
@settings(deadline=None, max_examples=60)
def test_of_few_doors_it_is_nearly_the_best_of_all_ways(
    points: list[tuple[float, float]], start: tuple[float, float]
) -> None:
    every = [start, *points]
    best = min(length(every, (0, *order)) for order in permutations(range(1, len(every))))
    assert walking_route(*placed(points), PLANE.to_lnglat(*start)).length_m <= best * 1.35 + 1


def test_along_a_street_it_goes_from_one_end_to_the_other() -> None:
    street = [(float(x), 0.0) for x in (300, 0, 120, 500, 60, 410)]
    walk = walking_route(*placed(street))
    assert (walk.order, round(walk.length_m)) == ((1, 4, 2, 0, 5, 3), 500)


def test_of_a_whole_city_it_takes_a_days_doors_that_lie_together() -> None:
    draw = np.random.default_rng(5)
    points = [(float(x), float(y)) for x, y in draw.uniform(-5000, 5000, (3000, 2))]
    walk = walking_route(*placed(points), at_most=60)
    assert len(walk.order) == len(set(walk.order)) == 60
    assert walk.length_m < 60 * 400


def test_no_door_is_no_walk() -> None:
    assert walking_route(np.empty(0), np.empty(0)).order == ()
