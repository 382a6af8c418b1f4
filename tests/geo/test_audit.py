"""The audit finds what was broken on purpose, and nothing in grounds that fit."""

import json
from collections.abc import Callable, Sequence
from pathlib import Path

import geopandas as gpd
import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from geo.audit import AuditReport, audit_boundaries, audit_cells, audit_layer
from geo.audit_picture import audit_page
from geo.files import read_layer_file, write_table
from geo.layers import Layer, make_layer

Square = Callable[..., shapely.Polygon]
SQUARE_M2 = 948_000.0  # of the fixture's squares at 39.9 north, within 1 %
METRE = 1 / 85_400  # degrees of longitude


def layer_of(shapes: Sequence[shapely.Geometry], codes: Sequence[str], name: str = "district") -> Layer:
    """A layer of shapes."""
    return Layer(name, tuple(codes), tuple(codes), (None,) * len(codes), np.array(shapes, dtype=object))


def found(report: AuditReport) -> list[tuple[str, tuple[str, ...]]]:
    """Kind and codes of each finding."""
    return [(finding.kind, finding.codes) for finding in report.findings]


def test_areas_that_fit_have_no_findings(two_by_two: gpd.GeoDataFrame) -> None:
    report = audit_layer(make_layer(two_by_two, "district", "code")[0])
    assert report.findings == ()
    assert report.layers == (("district", 4),)


def test_ground_of_two_areas_is_an_overlap(squares: Square) -> None:
    report = audit_layer(layer_of([squares(0, 0), squares(0.5, 0)], "ab"))
    assert found(report) == [("overlap", ("a", "b"))]
    assert report.findings[0].area_m2 == pytest.approx(SQUARE_M2 / 2, rel=0.01)
    assert report.findings[0].geometry.equals(shapely.intersection(squares(0, 0), squares(0.5, 0)))


def test_an_area_inside_another_is_an_overlap(squares: Square) -> None:
    report = audit_layer(layer_of([squares(0, 0), squares(0.25, 0.25, 0.5)], "ab"))
    assert found(report) == [("overlap", ("a", "b"))]


def test_enclosed_ground_of_no_area_is_a_gap(squares: Square) -> None:
    ring = [squares(column, row) for column in range(3) for row in range(3) if (column, row) != (1, 1)]
    report = audit_layer(layer_of(ring, "abcdefgh"))
    assert [finding.kind for finding in report.findings] == ["gap"]
    assert set(report.findings[0].codes) >= set("bdeg")
    assert report.findings[0].area_m2 == pytest.approx(SQUARE_M2, rel=0.01)


def test_an_island_in_a_gap_is_no_part_of_it(squares: Square) -> None:
    ring = [squares(column, row) for column in range(3) for row in range(3) if (column, row) != (1, 1)]
    report = audit_layer(layer_of([*ring, squares(1.25, 1.25, 0.5)], "abcdefghi"))
    assert [finding.kind for finding in report.findings] == ["gap"]
    assert report.findings[0].area_m2 == pytest.approx(SQUARE_M2 * 0.75, rel=0.01)


@given(st.floats(0.05, 1.9))
def test_a_thin_overlap_is_a_sliver(width_m: float) -> None:
    left = shapely.box(116.3, 39.9, 116.31 + width_m * METRE, 39.91)
    right = shapely.box(116.31, 39.9, 116.32, 39.91)
    report = audit_layer(layer_of([left, right], "ab"))
    assert found(report) == [("sliver", ("a", "b"))]
    assert report.findings[0].width_m == pytest.approx(width_m, rel=0.02)


@pytest.fixture
def areas(two_by_two: gpd.GeoDataFrame) -> Layer:
    """Four communities with real codes, a b below c d."""
    codes = ["110117001001", "110117001002", "110117001003", "110117001004"]
    return make_layer(two_by_two.assign(code=codes), "community", "code")[0]


def grid(squares: Square, moved: dict[str, tuple[float, float]] | None = None) -> Layer:
    """Sixteen cells, four to a community of ``areas``, with codes; some moved elsewhere."""
    moved = moved or {}
    shapes, codes = [], []
    for column in range(4):
        for row in range(4):
            community = 1 + column // 2 + 2 * (row // 2)
            code = f"1101170010{community:02d}{1 + column % 2 + 2 * (row % 2):03d}"
            codes.append(code)
            shapes.append(squares(*moved.get(code, (column / 2, row / 2)), 0.5))
    return layer_of(shapes, codes, "cell")


def test_a_grid_that_tiles_its_communities_has_no_findings(squares: Square, areas: Layer) -> None:
    assert audit_cells(grid(squares), [areas]).findings == ()


