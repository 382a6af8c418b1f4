"""What of the city's cases everybody may see on a map: nothing of the last half hour, no sensitive matter.

Cases are counted in H3 cells. A cell with fewer than ``K`` is added to the cell above it, together with its neighbours that
have too few, until they are enough; what stays too few at the widest level is not shown. So every number stands for at least
``K`` cases, and no two of them can be subtracted from each other to give fewer. H3 cells do not nest exactly: what is drawn for a
number is the union of the finest cells under the wider one that no other number has, so that no place is drawn twice and every
case lies within its number's area. Open cases that a neighbour may have seen too are named by their matter alone, at the centre
of their grid cell.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import asinh, atan, degrees, floor, pi, radians, sinh, tan
from typing import Any, Final

import h3
import orjson

from data.stores.public import SHEET_ZOOM, Shape

K: Final = 5
FINEST: Final = 9
WIDEST: Final = 7
DAYS: Final = 30
DELAY_MIN: Final = 30
UNITS: Final = 4096

Sheet = tuple[int, int]
Ring = Sequence[tuple[float, float]]


@dataclass(frozen=True, slots=True)
class Count:
    """A number and its area. ``open``: how many are not closed, -1 when that is between 1 and ``K - 1``.

    ``cell``: the H3 cell that was enough; ``cells``: the cells of resolution ``FINEST`` that the number stands for, of no other.
    """

    cell: str
    cases: int
    open: int
    cells: tuple[str, ...]


def published(rows: Iterable[tuple[int, int, int]]) -> list[Count]:
    """Counts fit for everybody.

    Parameters
    ----------
    rows : iterable of (cell, all, open)
        H3 cells of resolution ``FINEST`` as integers, as ``data.stores.public.load_counts`` gives them.
    """
    level: Mapping[str, tuple[int, int]] = {h3.int_to_str(cell): (cases, some) for cell, cases, some in rows}
    found: list[Count] = []
    told: set[str] = set()
    for resolution in range(FINEST, WIDEST - 1, -1):
        for cell, (cases, some) in level.items():
            if cases >= K:
                left = tuple(part for part in h3.cell_to_children(cell, FINEST) if part not in told)
                found.append(Count(cell, cases, _hidden(cases, some), left))
                told.update(left)
        level = _above({cell: counts for cell, counts in level.items() if counts[0] < K}, resolution)
    return found


def _above(few: Mapping[str, tuple[int, int]], resolution: int) -> Mapping[str, tuple[int, int]]:
    """Counts of cells of a resolution, added up by the cells above them."""
    above: dict[str, tuple[int, int]] = defaultdict(lambda: (0, 0))
    for cell, (cases, some) in few.items():
        parent = h3.cell_to_parent(cell, resolution - 1)
        above[parent] = (above[parent][0] + cases, above[parent][1] + some)
    return above


def _hidden(cases: int, some: int) -> int:
    """The open ones, unless they or the closed ones are too few to be told."""
    return some if (some == 0 or some >= K) and (cases == some or cases - some >= K) else -1


def sheet_units(lng: float, lat: float) -> tuple[float, float]:
    """Degrees (EPSG:4326) in units of ``1 / 4096`` of a sheet of zoom 14, from the world's north-west corner."""
    scale = 2**SHEET_ZOOM * UNITS
    return (lng / 360 + 0.5) * scale, (0.5 - asinh(tan(radians(lat))) / (2 * pi)) * scale


def sheet_of(lng: float, lat: float) -> Sheet:
    """The sheet that a place (EPSG:4326, degrees) lies on."""
    x, y = sheet_units(lng, lat)
    return floor(x / UNITS), floor(y / UNITS)


def sheets_of(west: float, south: float, east: float, north: float) -> list[Sheet]:
    """Every sheet that a box touches."""
    (left, top), (right, bottom) = sheet_of(west, north), sheet_of(east, south)
    return [(x, y) for x in range(left, right + 1) for y in range(top, bottom + 1)]


