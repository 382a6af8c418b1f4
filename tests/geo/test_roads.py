"""Roads: travel times are those of SciPy's Dijkstra, the nearest team is the nearest, the nearest crossing is the nearest."""

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.sparse import csr_array
from scipy.sparse.csgraph import dijkstra

from geo.plane import LocalPlane
from geo.roads import NearestTeams, RoadNetwork

PLANE = LocalPlane(116.4, 39.9)


def street(*metres: tuple[float, float]) -> shapely.LineString:
    return shapely.LineString([PLANE.to_lnglat(x, y) for x, y in metres])


def random_network(seed: int) -> RoadNetwork:
    """Straight streets between random crossings, some one-way, some crossings cut off."""
    rng = np.random.default_rng(seed)
    crossing = rng.uniform(-2000, 2000, (rng.integers(2, 60), 2))
    pairs = rng.integers(0, len(crossing), (rng.integers(1, 150), 2))
    lines = np.array([street(tuple(crossing[a]), tuple(crossing[b])) for a, b in pairs], object)
    return RoadNetwork.build(lines, rng.uniform(10, 60, len(lines)), rng.random(len(lines)) < 0.3, PLANE)


def oracle(network: RoadNetwork, sources: list[int]) -> np.ndarray:
    """Seconds from each source to each node; of parallel streets the faster counts."""
    count = len(network.x)
    tail = np.repeat(np.arange(count), np.diff(network.first))
    fastest = np.full((count, count), np.inf)
    np.minimum.at(fastest, (tail, network.head), network.seconds)
    a, b = np.nonzero(np.isfinite(fastest))
    return np.atleast_2d(dijkstra(csr_array((fastest[a, b], (a, b)), shape=(count, count)), indices=sources))


@settings(deadline=None, max_examples=40)
@given(st.integers(0, 10**6))
def test_travel_times_are_shortest(seed: int) -> None:
    network = random_network(seed)
    lng, lat = PLANE.to_lnglat(network.x, network.y)
    for source in {0, len(network.x) // 2}:
        times = network.travel_times(float(lng[source]), float(lat[source]), lng, lat)
        np.testing.assert_allclose(times, oracle(network, [source])[0], rtol=1e-12)


@settings(deadline=None, max_examples=40)
@given(st.integers(0, 10**6))
def test_tables_name_the_team_that_is_there_first(seed: int) -> None:
    network, rng = random_network(seed), np.random.default_rng(seed)
    nodes = rng.integers(0, len(network.x), 9).astype(np.int32)
    groups = [np.array([0, 3, 4], np.int32), np.array([8, 2], np.int32), np.array([], np.int32)]
    tables = NearestTeams.build(network, groups, nodes)
    for g, teams in enumerate(groups[:2]):
        times = oracle(network, nodes[teams].tolist())
        np.testing.assert_allclose(tables.travel_s[g], times.min(axis=0).astype(np.float32), rtol=1e-6)
        reached = np.flatnonzero(np.isfinite(tables.travel_s[g]))
        row = np.searchsorted(np.sort(teams), tables.team[g, reached])
        by_index = oracle(network, nodes[np.sort(teams)].tolist())
        np.testing.assert_allclose(by_index[row, reached], times.min(axis=0)[reached], rtol=1e-12)
    assert (tables.team[2] == -1).all()


def test_a_group_is_made_anew_when_a_team_goes_off_duty() -> None:
    network = RoadNetwork.build(np.array([street((0, 0), (1000, 0), (2000, 0))], object), [36.0], [False], PLANE)
    nodes = network.snap(*PLANE.to_lnglat(np.array([0.0, 2000.0]), np.zeros(2)))
    tables = NearestTeams.build(network, [np.array([0, 1], np.int32)], nodes)
    event = network.snap(*PLANE.to_lnglat(np.array([1900.0]), np.zeros(1)))
    assert tables.match(np.zeros(1, np.int32), event)[0].tolist() == [1]
    tables.refresh(0, np.array([0], np.int32), nodes)
    team, travel_s = tables.match(np.zeros(1, np.int32), event)
    assert team.tolist() == [0]
    assert travel_s[0] == pytest.approx(200.0)


def test_events_without_group_or_place_find_no_team() -> None:
    network = random_network(1)
    tables = NearestTeams.build(network, [np.zeros(1, np.int32)], np.zeros(1, np.int32))
    team, travel_s = tables.match(np.array([-1, 0], np.int32), np.array([0, -1], np.int32))
    assert team.tolist() == [-1, -1]
    assert np.isinf(travel_s).all()


def test_a_one_way_street_leads_one_way() -> None:
    network = RoadNetwork.build(np.array([street((0, 0), (1000, 0))], object), [36.0], [True], PLANE)
    (west, lat), (east, _) = PLANE.to_lnglat(0.0, 0.0), PLANE.to_lnglat(1000.0, 0.0)
    assert network.travel_times(west, lat, [east], [lat])[0] == pytest.approx(100.0)
    assert network.travel_times(east, lat, [west], [lat])[0] == np.inf


@settings(deadline=None, max_examples=40)
@given(st.integers(0, 10**6))
def test_places_snap_to_the_nearest_crossing(seed: int) -> None:
    network, rng = random_network(seed), np.random.default_rng(seed)
    x, y = rng.uniform(-9000, 9000, (2, 50))
    found = network.snap(*PLANE.to_lnglat(x, y))
    distance = np.hypot(network.x[:, None] - x, network.y[:, None] - y)
    np.testing.assert_allclose(distance[found, np.arange(50)], distance.min(axis=0), atol=1e-6)


def test_what_is_no_place_snaps_nowhere() -> None:
    assert random_network(1).snap([np.nan, 116.4], [39.9, np.inf]).tolist() == [-1, -1]


@pytest.mark.parametrize("speed", [0.0, -5.0])
def test_a_street_without_speed_is_refused(speed: float) -> None:
    with pytest.raises(ValueError, match="speed"):
        RoadNetwork.build(np.array([street((0, 0), (1, 0))], object), [speed], [False])


def test_a_place_that_is_no_number_is_reached_by_nobody_and_wins_nothing() -> None:
    network = RoadNetwork.build(
        np.array([street((0, 0), (1000, 0))], object), np.array([36.0]), np.array([False]), PLANE
    )
    lng, lat = PLANE.to_lnglat(0.0, 0.0)
    assert network.travel_times(lng, lat, [lng, np.nan], [lat, lat]).tolist() == [0.0, np.inf]
    assert np.isinf(network.travel_times(np.nan, lat, [lng], [lat])).all()
    reached_s, team = network.nearest(np.array([-1], np.int32), np.array([7], np.int32))
    assert np.isinf(reached_s).all()
    assert (team == -1).all()
