"""Coverage in memory is the database's: after loading, after patches, by area, under a scope, and on tiles."""

import random
from datetime import UTC, datetime

import numpy as np
import psycopg
import pytest

from data.cluster import Cluster
from data.database import SESSION, Connection, connect
from data.demo.city import make_city
from data.demo.load import load_city
from data.demo.size import BLOCK
from data.mirror.coverage import EVERYTHING, WIDTH, CoverageMirror, Scope, feature_numbers, states
from data.mirror.coverage_loading import load_changed, load_coverage
from data.mirror.ground import GroundMirror
from data.mirror.ground_loading import load_ground
from data.stores.coverage import COUNTS
from dispatch.matters import matters
from dispatch.reference import load_reference
from forms.coverage import OUTCOMES
from geo.mvt import OMIT
from geo.mvt_reading import read_tile

LAYERS = ("subdistrict", "community", "cell")
SUMS = ", ".join(f"sum({name})" for name in COUNTS.split(", "))
ASK = """
insert into link (outreach_id, kind, target, label, areas, token_hash, expires_at, households)
select %(outreach)s, kind, building.code || kind, address,
       jsonb_build_object('building', building.code, 'cell', left(building.code, 15),
       'community', left(building.code, 12), 'subdistrict', left(building.code, 9) || '000'),
       sha256((building.code || kind)::bytea), now() + interval '1 day', null
  from building, (values ('person'), ('household')) as k (kind) where building.id %% 3 > 0
union all
select %(outreach)s, 'building', code, address, jsonb_build_object('cell', left(code, 15), 'community', left(code, 12),
       'subdistrict', left(code, 9) || '000'), sha256(code::bytea), now() + interval '1 day',
       case when id %% 2 = 0 then 6 end from building where id %% 3 = 0
union all
select %(outreach)s, 'person', 'nowhere', 'x', '{}', sha256('x'), now() + interval '1 day', null
"""


@pytest.fixture(scope="module")
def block(cluster: Cluster) -> str:
    """A demo block in which two of three buildings were asked by person and household, the others by their door."""
    url = cluster.copy_database("template", "covered_block")
    load_reference(url)
    with connect(url) as connection:
        load_city(connection, make_city(BLOCK), matters().values(), datetime.now(UTC))
        connection.execute(
            "insert into outreach (form, title, asks, until, created_by) values ('f', 'x', 'x', now() + interval '1 day', 'x')"
        )
        connection.execute(ASK.encode(), {"outreach": 1})
    return url


async def loaded(url: str) -> tuple[CoverageMirror, GroundMirror]:
    async with await psycopg.AsyncConnection.connect(url, options=SESSION, autocommit=True) as connection:
        return await load_coverage(connection, 1, LAYERS), await load_ground(connection)


def change(connection: Connection, draw: random.Random) -> list[str]:
    """Answers and outcomes of some doors; the places that changed."""
    ids = [
        row[0] for row in connection.execute("select id from link order by random() limit %s", [draw.randint(1, 20)])
    ]
    move = draw.choice(["uses = uses + 1", "visited = 'vacant'", "visited = 'refused'", "visited = null", "uses = 0"])
    query = f"update link set {move} where id = any (%s) returning coverage_place(kind, target, areas)"
    return [row[0] for row in connection.execute(query.encode(), [ids])]


def counted(connection: Connection, layer: str, where: str = "true") -> dict[str, list[int]]:
    query = f"select areas ->> %s, {SUMS} from coverage where areas ? %s and {where} group by 1"
    return {code: counts for code, *counts in connection.execute(query.encode(), [layer, layer]) if any(counts)}


def held(mirror: CoverageMirror, layer: str, scope: Scope) -> dict[str, list[int]]:
    sums = mirror.by_area(layer, scope).tolist()
    return {code: row for code, row in zip(mirror.rows.codes[layer], sums, strict=True) if any(row)}


