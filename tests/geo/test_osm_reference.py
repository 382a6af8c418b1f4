"""The extract of Helsinki against what OSMnx read of the same area: what both hold whole is equal, and the rest is explained.

OSMnx's files cover more ground than the extract, so everything of the extract must be in them. The extract is cut hard: it
has only the nodes within its box, so what crosses the edge is torn, and only that may differ.
"""

from collections.abc import Iterable
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

import geopandas as gpd
import numpy as np
import pytest
import shapely

from geo.ground import BuildingRow, GroundNotes, StreetRow
from geo.osm import open_extract, read_areas, read_streets
from geo.osm_pbf import Torn
from geo.osm_tags import address_of, highways, name_of, size_of, use_of

pytestmark = pytest.mark.real_data

Stroke = frozenset[tuple[float, float]]


class Helsinki(NamedTuple):
    """The extract as we read it, and OSMnx's buildings (by kind and id) and edges of the walking network."""

    torn: Torn
    buildings: dict[str, BuildingRow]
    streets: dict[str, StreetRow]
    area_notes: GroundNotes
    street_notes: GroundNotes
    reference_buildings: gpd.GeoDataFrame
    reference_paths: gpd.GeoDataFrame


@pytest.fixture(scope="module")
def helsinki(real_data: Path) -> Helsinki:
    folder = real_data / "helsinki"
    extract = open_extract(folder / "Helsinki.osm.pbf")
    area_notes, street_notes = GroundNotes(), GroundNotes()
    buildings = [row for batch in read_areas(extract, area_notes) for row in batch.buildings]
    streets = [row for batch in read_streets(extract, street_notes) for row in batch]
    reference = gpd.read_parquet(folder / "osmnx_buildings.parquet")
    reference.index = [f"{kind}/{number}" for kind, number in reference.index]
    return Helsinki(
        extract.torn,
        {row.code: row for row in buildings},
        {row.code: row for row in streets},
        area_notes,
        street_notes,
        reference,
        gpd.read_parquet(folder / "osmnx_paths.parquet"),
    )


def test_counts(helsinki: Helsinki) -> None:
    assert len(helsinki.buildings) == 444
    assert len(helsinki.reference_buildings) == 1932
    assert len(helsinki.streets) == 2302
    assert helsinki.reference_paths["osmid"].nunique() == 3532


def test_every_building_that_both_have_is_equal_in_shape_and_tags(helsinki: Helsinki) -> None:
    for code, row in helsinki.buildings.items():
        assert code in helsinki.reference_buildings.index
        reference = helsinki.reference_buildings.loc[code]
        tags = {str(key): value for key, value in reference.items() if isinstance(value, str)}
        assert row[1:6] == (name_of(tags), address_of(tags), use_of(tags), *size_of(tags)), code
        ours, theirs = shapely.normalize(row.shape), shapely.normalize(reference.geometry)
        # OSM's coordinates are whole 1e-7 degrees; a tenth of that is rounding.
        assert ours.equals_exact(theirs, 1e-8) or code == "relation/1858248", code
    parted = helsinki.buildings["relation/1858248"].shape  # three touching outlines, which both make one
    assert parted.equals(helsinki.reference_buildings.loc["relation/1858248"].geometry)


def test_what_the_extract_holds_whole_is_there_once(helsinki: Helsinki) -> None:
    """Buildings that we leave out are cut by the extract's edge. Of those within it, two are mapped twice, as a relation and
    as its outer way: OSMnx gives both, we give the relation, which knows the courtyards."""
    box = shapely.box(*shapely.union_all([row.line for row in helsinki.streets.values()]).bounds)
    left_out = set(helsinki.area_notes.found["torn_areas"]) & set(helsinki.reference_buildings.index)
    assert len(left_out) == 50
    assert not helsinki.reference_buildings.loc[sorted(left_out)].within(box).any()
    inside = helsinki.reference_buildings[helsinki.reference_buildings.within(box)]
    twice = set(inside.index) - set(helsinki.buildings)
    assert twice == {"way/122595213", "way/675858716"}
    outlines = {shapely.normalize(shapely.Polygon(row.shape.exterior)).wkb for row in helsinki.buildings.values()}
    assert all(shapely.normalize(inside.loc[code].geometry).wkb in outlines for code in twice)


def strokes(lines: Iterable[shapely.LineString]) -> set[Stroke]:
    """The strokes from node to node, whichever way."""
    found: set[Stroke] = set()
    for line in lines:
        points = [tuple(point) for point in np.round(shapely.get_coordinates(line), 7).tolist()]
        found |= {frozenset(pair) for pair in pairwise(points)}
    return found


def test_every_path_that_both_have_is_equal(helsinki: Helsinki) -> None:
    """Whole ways have the same strokes as OSMnx's edges; of torn ones we have a part, never a stroke that is not there."""
    ours: dict[int, list[StreetRow]] = {}
    for code, row in helsinki.streets.items():
        ours.setdefault(int(code.split("/")[1]), []).append(row)
    equal = parts = 0
    for way, edges in helsinki.reference_paths.groupby("osmid"):
        rows = ours.get(int(str(way)), [])
        if not rows:
            continue
        mine, theirs = strokes(row.line for row in rows), strokes(edges.geometry)
        if helsinki.torn.has_way(int(str(way))):
            assert mine < theirs, way
            parts += 1
        else:
            assert mine == theirs, way
            equal += 1
        highway, name = edges["highway"].iloc[0], edges["name"].iloc[0]
        assert rows[0].street_class == highways()[highway].street_class == "path"
        assert rows[0].name == (name if isinstance(name, str) else None)
    assert (equal, parts) == (1110, 72)


def test_what_osmnx_walks_on_and_we_do_not_is_an_area_or_torn(helsinki: Helsinki) -> None:
    """Areas for walking are squares here, not streets; of the others the extract has a single node."""
    ours = {int(code.split("/")[1]) for code in helsinki.streets}
    box = shapely.box(*shapely.union_all([row.line for row in helsinki.streets.values()]).bounds)
    missing = 0
    for way, edges in helsinki.reference_paths.groupby("osmid"):
        if edges.within(box).all() and int(str(way)) not in ours:
            missing += 1
            assert (edges["area"] == "yes").all() or helsinki.torn.has_way(int(str(way))), way
    assert missing > 0
