"""Patrols: a street is seen where somebody passed within sight, by whom, and no farther; where they stayed is found."""

import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from geo.patrol import SIGHT_M, Seen, Sights, Tracks, cut_streets, seen_by, sights_of, stops_of, tracks_of
from geo.patrol_kernels import ONE, passed

#: Two streets of a cell each: one along y = 0, one along y = 100.
STARTS = np.array([0, 2, 4])
X, Y = np.array([0.0, 300.0, 0.0, 300.0]), np.array([0.0, 0.0, 100.0, 100.0])


def streets() -> Sights:
    pieces = cut_streets(STARTS, X, Y)
    cell = (pieces.y > 50).astype(np.int32)
    return sights_of(2, cell, pieces.metres, np.column_stack((pieces.x, pieces.y)), np.arange(len(cell)))


def track_of(*places: tuple[float, float, float]) -> Tracks:
    x, y, at = np.array(places, np.float64).T
    return tracks_of(np.zeros(len(x), np.int64), x, y, at, np.full(len(x), 5.0))[1]


def walk(*places: tuple[float, float, float], accuracy: float = 5.0) -> Seen:
    x, y, at = np.array(places, float).T
    _, tracks = tracks_of(np.zeros(len(x), np.int64), x, y, at, np.full(len(x), accuracy, np.float64))
    return seen_by(streets(), tracks)


def metres(seen: Seen, cell: int) -> float:
    sights = streets()
    marks = np.zeros(len(sights.cell_of), np.uint8)
    for row in np.flatnonzero(seen.cell == cell):
        a, b = sights.cell_starts[cell : cell + 2]
        marks[a:b] |= seen.bits[seen.offsets[row] : seen.offsets[row + 1]] == ONE
    return float(sights.weight[marks == 1].sum())


METRES = st.integers(-5_000, 5_000).map(lambda decimetres: decimetres / 10)


@given(st.lists(st.tuples(METRES, METRES), min_size=2, max_size=12, unique=True))
def test_streets_cut_into_pieces_are_as_long_as_before(line: list[tuple[float, float]]) -> None:
    points = np.array(line)
    pieces = cut_streets(np.array([0, len(points)]), points[:, 0], points[:, 1])
    whole = shapely.LineString(points)
    assert pieces.metres.sum() == pytest.approx(whole.length, abs=1e-6)
    assert (pieces.metres <= 15.0 + 1e-9).all()
    assert shapely.distance(whole, shapely.points(pieces.x, pieces.y)).max(initial=0) < 1e-6


def test_a_walk_along_one_street_sees_it_and_not_the_next() -> None:
    seen = walk((0, 5, 0), (150, 5, 100), (300, 5, 200))
    assert metres(seen, 0) == pytest.approx(300)
    assert seen.cell.tolist() == [0]
    assert seen.last_s.tolist() == [200.0]


def test_between_two_streets_whoever_is_near_enough_sees_both() -> None:
    near = walk((0, 50, 0), (300, 50, 200))
    assert len(near.cell) == 0
    tracks = track_of((0, 50, 0), (300, 50, 200))
    assert seen_by(streets(), tracks, sight_m=51.0).cell.tolist() == [0, 1]


@pytest.mark.parametrize(
    ("why", "places", "accuracy", "most"),
    [
        ("silent for ten minutes", [(0, 0, 0), (300, 0, 600)], 5.0, 2 * (SIGHT_M + 15)),
        ("farther than anybody follows", [(-300, 0, 0), (300, 0, 60)], 5.0, SIGHT_M + 15),
        ("known to a hundred metres only", [(0, 0, 0), (300, 0, 200)], 100.0, 0.0),
    ],
)
def test_a_way_that_nobody_knows_shows_nothing(
    why: str, places: list[tuple[float, float, float]], accuracy: float, most: float
) -> None:
    assert metres(walk(*places, accuracy=accuracy), 0) <= most, why


@given(
    st.lists(st.tuples(st.integers(-20, 320), st.integers(-40, 140)), min_size=1, max_size=30, unique=True),
    st.lists(st.integers(0, 2), min_size=30, max_size=30),
)
def test_what_is_seen_is_what_lies_within_sight(spots: list[tuple[float, float]], whose: list[int]) -> None:
    """Against Shapely: a piece is seen by a track exactly where it lies within sight of one of its straight ways."""
    x, y = np.array(spots, np.float64).T
    key = np.array(whose[: len(spots)], np.int64)
    keys, tracks = tracks_of(key, x, y, 2.0 * np.arange(len(spots), dtype=np.float64), np.ones(len(spots), np.float64))
    sights, found = streets(), seen_by(streets(), tracks)
    pieces = cut_streets(STARTS, X, Y)
    middles = shapely.points(pieces.x[sights.source], pieces.y[sights.source])
    marks = np.zeros((len(keys), len(middles)), bool)
    for row, (track, cell) in enumerate(zip(found.track.tolist(), found.cell.tolist(), strict=True)):
        a, b = sights.cell_starts[cell : cell + 2]
        marks[track, a:b] = found.bits[found.offsets[row] : found.offsets[row + 1]] == ONE
    for track in range(len(keys)):
        places = tracks.places[tracks.starts[track] : tracks.starts[track + 1], :2]
        way = shapely.LineString(places) if len(places) > 1 else shapely.Point(places[0])
        distance = shapely.distance(way, middles)
        sure = np.abs(distance - SIGHT_M) > 1e-6
        assert (marks[track] == (distance <= SIGHT_M))[sure].all()


def test_a_stay_is_found_and_a_slow_walk_is_none() -> None:
    walked = [(t * 1.2, 0.0, t) for t in range(0, 600, 20)]
    stayed = [(720.0 + t % 3, 4.0, 600.0 + t) for t in range(0, 400, 20)]
    on = [(720.0 + t * 1.2, 0.0, 1000.0 + t) for t in range(20, 300, 20)]
    found = stops_of(np.array(walked + stayed + on, float))
    assert len(found) == 1
    assert found[0].x == pytest.approx(720, abs=25)
    assert 380 <= found[0].to_s - found[0].from_s <= 460


def test_a_case_on_the_way_is_passed_when_somebody_first_comes_near() -> None:
    tracks = track_of((0, 0, 0), (100, 0, 60), (200, 0, 120))
    moments = passed(tracks.places, tracks.joined, np.array([(150.0, 20.0), (150.0, 40.0)]), SIGHT_M)
    assert moments[0] == 120.0
    assert np.isnan(moments[1])
