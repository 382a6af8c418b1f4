"""What every case refers to: states, legal moves, matters with their filing conditions, channels.

The rows come from the rooms that own them (dispatch's tables, a city's profile); saving them again changes only what
differs.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from itertools import groupby
from typing import Any

import psycopg

from data.database import Connection
from geo.errors import NeedleError

AsyncConnection = psycopg.AsyncConnection[tuple[Any, ...]]


@dataclass(frozen=True, slots=True)
class ConditionRow:
    """A filing condition; ``limit_unit`` is urgent_hour, urgent_day, work_hour, work_day or natural_day."""

    number: int
    condition: str
    closing_action: str
    limit_value: float
    limit_unit: str


@dataclass(frozen=True, slots=True)
class MatterRow:
    """A matter with its conditions; ``kind`` is component or event. ``id`` is None before it is saved."""

    scheme: str
    edition: str
    kind: str
    code: str
    major_code: str
    major_name: str
    name_zh: str
    name_en: str
    conditions: tuple[ConditionRow, ...] = ()
    id: int | None = None


@dataclass(frozen=True, slots=True)
class ChannelRow:
    """Where reports come from. ``crs`` is the declared datum of untagged points; None: such points are refused."""

    code: str
    name_zh: str
    name_en: str
    crs: str | None
    uncertainty_m: float


SAVE_STATE = """
insert into case_state (code, name_zh, name_en, stage, terminal) values (%s, %s, %s, %s, %s)
on conflict (code) do update set name_zh = excluded.name_zh, name_en = excluded.name_en, stage = excluded.stage,
    terminal = excluded.terminal
"""

SAVE_TRANSITION = """
insert into case_transition (from_state, action, to_state) values (%s, %s, %s) on conflict do nothing
"""

SAVE_MATTER = """
insert into matter (scheme, edition, kind, code, major_code, major_name, name_zh, name_en)
values (%s, %s, %s, %s, %s, %s, %s, %s)
on conflict (scheme, edition, kind, code) do update set major_code = excluded.major_code,
    major_name = excluded.major_name, name_zh = excluded.name_zh, name_en = excluded.name_en
"""

SAVE_CONDITION = """
insert into filing_condition (matter_id, number, condition, closing_action, limit_value, limit_unit)
select id, %s, %s, %s, %s, %s from matter where (scheme, edition, kind, code) = (%s, %s, %s, %s)
on conflict (matter_id, number) do update set condition = excluded.condition, closing_action = excluded.closing_action,
    limit_value = excluded.limit_value, limit_unit = excluded.limit_unit
"""

SAVE_CHANNEL = """
insert into channel (code, name_zh, name_en, crs, uncertainty_m) values (%s, %s, %s, %s, %s)
on conflict (code) do update set name_zh = excluded.name_zh, name_en = excluded.name_en, crs = excluded.crs,
    uncertainty_m = excluded.uncertainty_m
"""

MATTERS = """
select id, scheme, edition, kind, code, major_code, major_name, name_zh, name_en from matter order by id
"""

CONDITIONS = """
select matter_id, number, condition, closing_action, limit_value, limit_unit from filing_condition
order by matter_id, number
"""

MATTER = """
select id, scheme, edition, kind, code, major_code, major_name, name_zh, name_en from matter where id = %s
"""

ID_OF_KEY = "select id from matter where edition || ':' || kind || ':' || code = %s"

CONDITIONS_OF_MATTER = """
select number, condition, closing_action, limit_value, limit_unit from filing_condition
where matter_id = %s order by number
"""

CITY_CLOCK = "select timezone, coalesce(settings->'clock', '{}') from city"

CHANNELS = "select code, name_zh, name_en, crs, uncertainty_m from channel order by code"


def save_states(connection: Connection, rows: Iterable[tuple[str, str, str, str, bool]]) -> None:
    """Save states as (code, name_zh, name_en, stage, terminal)."""
    with connection.cursor() as cursor:
        cursor.executemany(SAVE_STATE, list(rows))


def save_transitions(connection: Connection, rows: Iterable[tuple[str, str, str]]) -> None:
    """Save legal moves as (from_state, action, to_state). The database refuses every other move."""
    with connection.cursor() as cursor:
        cursor.executemany(SAVE_TRANSITION, list(rows))


def save_matters(connection: Connection, rows: Iterable[MatterRow]) -> None:
    """Save matters and their filing conditions, in the order given; a matter keeps the id that it has."""
    matters = list(rows)
    named = [(m.scheme, m.edition, m.kind, m.code, m.major_code, m.major_name, m.name_zh, m.name_en) for m in matters]
    conditions = [
        (c.number, c.condition, c.closing_action, c.limit_value, c.limit_unit, m.scheme, m.edition, m.kind, m.code)
        for m in matters
        for c in m.conditions
    ]
    with connection.cursor() as cursor:
        cursor.executemany(SAVE_MATTER, named)
        cursor.executemany(SAVE_CONDITION, conditions)


def save_channels(connection: Connection, rows: Iterable[ChannelRow]) -> None:
    """Save channels."""
    with connection.cursor() as cursor:
        cursor.executemany(SAVE_CHANNEL, [(c.code, c.name_zh, c.name_en, c.crs, c.uncertainty_m) for c in rows])


def load_matters(connection: Connection) -> list[MatterRow]:
    """All matters with their ids and conditions, in the order of their ids."""
    found = connection.execute(CONDITIONS).fetchall()
    conditions = {key: tuple(ConditionRow(*r[1:]) for r in group) for key, group in groupby(found, lambda r: r[0])}
    rows = connection.execute(MATTERS).fetchall()
    return [replace(MatterRow(*row[1:]), id=row[0], conditions=conditions.get(row[0], ())) for row in rows]


def load_channels(connection: Connection) -> dict[str, ChannelRow]:
    """Channels by code."""
    return {row[0]: ChannelRow(*row) for row in connection.execute(CHANNELS)}


async def load_matter(connection: AsyncConnection, matter_id: int) -> MatterRow:
    """One matter with its conditions.

    Raises
    ------
    NeedleError
        ``case.matter_unknown``.
    """
    row = await (await connection.execute(MATTER, (matter_id,))).fetchone()
    if row is None:
        raise NeedleError("case.matter_unknown", matter=matter_id)
    found = await (await connection.execute(CONDITIONS_OF_MATTER, (matter_id,))).fetchall()
    return replace(MatterRow(*row[1:]), id=row[0], conditions=tuple(ConditionRow(*r) for r in found))


async def matter_by_key(connection: AsyncConnection, key: str) -> MatterRow:
    """The matter of a key (``edition:kind:code``) with its conditions; ``case.matter_unknown`` where there is none."""
    row = await (await connection.execute(ID_OF_KEY, (key,))).fetchone()
    if row is None:
        raise NeedleError("case.matter_unknown", matter=key)
    return await load_matter(connection, row[0])


async def load_city_clock(connection: AsyncConnection) -> tuple[str, dict[str, Any]]:
    """The city's time zone and its settings of working time; Beijing's where no city is loaded."""
    row = await (await connection.execute(CITY_CLOCK)).fetchone()
    return (row[0], row[1]) if row else ("Asia/Shanghai", {})
