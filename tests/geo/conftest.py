"""Small grounds that the tests of this room share."""

from collections.abc import Callable

import geopandas as gpd
import pytest
import shapely

WEST, SOUTH, STEP = 116.30, 39.90, 0.01


def square(column: float, row: float, size: float = 1.0) -> shapely.Polygon:
    """A square of about 0.9 km by 1.1 km in Beijing, ``column`` and ``row`` steps from the corner."""
    west, south = WEST + column * STEP, SOUTH + row * STEP
    return shapely.box(west, south, west + size * STEP, south + size * STEP)


@pytest.fixture
def squares() -> Callable[[float, float], shapely.Polygon]:
    """Squares by column and row."""
    return square


@pytest.fixture
def two_by_two() -> gpd.GeoDataFrame:
    """Four districts that tile a square: a b below c d."""
    shapes = [square(0, 0), square(1, 0), square(0, 1), square(1, 1)]
    return gpd.GeoDataFrame({"code": list("abcd"), "name": ["甲", "乙", "丙", "丁"]}, geometry=shapes, crs=4326)
