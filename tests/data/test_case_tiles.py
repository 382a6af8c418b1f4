"""Tiles of cases: the index finds what is there, the pyramid equals a recount, versions change when pictures do."""

from collections import Counter
from typing import Any

import h3.api.numpy_int as h3
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from data.mirror import case_tiles, places
from data.mirror.case_tiles import CaseTiles
from data.mirror.columns import CaseMirror, Vocabulary, Words
from data.mirror.hexes import FINEST, LEVEL_OF_ZOOM, LEVELS, ancestors
from data.mirror.inside import mercator_units
from data.mirror.tones import TONES
from geo.h3grid import h3_cells
from geo.mvt_reading import read_tile

NOW = 1_795_500_000
STATES = ("closed", "handling", "reported", "checking")
STATE_TONES = {"closed": 3, "handling": 1, "reported": 0, "checking": 2}
Put = tuple[int, int, int, bool, int]
"""Case, spot (0: nowhere), state, urgent, due."""
put = st.tuples(
    st.integers(1, 40),
    st.integers(0, 12),
    st.integers(0, 3),
    st.booleans(),
    st.integers(NOW - 300, NOW + 900) | st.just(0),
)
SPOTS = np.random.default_rng(5).normal((116.4, 39.9), 0.03, (13, 2))


def empty_mirror() -> CaseMirror:
    words = Words(
        Vocabulary(STATES), STATE_TONES, Vocabulary(["12345", "snap"]), Vocabulary([70]), {70: "2026:event:01"}
    )
    return CaseMirror(words, capacity=4)


def columns(puts: list[Put]) -> dict[str, Any]:
    ids, spots, states, urgent, due = (np.array(column) for column in zip(*puts, strict=True))
    x, y = mercator_units(SPOTS[spots]).astype(np.uint32).T
    cells = h3_cells(SPOTS[spots, 0], SPOTS[spots, 1])
    none, placed = np.zeros(len(puts), np.int64), spots > 0
    return {
        **dict.fromkeys(("channel", "matter", "department", "team", "dispatched", "answered", "updated"), none),
        **dict.fromkeys(("cell", "returns", "reworks"), none),
        "id": ids,
        "x": np.where(placed, x, 0),
        "y": np.where(placed, y, 0),
        "placed": placed,
        "hex": np.where(placed, cells, 0),
        "state": states,
        "urgent": urgent,
        "reported": none + NOW - 5000,
        "due": due,
        "closed": np.where(states == 0, NOW - 60, 0),
        "helpers": none,
    }


def write(mirror: CaseMirror, puts: list[Put]) -> None:
    latest = list({put[0]: put for put in puts}.values())
    mirror.put(columns(latest), {})


def features_of(tile: bytes) -> list[tuple[int | None, Any]]:
    """The marks of a tile, in order of their ids."""
    return sorted((f.id, (f.parts, f.properties)) for f in (read_tile(tile)["case"].features if tile else []))


def recount(mirror: CaseMirror, now: int, level: int) -> dict[int, tuple[int, ...]]:
    """Cell -> all, open, urgent, overdue, by tone: counted one by one."""
    counted: dict[int, Counter[int]] = {}
    for row in range(mirror.count):
        if not mirror.hex[row]:
            continue
        of = counted.setdefault(int(h3.cell_to_parent(int(mirror.hex[row]), level)), Counter())
        is_open, due = bool(mirror.closed[row] == 0), int(mirror.due[row])
        tone = STATE_TONES[mirror.states[mirror.state[row]]]
        of.update(
            {0: 1, 1: is_open, 2: is_open and bool(mirror.urgent[row]), 3: is_open and 0 < due < now, 4 + tone: 1}
        )
    return {cell: tuple(int(of[k]) for k in range(8)) for cell, of in counted.items()}


