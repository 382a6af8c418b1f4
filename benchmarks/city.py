"""The synthetic city that the benchmarks share: irregular cells, fractal jurisdictions, teams, clustered events, roads."""

from dataclasses import dataclass
from typing import Literal

import numpy as np
import shapely
from numpy.typing import NDArray

from geo.layers import Layer
from geo.plane import LocalPlane

Floats = NDArray[np.float64]
Size = Literal["small", "city"]

PLANE = LocalPlane(116.4, 39.9)
CELL_M = 150.0
DEPARTMENTS = tuple(f"dept{k}" for k in range(10))
MATTERS = tuple(f"2026:event:{k + 1:05d}" for k in range(40))
"""Matter k is the business of department k mod 10."""


@dataclass(frozen=True)
class CitySize:
    """How large a benchmark city is; cells, jurisdictions and districts are counts along one side."""

    cells: int
    jurisdictions: int
    districts: int
    teams: int
    events: int
    crossings: int


SIZES: dict[Size, CitySize] = {
    "small": CitySize(cells=80, jurisdictions=4, districts=2, teams=200, events=100_000, crossings=62),
    "city": CitySize(cells=400, jurisdictions=20, districts=5, teams=2000, events=1_000_000, crossings=310),
}


@dataclass(frozen=True, eq=False)
class Teams:
    """Teams as columns: position, department and district by index, whether on duty, capacity."""

    lng: Floats
    lat: Floats
    department: NDArray[np.int32]
    district: NDArray[np.int32]
    on_duty: NDArray[np.bool_]
    capacity: NDArray[np.int32]


@dataclass(frozen=True, eq=False)
class Events:
    """Events as columns: position and matter by index."""

    lng: Floats
    lat: Floats
    matter: NDArray[np.int32]


@dataclass(frozen=True, eq=False)
class Roads:
    """Streets between crossings: straight lines with speed and direction."""

    lines: NDArray[np.object_]
    speed_kmh: Floats
    oneway: NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class City:
    """One benchmark city. ``jurisdiction`` areas have their district as parent."""

    size: CitySize
    cells: Layer
    jurisdictions: Layer
    districts: Layer
    teams: Teams
    events: Events