def test_a_cell_outside_every_area(squares: Square, areas: Layer) -> None:
    corner = "110117001004004"
    report = audit_cells(grid(squares, {corner: (5, 5)}), [areas])
    assert sorted(found(report)) == [("outside", (corner,)), ("uncovered", ("110117001004",))]


def test_a_cell_across_a_border(squares: Square, areas: Layer) -> None:
    code = "110117001001002"  # the lower right cell of the first community, moved half into the second
    report = audit_cells(grid(squares, {code: (0.7, 0)}), [areas])
    crossing = [finding for finding in report.findings if finding.kind == "crossing"]
    assert [finding.codes for finding in crossing] == [(code, "110117001001", "110117001002")]
    assert crossing[0].area_m2 == pytest.approx(SQUARE_M2 * 0.2 * 0.5, rel=0.01)
    assert {finding.kind for finding in report.findings} == {"crossing", "overlap", "uncovered"}


def test_a_cell_whose_code_names_another_community(squares: Square, areas: Layer) -> None:
    cells = grid(squares)
    codes = list(cells.codes)
    codes[0] = "110117001009001"
    report = audit_cells(layer_of(list(cells.polygons), codes, "cell"), [areas])
    assert found(report) == [("misfiled", ("110117001009001", "110117001001"))]


def test_codes_that_are_no_area_codes_say_nothing_of_cells(squares: Square, two_by_two: gpd.GeoDataFrame) -> None:
    assert audit_cells(grid(squares), [make_layer(two_by_two, "police", "code")[0]]).findings == ()


def test_the_map_file_and_the_page_show_every_finding(tmp_path: Path, squares: Square) -> None:
    layer = layer_of([squares(0, 0), squares(0.5, 0), squares(3, 0)], ["<a>", "b", "c"])
    report = audit_layer(layer)
    write_table(report.to_frame(), tmp_path / "audit.geojson")
    features = json.loads((tmp_path / "audit.geojson").read_text(encoding="utf-8"))["features"]
    assert [f["properties"]["kind"] for f in features] == ["overlap"]
    assert features[0]["properties"]["codes"] == "<a>, b"
    page = audit_page(report, [layer])
    assert page.count('class="area"') == 3
    assert "&lt;a&gt;, b" in page
    assert "<a>" not in page
    assert "http" not in page  # stands alone


def test_a_page_of_nothing_says_so(two_by_two: gpd.GeoDataFrame) -> None:
    layer, _ = make_layer(two_by_two, "district", "code")
    assert "没有发现问题" in audit_page(audit_layer(layer), [layer])


def test_progress_names_each_layer(squares: Square, areas: Layer) -> None:
    told: list[str] = []
    audit_boundaries([areas], grid(squares), lambda what, _done: told.append(what))
    assert told == ["community", "cell", "cell in community"]


@pytest.mark.real_data
def test_real_boundaries(real_data: Path) -> None:
    def audit(path: str, field: str) -> AuditReport:
        return audit_layer(make_layer(read_layer_file(real_data / path), "layer", field)[0])

    assert audit("boston/police_districts.geojson.gz", "DISTRICT").findings == ()
    districts = audit("beijing/districts_2024.parquet", "code")
    largest = max(districts.findings, key=lambda finding: finding.area_m2)
    # The airport in 顺义 is administered by 朝阳; the outlines count it to both.
    assert (largest.kind, largest.codes) == ("overlap", ("110105000000", "110113000000"))
    assert largest.area_m2 > 10e6


@pytest.mark.real_data
def test_plain_geometry_finds_as_many_faults_in_a_real_city(real_data: Path) -> None:
    """The subdistricts of Beijing are said to have no gaps and no overlaps; UTM and plain Shapely say as we do."""
    frame = read_layer_file(real_data / "beijing/subdistricts_2024.geojson.gz")
    report = audit_layer(make_layer(frame, "subdistrict", "code")[0])
    utm = frame.to_crs(32650).geometry.to_numpy()
    first, second = shapely.STRtree(utm).query(utm, predicate="intersects")
    once = first < second
    shared_m2 = shapely.area(shapely.intersection(utm[first[once]], utm[second[once]]))
    ground = shapely.get_parts(shapely.union_all(utm, grid_size=0.001))
    outlines = shapely.polygons(shapely.get_exterior_ring(ground))
    holes_m2 = shapely.area(shapely.get_parts(shapely.difference(outlines, ground)))
    kinds = [report.count("subdistrict", kind) for kind in ("gap", "overlap", "sliver")]
    assert sum(kinds) == pytest.approx((shared_m2 >= 0.1).sum() + (holes_m2 >= 0.1).sum(), abs=5)
    assert sum(f.area_m2 for f in report.findings if len(f.codes) == 2 and f.kind == "overlap") > 30_000