def held(tiles: CaseTiles, level: int) -> dict[int, tuple[int, ...]]:
    counts = tiles.pyramid.counts[level]
    cells = tiles.pyramid.hexes.cells(level).tolist()
    return {cell: tuple(counts[k].tolist()) for k, cell in enumerate(cells) if counts[k].any()}


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.lists(put, min_size=1, max_size=12), st.integers(0, 200)), min_size=1, max_size=8))
def test_the_pyramid_is_always_a_recount(steps: list[tuple[list[Put], int]]) -> None:
    mirror, now = empty_mirror(), NOW
    tiles = CaseTiles(mirror, now)
    for puts, seconds in steps:
        write(mirror, puts)
        now += seconds
        tiles.pyramid.advance(now)
        for level in LEVELS:
            assert held(tiles, level) == recount(mirror, now, level)
    later = CaseTiles(mirror, now)
    assert held(later, 8) == held(tiles, 8)
    fits = mirror.urgent[: mirror.count]
    counts = tiles.pyramid.of_filter(8, fits)
    assert counts[:, 0].sum() == (fits & mirror.placed[: mirror.count]).sum()


@settings(max_examples=60, deadline=None)
@given(st.lists(st.lists(put, min_size=1, max_size=12), min_size=1, max_size=8), st.integers(1, 6))
def test_the_index_finds_every_case_of_a_tile(steps: list[list[Put]], tail: int) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(places, "TAIL", tail)
        mirror = empty_mirror()
        tiles = CaseTiles(mirror, NOW)
        for puts in steps:
            before = {tile: tiles.version(tile, NOW) for tile in ((12, 3373, 1552), (14, 13489, 6207), (6, 52, 24))}
            marks = {tile: tiles.points(tile) for tile in before if tile[0] >= 12}
            write(mirror, puts)
            for tile in before:
                zoom, column, row = tile
                x, y = (
                    mirror.x[: mirror.count].astype(int) >> (32 - zoom),
                    mirror.y[: mirror.count].astype(int) >> (32 - zoom),
                )
                wanted = np.flatnonzero(mirror.placed[: mirror.count] & (x == column) & (y == row))
                assert sorted(tiles.places.in_tile(*tile).tolist()) == wanted.tolist()
                if tile in marks and tiles.version(tile, NOW) == before[tile]:
                    assert features_of(tiles.points(tile)) == features_of(marks[tile])


def tile_of(spot: int, zoom: int) -> tuple[int, int, int]:
    x, y = (int(value) >> (32 - zoom) for value in mercator_units(SPOTS[[spot]])[0])
    return zoom, x, y


