"""Layers and their generations in the base, rule sets, and teams with their shifts."""

from datetime import date, time

import numpy as np
import pytest
import shapely

from data.database import Connection
from data.stores.layers import list_layers, load_layers, save_layer
from data.stores.rules import current_rule_set, save_rule_set
from data.stores.teams import ShiftRow, load_teams
from geo.errors import NeedleError
from geo.layers import Layer


def district(east: float, name: str = "district") -> Layer:
    whole = shapely.box(116.0, 39.0, east, 39.1)
    parts = shapely.multipolygons([shapely.box(117, 39, 117.1, 39.1), shapely.box(117.2, 39, 117.3, 39.1)])
    return Layer(name, ("a", "b"), ("甲", "乙"), (None, "a"), np.array([whole, parts], dtype=object))


def save(connection: Connection, layer: Layer, valid_from: date, kind: str = "area", rank: int = 0) -> int:
    return save_layer(connection, layer, kind, "区", "District", rank, "drawn by hand", valid_from, {"areas": 2})


def test_a_layer_comes_back_as_it_went_in(connection: Connection) -> None:
    layer = district(116.1)
    assert save(connection, layer, date(2026, 1, 1)) == 1
    (found,) = load_layers(connection)
    assert (found.name, found.codes, found.names, found.parents) == ("district", ("a", "b"), ("甲", "乙"), (None, "a"))
    assert shapely.equals(found.polygons, layer.polygons).all()


def test_a_new_generation_closes_the_old_and_the_old_can_still_be_asked(connection: Connection) -> None:
    save(connection, district(116.1), date(2025, 1, 1))
    assert save(connection, district(116.2), date(2026, 1, 1)) == 2
    for day, east, number in ((None, 116.2, 2), (date(2025, 6, 1), 116.1, 1), (date(2026, 1, 1), 116.2, 2)):
        (layer,) = load_layers(connection, at=day)
        assert (layer.generation, layer.polygons[0].bounds[2]) == (number, pytest.approx(east))
    assert load_layers(connection, at=date(2024, 1, 1)) == []


def test_layers_come_widest_first_and_by_name(connection: Connection) -> None:
    for rank, name in ((2, "police"), (0, "district"), (1, "fire")):
        save(connection, district(116.1, name), date(2026, 1, 1), rank=rank)
    assert [layer.name for layer in load_layers(connection)] == ["district", "fire", "police"]
    assert [layer.name for layer in load_layers(connection, names=["fire"])] == ["fire"]


def test_unit_cells_are_the_layer_cell(connection: Connection) -> None:
    box = np.array([shapely.box(116.0, 39.0, 116.01, 39.01)], dtype=object)
    cells = Layer("cell", ("110101001001001",), ("110101001001001",), (None,), box)
    save(connection, cells, date(2026, 1, 1), kind="grid")
    (found,) = load_layers(connection)
    assert (found.name, found.codes) == ("cell", cells.codes)


def test_generations_follow_each_other(connection: Connection) -> None:
    save(connection, district(116.1), date(2026, 1, 1))
    with pytest.raises(NeedleError, match="begins on 2026-01-01"):
        save(connection, district(116.2), date(2025, 1, 1))


@pytest.mark.parametrize(
    ("code", "shape", "problem"),
    [
        ("12", shapely.box(116, 39, 116.1, 39.1), "layer.cell_code"),
        ("110101001001001", district(116.1).polygons[1], "layer.cell_parts"),
    ],
)
def test_cells_that_are_none_are_named(
    code: str, shape: shapely.Geometry, problem: str, connection: Connection
) -> None:
    cells = Layer("cell", (code,), (code,), (None,), np.array([shape], dtype=object))
    with pytest.raises(NeedleError, match=code) as raised:
        save(connection, cells, date(2026, 1, 1), kind="grid")
    assert raised.value.code == problem


def test_layers_are_listed_without_their_polygons(connection: Connection) -> None:
    assert list_layers(connection) == []
    save(connection, district(116.1), date(2025, 1, 1))
    save(connection, district(116.2), date(2026, 1, 1))
    (row,) = list_layers(connection)
    assert (row.name, row.generation, row.valid_from, row.areas) == ("district", 2, date(2026, 1, 1), 2)


def test_the_newest_rules_are_in_force(connection: Connection) -> None:
    assert current_rule_set(connection) is None
    save_rule_set(connection, "old", "", "lead")
    number = save_rule_set(connection, "new", "", "lead")
    assert current_rule_set(connection) == (number, "new")


def test_teams_come_with_their_shifts(connection: Connection) -> None:
    connection.execute("insert into department (code, name_zh, name_en, level) values ('d', '局', 'D', 'city')")
    connection.execute(
        "insert into team (code, name, department_code, skills, capacity, speed_kmh, base)"
        " values ('t', '队', 'd', '{road}', 3, 20, 'SRID=4326;POINT(116 39)')"
    )
    connection.execute("insert into shift (team_id, weekday, starts, ends) select id, 6, '22:00', '06:00' from team")
    (team,) = load_teams(connection)
    assert (team.code, team.department, team.skills, team.capacity) == ("t", "d", ("road",), 3)
    assert (team.base, team.position, team.position_at) == ((116.0, 39.0), None, None)
    assert team.shifts == (ShiftRow(6, time(22), time(6)),)
