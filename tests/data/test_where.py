"""The shared filter: as an address, and over the mirror against a plain predicate."""

import math
from datetime import datetime
from typing import Any

import h3.api.numpy_int as h3
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely.geometry import Point, Polygon

from data.mirror.columns import COLUMNS, CaseMirror, Vocabulary, Words
from data.mirror.inside import mercator_units
from data.mirror.judging import QUANTITIES
from data.mirror.where import EVERYTHING, Where, matching, parse_where, write_where
from geo.errors import NeedleError

CHANNELS = ("12345", "snap", "grid")
STATES = ("reported", "handling", "closed")
MATTERS = (17, 18, 30)
MAJORS = ("2026:event:01", "2026:event:01", "2026:component:02")
DEPARTMENTS = ("cg01", "cg02")
HELPERS = ((), (DEPARTMENTS[0],), (DEPARTMENTS[1],), DEPARTMENTS[:2])
CELLS = ("11010500100001", "11010500100002")
HEXES = (0x88318CD2D5FFFFF, 0x88318CD2D1FFFFF, 0x88318CD2DBFFFFF)
AREAS = {"subdistrict": ("110105001000", "110105002000"), "police": ("p1", "p2", "p3")}
NOW = 1_700_000_000

code = st.text("abcxyz0123456789-_.", min_size=1, max_size=12)
degrees = st.tuples(st.floats(-180, 180, allow_nan=False), st.floats(-90, 90, allow_nan=False))
boxes = st.tuples(degrees, degrees).map(
    lambda ends: (
        min(ends[0][0], ends[1][0]), min(ends[0][1], ends[1][1]), max(ends[0][0], ends[1][0]), max(ends[0][1], ends[1][1])
    )
)  # fmt: skip
words = st.text(min_size=1, max_size=30).map(lambda text: text.replace("\0", "").strip()).filter(bool)
seconds = st.integers(-(10**10), 10**10)
wheres = st.builds(
    Where,
    channels=st.frozensets(code, max_size=3),
    matters=st.frozensets(st.integers(0, 2**31 - 1), max_size=3),
    majors=st.frozensets(code, max_size=3),
    areas=st.frozensets(st.tuples(code, code), max_size=3),
    states=st.frozensets(code, max_size=3),
    departments=st.frozensets(code, max_size=3),
    hands=st.frozensets(code, max_size=3),
    teams=st.frozensets(st.integers(0, 2**31 - 1), max_size=3),
    urgent=st.none() | st.booleans(),
    open=st.none() | st.booleans(),
    overdue=st.none() | st.booleans(),
    reported_from=st.none() | seconds,
    reported_to=st.none() | seconds,
    due_from=st.none() | seconds,
    due_to=st.none() | seconds,
    judged=st.frozensets(st.sampled_from(QUANTITIES), max_size=3),
    hexes=st.frozensets(st.sampled_from(HEXES), max_size=2),
    cells=st.frozensets(code, max_size=3),
    box=st.none() | boxes,
    polygon=st.none() | st.lists(degrees, min_size=3, max_size=9).map(tuple),
    text=st.none() | words,
)


@given(wheres)
def test_an_address_brings_back_its_filter(where: Where) -> None:
    assert parse_where(write_where(where)) == where


@given(wheres)
def test_equal_filters_have_one_address(where: Where) -> None:
    assert write_where(parse_where(write_where(where))) == write_where(where)


@pytest.mark.parametrize(
    ("query", "where"),
    [
        ({}, EVERYTHING),
        ({"channel": "", "lang": "en", "case": "7"}, EVERYTHING),
        ({"channel": "12345, snap"}, Where(channels=frozenset({"12345", "snap"}))),
        (
            {"area": "subdistrict:110105001000,police:p1"},
            Where(areas=frozenset({("subdistrict", "110105001000"), ("police", "p1")})),
        ),
        ({"major": "2026:event:01"}, Where(majors=frozenset({"2026:event:01"}))),
        ({"open": "1", "urgent": "0"}, Where(open=True, urgent=False)),
        ({"from": "2026-11-01T00:00+08:00"}, Where(reported_from=1793462400)),
        ({"from": "2026-11-01T00:00 08:00"}, Where(reported_from=1793462400)),
        ({"to": "1793462400"}, Where(reported_to=1793462400)),
        ({"box": "116,39,117,40"}, Where(box=(116.0, 39.0, 117.0, 40.0))),
        ({"polygon": "116 39;117 39;117 40"}, Where(polygon=((116.0, 39.0), (117.0, 39.0), (117.0, 40.0)))),
        ({"text": "  占道 "}, Where(text="占道")),
    ],
)
def test_reads_the_query(query: dict[str, str], where: Where) -> None:
    assert parse_where(query) == where


