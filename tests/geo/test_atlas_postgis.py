"""One by one, in bulk and PostGIS: three ways, one answer."""

import numpy as np
import shapely

from data.database import connect
from geo.atlas import Atlas
from geo.layers import Layer

LOWEST = """
select (select min(a.id) from ground a where st_intersects(a.geom, st_setsrid(st_point(p.lng, p.lat), 4326)))
from unnest(%s::float8[], %s::float8[]) with ordinality as p (lng, lat, number) order by number
"""


def crooked_grid(rng: np.random.Generator, n: int) -> list[shapely.Polygon]:
    x, y = np.meshgrid(116 + np.arange(n + 1) * 1e-3, 39.9 + np.arange(n + 1) * 1e-3)
    corner = np.stack([x, y], -1) + rng.uniform(-3e-4, 3e-4, (n + 1, n + 1, 2))
    ring = ((0, 0), (0, 1), (1, 1), (1, 0))
    return [shapely.Polygon([corner[j + b, i + a] for b, a in ring]) for j in range(n) for i in range(n)]


def test_the_atlas_equals_postgis(database_url: str) -> None:
    rng = np.random.default_rng(11)
    polygons = np.array(crooked_grid(rng, 12), object)
    codes = tuple(str(k) for k in range(len(polygons)))
    atlas = Atlas.build([Layer("cell", codes, codes, (None,) * len(codes), polygons)])
    corner = shapely.get_coordinates(polygons)
    at = rng.integers(0, len(corner) - 1, 2000)
    on_edge = corner[at] + rng.random((2000, 1)) * (corner[at + 1] - corner[at])
    beside = np.concatenate([corner[at], on_edge]) + rng.choice([-1e-9, 0.0, 1e-9], (4000, 2))
    anywhere = rng.uniform((115.999, 39.899), (116.013, 39.913), (2000, 2))
    lng, lat = (np.ascontiguousarray(c) for c in np.concatenate([corner, on_edge, beside, anywhere]).T)
    with connect(database_url) as connection:
        connection.execute("create temporary table ground (id int4, geom geometry(Polygon, 4326))")
        wkb = shapely.to_wkb(shapely.set_srid(polygons, 4326), hex=True, include_srid=True)
        with connection.cursor() as cursor:
            cursor.executemany("insert into ground values (%s, %s)", list(enumerate(wkb.tolist())))
        rows = connection.execute(LOWEST, (lng.tolist(), lat.tolist())).fetchall()
    in_sql = [-1 if row[0] is None else row[0] for row in rows]
    in_bulk = atlas.locate(lng, lat)[0].tolist()
    assert in_bulk == in_sql
    assert [atlas.locate_one(x, y).indices[0] for x, y in zip(lng, lat, strict=True)] == in_bulk