def corner(sheet: Sheet) -> tuple[float, float]:
    """The north-west corner of a sheet: lng, lat in degrees."""
    side = 2**SHEET_ZOOM
    return sheet[0] / side * 360 - 180, degrees(atan(sinh(pi * (1 - 2 * sheet[1] / side))))


def around_sheets(counts: Iterable[Count], spots: Iterable[tuple[float, float, str, int]]) -> dict[Sheet, bytes]:
    """Map sheets with the counts' areas and the open cases at their cells' centres, as JSON in sheet units.

    ``{"areas": [[cases, open, x, y, [x, y, x, y, …], …]], "spots": [[x, y, matter, how many]]}``: a point in the area, where its
    number stands, and its rings, holes by the even-odd rule. An area belongs to the sheet of its cell's centre, and may reach
    over the edge.
    """
    sheets: dict[Sheet, dict[str, list[Any]]] = defaultdict(lambda: {"areas": [], "spots": []})
    for count in counts:
        sheet = sheet_of(*_centre(count.cell))
        rings = [[v for lat, lng in ring for v in _on(sheet, lng, lat)] for ring in outline(count.cells)]
        sheets[sheet]["areas"].append([count.cases, count.open, *_on(sheet, *_centre(_middle(count.cells))), *rings])
    for lng, lat, matter, number in spots:
        sheet = sheet_of(lng, lat)
        sheets[sheet]["spots"].append([*_on(sheet, lng, lat), matter, number])
    return {sheet: orjson.dumps(content) for sheet, content in sheets.items()}


def outline(cells: Sequence[str]) -> list[Ring]:
    """The rings around H3 cells of one resolution, outer ones and holes, as (lat, lng) in degrees (EPSG:4326)."""
    if len(cells) == 1:
        return [h3.cell_to_boundary(cells[0])]
    shape = h3.cells_to_h3shape(cells)
    parts = shape if isinstance(shape, h3.LatLngMultiPoly) else [shape]
    return [ring for part in parts for ring in (part.outer, *part.holes)]


def _centre(cell: str) -> tuple[float, float]:
    lat, lng = h3.cell_to_latlng(cell)
    return lng, lat


def _middle(cells: Sequence[str]) -> str:
    """The cell nearest to the middle of all."""
    centres = {cell: _centre(cell) for cell in cells}
    lng, lat = (sum(values) / len(cells) for values in zip(*centres.values(), strict=True))
    return min(cells, key=lambda cell: (centres[cell][0] - lng) ** 2 + (centres[cell][1] - lat) ** 2)


def _on(sheet: Sheet, lng: float, lat: float) -> tuple[int, int]:
    x, y = sheet_units(lng, lat)
    return round(x - sheet[0] * UNITS), round(y - sheet[1] * UNITS)


def sketch_sheet(shapes: Iterable[Shape]) -> bytes:
    """One sheet of the sketch as JSON: ``[[kind, name or 0, x, y, dx, dy, …], …]``, each line or ring an entry of its own."""
    found = [
        [shape.kind, shape.name or 0, *_steps(line)]
        for shape in shapes
        for line in _lines(orjson.loads(shape.geometry))
    ]
    return orjson.dumps(found)


def _lines(geometry: Mapping[str, Any]) -> list[Any]:
    """The lines and rings of a GeoJSON geometry."""
    kind, coordinates = geometry["type"], geometry.get("coordinates", [])
    if kind == "LineString":
        return [coordinates]
    if kind in ("MultiLineString", "Polygon"):
        return list(coordinates)
    if kind == "MultiPolygon":
        return [ring for polygon in coordinates for ring in polygon]
    return [line for part in geometry.get("geometries", []) for line in _lines(part)]


def _steps(line: list[list[float]]) -> list[int]:
    """The first point, then the way from each to the next: small numbers that compress well."""
    points = [(round(x), round(y)) for x, y in line]
    moves = [(b[0] - a[0], b[1] - a[1]) for a, b in pairwise(points)]
    return [v for pair in (points[:1] + [m for m in moves if m != (0, 0)]) for v in pair]
