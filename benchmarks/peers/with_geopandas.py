"""GeoPandas: two spatial joins, then SciPy's k-d trees."""

from collections.abc import Callable

import geopandas as gpd
import numpy as np
import shapely

from benchmarks.peers.nearest import group_trees, nearest_teams
from benchmarks.problem import Answers, Ints, Problem


def prepare(problem: Problem) -> Callable[[], Answers]:
    """Frames and trees made, indexes warm."""
    city = problem.city
    points = gpd.GeoDataFrame(geometry=shapely.points(city.events.lng, city.events.lat), crs=4326)
    areas = [gpd.GeoDataFrame(geometry=layer.polygons, crs=4326) for layer in (city.cells, city.jurisdictions)]
    trees = group_trees(problem)

    def join(area: gpd.GeoDataFrame) -> Ints:
        found = gpd.sjoin(points, area, predicate="within")["index_right"]
        where = np.full(len(points), -1, np.int32)
        where[found.index.to_numpy()] = found.to_numpy()
        return where

    def solve() -> Answers:
        cell, jurisdiction = join(areas[0]), join(areas[1])
        return Answers(cell, jurisdiction, nearest_teams(problem, trees, jurisdiction))

    return solve
