"""What pages and departments read of the registry: who lies in a building, ages and sexes of an area, rows of one kind.

Everything reads roots that were not erased; under ``data.stores.reading.scoped`` the database shows an account its own area only.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final

import psycopg
from psycopg.rows import class_row
from psycopg.types.json import Jsonb

from data.registry.claims import Purpose

AsyncConnection = psycopg.AsyncConnection[Any]

STANDING: Final = "root_id = id and erased_at is null"
LINES: Final = (
    "id, code, kind, name, phone, id_number, birth_date, sex, address, unit, room, building, areas,"
    " incomplete, stale, updated_at"
)
AT_BUILDING: Final = f"""
select {LINES} from registry_entity where building = %s and {STANDING} and kind = any (%s)
 order by kind, unit nulls first, length(room), room, name limit %s
"""
BY_NUMBER: Final = f"select {LINES} from registry_entity where id = any (%s) and {STANDING}"
#: What is written out in full finds by an index; the search index finds everything else.
EXACT: Final = f"""
select id from registry_entity where {STANDING} and (id_number = %(text)s or credit_code = %(text)s or phone = %(text)s
   or name = %(text)s) order by id limit %(most)s
"""
FIGURES: Final = """
select count(*), coalesce(sum(asked), 0), coalesce(sum(filled), 0), coalesce(sum(kept), 0), coalesce(sum(corrected), 0)
  from registry_filling
"""
PYRAMID: Final = "select sex, birth_year, persons from registry_pyramid where layer = %s and place = %s and persons > 0"
PYRAMID_OF_AREAS: Final = """
select sex, birth_year, sum(persons) from registry_pyramid where (layer, place) in (select * from unnest(%s::text[], %s::text[]))
 group by sex, birth_year
"""
PURPOSES: Final = "select code, name_zh, name_en, needs, basis, active from registry_purpose order by code"
ROWS: Final = """
select id, code, kind, golden, areas, updated_at, ST_X(geom) as lng, ST_Y(geom) as lat
  from registry_entity
 where root_id = id and erased_at is null and kind = %(kind)s and id > %(after)s
   and (%(layer)s::text is null or areas ->> %(layer)s = any (%(codes)s))
   and (%(box)s::float8[] is null or geom && ST_MakeEnvelope((%(box)s::float8[])[1], (%(box)s::float8[])[2],
                                                            (%(box)s::float8[])[3], (%(box)s::float8[])[4], 4326))
   and (%(code)s::text is null or code = %(code)s)
   and (%(since)s::timestamptz is null or updated_at >= %(since)s)
   and (%(until)s::timestamptz is null or updated_at <= %(until)s)
   and (%(match)s::jsonb is null or (%(match)s::jsonb ->> 'id_number' is null or id_number = %(match)s::jsonb ->> 'id_number')
       and (%(match)s::jsonb ->> 'credit_code' is null or credit_code = %(match)s::jsonb ->> 'credit_code')
       and (%(match)s::jsonb ->> 'phone' is null or phone = %(match)s::jsonb ->> 'phone')
       and (%(match)s::jsonb ->> 'name' is null or name = %(match)s::jsonb ->> 'name')
       and (%(match)s::jsonb ->> 'building' is null or building = %(match)s::jsonb ->> 'building'))
 order by id limit %(most)s
