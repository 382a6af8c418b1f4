"""What the desk reads: the texts of every case once, the order of names, and the full rows of what is in view."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import numpy as np
import psycopg
from numpy.typing import NDArray
from psycopg.rows import class_row

from data.database import Connection as SyncConnection
from data.mirror.texts import FIELD_END, FIELDS, ROW_END

Connection = psycopg.AsyncConnection[Any]
Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class DeskRow:
    """A case as the desk's table and its exports show it. ``areas``: layer -> code; points are WGS84 degrees."""

    id: int
    number: str
    title: str
    address: str | None
    channel: str
    matter_id: int
    state: str
    urgent: bool
    department_code: str | None
    team_id: int | None
    areas: dict[str, str]
    cell_code: str | None
    lng: float | None
    lat: float | None
    reported_at: datetime
    due_at: datetime | None
    dispatched_at: datetime | None
    answered_at: datetime | None
    closed_at: datetime | None
    updated_at: datetime
    returns: int
    reworks: int


@dataclass(frozen=True, slots=True)
class Name:
    """A code of a facet (``channel``, ``matter``, ``area:police``, …), its names, and their places among the facet's names.

    ``group``: what it belongs to (a matter's major, a team's department, an area's parent), empty for none.
    """

    facet: str
    code: str
    zh: str
    en: str
    group: str
    place_zh: int
    place_en: int


ROWS: Final = """
select id, number, title, address, channel, matter_id, state, urgent, department_code, team_id, areas, cell_code,
       ST_X(geom) as lng, ST_Y(geom) as lat, reported_at, due_at, dispatched_at, answered_at, closed_at, updated_at, returns,
       reworks
  from unnest(%s::bigint[]) with ordinality as wanted (id, place) join cases using (id) order by place
"""

TEXTS: Final = """
select string_agg(concat(number, %(field)s::text, translate(title, %(ends)s, ''), %(field)s::text,
                         translate(address, %(ends)s, ''), %(row)s::text), '' order by place)
  from unnest(%(ids)s::bigint[]) with ordinality as wanted (id, place) join cases using (id)
"""

POINTS: Final = ", ".join(f"array_agg(coalesce(ST_{axis}(geom), 'NaN')::float8 order by place)" for axis in "XY")
WORDS: Final = TEXTS.replace("order by place)\n", f"order by place), {POINTS}\n", 1)

CHARACTERS: Final = """
select character, row_number() over (order by character collate "zh-x-icu") from unnest(%s::text[]) as character
"""

NAMES: Final = """
with named as (
    select 'channel' as facet, code, name_zh as zh, name_en as en, '' as "group" from channel
    union all select 'state', code, name_zh, name_en, stage from case_state
    union all select 'matter', id::text, name_zh, name_en, concat_ws(':', edition, kind, major_code) from matter
    union all select distinct 'major', concat_ws(':', edition, kind, major_code), major_name, major_name, '' from matter
    union all select 'department', code, name_zh, name_en, level from department
    union all select 'team', id::text, name, name, department_code from team
    union all select distinct on (layer.name, area.code) 'area:' || layer.name, area.code, area.name, area.name,
                     coalesce(area.parent_code, '')
                from layer join generation on generation.layer = layer.name join area on area.generation_id = generation.id
               where layer.kind in ('area', 'jurisdiction')
               order by 1, 2, 5)
select facet, code, zh, en, "group",
       row_number() over (partition by facet order by zh collate "zh-x-icu", code)::int as place_zh,
       row_number() over (partition by facet order by en collate "en-x-icu", code)::int as place_en
  from named order by facet, place_zh
"""


async def load_rows(connection: Connection, ids: Sequence[int]) -> list[DeskRow]:
    """Cases by id, in the order of the ids; unknown ones are left out."""
    async with connection.cursor(row_factory=class_row(DeskRow)) as cursor:
        return await (await cursor.execute(ROWS, (list(ids),))).fetchall()


async def load_texts(connection: Connection, ids: Sequence[int]) -> str:
    """Number, title and address of cases, in the order of the ids, as ``data.mirror.texts.Texts`` takes them."""
    values = {"field": FIELD_END, "row": ROW_END, "ends": FIELD_END + ROW_END, "ids": list(ids)}
    row = await (await connection.execute(TEXTS, values)).fetchone()
    return str(row[0]) if row and row[0] else ""


async def load_characters(connection: Connection, characters: Sequence[str]) -> dict[str, int]:
    """The place of each character from 1 on; Chinese ones in the order of their pinyin (ICU's collation for Chinese)."""
    return dict(await (await connection.execute(CHARACTERS, (list(characters),))).fetchall())


async def load_names(connection: Connection) -> list[Name]:
    """Every code that a case may refer to, facet by facet in the order of the Chinese names."""
    async with connection.cursor(row_factory=class_row(Name)) as cursor:
        return await (await cursor.execute(NAMES)).fetchall()


def read_words(connection: SyncConnection, ids: Sequence[int]) -> tuple[dict[str, list[str | None]], Floats, Floats]:
    """Texts by field (``number``, ``title``, ``address``), longitude and latitude (NaN: none) of these cases, in their order.

    For exports, over a connection of a thread of its own: one row of arrays, which costs a tenth of as many rows.
    """
    with connection.cursor(binary=True) as cursor:
        said = {"ids": list(ids), "field": FIELD_END, "row": ROW_END, "ends": FIELD_END + ROW_END}
        row = cursor.execute(WORDS, said).fetchone()
    assert row is not None
    lines = [line.split(FIELD_END) for line in (row[0] or "").split(ROW_END)[:-1]]
    texts = {name: [line[at] or None for line in lines] for at, name in enumerate(FIELDS)}
    lng, lat = (np.array(column or (), np.float64) for column in row[1:])
    return texts, lng, lat
