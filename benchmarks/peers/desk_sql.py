"""The desk's window in PostgreSQL: one statement that counts what fits, and one that sorts it and reads a hundred rows."""

from typing import Any, Final

import numpy as np
from psycopg import sql

from data.database import Connection

FilterSql = tuple[str, Any]
"""Kind of filter, its value."""

CONDITIONS: Final = {
    "none": "true",
    "open": "cases.closed_at is null",
    "channel": "cases.channel = %(value)s",
    "state": "cases.state = %(value)s",
    "matter": "cases.matter_id = %(value)s",
    "area": "cases.areas ->> 'district' = %(value)s",
    "stretch": "cases.reported_at >= to_timestamp(%(low)s) and cases.reported_at < to_timestamp(%(high)s)",
    # Edges are straight on the map, as ours are.
    "polygon": "cases.geom && ST_GeomFromText(%(value)s, 4326) and ST_Covers("
    "ST_Transform(ST_GeomFromText(%(value)s, 4326), 3857), ST_Transform(cases.geom, 3857))",
    "text": "(cases.number ilike %(value)s or cases.title ilike %(value)s or cases.address ilike %(value)s)",
}
ORDERS: Final = {
    "channel": 'channel.name_zh collate "zh-x-icu"',
    "state": "cases.state",
    "matter": 'matter.name_zh collate "zh-x-icu"',
    "department": 'department.name_zh collate "zh-x-icu"',
    "team": 'team.name collate "zh-x-icu"',
    "title": 'cases.title collate "zh-x-icu"',
    "address": 'cases.address collate "zh-x-icu"',
    "left": "case when cases.closed_at is null then cases.due_at end",
    "queue": "case when cases.closed_at is null then cases.state = 'suspended' end, not cases.urgent, "
    "coalesce(cases.due_at, cases.reported_at)",
    "cell": "cases.cell_code",
    "area:district": "cases.areas ->> 'district'",
    "area:subdistrict": "cases.areas ->> 'subdistrict'",
}
FROM: Final = """
from cases join channel on channel.code = cases.channel join matter on matter.id = cases.matter_id
     left join department on department.code = cases.department_code left join team on team.id = cases.team_id
"""
WORDS: Final = "select title, address, number from cases where id = any(%s) and address is not null"


def window(connection: Connection, asked: FilterSql, column: str, descending: bool, start: int, rows: int) -> int:
    """Count and read; how many fit."""
    kind, value = asked
    values = parameters(kind, value) | {"start": start, "rows": rows}
    condition = sql.SQL(CONDITIONS[kind])
    counted = connection.execute(sql.SQL("select count(*) from cases where {}").format(condition), values).fetchone()
    times = {"reported", "dispatched", "due", "answered", "closed", "updated"}
    order = ORDERS.get(column, f"cases.{column}_at" if column in times else f"cases.{column}")
    direction = "desc nulls last" if descending else "asc nulls last"
    statement = sql.SQL(
        "select cases.*, channel.name_zh, matter.name_zh, department.name_zh, team.name {} where {} {}"
    ).format(
        sql.SQL(FROM),
        condition,
        sql.SQL(f"order by {order} {direction}, cases.id limit %(rows)s offset %(start)s"),
    )
    connection.execute(statement, values).fetchall()
    return int(counted[0]) if counted else 0


def parameters(kind: str, value: Any) -> dict[str, Any]:
    """What the condition names."""
    if kind == "stretch":
        return {"low": value[0], "high": value[1]}
    if kind == "polygon":
        ring = [part.strip() for part in value.split(";")]
        return {"value": f"POLYGON(({','.join([*ring, ring[0]])}))"}
    if kind == "text":
        return {"value": f"%{value}%"}
    return {"value": value}


def sample_words(connection: Connection, count: int, generator: np.random.Generator) -> list[str]:
    """Distinct pieces of two to six characters of titles, addresses and numbers."""
    first, last = connection.execute("select min(id), max(id) from cases").fetchone() or (0, 0)
    words: dict[str, None] = {}
    while len(words) < count:
        ids = generator.integers(first, last + 1, 2 * count).tolist()
        for row in connection.execute(WORDS, (ids,)).fetchall():
            text = row[int(generator.integers(3))]
            length = int(generator.integers(2, 7))
            at = int(generator.integers(max(1, len(text) - length)))
            word = text[at : at + length].strip()
            if word and not set(word) & set("%_\\"):
                words[word] = None
    return list(words)[:count]
