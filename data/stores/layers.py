"""Layers and their generations: a new generation closes the one before, so that an old case keeps its old boundary."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

import numpy as np
import shapely

from data.copy import copy_rows, hex_ewkb
from data.database import Connection
from geo.layers import Layer

SAVE_LAYER = """
insert into layer (name, kind, title_zh, title_en, rank) values (%s, %s, %s, %s, %s)
on conflict (name) do update set kind = excluded.kind, title_zh = excluded.title_zh, title_en = excluded.title_en,
    rank = excluded.rank
"""

CLOSE_GENERATION = "update generation set valid_to = %s where layer = %s and valid_to is null"

OPEN_GENERATION = """
insert into generation (layer, number, valid_from, source, report)
select %(layer)s, coalesce(max(number), 0) + 1, %(valid_from)s, %(source)s, %(report)s
from generation where layer = %(layer)s
returning id, number
"""

GENERATIONS = """
select g.id, g.layer, g.number, l.kind from generation g join layer l on l.name = g.layer
where (%(names)s::text[] is null or g.layer = any(%(names)s))
  and case when %(at)s::date is null then g.valid_to is null
           else g.valid_from <= %(at)s and (g.valid_to is null or g.valid_to > %(at)s) end
order by l.rank, l.name
"""

AREAS = "select code, name, parent_code, st_asbinary(geom) from area where generation_id = %s order by id"
CELLS = "select code, code, null, st_asbinary(geom) from grid_cell where generation_id = %s order by id"


def save_layer(
    connection: Connection,
    layer: Layer,
    kind: str,
    title_zh: str,
    title_en: str,
    rank: int,
    source: str,
    valid_from: date,
    report: Mapping[str, Any] | None = None,
) -> int:
    """Save a layer as the generation in force from ``valid_from`` on; the one before ends that day.

    The caller commits.

    Parameters
    ----------
    kind : str
        area, jurisdiction or grid; unit cells (grid) are kept in ``grid_cell``.
    source : str
        File and declared coordinate system.
    report : mapping, optional
        What the reader repaired, as JSON.

    Returns
    -------
    int
        The number of the generation, from 1.
    """
    connection.execute(SAVE_LAYER, [layer.name, kind, title_zh, title_en, rank])
    connection.execute(CLOSE_GENERATION, [valid_from, layer.name])
    values = {"layer": layer.name, "valid_from": valid_from, "source": source, "report": dict(report or {})}
    row = connection.execute(OPEN_GENERATION, values).fetchone()
    assert row is not None
    generation = [row[0]] * len(layer)
    if kind == "grid":
        cells = zip(generation, layer.codes, hex_ewkb(layer.polygons), strict=True)
        copy_rows(connection, "grid_cell", ("generation_id", "code", "geom"), cells)
    else:
        shapes = hex_ewkb([shapely.multipolygons(shapely.get_parts(polygon)) for polygon in layer.polygons])
        areas = zip(generation, layer.codes, layer.names, layer.parents, shapes, strict=True)
        copy_rows(connection, "area", ("generation_id", "code", "name", "parent_code", "geom"), areas)
    return int(row[1])


def load_layers(connection: Connection, at: date | None = None, names: Sequence[str] | None = None) -> list[Layer]:
    """Layers with their polygons, widest first; the unit cells are the layer ``cell``.

    Parameters
    ----------
    at : date, optional
        The generations in force on that day; default: those in force.
    names : sequence of str, optional
        Only these layers.
    """
    wanted = {"at": at, "names": None if names is None else list(names)}
    return [_load(connection, *row) for row in connection.execute(GENERATIONS, wanted).fetchall()]


def _load(connection: Connection, generation_id: int, name: str, number: int, kind: str) -> Layer:
    rows = connection.execute(CELLS if kind == "grid" else AREAS, [generation_id]).fetchall()
    codes, names, parents, shapes = zip(*rows, strict=True) if rows else ((), (), (), ())
    polygons = np.array(shapely.from_wkb([bytes(shape) for shape in shapes]), dtype=object).reshape(len(rows))
    return Layer(name, codes, names, parents, polygons, number)
