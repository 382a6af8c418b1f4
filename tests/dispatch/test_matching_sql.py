"""The same decisions by PostGIS: one statement that knows nothing of our index, on random points and on borders."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import shapely

from data.database import Connection
from dispatch.reasons import OUTCOME_CODES

TABLES = """
create temporary table polygon (layer int, number int, code text, layer_name text, geom geometry(polygon, 4326));
create temporary table squad (number int, department text, scope_layer text, scope_code text, skills text[], capacity int,
    load int, speed_kmh float8, on_duty bool, lng float8, lat float8);
create temporary table power (number int, matter text, area_layer text, area_code text, department text, skill text,
    limit_s float8, exclusive bool);
create temporary table event (number int, matter text, lng float8, lat float8);
"""

# The lowest polygon of each layer that the point touches; the rules that hold, cut after the first exclusive one; the free
# teams of each; the best of the first rule that has any.
STATEMENT = """
with located as materialized (
    select e.number, p.layer_name, (array_agg(p.code order by p.number))[1] as code
    from event e join polygon p on st_intersects(p.geom, st_setsrid(st_makepoint(e.lng, e.lat), 4326))
    group by e.number, p.layer_name
), held as (
    select distinct e.number as event, r.number as rule, r.department, r.skill, r.limit_s, r.exclusive
    from event e join power r
        on case when r.matter like '%%*' then starts_with(e.matter, rtrim(r.matter, '*')) else e.matter = r.matter end
    where exists (select from located l where l.number = e.number)
      and (r.area_layer = '*' or exists (
          select from located l where l.number = e.number and l.layer_name = r.area_layer and l.code = r.area_code))
), power_there as (
    select * from held h
    where not exists (select from held x where x.event = h.event and x.rule < h.rule and x.exclusive)
), way as (
    select h.event, h.rule, t.number as team, h.limit_s, t.load, t.capacity,
           sqrt(power((t.lng - %(lng0)s) * %(lng_m)s - (e.lng - %(lng0)s) * %(lng_m)s, 2)
              + power((t.lat - %(lat0)s) * %(lat_m)s - (e.lat - %(lat0)s) * %(lat_m)s, 2))
           * (1.3::float8 / (t.speed_kmh / 3.6::float8)) as travel_s
    from power_there h join event e on e.number = h.event join squad t on t.department = h.department
    where t.on_duty and t.load < t.capacity and (h.skill is null or h.skill = any(t.skills))
      and (t.scope_layer is null or exists (select from located l
          where l.number = h.event and l.layer_name = t.scope_layer and l.code = t.scope_code))
), best as (
    select distinct on (event) event, rule, team, travel_s from way where travel_s <= limit_s
    order by event, rule, travel_s * (1.0::float8 + load::float8 / capacity), team
)
select e.number, coalesce(b.team, -1), b.rule, b.travel_s,
       exists (select from located l where l.number = e.number), exists (select from held h where h.event = e.number)
from event e left join best b on b.event = e.number order by e.number
"""


def on_borders(city: Any, rng: np.random.Generator, n: int) -> tuple[np.ndarray, np.ndarray]:
    """Points on corners and edges of polygons and within a hair of them."""
    rings = [shapely.get_coordinates(polygon) for layer in city.atlas.layers for polygon in layer.polygons]
    edges = np.concatenate([np.stack([ring[:-1], ring[1:]], axis=1) for ring in rings])
    chosen = edges[rng.integers(0, len(edges), n)]
    part = rng.choice([0.0, 0.5, 1.0, *rng.random(3)], n)[:, None]
    points = chosen[:, 0] + part * (chosen[:, 1] - chosen[:, 0])
    points += rng.choice([0.0, 1e-15, -1e-14, 1e-9], (n, 2))
    return points[:, 0].copy(), points[:, 1].copy()


def fill(connection: Connection, city: Any, matter: np.ndarray, lng: np.ndarray, lat: np.ndarray) -> None:
    connection.execute(TABLES)
    polygons = [
        (i, j, layer.codes[j], layer.name, shapely.to_wkb(polygon, hex=True, include_srid=True))
        for i, layer in enumerate(city.atlas.layers)
        for j, polygon in enumerate(shapely.set_srid(layer.polygons, 4326))
    ]
    teams = [
        (
            i,
            t.department,
            t.scope_layer,
            t.scope_code,
            list(t.skills),
            t.capacity,
            t.load,
            t.speed_kmh,
            t.on_duty,
            t.lng,
            t.lat,
        )
        for i, t in enumerate(city.teams)
    ]
    powers = [
        (
            i,
            m,
            a.partition(":")[0],
            a.partition(":")[2],
            r.department,
            r.skill,
            60 * (r.max_travel_minutes or np.inf),
            r.exclusive,
        )
        for i, r in enumerate(city.ruleset.rules)
        for m in r.matter
        for a in r.area
    ]
    events = [
        (i, city.matters[m], x, y) for i, (m, x, y) in enumerate(zip(matter, lng.tolist(), lat.tolist(), strict=True))
    ]
    with connection.cursor() as cursor:
        for table, rows in (("polygon", polygons), ("squad", teams), ("power", powers), ("event", events)):
            if rows:
                cursor.executemany(f"insert into {table} values ({', '.join(['%s'] * len(rows[0]))})", rows)


@pytest.mark.parametrize("seed", range(12))
def test_postgis_decides_the_same(connection: Connection, random_city: Callable[[int], Any], seed: int) -> None:
    city, rng, n = random_city(seed), np.random.default_rng(seed), 200
    border_lng, border_lat = on_borders(city, rng, n)
    inside = ~np.isnan(city.lng + city.lat)
    lng, lat = np.concatenate([border_lng, city.lng[inside]]), np.concatenate([border_lat, city.lat[inside]])
    matter = rng.integers(0, len(city.matters), len(lng)).astype(np.int32)
    fill(connection, city, matter, lng, lat)
    plane = city.atlas.plane
    frame = {"lng0": plane.lng0, "lat0": plane.lat0, "lng_m": plane.lng_m, "lat_m": plane.lat_m}
    rows = connection.execute(STATEMENT, frame).fetchall()
    bulk = city.matcher().decide_bulk(matter, lng, lat, city.atlas.locate(lng, lat))
    assert bulk.team.tolist() == [row[1] for row in rows]
    chosen = bulk.team >= 0
    assert bulk.rule[chosen].tolist() == [row[2] for row in rows if row[2] is not None]
    assert bulk.travel_s[chosen].tolist() == [np.float32(row[3]) for row in rows if row[3] is not None]
    outcome = [OUTCOME_CODES[code] for code in bulk.outcome]
    assert [o == "place_unknown" for o in outcome] == [not row[4] for row in rows]
    assert [o == "no_power" for o in outcome] == [row[4] and not row[5] for row in rows]
