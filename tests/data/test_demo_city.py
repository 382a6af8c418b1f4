"""The demo city stands on its ground: areas fit each other bit by bit, codes are valid, houses are dry, rules hold."""

from dataclasses import replace

import numpy as np
import pytest
import shapely

from data.demo.city import DemoCity, make_city
from data.demo.landscape import PLANE
from data.demo.powers import HABITS, POWERS
from data.demo.rhythm import HOURS, duty_table
from data.demo.size import BLOCK, CITY, DISTRICT, DemoSize
from data.demo.streets import CLASSES, EXPRESSWAY
from dispatch.matters import matters
from dispatch.rules import check_rules, parse_rules
from geo.codes import is_area_code, is_cell_code

SMALL = replace(DISTRICT, name="small", lines=34, cells=700, subdistricts=5, communities=22, buildings=3_000, cases=600)


@pytest.fixture(scope="module", params=[BLOCK, SMALL], ids=lambda size: size.name)
def city(request: pytest.FixtureRequest) -> DemoCity:
    size: DemoSize = request.param
    return make_city(size)


def test_areas_of_every_layer_cover_the_city_without_gap_or_overlap(city: DemoCity) -> None:
    limits = shapely.union_all(city.jurisdictions.layer("district").polygons)
    for layer in city.layers:
        assert shapely.is_valid(layer.polygons).all(), layer.name
        assert shapely.coverage_is_valid(layer.polygons), layer.name
        assert shapely.area(layer.polygons).sum() == pytest.approx(limits.area, rel=1e-12), layer.name


def test_shared_borders_are_the_same_bits(city: DemoCity) -> None:
    nodes = {tuple(p) for p in np.stack([city.lattice.lng, city.lattice.lat], axis=-1).reshape(-1, 2).tolist()}
    for layer in city.layers:
        assert {tuple(p) for p in shapely.get_coordinates(layer.polygons).tolist()} <= nodes, layer.name


def test_every_area_lies_in_its_parent(city: DemoCity) -> None:
    layers = {layer.name: layer for layer in city.layers}
    for child, parent in (("cell", "community"), ("community", "subdistrict"), ("subdistrict", "district")):
        above = dict(zip(layers[parent].codes, layers[parent].polygons, strict=True))
        outside = [
            layers[child].codes[k]
            for k, code in enumerate(layers[child].parents)
            if not above[str(code)].covers(layers[child].polygons[k])
        ]
        assert outside == []


def test_communities_and_departments_areas_are_in_one_piece(city: DemoCity) -> None:
    for layer in city.layers:
        assert set(shapely.get_type_id(layer.polygons).tolist()) == {3}, layer.name


def test_codes_are_valid_unique_and_nested(city: DemoCity) -> None:
    for layer in city.layers:
        assert len(set(layer.codes)) == len(layer.codes)
    for name in ("district", "subdistrict", "community"):
        assert all(is_area_code(code) for code in city.jurisdictions.layer(name).codes)
    cells = city.jurisdictions.layer("cell")
    assert all(
        is_cell_code(code) and code[:12] == parent for code, parent in zip(cells.codes, cells.parents, strict=True)
    )


def test_cells_of_a_community_are_numbered_from_one_without_a_hole(city: DemoCity) -> None:
    serials: dict[str, list[int]] = {}
    for code in city.jurisdictions.layer("cell").codes:
        serials.setdefault(code[:12], []).append(int(code[12:]))
    assert all(numbers == list(range(1, len(numbers) + 1)) for numbers in serials.values())


def test_counts_are_those_asked_for(city: DemoCity) -> None:
    size = city.size
    counted = {layer.name: len(layer) for layer in city.layers}
    assert counted["subdistrict"] == size.subdistricts
    assert counted["community"] == size.communities
    assert counted["cell"] == pytest.approx(size.cells, rel=0.12)
    assert len(city.buildings.square) == size.buildings


def test_no_building_stands_in_water_or_outside(city: DemoCity) -> None:
    shapes = city.buildings.shapes
    limits = shapely.union_all(city.jurisdictions.layer("district").polygons)
    shapely.prepare(limits)
    assert shapely.is_valid(shapes).all()
    assert limits.covers(shapes).all()
    assert not shapely.intersects(shapes, shapely.union_all(city.landscape.water)).any()


def test_buildings_do_not_touch_streets_or_each_other(city: DemoCity) -> None:
    shapes = city.buildings.shapes
    tree = shapely.STRtree(shapes)
    walls = city.streets.lines[city.streets.street_class <= EXPRESSWAY]
    assert len(tree.query(walls, predicate="intersects")[1]) == 0
    a, b = tree.query(shapes, predicate="overlaps")
    assert (a < b).sum() < 0.002 * len(shapes)


def test_addresses_name_district_subdistrict_street_and_number(city: DemoCity) -> None:
    addresses = city.buildings.addresses.tolist()
    assert all(text.startswith("安澜市望河区") and ("街道" in text or "镇" in text) for text in addresses)
    assert all("号" in text and text[-1] in "楼院" for text in addresses)
    assert len(set(addresses)) > 0.98 * len(addresses)


