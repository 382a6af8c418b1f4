"""Are the boundaries fit to decide by? Gaps, overlaps, slivers, and cells that leave or cross the areas above them.

All lengths and areas are metres in one plane about the middle of the layers (``geo.plane``). Where the borders of two
neighbours run through the same vertices there is nothing to measure, so GEOS's coverage check first says which polygons
do not fit their neighbours, and only those are intersected.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import geopandas as gpd
import numpy as np
import shapely
from numpy.typing import NDArray

from geo.codes import LEVELS, SEGMENTS, is_area_code, is_cell_code, level_of
from geo.layers import Layer
from geo.plane import LocalPlane
from geo.repair import areal_parts, valid_polygons

Shapes = NDArray[np.object_]
Progress = Callable[[str, float], None]

SLIVER_M = 2.0
"""A gap or overlap of less mean width is a sliver: two drawings of one border, not a dispute about ground."""
LEAST_M2 = 0.1
"""Less is rounding of coordinates."""
GRID_M = 0.001
"""Cracks narrower than this are closed before gaps are looked for: borders that were computed, not drawn, twice."""
LEAST_SHARE = 0.01
"""Less of a cell across a border is rounding of its corners."""

KINDS = ("gap", "overlap", "sliver", "outside", "crossing", "uncovered", "misfiled")
"""gap: ground of no area, enclosed by areas; overlap: ground of two areas; sliver: a thin one of either; outside: part
of a cell outside every area; crossing: part of a cell in a second area; uncovered: part of an area without cells;
misfiled: a cell whose code names another area than the one it lies in."""


@dataclass(frozen=True, eq=False)
class Finding:
    """One fault: its kind (``KINDS``), where, and whose.

    ``codes`` are the areas (or the cell first, then the areas) concerned; ``width_m`` is the mean width, 2 area /
    perimeter.
    """

    kind: str
    layer: str
    codes: tuple[str, ...]
    area_m2: float
    width_m: float
    geometry: shapely.Geometry = field(repr=False)


@dataclass(frozen=True, eq=False)
class AuditReport:
    """What an audit found; ``layers`` are those it looked at, with their numbers of polygons."""

    layers: tuple[tuple[str, int], ...]
    findings: tuple[Finding, ...]

    def count(self, layer: str, kind: str) -> int:
        """How many findings of a kind a layer has."""
        return sum(f.layer == layer and f.kind == kind for f in self.findings)

    def to_frame(self) -> gpd.GeoDataFrame:
        """The findings with geometry in EPSG:4326, largest first within a layer and kind."""
        order = sorted(self.findings, key=lambda f: (f.layer, KINDS.index(f.kind), -f.area_m2))
        columns = {
            "layer": [f.layer for f in order],
            "kind": [f.kind for f in order],
            "codes": [", ".join(f.codes) for f in order],
            "area_m2": [round(f.area_m2, 2) for f in order],
            "width_m": [round(f.width_m, 2) for f in order],
        }
        return gpd.GeoDataFrame(columns, geometry=[f.geometry for f in order], crs=4326)


@dataclass(frozen=True, eq=False)
class Survey:
    """A layer in metres: polygons, which of them do not fit their neighbours, a search tree, and all the ground."""

    layer: Layer
    plane: LocalPlane
    polygons: Shapes
    misfits: NDArray[np.bool_]
    tree: shapely.STRtree
    ground: shapely.Geometry

    def codes(self, indices: NDArray[np.int64]) -> tuple[str, ...]:
        """The codes at some indices, in order."""
        return tuple(self.layer.codes[i] for i in sorted(indices.tolist()))

    def finding(self, kind: str, codes: tuple[str, ...], shape: shapely.Geometry) -> Finding:
        """A finding of this layer of a shape in metres."""
        area_m2, width_m = float(shape.area), mean_width_m(shape)
        geometry = shapely.transform(shape, self.plane.to_lnglat, interleaved=False)
        return Finding(kind, self.layer.name, codes, area_m2, width_m, geometry)


def audit_boundaries(
    layers: Sequence[Layer], cells: Layer | None = None, progress: Progress | None = None
) -> AuditReport:
    """Audit each layer by itself and, given the unit grid, the grid against each layer."""
    everything = [*layers, cells] if cells is not None else list(layers)
    plane = middle_plane(everything)
    findings: list[Finding] = []
    surveys = []
    for done, layer in enumerate(everything):
        if progress:
            progress(layer.name, done / len(everything))
        surveys.append(survey(layer, plane))
        findings += [*overlaps(surveys[-1]), *gaps(surveys[-1])]
    if cells is not None:
        for areas in surveys[:-1]:
            if progress:
                progress(f"{cells.name} in {areas.layer.name}", 0.9)
            findings += fit_cells(surveys[-1], areas)
    return AuditReport(tuple((layer.name, len(layer)) for layer in everything), tuple(findings))


def audit_layer(layer: Layer) -> AuditReport:
    """Gaps, overlaps and slivers of one layer."""
    return audit_boundaries([layer])


def audit_cells(cells: Layer, layers: Sequence[Layer]) -> AuditReport:
    """``audit_boundaries`` of the unit grid and the layers above it."""
    return audit_boundaries(layers, cells)


def middle_plane(layers: Sequence[Layer]) -> LocalPlane:
    """The plane about the middle of all layers."""
    west, south, east, north = shapely.total_bounds(np.concatenate([layer.polygons for layer in layers]))
    return LocalPlane((west + east) / 2, (south + north) / 2)


def survey(layer: Layer, plane: LocalPlane) -> Survey:
    """Put a layer into metres and see how its polygons fit together."""
    polygons, _ = valid_polygons(shapely.transform(layer.polygons, plane.to_xy, interleaved=False))
    tree = shapely.STRtree(polygons)
    misfits = ~shapely.is_empty(shapely.coverage_invalid_edges(polygons))
    misfits[swallowed(polygons, tree)] = True
    return Survey(layer, plane, polygons, misfits, tree, united_ground(polygons, misfits))


def united_ground(polygons: Shapes, misfits: NDArray[np.bool_]) -> shapely.Geometry:
    """All the ground: polygons that fit are dissolved, which is fast, and only the others laid over each other."""
    ground = shapely.coverage_union_all(polygons[~misfits])
    return shapely.union_all([ground, *polygons[misfits]], grid_size=GRID_M) if misfits.any() else ground


def swallowed(polygons: Shapes, tree: shapely.STRtree) -> NDArray[np.int64]:
    """Polygons that lie in another without touching its border, which the coverage check lets pass."""
    inner, outer = tree.query(shapely.point_on_surface(polygons), predicate="intersects")
    found: NDArray[np.int64] = inner[inner != outer]
    return found


def overlaps(layer: Survey) -> list[Finding]:
    """Ground that two polygons of a layer claim."""
    suspects = np.flatnonzero(layer.misfits)
    first, second = layer.tree.query(layer.polygons[suspects])
    first = suspects[first]
    once = first < second
    first, second = first[once], second[once]
    shared = shapely.intersection(layer.polygons[first], layer.polygons[second])
    found = []
    for k in np.flatnonzero(shapely.area(shared) >= LEAST_M2):
        shape = shapely.union_all(areal_parts(shared[k : k + 1]))
        found.append(layer.finding(thin_or("overlap", shape), layer.codes(np.array([first[k], second[k]])), shape))
    return found


def gaps(layer: Survey) -> list[Finding]:
    """Ground of no polygon that polygons of the layer enclose."""
    shells = shapely.polygons(shapely.get_exterior_ring(areal_parts(layer.ground)))
    enclosed = shapely.difference(shapely.union_all(shells), layer.ground)
    holes = [hole for hole in areal_parts(enclosed) if hole.area >= LEAST_M2]
    beside = [layer.tree.query(hole, predicate="dwithin", distance=10 * GRID_M) for hole in holes]
    return [
        layer.finding(thin_or("gap", hole), layer.codes(near), hole) for hole, near in zip(holes, beside, strict=True)
    ]


def fit_cells(cells: Survey, areas: Survey) -> list[Finding]:
    """Cells that leave or cross the areas, carry another area's code, and areas that cells leave uncovered."""
    within = np.full(len(cells.polygons), -1)
    which, whole = cells.tree.query(areas.polygons, predicate="covers")
    within[whole] = which
    found = []
    for i in np.flatnonzero(within < 0):
        within[i], faults = place_cell(cells, areas, int(i))
        found += faults
    return [*found, *misfiled(cells, areas, within), *uncovered(cells, areas)]


