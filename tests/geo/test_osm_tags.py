"""What OpenStreetMap's tags mean: tables of real tags, and laws."""

from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from geo.osm_tags import (
    MOST_KMH,
    STREET_CLASSES,
    address_of,
    area_kinds,
    building_uses,
    highways,
    kind_of,
    name_of,
    oneway_of,
    size_of,
    speed_of,
    use_of,
)


def tags(text: str) -> Mapping[str, str]:
    """Tags from ``key=value`` separated by ``;``."""
    return dict(part.split("=", 1) for part in text.split(";") if part)


@pytest.mark.parametrize(
    ("highway", "street_class"),
    [
        ("motorway", "motorway"),
        ("motorway_link", "motorway"),
        ("trunk", "motorway"),
        ("primary_link", "primary"),
        ("secondary", "secondary"),
        ("tertiary_link", "tertiary"),
        ("unclassified", "residential"),
        ("service", "residential"),
        ("living_street", "residential"),
        ("footway", "path"),
        ("cycleway", "path"),
        ("steps", "path"),
    ],
)
def test_class_of_a_highway(highway: str, street_class: str) -> None:
    assert highways()[highway].street_class == street_class


@pytest.mark.parametrize("highway", ["construction", "proposed", "platform", "elevator", "corridor", "raceway"])
def test_what_nobody_drives_or_walks_is_no_street(highway: str) -> None:
    assert highway not in highways()


def test_links_are_slower_than_what_they_link() -> None:
    for name, meaning in highways().items():
        if name.endswith("_link"):
            assert meaning.speed_kmh < highways()[name.removesuffix("_link")].speed_kmh
            assert meaning.street_class == highways()[name.removesuffix("_link")].street_class


@pytest.mark.parametrize(
    ("text", "oneway"),
    [
        ("highway=primary;oneway=yes", 1),
        ("highway=primary;oneway=1", 1),
        ("highway=primary;oneway=-1", -1),
        ("highway=primary;oneway=reverse", -1),
        ("highway=primary;oneway=no", 0),
        ("highway=primary;oneway=reversible", 0),
        ("highway=primary", 0),
        ("highway=tertiary;junction=roundabout", 1),
        ("highway=tertiary;junction=roundabout;oneway=no", 0),
        ("highway=motorway", 1),
        ("highway=motorway;oneway=no", 0),
        ("highway=motorway_link", 0),
        ("highway=footway;oneway=yes", 0),
        ("highway=cycleway;oneway=yes", 1),
    ],
)
def test_oneway(text: str, oneway: int) -> None:
    assert oneway_of(tags(text)) == oneway


@pytest.mark.parametrize(
    ("maxspeed", "speed"),
    [
        ("30", 30.0),
        ("50 km/h", 50.0),
        ("30 mph", pytest.approx(48.28, abs=0.01)),
        ("60;40", 60.0),
        ("CN:urban", 42.0),
        ("none", 42.0),
        ("walk", 42.0),
        ("0", 42.0),
        ("999", 42.0),
        ("", 42.0),
    ],
)
def test_speed_is_the_posted_one_or_the_class_s(maxspeed: str, speed: float) -> None:
    assert speed_of({"maxspeed": maxspeed}, 42.0) == speed


@given(st.text(max_size=12))
def test_no_text_makes_an_impossible_speed(text: str) -> None:
    assert 0 < speed_of({"maxspeed": text}, 42.0) <= MOST_KMH


@pytest.mark.parametrize(
    ("text", "floors", "height_m"),
    [
        ("building:levels=6", 6, 18.0),
        ("building:levels=1.5", 2, 4.5),
        ("height=12.13 m", 4, 12.13),
        ("height=40 ft", 4, pytest.approx(12.19, abs=0.01)),
        ("height=6'6\"", 1, pytest.approx(1.98, abs=0.01)),
        ("building:levels=9;height=39", 9, 39.0),
        ("height=0.5", 1, 0.5),
        ("building:levels=yes;height=tall", 0, 0.0),
        ("height=99999", 0, 0.0),
        ("", 0, 0.0),
    ],
)
def test_size_of_a_building(text: str, floors: int, height_m: float) -> None:
    assert size_of(tags(text)) == (floors, height_m)


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("addr:street=Mannerheimintie;addr:housenumber=10", "Mannerheimintie 10"),
        ("addr:street=长安街;addr:housenumber=1", "长安街1号"),
        ("addr:street=长安街;addr:housenumber=甲3号", "长安街甲3号"),
        ("addr:full=北京市东城区长安街1号;addr:street=长安街", "北京市东城区长安街1号"),
        ("addr:place=Kamppi;addr:housenumber=2", "Kamppi 2"),
        ("addr:housenumber=2", ""),
        ("", ""),
    ],
)
def test_address(text: str, address: str) -> None:
    assert address_of(tags(text)) == address


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("natural=water", "water"),
        ("landuse=reservoir", "water"),
        ("leisure=park;natural=water", "water"),
        ("leisure=park", "park"),
        ("landuse=forest", "park"),
        ("place=square", "square"),
        ("highway=pedestrian", "square"),
        ("landuse=residential", None),
        ("natural=coastline", None),
    ],
)
def test_kind_of_an_area(text: str, kind: str | None) -> None:
    assert kind_of(tags(text)) == kind


@pytest.mark.parametrize(
    ("text", "use"),
    [
        ("building=apartments", "residential"),
        ("building=retail", "commercial"),
        ("building=yes;shop=supermarket", "commercial"),
        ("building=yes;amenity=cafe", "commercial"),
        ("building=yes;amenity=library", "public"),
        ("building=apartments;shop=bakery", "residential"),
        ("building=yes;office=company", "office"),
        ("building=warehouse", "industrial"),
        ("building=yes", "other"),
    ],
)
def test_use_of_a_building(text: str, use: str) -> None:
    assert use_of(tags(text)) == use


def test_names_are_chinese_where_there_is_one() -> None:
    assert name_of({"name": "Senaatintori", "name:zh": "参议院广场"}) == "参议院广场"
    assert name_of({"name": " Senaatintori ", "name:zh": None}) == "Senaatintori"
    assert name_of({"name": " ", "name:zh": None}) is None


def test_tables_speak_only_our_words() -> None:
    assert {meaning.street_class for meaning in highways().values()} == set(STREET_CLASSES)
    assert set(area_kinds().values()) == {"water", "park", "square"}
    assert set(building_uses().values()) == {"residential", "commercial", "office", "industrial", "public"}
