"""Streets, landscape and buildings from tables of any file: columns, words, shapes, and refusals that name column and row."""

from collections.abc import Mapping
from typing import Any

import geopandas as gpd
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from geo.errors import NeedleError
from geo.ground import GroundNotes
from geo.ground_columns import GUESSES, Reading, choose_columns
from geo.ground_table import building_rows, landscape_rows, street_rows

LINE = shapely.LineString([(116.0, 39.9), (116.01, 39.9)])
FAR_LINE = shapely.LineString([(116.5, 39.9), (116.51, 39.9)])
SQUARE = shapely.box(116.0, 39.9, 116.001, 39.901)
FAR_SQUARE = shapely.box(116.1, 39.9, 116.101, 39.901)
BOW_TIE = shapely.Polygon([(116.0, 39.9), (116.001, 39.901), (116.001, 39.9), (116.0, 39.901)])


def frame(geometry: list[shapely.Geometry | None], **columns: list[Any]) -> gpd.GeoDataFrame:
    return gpd.GeoDataFrame(columns, geometry=geometry, crs=4326)


def reading(content: str, table: gpd.GeoDataFrame, values: Mapping[str, str] | None = None, **asked: str) -> Reading:
    return Reading("file.gpkg", choose_columns(table, content, asked, "file.gpkg"), values or {})


def test_columns_are_guessed_by_common_names() -> None:
    table = frame([LINE], 编号=["a"], 道路名称=["长安街"], FClass=["primary"], 限速=[60], ONEWAY=["F"])
    assert choose_columns(table, "streets", {}, "x") == {
        "code": "编号",
        "name": "道路名称",
        "class": "FClass",
        "speed": "限速",
        "oneway": "ONEWAY",
    }


def test_columns_are_taken_as_asked_and_left_out_on_request() -> None:
    table = frame([SQUARE], id=[7], code=["x"], H=[12])
    assert choose_columns(table, "buildings", {"code": "id", "height": "h"}, "x") == {"code": "id", "height": "H"}
    assert choose_columns(table, "buildings", {"code": "-"}, "x") == {}


def test_no_column_serves_two_fields() -> None:
    for content in GUESSES:
        chosen = choose_columns(
            frame([LINE], type=["a"], 类型=["b"], name=["c"], id=["d"], kind=["e"]), content, {}, "x"
        )
        assert len(set(chosen.values())) == len(chosen)


@pytest.mark.parametrize(
    ("content", "asked", "code"),
    [
        ("streets", {"colour": "id"}, "ground.field"),
        ("streets", {"name": "NAME2"}, "file.column"),
        ("landscape", {}, "ground.column_missing"),
    ],
)
def test_columns_that_are_refused(content: str, asked: dict[str, str], code: str) -> None:
    with pytest.raises(NeedleError) as refused:
        choose_columns(frame([LINE], id=["d"]), content, asked, "x")
    assert refused.value.code == code


def test_streets_of_a_table() -> None:
    table = frame(
        [LINE, LINE, shapely.MultiLineString([LINE, FAR_LINE])],
        id=[1.0, 2.0, 3.0],
        name=["长安街", " ", None],
        等级=["主干路", "footway", None],
        限速=["60", None, "30 mph"],
        oneway=[True, "-1", "no"],
    )
    rows = street_rows(table, reading("streets", table), notes := GroundNotes())
    assert [row[:5] for row in rows] == [
        ("1", "长安街", "primary", 60.0, True),
        ("2", None, "path", 5.0, True),
        ("3/1", None, "residential", pytest.approx(48.28, abs=0.01), False),
        ("3/2", None, "residential", pytest.approx(48.28, abs=0.01), False),
    ]
    assert rows[0].line.equals(LINE)
    assert rows[1].line.coords[:] == LINE.coords[::-1]
    assert notes.found == {}


@pytest.mark.parametrize(
    ("words", "oneway"),
    [
        (["F", "T", "B"], [(True, False), (True, True), (False, False)]),  # Geofabrik: forward, backward, both
        (["T", "F"], [(True, False), (False, False)]),  # true, false
    ],
)
def test_one_way_columns_speak_two_languages(words: list[str], oneway: list[tuple[bool, bool]]) -> None:
    table = frame([LINE] * len(words), oneway=words)
    rows = street_rows(table, reading("streets", table), GroundNotes())
    assert [(row.oneway, row.line.coords[0] != LINE.coords[0]) for row in rows] == oneway