def test_a_mark_says_what_the_map_paints() -> None:
    mirror = empty_mirror()
    tiles = CaseTiles(mirror, NOW)
    write(mirror, [(7, 3, 1, True, NOW + 120), (8, 3, 0, False, 0), (9, 0, 1, False, 0)])
    features = {f.id: f for f in read_tile(tiles.points(tile_of(3, 16)))["case"].features}
    assert features.keys() == {7, 8}
    shared = {"r": (NOW - 5000) // 60, "m": 70, "h": "12345"}
    assert features[7].properties == shared | {"s": "handling", "t": 1, "u": 1, "d": (NOW + 120) // 60, "c": 0}
    assert features[8].properties == shared | {"s": "closed", "t": 3, "u": 0, "d": 0, "c": 1, "e": (NOW - 60) // 60}
    far = {f.id: f.properties for f in read_tile(tiles.points(tile_of(3, 12)))["case"].features}
    assert far[7] == features[7].properties
    assert far[8]["e"] == (NOW - 60) // 900 * 15
    fits = mirror.urgent[: mirror.count]
    assert [f.id for f in read_tile(tiles.points(tile_of(3, 16), fits))["case"].features] == [7]


def test_a_tile_of_a_stretch_says_how_each_case_came_to_its_tone() -> None:
    """In minutes since it was reported: dispatched, answered, and, while it is open, when it last changed."""
    mirror = empty_mirror()
    tiles = CaseTiles(mirror, NOW)
    reported = NOW - 5000
    lives = {
        "dispatched": np.array([0, reported + 600, reported + 600, reported + 900]),
        "answered": np.array([0, 0, reported + 1800, reported + 2700]),
        "updated": np.array([reported + 60, reported + 600, reported + 1860, NOW - 60]),
    }
    mirror.put(
        columns([(1, 3, 2, False, 0), (2, 3, 1, False, 0), (3, 3, 3, False, 0), (4, 3, 0, False, 0)]) | lives, {}
    )
    plain, told = (
        {f.id: f.properties for f in read_tile(tiles.points(tile_of(3, 15), course=course))["case"].features}
        for course in (False, True)
    )
    more = {id: {key: value for key, value in said.items() if key not in plain[id]} for id, said in told.items()}
    assert more == {1: {"k": 1}, 2: {"p": 10, "k": 10}, 3: {"p": 10, "a": 30, "k": 31}, 4: {"p": 15, "a": 45}}
    assert plain == {id: {key: told[id][key] for key in said} for id, said in plain.items()}


def test_a_full_tile_shows_the_most_pressing_and_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(case_tiles, "MOST", 3)
    mirror = empty_mirror()
    tiles = CaseTiles(mirror, NOW)
    order = [(1, True, NOW + 500), (1, True, 0), (1, False, NOW - 100), (1, False, NOW + 100), (0, True, NOW - 900)]
    write(mirror, [(5 - k, 3, state, urgent, due) for k, (state, urgent, due) in enumerate(order)])
    layers = read_tile(tiles.points(tile_of(3, 14)))
    assert {f.id for f in layers["case"].features} == {5, 4, 3}
    assert [f.properties for f in layers["more"].features] == [{"n": 2}]


@pytest.mark.parametrize("zoom", range(4, 12))
def test_hexagons_of_all_tiles_together_count_every_case_once(zoom: int) -> None:
    mirror = empty_mirror()
    tiles = CaseTiles(mirror, NOW)
    puts = [(k + 1, 1 + k % 12, k % 4, k % 3 == 0, NOW - 5 if k % 5 else 0) for k in range(40)]
    write(mirror, puts)
    around = {tile_of(spot, zoom) for spot in range(1, 13)}
    around |= {(zoom, x + dx, y + dy) for _, x, y in around for dx in (-1, 0, 1) for dy in (-1, 0, 1)}
    layers = [read_tile(tiles.hexes(tile, NOW)) for tile in sorted(around)]
    centres = [f.properties for found in layers if "hexpoint" in found for f in found["hexpoint"].features]
    wanted = recount(mirror, NOW, LEVEL_OF_ZOOM[zoom])
    assert sorted(tuple(c[key] for key in "anuo") for c in centres) == sorted(counts[:4] for counts in wanted.values())
    polygons = [f for found in layers if "hex" in found for f in found["hex"].features]
    assert len(polygons) >= len(centres)


def test_overdue_comes_with_time_alone_by_whole_minutes() -> None:
    mirror = empty_mirror()
    minute = NOW - NOW % 60
    tiles = CaseTiles(mirror, minute)
    write(mirror, [(1, 3, 1, False, minute + 30)])
    tile = tile_of(3, 10)
    seen = []
    for at in (minute, minute + 59, minute + 60, minute + 600):
        layer = read_tile(tiles.hexes(tile, at))["hexpoint"]
        seen.append((layer.features[0].properties["o"], tiles.version(tile, at)))
    (before, first), (still, second), (late, third), (later, fourth) = seen
    assert (before, still, late, later) == (0, 0, 1, 1)
    assert first == second != third == fourth, "a tile that looks the same is the same to a browser that has it"


@given(st.floats(-179, 179), st.floats(-84, 84), st.sampled_from(LEVELS))
def test_ancestors_are_those_of_h3(lng: float, lat: float, level: int) -> None:
    cell = int(h3.latlng_to_cell(lat, lng, FINEST))
    assert ancestors(np.array([cell]), level).tolist() == [h3.cell_to_parent(cell, level)]


def test_tones_are_four() -> None:
    assert len(TONES) == 4
