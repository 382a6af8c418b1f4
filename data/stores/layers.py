"""Layers and their generations: a new generation closes the one before, so that an old case keeps its old boundary."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np
import shapely

from data.copy import copy_rows, hex_ewkb
from data.database import Connection
from data.stores.announcing import tell_ground
from geo.codes import is_cell_code
from geo.errors import NeedleError
from geo.layers import Layer
from geo.repair import shortened

SAVE_LAYER = """
insert into layer (name, kind, title_zh, title_en, rank) values (%s, %s, %s, %s, %s)
on conflict (name) do update set kind = excluded.kind, title_zh = excluded.title_zh, title_en = excluded.title_en,
    rank = excluded.rank
"""

IN_FORCE_SINCE = "select valid_from from generation where layer = %s and valid_to is null for update"

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

LIST = """
select l.name, l.kind, l.title_zh, l.title_en, l.rank, g.number, g.valid_from, g.source,
       (select count(*) from area where generation_id = g.id)
       + (select count(*) from grid_cell where generation_id = g.id)
from layer l left join generation g on g.layer = l.name and g.valid_to is null
order by l.rank, l.name
"""

AREAS = "select code, name, parent_code, st_asbinary(geom) from area where generation_id = %s order by id"
CELLS = "select code, code, null, st_asbinary(geom) from grid_cell where generation_id = %s order by id"


@dataclass(frozen=True)
class LayerRow:
    """A layer's entry with its generation in force (None: all are closed)."""

    name: str
    kind: str
    title_zh: str
    title_en: str
    rank: int
    generation: int | None
    valid_from: date | None
    source: str | None
    areas: int


def list_layers(connection: Connection) -> list[LayerRow]:
    """Every layer without its polygons, widest first."""
    return [LayerRow(*row) for row in connection.execute(LIST).fetchall()]


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

    The caller commits; workers and walls are told then.

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

    Raises
    ------
    NeedleError
        ``layer.generation_order`` when the generation in force begins later than ``valid_from``; ``layer.cell_code``
        and ``layer.cell_parts`` for unit cells that are none.
    """
    connection.execute(SAVE_LAYER, [layer.name, kind, title_zh, title_en, rank])
    _check_order(connection, layer.name, valid_from)
    connection.execute(CLOSE_GENERATION, [valid_from, layer.name])
    values = {"layer": layer.name, "valid_from": valid_from, "source": source, "report": dict(report or {})}
    row = connection.execute(OPEN_GENERATION, values).fetchone()
    assert row is not None
    generation = [row[0]] * len(layer)
    if kind == "grid":
        _check_cells(layer)
        cells = zip(generation, layer.codes, hex_ewkb(shapely.get_geometry(layer.polygons, 0)), strict=True)
        copy_rows(connection, "grid_cell", ("generation_id", "code", "geom"), cells)
    else:
        shapes = hex_ewkb([shapely.multipolygons(shapely.get_parts(polygon)) for polygon in layer.polygons])
        areas = zip(generation, layer.codes, layer.names, layer.parents, shapes, strict=True)
        copy_rows(connection, "area", ("generation_id", "code", "name", "parent_code", "geom"), areas)
    tell_ground(connection)
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


def _check_order(connection: Connection, layer: str, valid_from: date) -> None:
    row = connection.execute(IN_FORCE_SINCE, [layer]).fetchone()
    if row is not None and valid_from < row[0]:
        raise NeedleError("layer.generation_order", layer=layer, since=row[0], given=valid_from)


def _check_cells(layer: Layer) -> None:
    """What ``grid_cell`` would refuse, said with the codes."""
    odd = [code for code in layer.codes if not is_cell_code(code)]
    if odd:
        raise NeedleError("layer.cell_code", count=len(odd), codes=shortened(odd))
    torn = np.array(layer.codes)[shapely.get_num_geometries(layer.polygons) != 1].tolist()
    if torn:
        raise NeedleError("layer.cell_parts", count=len(torn), codes=shortened(torn))


def _load(connection: Connection, generation_id: int, name: str, number: int, kind: str) -> Layer:
    rows = connection.execute(CELLS if kind == "grid" else AREAS, [generation_id]).fetchall()
    codes, names, parents, shapes = zip(*rows, strict=True) if rows else ((), (), (), ())
    polygons = np.array(shapely.from_wkb([bytes(shape) for shape in shapes]), dtype=object).reshape(len(rows))
    return Layer(name, codes, names, parents, polygons, number)