def test_reads_a_moment_with_its_offset() -> None:
    where = parse_where({"from": "2026-11-01T08:30+08:00"})
    assert where.reported_from == int(datetime.fromisoformat("2026-11-01T00:30+00:00").timestamp())


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("matter", "seventeen"), ("matter", "99999999999"), ("area", "110105001000"), ("area", ":1"), ("open", "yes"),
        ("from", "2026-11-01T00:00"), ("from", "yesterday"), ("to", "9" * 30), ("box", "116,39,117"), ("box", "117,39,116,40"),
        ("box", "116,39,nan,40"), ("box", "200,0,201,1"), ("polygon", "116 39;117 40"), ("polygon", "1 2 3;1 2;1 3"),
        ("judged", "good"), ("hex", "nothing"), ("hex", "88318cd2d5fffff,89318cd2d47ffff"), ("due_to", "soon"),
        ("text", "x" * 201), ("polygon", ";".join(["1 1"] * 2001)),
    ],
)  # fmt: skip
def test_names_the_key_that_it_cannot_read(key: str, value: str) -> None:
    with pytest.raises(NeedleError, match=f"The filter {key}=") as raised:
        parse_where({key: value})
    assert raised.value.code == "filter.invalid"


class Drawn(CaseMirror):
    """A mirror that still knows the degrees of its points."""

    degrees: Any


def mirror_of(seed: int, count: int) -> Drawn:
    """A small mirror of random cases."""
    random = np.random.default_rng(seed)
    words = Words(
        states=Vocabulary(STATES),
        channels=Vocabulary(CHANNELS),
        matters=Vocabulary(MATTERS),
        majors=dict(zip(MATTERS, MAJORS, strict=True)),
        departments=Vocabulary(DEPARTMENTS),
        helpers=Vocabulary(HELPERS),
        cells=Vocabulary(CELLS),
        areas={layer: Vocabulary(codes) for layer, codes in AREAS.items()},
    )
    points = np.column_stack((random.uniform(116, 117, count), random.uniform(39, 40, count)))
    x, y = mercator_units(points).T
    columns: dict[str, Any] = {name: np.zeros(count, np.int64) for name in COLUMNS}
    columns |= {"id": np.arange(count) + 1, "x": x, "y": y, "placed": random.random(count) < 0.9}
    columns["state"] = random.integers(0, len(STATES), count)
    columns["channel"] = random.integers(0, len(CHANNELS), count)
    columns["matter"] = random.integers(0, len(MATTERS), count)
    columns["department"] = random.integers(-1, len(DEPARTMENTS), count)
    columns["helpers"] = random.integers(0, len(HELPERS), count)
    columns["team"] = random.integers(0, 4, count)
    columns["urgent"] = random.random(count) < 0.3
    children = [int(child) for cell in HEXES for child in h3.cell_to_children(cell, 9)]
    columns["hex"] = random.choice(np.array([0, *children], np.int64), count)
    columns["cell"] = random.integers(-1, len(CELLS), count)
    columns["returns"] = random.integers(0, 2, count)
    columns["reported"] = NOW - random.integers(0, 1000, count)
    columns["due"] = np.where(random.random(count) < 0.2, 0, NOW + random.integers(-500, 500, count))
    columns["closed"] = np.where(random.random(count) < 0.5, 0, NOW)
    areas = {name: random.integers(-1, len(codes), count).astype(np.int32) for name, codes in AREAS.items()}
    mirror = Drawn(words, 16)
    mirror.put(columns, areas)
    mirror.degrees = points
    return mirror


def fits(mirror: Drawn, row: int, where: Where) -> bool:
    """The filter in plain words, for one row."""

    def named(index: int, names: tuple[Any, ...]) -> Any:
        return names[index] if index >= 0 else None

    closed, due = mirror.closed[row] > 0, mirror.due[row]
    matter = mirror.matter[row]
    place = Point(mirror.degrees[row])
    layers = {layer for layer, _ in where.areas}
    in_areas = all((layer, named(mirror.areas[layer][row], AREAS[layer])) in where.areas for layer in layers)
    in_box = where.box is None or (
        mirror.placed[row] and where.box[0] <= place.x <= where.box[2] and where.box[1] <= place.y <= where.box[3]
    )
    return bool(
        (not where.channels or CHANNELS[mirror.channel[row]] in where.channels)
        and (not where.states or STATES[mirror.state[row]] in where.states)
        and (not where.matters or MATTERS[matter] in where.matters)
        and (not where.majors or MAJORS[matter] in where.majors)
        and (not where.departments or named(mirror.department[row], DEPARTMENTS) in where.departments)
        and where.hands <= handling(mirror, row)
        and (not where.teams or mirror.team[row] in where.teams)
        and in_areas
        and (where.urgent is None or bool(mirror.urgent[row]) == where.urgent)
        and (where.open is None or (not closed) == where.open)
        and (where.overdue is None or (not closed and 0 < due < NOW) == where.overdue)
        and (where.reported_from is None or mirror.reported[row] >= where.reported_from)
        and (where.reported_to is None or mirror.reported[row] < where.reported_to)
        and (where.due_from is None or (due > 0 and due >= where.due_from))
        and (where.due_to is None or 0 < due < where.due_to)
        and where.judged <= verdicts_on(mirror, row)
        and (not where.hexes or (mirror.hex[row] and h3.cell_to_parent(int(mirror.hex[row]), 8) in where.hexes))
        and (not where.cells or named(mirror.cell[row], CELLS) in where.cells)
        and in_box
    )