def place_cell(cells: Survey, areas: Survey, i: int) -> tuple[int, list[Finding]]:
    """The area that holds most of a cell (-1: none), and what is wrong with a cell that no area holds whole."""
    cell, code = cells.polygons[i], cells.layer.codes[i]
    near = areas.tree.query(cell, predicate="intersects")
    parts = shapely.intersection(cell, areas.polygons[near])
    sizes = shapely.area(parts)
    order = np.argsort(-sizes, kind="stable")
    found = []
    rest = shapely.difference(cell, shapely.union_all(areas.polygons[near])) if len(near) else cell
    if counts(rest, cell):
        found.append(cells.finding("outside", (code,), rest))
    names = [areas.layer.codes[near[k]] for k in order]
    found += [
        cells.finding("crossing", (code, names[0], other), parts[k])
        for k, other in zip(order[1:], names[1:], strict=True)
        if counts(parts[k], cell)
    ]
    return (int(near[order[0]]) if len(near) and sizes[order[0]] > 0 else -1), found


def misfiled(cells: Survey, areas: Survey, within: NDArray[np.int64]) -> list[Finding]:
    """Cells whose first 12 digits name another area of the layer than the one that they lie in."""
    prefixes = [significant(code) for code in areas.layer.codes]
    found = []
    for i in np.flatnonzero(within >= 0):
        code, prefix = cells.layer.codes[i], prefixes[within[i]]
        if is_cell_code(code) and not code.startswith(prefix):
            found.append(cells.finding("misfiled", (code, areas.layer.codes[within[i]]), cells.polygons[i]))
    return found


def uncovered(cells: Survey, areas: Survey) -> list[Finding]:
    """Parts of areas that no cell covers."""
    left = shapely.difference(areas.polygons, cells.ground)
    return [
        areas.finding("uncovered", (areas.layer.codes[i],), part)
        for i in np.flatnonzero(shapely.area(left) >= LEAST_M2)
        for part in areal_parts(left[i : i + 1])
        if part.area >= LEAST_M2 and mean_width_m(part) >= SLIVER_M
    ]


def significant(code: str) -> str:
    """The digits of an area code that its cells' codes begin with; none for other codes, which say nothing of cells."""
    return code[: SEGMENTS[LEVELS.index(level_of(code))][1]] if is_area_code(code) else ""


def counts(part: shapely.Geometry, cell: shapely.Geometry) -> bool:
    """Whether part of a cell is more than rounding."""
    return bool(part.area >= LEAST_SHARE * cell.area and mean_width_m(part) >= SLIVER_M)


def thin_or(kind: str, shape: shapely.Geometry) -> str:
    """``sliver`` for a thin shape, else ``kind``."""
    return "sliver" if mean_width_m(shape) < SLIVER_M else kind


def mean_width_m(shape: shapely.Geometry) -> float:
    """Mean width of a shape in metres: exact for a long strip, half the radius for a disc."""
    return float(2 * shape.area / shape.length) if shape.length else 0.0