"""
BUILDINGS: Final = """
select code, coalesce(nullif(name, ''), code) from building where code = any (%s)
"""
SOURCES: Final = "select id, purposes from registry_source where id = any (%s)"
MATCHED: Final = ("id_number", "credit_code", "phone", "name", "building")
"""By which values rows may be asked for."""


@dataclass(frozen=True, slots=True)
class Line:
    """An entity in a list."""

    id: int
    code: str
    kind: str
    name: str | None
    phone: str | None
    id_number: str | None
    birth_date: date | None
    sex: str | None
    address: str | None
    unit: str | None
    room: str | None
    building: str | None
    areas: dict[str, str]
    incomplete: bool
    stale: bool
    updated_at: datetime


@dataclass(frozen=True, slots=True)
class Row:
    """An entity as departments read it. ``lng``, ``lat``: WGS 84, None where nobody knows where it is."""

    id: int
    code: str
    kind: str
    golden: dict[str, dict[str, Any]]
    areas: dict[str, str]
    updated_at: datetime
    lng: float | None
    lat: float | None


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which rows. ``box``: west, south, east, north; ``after``: the last number of the page before."""

    kind: str
    most: int
    after: int = 0
    layer: str | None = None
    codes: Sequence[str] = ()
    box: tuple[float, float, float, float] | None = None
    code: str | None = None
    since: datetime | None = None
    until: datetime | None = None
    match: Mapping[str, str] | None = None

    def values(self) -> dict[str, Any]:
        """By the names in ``ROWS``."""
        named = {name: getattr(self, name) for name in Wanted.__slots__}
        box = None if self.box is None else list(self.box)
        return named | {"codes": list(self.codes), "box": box, "match": Jsonb(dict(self.match)) if self.match else None}


@dataclass(frozen=True, slots=True)
class Filling:
    """What was filled in for residents: links, questions bound to the registry, of them filled in, kept, corrected."""

    links: int
    asked: int
    filled: int
    kept: int
    corrected: int


async def load_at_building(connection: AsyncConnection, building: str, kinds: Sequence[str], most: int) -> list[Line]:
    """Who and what lies in a building (by code), by unit and room."""
    async with connection.cursor(row_factory=class_row(Line)) as cursor:
        return await (await cursor.execute(AT_BUILDING, (building, list(kinds), most))).fetchall()


async def load_lines(connection: AsyncConnection, numbers: Sequence[int]) -> dict[int, Line]:
    """Entities by number, as far as they stand and the account sees them."""
    async with connection.cursor(row_factory=class_row(Line)) as cursor:
        rows = await (await cursor.execute(BY_NUMBER, (list(numbers),))).fetchall()
    return {row.id: row for row in rows}


async def find_exact(connection: AsyncConnection, text: str, most: int) -> list[int]:
    """Numbers of entities that have a whole identity number, credit code, telephone or name."""
    found = await connection.execute(EXACT, {"text": text, "most": most})
    return [row[0] for row in await found.fetchall()]


async def load_filling(connection: AsyncConnection) -> Filling:
    """How much of forms was filled in for residents."""
    row = await (await connection.execute(FIGURES)).fetchone()
    return Filling(*(int(value) for value in row)) if row else Filling(0, 0, 0, 0, 0)


async def load_pyramid(connection: AsyncConnection, areas: Sequence[tuple[str, str]]) -> list[tuple[str, int, int]]:
    """Sex, year of birth (0: not known) and persons of some areas together; of the whole city where none is named."""
    if not areas:
        found = await connection.execute(PYRAMID, ("", ""))
    else:
        found = await connection.execute(PYRAMID_OF_AREAS, tuple(map(list, zip(*areas, strict=True))))
    return [(sex, int(year), int(persons)) for sex, year, persons in await found.fetchall()]


async def load_purposes(connection: AsyncConnection) -> dict[str, Purpose]:
    """What the registry may be called for, by code."""
    rows = await (await connection.execute(PURPOSES)).fetchall()
    found = (Purpose(code, zh, en, frozenset(needs), basis, active) for code, zh, en, needs, basis, active in rows)
    return {purpose.code: purpose for purpose in found}


async def load_rows(connection: AsyncConnection, wanted: Wanted) -> list[Row]:
    """Rows of one kind, by number."""
    async with connection.cursor(row_factory=class_row(Row)) as cursor:
        return await (await cursor.execute(ROWS, wanted.values())).fetchall()


async def load_allowed(connection: AsyncConnection, sources: Sequence[int]) -> dict[int, list[str]]:
    """The purposes that sources allowed, by their numbers."""
    rows = await (await connection.execute(SOURCES, (list(sources),))).fetchall()
    return {int(number): purposes for number, purposes in rows}


async def load_building_names(connection: AsyncConnection, codes: Sequence[str]) -> dict[str, str]:
    """Names of buildings of the ground by code, their code where they have none."""
    return dict(await (await connection.execute(BUILDINGS, (list(codes),))).fetchall())
