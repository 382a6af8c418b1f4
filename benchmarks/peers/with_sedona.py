"""SedonaDB: two spatial joins, then SciPy's k-d trees: the fastest peer known."""

from collections.abc import Callable

import geopandas as gpd
import numpy as np
import pyarrow as pa
import sedonadb
import shapely

from benchmarks.peers.nearest import group_trees, nearest_teams
from benchmarks.problem import Answers, Ints, Problem


def prepare(problem: Problem) -> Callable[[], Answers]:
    """Tables in memory, trees made."""
    city, session = problem.city, sedonadb.connect()
    tables = {
        "events": shapely.points(city.events.lng, city.events.lat),
        "cell": city.cells.polygons,
        "jurisdiction": city.jurisdictions.polygons,
    }
    for name, geometries in tables.items():
        frame = gpd.GeoDataFrame({"id": np.arange(len(geometries), dtype=np.int32)}, geometry=geometries, crs=4326)
        session.create_data_frame(frame).to_memtable().to_view(name)
    trees = group_trees(problem)

    def join(area: str) -> Ints:
        query = f"select e.id as e, a.id as a from events e join {area} a on st_intersects(a.geometry, e.geometry)"
        found = pa.table(session.sql(query))
        where = np.full(len(problem.x), -1, np.int32)
        where[found["e"].to_numpy()] = found["a"].to_numpy()
        return where

    def solve() -> Answers:
        cell, jurisdiction = join("cell"), join("jurisdiction")
        return Answers(cell, jurisdiction, nearest_teams(problem, trees, jurisdiction))

    return solve
