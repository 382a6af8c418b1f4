"""River, canal, lakes, parks and plazas."""

from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import NDArray

from data.demo.areas import Shapes, square_corners, unite
from data.demo.ground import Ground
from data.demo.landuse import PARK, PLAZA, Lake, LandUse
from data.demo.lattice import ORIGIN_LAT, ORIGIN_LNG, Floats, Lattice, ripple, waves
from data.demo.names import PARK_ENDS, STREET_FIRST, STREET_SECOND, pairs
from geo.plane import LocalPlane

RIVER_HALF_M, CANAL_HALF_M = 40.0, 15.0
PLANE = LocalPlane(ORIGIN_LNG, ORIGIN_LAT)


@dataclass(frozen=True)
class Landscape:
    """Polygons (EPSG:4326) with kind ('water', 'park', 'square') and name."""

    shapes: Shapes
    kinds: tuple[str, ...]
    names: tuple[str, ...]

    @property
    def water(self) -> Shapes:
        """The water alone."""
        return np.asarray(self.shapes[np.array([kind == "water" for kind in self.kinds])])


def ribbon(lattice: Lattice, u: Floats, v: Floats, half_m: float, seed: int) -> shapely.Polygon:
    """A band of varying width along a line in lattice coordinates."""
    lng, lat = lattice.at(u, v)
    x, y = PLANE.to_xy(lng, lat)
    x, y = _smooth(x), _smooth(y)
    along = np.hypot(np.gradient(x), np.gradient(y))
    normal_x, normal_y = -np.gradient(y) / along, np.gradient(x) / along
    w = waves(np.random.default_rng([lattice.size.seed, seed]), 1500.0)
    half = half_m * (1 + 0.22 * ripple(x, y, w))
    left, right = (np.column_stack([x + s * half * normal_x, y + s * half * normal_y]) for s in (1, -1))
    return _to_degrees(shapely.buffer(shapely.Polygon(np.vstack([left, right[::-1]])), 0))


def _smooth(a: Floats) -> Floats:
    """Moving average of five, ends kept."""
    padded = np.pad(a, 2, mode="reflect", reflect_type="odd")
    return np.asarray(np.convolve(padded, np.ones(5) / 5, "valid"))


def _to_degrees(shape: shapely.Geometry) -> shapely.Geometry:
    return shapely.transform(shape, lambda p: np.column_stack(PLANE.to_lnglat(p[:, 0], p[:, 1])))


def _to_metres(shapes: Shapes) -> Shapes:
    return np.asarray(shapely.transform(shapes, lambda p: np.column_stack(PLANE.to_xy(p[:, 0], p[:, 1]))))


def lake_shape(lattice: Lattice, lake: Lake) -> shapely.Polygon:
    """A lake with bays."""
    turn = np.linspace(0, 2 * np.pi, 72, endpoint=False)
    bays = 1 + 0.10 * np.sin(3 * turn + lake.u) + 0.06 * np.sin(5 * turn + lake.v) - 0.08
    u, v = lake.u + lake.radius_u * bays * np.cos(turn), lake.v + lake.radius_v * bays * np.sin(turn)
    return shapely.Polygon(np.column_stack(lattice.at(u, v)))


def waters(lattice: Lattice, land: LandUse, city: shapely.Geometry) -> list[tuple[str, shapely.Geometry]]:
    """Named waters within the city limits; they do not overlap."""
    n = lattice.n
    t = np.arange(0, n + 0.01, 0.25)
    river = ribbon(lattice, t, np.full(len(t), float(lattice.river_v)), RIVER_HALF_M, 30)
    up = np.arange(lattice.river_v, n + 0.01, 0.25)
    canal = ribbon(lattice, np.full(len(up), float(lattice.canal_u)), up, CANAL_HALF_M, 31)
    named = [("清澜河", river), ("永济渠", shapely.difference(canal, river))]
    taken = shapely.union_all([river, canal])
    lakes = ("镜湖", "东湖", "莲花湖", "翠湖", "月牙湖")
    named += [(lakes[k], shapely.difference(lake_shape(lattice, lake), taken)) for k, lake in enumerate(land.lakes)]
    cut = [(name, shapely.intersection(shape, city)) for name, shape in named]
    return [(name, shape) for name, shape in cut if not shape.is_empty]


def greens(lattice: Lattice, land: LandUse, ground: Ground, use: int, inset_m: float) -> Shapes:
    """One polygon for each piece of park (or plaza) within a block, set back from the streets around it."""
    rows, columns = np.nonzero(land.of_square == use)
    if not len(rows):
        return np.empty(0, object)
    squares = shapely.polygons(square_corners(lattice, rows, columns))
    _, group = np.unique(ground.block[rows, columns], return_inverse=True)
    pieces = unite(squares, group.astype(np.int32), int(group.max()) + 1)
    inner = shapely.buffer(_to_metres(pieces), -inset_m, join_style="mitre")
    return np.asarray(_to_degrees(inner))


def make_landscape(lattice: Lattice, ground: Ground, land: LandUse, city: shapely.Geometry) -> Landscape:
    """All water, parks and plazas."""
    rng = np.random.default_rng([lattice.size.seed, 32])
    named_water = waters(lattice, land, city)
    water = shapely.union_all([shape for _, shape in named_water])
    parks = shapely.difference(greens(lattice, land, ground, PARK, 16.0), water)
    plazas = greens(lattice, land, ground, PLAZA, 14.0)
    parks, plazas = (a[~shapely.is_empty(a) & (shapely.area(a) > 1e-7)] for a in (parks, plazas))
    stems = pairs(STREET_FIRST, STREET_SECOND, len(parks), rng, set())
    park_names = [stems[k % len(stems)] + PARK_ENDS[k % len(PARK_ENDS)] for k in range(len(parks))]
    plaza_names = ["人民广场", *(f"{stem}广场" for stem in pairs(STREET_SECOND, STREET_FIRST, len(plazas), rng, set()))]
    shapes = _multi([*(shape for _, shape in named_water), *parks, *plazas])
    kinds = ("water",) * len(named_water) + ("park",) * len(parks) + ("square",) * len(plazas)
    names = (*(name for name, _ in named_water), *park_names, *plaza_names[: len(plazas)])
    return Landscape(shapes, kinds, names)


def _multi(shapes: list[shapely.Geometry]) -> Shapes:
    """As multipolygons, coordinates rounded to a centimetre or so, only the polygons of each."""
    parts, owner = shapely.get_parts(np.array(shapes, object), return_index=True)
    polygons = shapely.get_type_id(parts) == 3
    multi = np.empty(len(shapes), object)
    for k in range(len(shapes)):
        multi[k] = shapely.MultiPolygon(list(parts[polygons & (owner == k)]))
    return multi


def touches(shapes: Shapes, obstacles: Shapes) -> NDArray[np.bool_]:
    """Which shapes touch any obstacle."""
    hit = np.zeros(len(shapes), bool)
    hit[shapely.STRtree(shapes).query(obstacles, predicate="intersects")[1]] = True
    return hit