def make_city(size: Size, seed: int = 7) -> City:
    """The city of a size, always the same."""
    s = SIZES[size]
    rng = np.random.default_rng(seed)
    side = s.cells * CELL_M
    jurisdictions = _coverage(rng, s.jurisdictions, side, levels=6, roughness=0.11)
    per_district = s.jurisdictions // s.districts
    row, column = np.divmod(np.arange(s.jurisdictions**2), s.jurisdictions)
    district_of = (row // per_district) * s.districts + column // per_district
    districts = np.array([shapely.coverage_union_all(jurisdictions[district_of == k]) for k in range(s.districts**2)])
    codes = [f"D{k:02d}" for k in range(s.districts**2)]
    return City(
        size=s,
        cells=_layer("cell", "C", _coverage(rng, s.cells, side, levels=2, roughness=0.06, jitter=0.22)),
        jurisdictions=_layer("jurisdiction", "J", jurisdictions, [codes[k] for k in district_of]),
        districts=_layer("district", "D", districts),
        teams=_teams(rng, s, side),
        events=_events(rng, s.events, side),
    )


def make_roads(size: Size, seed: int = 8) -> Roads:
    """A street net over the city of a size: a jittered grid with diagonals, fast arterials and 8 % one-way streets."""
    s = SIZES[size]
    rng = np.random.default_rng(seed)
    n, side = s.crossings, s.cells * CELL_M
    step = side / (n - 1)
    gx, gy = np.meshgrid(np.arange(n) * step, np.arange(n) * step)
    inside = (gx > 0) & (gx < side) & (gy > 0) & (gy < side)
    x, y = (g + rng.uniform(-0.25, 0.25, g.shape) * step * inside for g in (gx, gy))
    node = np.arange(n * n).reshape(n, n)
    pairs = [(node[:, :-1], node[:, 1:]), (node[:-1], node[1:]), (node[:-1, :-1], node[1:, 1:])]
    kept = [np.ones(node[:, 1:].shape, bool), np.ones(node[1:].shape, bool), rng.random(node[1:, 1:].shape) < 0.12]
    a, b = (np.concatenate([p[k][keep] for p, keep in zip(pairs, kept, strict=True)]) for k in (0, 1))
    arterial = np.concatenate([np.indices(k.shape)[axis % 2][k] % 8 == 0 for axis, k in enumerate(kept)])
    lng, lat = PLANE.to_lnglat(x.ravel() - side / 2, y.ravel() - side / 2)
    ends = np.stack([np.stack([lng[a], lat[a]], 1), np.stack([lng[b], lat[b]], 1)], 1)
    speed = np.where(arterial, 60.0, 30.0) * rng.uniform(0.7, 1.1, len(a))
    return Roads(shapely.linestrings(ends), speed, rng.random(len(a)) < 0.08)


def _layer(name: str, letter: str, polygons: NDArray[np.object_], parents: list[str] | None = None) -> Layer:
    codes = tuple(f"{letter}{k:02d}" for k in range(len(polygons)))
    return Layer(name, codes, codes, tuple(parents) if parents else (None,) * len(codes), polygons)


def _coverage(
    rng: np.random.Generator, n: int, side: float, levels: int, roughness: float, jitter: float = 0.0
) -> NDArray[np.object_]:
    """n by n polygons without gap or overlap whose shared borders are midpoint-displaced fractals of 2^levels edges."""
    step = side / n
    gx, gy = np.meshgrid(np.arange(n + 1) * step, np.arange(n + 1) * step)
    nodes = np.stack([gx, gy], -1)
    nodes[1:-1, 1:-1] += rng.uniform(-jitter, jitter, (n - 1, n - 1, 2)) * step
    across = _fractal(rng, nodes[:, :-1], nodes[:, 1:], levels, roughness)
    along = _fractal(rng, nodes[:-1], nodes[1:], levels, roughness)
    for rim in (0, -1):
        across[rim] = _fractal(rng, nodes[rim, :-1], nodes[rim, 1:], levels, 0.0)
        along[:, rim] = _fractal(rng, nodes[:-1, rim], nodes[1:, rim], levels, 0.0)
    south, north = across[:-1], across[1:]
    west, east = along[:, :-1], along[:, 1:]
    rings = np.concatenate([south[..., :-1, :], east[..., :-1, :], north[..., :0:-1, :], west[..., ::-1, :]], axis=-2)
    rings = rings.reshape(n * n, -1, 2) - side / 2
    lng, lat = PLANE.to_lnglat(rings[..., 0], rings[..., 1])
    polygons: NDArray[np.object_] = shapely.polygons(np.stack([lng, lat], -1))
    if not shapely.is_valid(polygons).all():
        raise ValueError("the coverage crosses itself: choose another seed or less roughness")
    return polygons


def _fractal(rng: np.random.Generator, a: Floats, b: Floats, levels: int, roughness: float) -> Floats:
    """Lines from a to b, (..., 2^levels + 1, 2): each midpoint moved sideways by up to ``roughness`` of its segment."""
    line = np.stack([a, b], axis=-2)
    for _ in range(levels):
        start, end = line[..., :-1, :], line[..., 1:, :]
        delta = end - start
        sideways = np.stack([-delta[..., 1], delta[..., 0]], -1)
        sideways = sideways * rng.uniform(-roughness, roughness, (*delta.shape[:-1], 1))
        finer = np.empty((*line.shape[:-2], 2 * line.shape[-2] - 1, 2))
        finer[..., ::2, :] = line
        finer[..., 1::2, :] = (start + end) / 2 + sideways
        line = finer
    return line


def _teams(rng: np.random.Generator, s: CitySize, side: float) -> Teams:
    """Teams spread over the city, each within some district, 70 % on duty, capacities 0 to 5."""
    district = rng.integers(0, s.districts**2, s.teams).astype(np.int32)
    row, column = np.divmod(district, s.districts)
    x, y = ((k + rng.random(s.teams)) * side / s.districts - side / 2 for k in (column, row))
    lng, lat = PLANE.to_lnglat(x, y)
    department = rng.integers(0, len(DEPARTMENTS), s.teams).astype(np.int32)
    capacity = rng.integers(0, 6, s.teams).astype(np.int32)
    return Teams(lng, lat, department, district, rng.random(s.teams) < 0.7, capacity)


def _events(rng: np.random.Generator, n: int, side: float) -> Events:
    """Events, seven in ten around hotspots of 200 m to 1.5 km, the others anywhere."""
    spots = max(20, int(300 * (side / 60_000) ** 2))
    centre, spread = rng.uniform(-0.48, 0.48, (spots, 2)) * side, rng.uniform(200, 1500, spots)
    spot = rng.choice(spots, n, p=rng.dirichlet(np.full(spots, 0.7)))
    xy = centre[spot] + rng.normal(size=(n, 2)) * spread[spot, None]
    anywhere = (rng.random(n) < 0.3) | (np.abs(xy) > side / 2).any(axis=1)
    xy[anywhere] = rng.uniform(-0.5, 0.5, (int(anywhere.sum()), 2)) * side
    lng, lat = PLANE.to_lnglat(xy[:, 0], xy[:, 1])
    return Events(lng, lat, rng.integers(0, len(MATTERS), n).astype(np.int32))
