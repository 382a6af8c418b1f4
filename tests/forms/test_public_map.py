"""The public map: laws of what may be told, and places that come out where they went in."""

from collections import Counter
from functools import reduce
from itertools import combinations

import h3
import numpy as np
import orjson
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from data.stores.public import Shape
from forms.public_map import (
    FINEST,
    UNITS,
    WIDEST,
    K,
    around_sheets,
    corner,
    published,
    sheet_of,
    sheet_units,
    sheets_of,
    sketch_sheet,
)

BASE = h3.latlng_to_cell(39.77, 116.93, 6)
CELLS = [h3.str_to_int(cell) for cell in sorted(h3.cell_to_children(BASE, FINEST))]
rows = st.dictionaries(st.sampled_from(CELLS), st.tuples(st.integers(1, 12), st.integers(0, 12)), max_size=60).map(
    lambda found: [(cell, cases, min(some, cases)) for cell, (cases, some) in found.items()]
)


@given(rows)
@settings(deadline=None)
def test_every_number_stands_for_at_least_k(given_rows: list[tuple[int, int, int]]) -> None:
    for count in published(given_rows):
        assert count.cases >= K
        assert count.open == -1 or count.open == 0 or count.open >= K
        assert count.open == -1 or count.open == count.cases or count.cases - count.open >= K


@given(rows)
@settings(deadline=None)
def test_every_case_is_counted_once_or_not_at_all(given_rows: list[tuple[int, int, int]]) -> None:
    """Numbers are of disjoint sets of cases, so that subtracting them gives nothing new; only few are left out."""
    told, cases = published(given_rows), {h3.int_to_str(cell): number for cell, number, _ in given_rows}
    for count in told:
        assert count.cases == sum(cases.get(cell, 0) for cell in count.cells)
    widest = {h3.cell_to_parent(cell, WIDEST) for cell in cases}
    left_out = Counter(dict.fromkeys(widest, 0))
    within = {cell for count in told for cell in count.cells}
    for cell in cases.keys() - within:
        left_out[h3.cell_to_parent(cell, WIDEST)] += cases[cell]
    assert sum(cases.values()) == sum(count.cases for count in told) + left_out.total()
    assert max(left_out.values(), default=0) < K


@given(rows)
@settings(deadline=None)
def test_no_place_is_drawn_twice(given_rows: list[tuple[int, int, int]]) -> None:
    """On the map as it is sent, in whole units of a sheet: areas touch, none covers another."""
    sheets = around_sheets(published(given_rows), [])
    areas = [drawn(area[4:], sheet) for sheet, raw in sheets.items() for area in orjson.loads(raw)["areas"]]
    for one, other in combinations(areas, 2):
        assert one.is_valid
        assert one.intersection(other).area == pytest.approx(0, abs=1e-6)


def drawn(rings: list[list[int]], sheet: tuple[int, int]) -> shapely.Geometry:
    """The area of rings by the even-odd rule, in units of all sheets."""
    origin = np.array(sheet) * UNITS
    polygons = [shapely.Polygon(np.reshape(ring, (-1, 2)) + origin) for ring in rings]
    return reduce(shapely.symmetric_difference, polygons)


def test_a_full_cell_stays_and_lonely_ones_join() -> None:
    near = sorted(h3.cell_to_children(h3.cell_to_children(BASE, 8)[0], FINEST))
    counts = published([(h3.str_to_int(near[0]), 7, 7), (h3.str_to_int(near[1]), 3, 1), (h3.str_to_int(near[2]), 2, 1)])
    assert [(count.cell, count.cases, count.open) for count in counts] == [
        (near[0], 7, 7),
        (h3.cell_to_parent(near[0], 8), 5, -1),
    ]
    assert [set(count.cells) for count in counts] == [{near[0]}, {*near[1:]}]


def test_a_number_stands_in_its_area_even_around_another() -> None:
    """Six lonely cells around a full one: the ring's number is not written over the one in its middle."""
    near = sorted(h3.cell_to_children(h3.cell_to_children(BASE, 8)[0], FINEST))
    counts = published([(h3.str_to_int(cell), 9 if cell == near[0] else 1, 0) for cell in near])
    (areas,) = (orjson.loads(raw)["areas"] for raw in around_sheets(counts, []).values())
    (_, _, x, y, outer), (cases, _, at, to, *rings) = areas
    assert (cases, len(rings)) == (6, 2)
    assert (at, to) != (x, y)
    assert drawn(rings, (0, 0)).contains(shapely.Point(at, to))
    assert drawn([outer], (0, 0)).contains(shapely.Point(x, y))


@given(st.floats(-179, 179), st.floats(-80, 80))
def test_a_place_lies_on_its_sheet(lng: float, lat: float) -> None:
    sheet = sheet_of(lng, lat)
    (west, north), (east, south) = corner(sheet), corner((sheet[0] + 1, sheet[1] + 1))
    assert west - 1e-9 <= lng <= east + 1e-9
    assert south - 1e-9 <= lat <= north + 1e-9


@pytest.mark.parametrize(("lng", "lat", "x", "y"), [(-180, 0, 0, 2**13 * UNITS), (0, 0, 2**13 * UNITS, 2**13 * UNITS)])
def test_units_of_known_places(lng: float, lat: float, x: float, y: float) -> None:
    assert sheet_units(lng, lat) == pytest.approx((x, y))


def test_a_box_is_covered_by_its_sheets() -> None:
    found = sheets_of(116.9, 39.7, 117.0, 39.8)
    assert sheet_of(116.9, 39.8) in found
    assert sheet_of(117.0, 39.7) in found
    assert len(set(found)) == len(found)


def test_sheets_hold_outlines_and_spots_in_their_units() -> None:
    counts = published([(CELLS[0], 9, 0)])
    lat, lng = h3.cell_to_latlng(h3.int_to_str(CELLS[0]))
    (sheet, raw), *others = around_sheets(counts, [(lng, lat, "2026:event:06010", 2)]).items()
    assert (sheet, others) == (sheet_of(lng, lat), [])
    content = orjson.loads(raw)
    cases, is_open, *middle, outline = content["areas"][0]
    assert (cases, is_open, len(outline)) == (9, 0, 12)
    x, y, matter, number = content["spots"][0]
    assert (matter, number) == ("2026:event:06010", 2)
    assert middle == [x, y]
    assert min(outline[::2]) < x < max(outline[::2])
    assert min(outline[1::2]) < y < max(outline[1::2])


def test_a_sketch_is_lines_in_small_steps() -> None:
    line = Shape("street", "primary", "解放路", '{"type":"LineString","coordinates":[[10,20],[10,20],[15,18]]}')
    park = Shape("land", "park", None, '{"type":"MultiPolygon","coordinates":[[[[0,0],[4,0],[4,4],[0,0]]]]}')
    assert orjson.loads(sketch_sheet([line, park])) == [
        ["primary", "解放路", 10, 20, 5, -2],
        ["park", 0, 0, 0, 4, 0, 0, 4, -4, -4],
    ]