def test_buildings_of_a_table() -> None:
    table = frame(
        [SQUARE, BOW_TIE, shapely.MultiPolygon([SQUARE, FAR_SQUARE]), None, LINE],
        code=["a", "b", "c", "d", "e"],
        楼层=["6", None, "0", "1", "1"],
        高度=[None, 12.5, None, 1, 1],
        用途=["住宅", "Retail", None, "住宅", "住宅"],
        地址=["长安街1号", None, None, None, None],
    )
    rows = building_rows(table, reading("buildings", table), notes := GroundNotes())
    assert [row[:6] for row in rows] == [
        ("a", None, "长安街1号", "residential", 6, 18.0),
        ("b/1", None, "", "commercial", 4, 12.5),
        ("b/2", None, "", "commercial", 4, 12.5),
        ("c/1", None, "", "other", 0, 0.0),
        ("c/2", None, "", "other", 0, 0.0),
    ]
    assert notes.found == {"dropped_empty": ["4"], "wrong_shape": ["5"], "repaired_rings": ["2"]}
    assert all(row.shape.is_valid and row.shape.geom_type == "Polygon" for row in rows)
    assert [len(list(notes.sentences(language))) for language in ("zh", "en")] == [3, 3]


def test_landscape_of_a_table() -> None:
    table = frame([SQUARE, FAR_SQUARE, SQUARE], 类型=["湖泊", "forest", "沼地"], name=["西湖", None, None])
    rows = landscape_rows(table, reading("landscape", table, {"沼地": "-"}), notes := GroundNotes())
    assert [(row.kind, row.name, row.shape.geom_type) for row in rows] == [
        ("water", "西湖", "MultiPolygon"),
        ("park", None, "MultiPolygon"),
    ]
    assert notes.found == {"not_wanted": ["3"]}


def test_words_can_be_explained() -> None:
    table = frame([LINE, LINE, LINE], 等级=["甲", "乙", "支路"])
    rows = street_rows(table, reading("streets", table, {"甲": "motorway", "*": "path"}), GroundNotes())
    assert [row.street_class for row in rows] == ["motorway", "path", "tertiary"]


@pytest.mark.parametrize(
    ("content", "columns", "values", "code", "said"),
    [
        ("streets", {"class": ["primary", "甲", "甲"]}, {}, "ground.value", "甲 (2)"),
        ("streets", {"限速": ["60", "60", "schnell"]}, {}, "ground.value", "“限速”"),
        ("streets", {"oneway": ["yes", "perhaps", "no"]}, {}, "ground.value", "perhaps (2)"),
        ("streets", {"class": ["甲", "甲", "甲"]}, {"甲": "高速"}, "ground.word", "高速"),
        ("streets", {"id": ["a", "b", "a"]}, {}, "ground.code_repeated", "row 3"),
        ("streets", {"id": ["a", None, "c"]}, {}, "ground.code_repeated", "row 2"),
        ("buildings", {"floors": ["6", "many", "1"]}, {}, "ground.value", "many (2)"),
        ("buildings", {"height": ["-3", "6", "1"]}, {}, "ground.value", "-3 (1)"),
        ("landscape", {"kind": ["water", "", "park"]}, {}, "ground.value", "- (2)"),
    ],
)
def test_what_cannot_be_read_is_refused_by_column_and_row(
    content: str, columns: dict[str, list[Any]], values: dict[str, str], code: str, said: str
) -> None:
    read = {"streets": street_rows, "landscape": landscape_rows, "buildings": building_rows}[content]
    table = frame([LINE if content == "streets" else SQUARE] * 3, **columns)
    with pytest.raises(NeedleError) as refused:
        read(table, reading(content, table, values), GroundNotes())
    assert refused.value.code == code
    assert said in refused.value.sentence("en")


def test_a_file_of_another_geometry_is_refused() -> None:
    table = frame([SQUARE])
    with pytest.raises(NeedleError) as refused:
        street_rows(table, reading("streets", table), GroundNotes())
    assert refused.value.code == "ground.shape"


def test_shapes_that_are_not_on_the_earth_are_refused() -> None:
    table = frame([shapely.LineString([(500000, 4400000), (500100, 4400000)])])
    with pytest.raises(NeedleError) as refused:
        street_rows(table, reading("streets", table), GroundNotes())
    assert refused.value.code == "coordinate.range"


@given(st.permutations(list(range(6))))
def test_without_codes_a_shape_has_the_same_code_in_any_order(order: list[int]) -> None:
    shapes = [shapely.box(116 + i / 100, 39.9, 116.005 + i / 100, 39.905) for i in (0, 1, 2, 3, 4, 0)]
    table = frame([shapes[i] for i in order])
    rows = building_rows(table, reading("buildings", table), GroundNotes())
    by_place = {row.shape.bounds[0] for row in rows}
    assert len({row.code for row in rows}) == 6
    assert {row.code.partition("/")[0] for row in rows} == FINGERPRINTS
    assert len(by_place) == 5


def fingerprints() -> set[str]:
    table = frame([shapely.box(116 + i / 100, 39.9, 116.005 + i / 100, 39.905) for i in range(5)])
    return {row.code for row in building_rows(table, reading("buildings", table), GroundNotes())}


FINGERPRINTS = fingerprints()