def verdicts_on(mirror: Drawn, row: int) -> set[str]:
    """Some of what indicators count, in plain words."""
    state, due = STATES[mirror.state[row]], mirror.due[row]
    valid = state != "reported"
    done = mirror.closed[row] if state == "closed" else 0
    said = {"reported": True, "valid": valid, "owed": valid and due > 0, "closed": state == "closed" and due > 0}
    said |= {"returned": valid and mirror.returns[row] > 0, "in_time": valid and due > 0 and 0 < done <= due}
    said["todo_late"] = valid and 0 < due < NOW and done == 0
    return {name for name, holds in said.items() if holds}


def handling(mirror: Drawn, row: int) -> set[str]:
    """Who leads a row and who helps."""
    lead = mirror.department[row]
    return {*HELPERS[mirror.helpers[row]], *([DEPARTMENTS[lead]] if lead >= 0 else [])}


def some(values: tuple[Any, ...]) -> st.SearchStrategy[frozenset[Any]]:
    return st.frozensets(st.sampled_from(values), max_size=2)


known_wheres = st.builds(
    Where,
    channels=some((*CHANNELS, "unheard")),
    states=some(STATES),
    matters=some((*MATTERS, 99)),
    majors=some(MAJORS),
    departments=some((*DEPARTMENTS, "none")),
    hands=some((*DEPARTMENTS, "none")),
    teams=some((0, 1, 2, 9)),
    areas=some(tuple((layer, code) for layer, codes in AREAS.items() for code in codes)),
    urgent=st.none() | st.booleans(),
    open=st.none() | st.booleans(),
    overdue=st.none() | st.booleans(),
    reported_from=st.none() | st.integers(NOW - 1000, NOW),
    reported_to=st.none() | st.integers(NOW - 1000, NOW),
    due_from=st.none() | st.integers(NOW - 500, NOW + 500),
    due_to=st.none() | st.integers(NOW - 500, NOW + 500),
    judged=some(("reported", "valid", "owed", "closed", "returned", "in_time", "todo_late")),
    hexes=some(HEXES),
    cells=some((*CELLS, "none")),
    box=st.none() | st.just((116.2, 39.3, 116.8, 39.9)),
)


@settings(max_examples=200, deadline=None)
@given(known_wheres, st.integers(0, 50))
def test_the_mirror_is_filtered_as_the_predicate_says(where: Where, seed: int) -> None:
    mirror = mirror_of(seed, 60)
    expected = [fits(mirror, row, where) for row in range(mirror.count)]
    assert matching(mirror, where, NOW).tolist() == expected


@settings(deadline=None)  # the first example waits for the compiler
@given(
    st.lists(st.tuples(st.floats(116, 117), st.floats(39, 40)), min_size=3, max_size=8).filter(
        lambda ring: Polygon(ring).is_valid and Polygon(ring).area > 1e-3
    ),
    st.integers(0, 50),
)
def test_a_polygon_holds_what_shapely_says(ring: list[tuple[float, float]], seed: int) -> None:
    mirror = mirror_of(seed, 60)
    drawn = Polygon(mercator_units(np.array(ring)))
    expected = [
        bool(mirror.placed[row]) and drawn.contains(Point(mirror.x[row], mirror.y[row])) for row in range(mirror.count)
    ]
    assert matching(mirror, Where(polygon=tuple(ring)), NOW).tolist() == expected


def test_a_layer_that_the_city_lacks_holds_no_case() -> None:
    assert not matching(mirror_of(1, 20), Where(areas=frozenset({("ward", "1")})), NOW).any()


def test_a_text_needs_the_texts() -> None:
    with pytest.raises(NeedleError) as raised:
        matching(mirror_of(1, 5), Where(text="占道"), NOW)
    assert raised.value.code == "filter.text_unready"


def test_a_text_is_one_facet_more() -> None:
    mirror = mirror_of(3, 40)
    found = np.arange(40) % 2 == 0

    class Search:
        def containing(self, wanted: str) -> Any:
            return found if wanted == "x" else ~found

    both = matching(mirror, Where(text="x", open=True), NOW, Search())
    assert both.tolist() == (matching(mirror, Where(open=True), NOW) & found).tolist()


@pytest.mark.parametrize(
    ("lng", "lat", "x", "y"), [(0, 0, 2**31, 2**31), (-180, 85.0511287798066, 0, 0), (90, 0, 3 * 2**30, 2**31)]
)
def test_mercator_units(lng: float, lat: float, x: float, y: float) -> None:
    units = mercator_units(np.array([[lng, lat]], np.float64))
    assert math.isclose(units[0, 0], x, abs_tol=1)
    assert math.isclose(units[0, 1], y, abs_tol=1)