def test_an_address_names_the_subdistrict_that_the_building_stands_in(city: DemoCity) -> None:
    layer = city.jurisdictions.layer("subdistrict")
    middle = shapely.points(city.buildings.middle())
    house, area = shapely.STRtree(layer.polygons).query(middle, predicate="within")
    assert len(house) == len(middle)
    assert all(
        layer.names[k] in city.buildings.addresses[i] for i, k in zip(house.tolist(), area.tolist(), strict=True)
    )


def test_streets_cross_at_shared_nodes_and_hang_together(city: DemoCity) -> None:
    ends: dict[tuple[float, ...], int] = {}
    parent: list[int] = list(range(len(city.streets.lines)))

    def root(k: int) -> int:
        while parent[k] != k:
            parent[k] = parent[parent[k]]
            k = parent[k]
        return k

    for k, line in enumerate(city.streets.lines):
        for point in map(tuple, shapely.get_coordinates(line).tolist()):
            parent[root(k)] = root(ends.setdefault(point, k))
    sizes = np.bincount([root(k) for k in range(len(parent))])
    assert sizes.max() >= 0.97 * len(parent)
    assert {CLASSES[k] for k in city.streets.street_class.tolist()} >= {"residential", "secondary"}
    assert all(city.streets.names[k] for k in city.streets.name.tolist())


def test_landscape_keeps_apart_from_water(city: DemoCity) -> None:
    water = shapely.union_all(city.landscape.water)
    others = city.landscape.shapes[np.array(city.landscape.kinds) != "water"]
    assert shapely.area(shapely.intersection(others, water)).sum() < 1e-12
    assert shapely.is_valid(city.landscape.shapes).all()


def test_rules_parse_and_name_only_what_the_city_has(city: DemoCity) -> None:
    ruleset = parse_rules(city.people.rules)
    layers = {layer.name: set(layer.codes) for layer in city.layers}
    assert check_rules(ruleset, set(matters()), {d.code for d in city.people.departments}, layers) == []


@pytest.mark.parametrize("habit", HABITS, ids=lambda habit: habit.key)
def test_every_matter_exists_and_some_department_may_act(habit: object) -> None:
    assert habit.key in matters()  # type: ignore[attr-defined]
    assert habit.rhythm in HOURS  # type: ignore[attr-defined]


def test_history_gives_a_matter_to_the_department_that_the_rules_name(city: DemoCity) -> None:
    ruleset = parse_rules(city.people.rules)
    areas = {layer.name: layer.codes[0] for layer in city.layers}
    for habit in HABITS:
        found = ruleset.powers(habit.key, areas)
        power = next((p for p in POWERS if any(_fits(pattern, habit.key) for pattern in p.matters)), None)
        expected = areas["subdistrict"][:9] if power is None else f"{areas['district'][:6]}-{power.department}"
        assert found[0].department == expected, habit.key


def _fits(pattern: str, key: str) -> bool:
    return key.startswith(pattern[:-1]) if pattern.endswith("*") else key == pattern


def test_every_team_has_its_base_in_its_area_and_its_department(city: DemoCity) -> None:
    departments = {d.code for d in city.people.departments}
    layers = {layer.name: dict(zip(layer.codes, layer.polygons, strict=True)) for layer in city.layers}
    for team in city.people.teams:
        assert team.department in departments
        assert layers[team.scope_layer][team.scope_code].covers(shapely.Point(team.lng, team.lat)), team.code


def test_squads_leave_no_minute_of_the_day_without_police_and_fire_brigade(city: DemoCity) -> None:
    for kind in ("ga", "xf", "sz"):
        shifts = {team.shift for team in city.people.teams if team.department.endswith(kind)}
        assert np.any([duty_table(shift) for shift in shifts], axis=0).all(), kind


def test_the_same_size_gives_the_same_city() -> None:
    one, two = make_city(BLOCK), make_city(BLOCK)
    assert one.buildings.corners.tobytes() == two.buildings.corners.tobytes()
    assert one.buildings.addresses.tolist() == two.buildings.addresses.tolist()
    assert [shapely.to_wkb(layer.polygons).tolist() for layer in one.layers] == [
        shapely.to_wkb(layer.polygons).tolist() for layer in two.layers
    ]
    assert one.people == two.people


def test_another_seed_gives_another_city() -> None:
    other = make_city(replace(BLOCK, seed=8))
    assert other.buildings.corners.tobytes() != make_city(BLOCK).buildings.corners.tobytes()


def test_a_district_is_about_nine_kilometres_wide() -> None:
    x, y = PLANE.to_xy(*make_city(DISTRICT).lattice.at(np.array([0.0, 88.0]), np.array([44.0, 44.0])))
    assert 8_500 < float(np.hypot(x[1] - x[0], y[1] - y[0])) < 10_500


def test_the_city_preset_has_the_size_that_benchmarks_ask_for() -> None:
    assert (CITY.subdistricts, CITY.buildings, CITY.cases) == (400, 1_000_000, 1_000_000)
    assert CITY.lines * CITY.spacing_m == pytest.approx(60_000, rel=0.01)
