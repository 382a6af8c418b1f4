"""What-ifs as they are kept: what was asked and what came of it; boundaries brought to be tried."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import numpy as np
import psycopg
import shapely
from psycopg import errors
from psycopg.rows import class_row

from data.copy import copy_rows, hex_ewkb
from data.database import Connection
from geo.errors import NeedleError
from geo.layers import Layer

Async = psycopg.AsyncConnection[Any]
UNNAMED_KEPT: Final = 20
"""Of what nobody saved, an owner's latest stay so many."""
KEEP: Final = """
insert into what_if (owner, scope, asked, found) values (%s, %s, %s, %s) returning id
"""
FORGET: Final = """
delete from what_if where owner = %(owner)s and name is null and id not in (
    select id from what_if where owner = %(owner)s and name is null order by id desc limit %(kept)s)
"""
#: An owner's own, and what others share who see the same cases.
SEEN: Final = "(owner = %(owner)s or (shared and name is not null and scope = %(scope)s))"
LOAD: Final = f"select id, owner, name, shared, asked, found, made_at from what_if where id = %(id)s and {SEEN}"
LIST: Final = f"""
select id, owner, name, shared, made_at from what_if
 where name is not null and {SEEN} order by owner <> %(owner)s, made_at desc
"""
NAME: Final = "update what_if set name = %s, shared = %s where id = %s and owner = %s returning id"
DROP: Final = "delete from what_if where id = %s and owner = %s"
TRY: Final = "insert into tried_layer (owner, layer, source) values (%s, %s, %s) returning id"
TRIED: Final = """
select l.layer, a.code, a.name, st_asbinary(a.geom) from tried_layer l join tried_area a on a.tried_layer_id = l.id
 where l.id = %s order by a.id
"""
SOURCES: Final = """
select l.id, l.layer, l.source, count(a.id) from tried_layer l left join tried_area a on a.tried_layer_id = l.id
 where l.id = any(%s) group by l.id order by l.id
"""


@dataclass(frozen=True)
class WhatIfRow:
    """One what-if. ``name``: None while nobody saved it."""

    id: int
    owner: str
    name: str | None
    shared: bool
    asked: Mapping[str, Any]
    found: Mapping[str, Any]
    made_at: datetime


@dataclass(frozen=True)
class WhatIfName:
    """One of the list."""

    id: int
    owner: str
    name: str
    shared: bool
    made_at: datetime


def keep_what_if(
    connection: Connection, owner: str, scope: str, asked: Mapping[str, Any], found: Mapping[str, Any]
) -> int:
    """Keep one, unnamed, and return its id; the owner's oldest unnamed ones go. The caller commits."""
    row = connection.execute(KEEP, (owner, scope, dict(asked), dict(found))).fetchone()
    assert row is not None
    connection.execute(FORGET, {"owner": owner, "kept": UNNAMED_KEPT})
    return int(row[0])


async def load_what_if(connection: Async, what_if: int, owner: str, scope: str) -> WhatIfRow:
    """One that this account made, or that somebody shares who sees the same cases.

    Raises
    ------
    NeedleError
        ``what_if.unknown``.
    """
    async with connection.cursor(row_factory=class_row(WhatIfRow)) as cursor:
        found = await (await cursor.execute(LOAD, {"id": what_if, "owner": owner, "scope": scope})).fetchone()
    if found is None:
        raise NeedleError("what_if.unknown")
    return found


async def list_what_ifs(connection: Async, owner: str, scope: str) -> list[WhatIfName]:
    """The owner's saved ones, the latest first, then those that others share."""
    async with connection.cursor(row_factory=class_row(WhatIfName)) as cursor:
        return await (await cursor.execute(LIST, {"owner": owner, "scope": scope})).fetchall()


async def name_what_if(connection: Async, what_if: int, owner: str, name: str, shared: bool) -> None:
    """Save one of this owner under a name. The caller commits.

    Raises
    ------
    NeedleError
        ``what_if.unknown``, ``view.name_taken``.
    """
    try:
        named = await connection.execute(NAME, (name, shared, what_if, owner))
    except errors.UniqueViolation as error:
        raise NeedleError("view.name_taken", name=name) from error
    if named.rowcount == 0:
        raise NeedleError("what_if.unknown")


async def drop_what_if(connection: Async, what_if: int, owner: str) -> None:
    """Delete one of this owner. The caller commits.

    Raises
    ------
    NeedleError
        ``what_if.unknown``.
    """
    if (await connection.execute(DROP, (what_if, owner))).rowcount == 0:
        raise NeedleError("what_if.unknown")


def keep_tried_layer(connection: Connection, owner: str, layer: Layer, source: str) -> int:
    """Keep boundaries to be tried, and return their id. The caller commits."""
    row = connection.execute(TRY, (owner, layer.name, source)).fetchone()
    assert row is not None
    shapes = hex_ewkb([shapely.multipolygons(shapely.get_parts(polygon)) for polygon in layer.polygons])
    rows = zip([row[0]] * len(layer), layer.codes, layer.names, shapes, strict=True)
    copy_rows(connection, "tried_area", ("tried_layer_id", "code", "name", "geom"), rows)
    return int(row[0])


def load_tried_layer(connection: Connection, tried: int) -> Layer:
    """Boundaries that somebody brought.

    Raises
    ------
    NeedleError
        ``what_if.unknown_boundary``.
    """
    rows = connection.execute(TRIED, (tried,)).fetchall()
    if not rows:
        raise NeedleError("what_if.unknown_boundary")
    names, codes, titles, shapes = zip(*rows, strict=True)
    polygons = np.array(shapely.from_wkb([bytes(shape) for shape in shapes]), dtype=object).reshape(len(rows))
    return Layer(names[0], codes, titles, (None,) * len(rows), polygons)


async def load_tried_sources(connection: Async, tried: Sequence[int]) -> list[tuple[int, str, str, int]]:
    """Of boundaries that were brought: id, layer, file name, areas."""
    return list(await (await connection.execute(SOURCES, (list(tried),))).fetchall())