@pytest.mark.parametrize("seed", range(3))
async def test_after_any_changes_it_says_what_the_database_says(block: str, seed: int) -> None:
    draw = random.Random(seed)
    mirror, _ = await loaded(block)
    with connect(block, autocommit=True) as connection:
        community = mirror.rows.codes["community"][1]
        scopes = {
            EVERYTHING: "true",
            Scope(frozenset({("community", community)})): f"areas ->> 'community' = '{community}'",
        }
        for _ in range(12):
            places = change(connection, draw)
            async with await psycopg.AsyncConnection.connect(block, options=SESSION) as reader:
                assert mirror.patch(*await load_changed(reader, 1, places)) is not None
            for scope, where in scopes.items():
                for layer in LAYERS:
                    assert held(mirror, layer, scope) == counted(connection, layer, where)
        everything = connection.execute(f"select {SUMS} from coverage".encode()).fetchone()
        assert everything is not None
        assert tuple(mirror.total(EVERYTHING).tolist()) == everything
    again, _ = await loaded(block)
    assert np.array_equal(again.rows.counts, mirror.rows.counts)


async def test_a_new_place_is_no_patch(block: str) -> None:
    mirror, _ = await loaded(block)
    assert mirror.patch(np.array([10**9]), np.zeros((1, WIDTH), np.int32)) is None


def tiles_over(ground: GroundMirror, zoom: int) -> set[tuple[int, int, int]]:
    """The tiles that the buildings lie on."""
    shapes = ground.layer("building").columns.shapes
    return {
        (zoom, x >> (32 - zoom), y >> (32 - zoom)) for x, y in zip(shapes.x.tolist(), shapes.y.tolist(), strict=True)
    }


async def test_tiles_show_the_asked_buildings_of_a_scope_and_their_areas_with_their_counts(block: str) -> None:
    mirror, ground = await loaded(block)
    community = Scope(frozenset({("community", mirror.rows.codes["community"][0])}))
    for scope in (EVERYTHING, community):
        shown = mirror.mask(scope) & (mirror.rows.building >= 0)
        expected = dict(zip(mirror.rows.building[shown].tolist(), numbers(mirror.rows.counts[shown]), strict=True))
        drawn: dict[int | None, dict[str, int]] = {}
        for tile in tiles_over(ground, 14):
            found = read_tile(mirror.draw_buildings(ground, tile, scope))
            drawn |= {f.id: f.properties for layer in found.values() for f in layer.features}
        assert drawn == expected
        for layer in LAYERS[1:]:
            ids, sums = mirror.on(ground).ids(layer), held(mirror, layer, scope)
            cells: dict[int | None, dict[str, int]] = {}
            for tile in tiles_over(ground, 13):
                found = read_tile(mirror.draw_areas(ground, tile, layer, scope))
                cells |= {f.id: f.properties for one in found.values() for f in one.features}
            assert cells == {ids[code]: numbers(np.array([counts]))[0] for code, counts in sums.items()}


def numbers(counts: np.ndarray) -> list[dict[str, int]]:
    """What features of these counts say."""
    columns = feature_numbers(counts)
    rows = zip(*(column.tolist() for column in columns.values()), strict=True)
    return [{name: value for name, value in zip(columns, row, strict=True) if value != OMIT} for row in rows]


@pytest.mark.parametrize(
    ("counts", "state"),
    [
        ([3, 0, 0, 0, 0], "answered"),
        ([1, 0, 0, 0, 1], "unknown"),
        ([1, 0, 1, 0, 0], "not_reachable"),
        ([2, 0, 1, 0, 1], "answered"),
        ([0, 1, 0, 1, 0], "refused"),
        ([0, 0, 0, 4, 3], "vacant"),
    ],
)
def test_a_place_has_the_colour_of_what_most_are_in_and_of_what_is_left_where_equal(
    counts: list[int], state: str
) -> None:
    for row in ([*counts, *[0] * 6], [*[0] * 5, *counts, 0]):
        assert OUTCOMES[int(states(np.array([row]))[0])] == state
