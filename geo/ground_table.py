"""Streets, landscape and buildings from the rows of any file, by ``geo.ground_columns``."""

from collections.abc import Iterator
from typing import Any

import geopandas as gpd
import numpy as np
import shapely
from numpy.typing import NDArray

from geo.errors import NeedleError
from geo.ground import BuildingRow, GroundNotes, LandscapeRow, StreetRow
from geo.ground_columns import NONE, Reading, codes_of, numbers, oneways, texts, words
from geo.layers import refuse_off_earth
from geo.osm_tags import OTHER_USE, highways, levels_of, metres_of, size_of, speed_of
from geo.repair import valid_polygons


def street_rows(frame: gpd.GeoDataFrame, reading: Reading, notes: GroundNotes) -> list[StreetRow]:
    """The streets of a table of lines; a multiline gives one street a piece.

    Without a column of classes every street is residential; without a speed the class's counts.

    Raises
    ------
    NeedleError
        ``ground.value``, ``ground.shape``, ``ground.code_repeated``; ``coordinate.*`` for shapes that are not on the earth.
    """
    lines, rows = _shapes(frame, 1, reading, notes)
    classes, wanted = _wanted(words(frame.iloc[rows], rows, "class", reading, "residential"), rows, notes)
    lines, rows = lines[wanted], rows[wanted]
    frame = frame.iloc[rows]
    limits = [highways()[name].speed_kmh for name in classes]
    posted = numbers(frame, rows, "speed", reading, lambda text: speed_of({"maxspeed": text}, 0.0))
    ways = oneways(frame, rows, reading)
    names, codes = texts(frame, "name", reading), codes_of(frame, rows, lines, reading)
    found = []
    for i, line in enumerate(lines):
        pieces = shapely.get_parts(shapely.line_merge(line))
        for code, piece in _numbered(codes[i], pieces):
            shape = shapely.reverse(piece) if ways[i] < 0 else piece
            speed = speed_of({"maxspeed": posted[i]}, limits[i])
            found.append(StreetRow(code, names[i] or None, classes[i], speed, ways[i] != 0, shape))
    return found


def landscape_rows(frame: gpd.GeoDataFrame, reading: Reading, notes: GroundNotes) -> list[LandscapeRow]:
    """Water, parks and squares of a table of areas. Raises as ``street_rows``."""
    shapes, rows = _shapes(frame, 2, reading, notes)
    kinds, wanted = _wanted(words(frame.iloc[rows], rows, "kind", reading, None), rows, notes)
    shapes, rows = shapes[wanted], rows[wanted]
    frame = frame.iloc[rows]
    columns = (codes_of(frame, rows, shapes, reading), kinds, texts(frame, "name", reading), shapes)
    return [
        LandscapeRow(code, kind, name or None, shapely.multipolygons(shapely.get_parts(shape)))
        for code, kind, name, shape in zip(*columns, strict=True)
    ]


def building_rows(frame: gpd.GeoDataFrame, reading: Reading, notes: GroundNotes) -> list[BuildingRow]:
    """The buildings of a table of areas; each separate part of a building is one. Raises as ``street_rows``."""
    shapes, rows = _shapes(frame, 2, reading, notes)
    uses, wanted = _wanted(words(frame.iloc[rows], rows, "use", reading, OTHER_USE), rows, notes)
    shapes, rows = shapes[wanted], rows[wanted]
    frame = frame.iloc[rows]
    floors = numbers(frame, rows, "floors", reading, levels_of)
    heights = numbers(frame, rows, "height", reading, metres_of)
    sizes = [size_of({"building:levels": a, "height": b}) for a, b in zip(floors, heights, strict=True)]
    names, addresses = texts(frame, "name", reading), texts(frame, "address", reading)
    codes = codes_of(frame, rows, shapes, reading)
    return [
        BuildingRow(code, names[i] or None, addresses[i], uses[i], *sizes[i], part)
        for i, shape in enumerate(shapes)
        for code, part in _numbered(codes[i], shapely.get_parts(shape))
    ]


def _shapes(
    frame: gpd.GeoDataFrame, dimensions: int, reading: Reading, notes: GroundNotes
) -> tuple[NDArray[np.object_], NDArray[np.int64]]:
    """The usable shapes and the places of their rows; areas are valid, on the earth, and have some size."""
    shapes = frame.geometry.to_numpy().copy()
    empty = shapely.is_missing(shapes) | shapely.is_empty(shapes)
    right = ~empty & (shapely.get_dimensions(shapes) == dimensions)
    _note(notes, "dropped_empty", np.flatnonzero(empty))
    _note(notes, "wrong_shape", np.flatnonzero(~empty & ~right))
    if not right.any():
        raise NeedleError("ground.shape", path=reading.path, count=len(shapes))
    refuse_off_earth(shapes[right])
    if dimensions == 2:
        shapes[right], repaired = valid_polygons(shapes[right])
        _note(notes, "repaired_rings", np.flatnonzero(right)[repaired])
    sizes = shapely.length(shapes) if dimensions == 1 else shapely.area(shapes)
    nothing = right & ~(sizes > 0)
    _note(notes, "no_length" if dimensions == 1 else "broken_rings", np.flatnonzero(nothing))
    kept = np.flatnonzero(right & ~nothing)
    return shapes[kept], kept


def _wanted(found: list[str], rows: NDArray[np.int64], notes: GroundNotes) -> tuple[list[str], NDArray[np.int64]]:
    """The words without those that ``NONE`` stands for, and the places of the others."""
    wanted = np.array([i for i, word in enumerate(found) if word != NONE], np.int64)
    _note(notes, "not_wanted", np.delete(rows, wanted))
    return [found[i] for i in wanted.tolist()], wanted


def _note(notes: GroundNotes, kind: str, rows: NDArray[np.int64]) -> None:
    for row in rows.tolist():
        notes.add(kind, row + 1)


def _numbered(code: str, parts: NDArray[np.object_]) -> Iterator[tuple[str, Any]]:
    """The parts with codes of their own: the whole's where there is one part, else with their numbers."""
    for number, part in enumerate(parts, 1):
        yield code if len(parts) == 1 else f"{code}/{number}", part
