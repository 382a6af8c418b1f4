"""What residents have answered before: of whom each field of the registry is known, in an area."""

from collections.abc import Collection, Sequence
from typing import Any, Final

from psycopg import AsyncConnection, sql

Connection = AsyncConnection[tuple[Any, ...]]

#: Somebody who was asked is one person, household or building, however often it was asked.
PEOPLE: Final = """
select count(*) from (select distinct kind, target from link
 where kind <> 'area' and (%(layer)s::text is null or areas ->> %(layer)s = any (%(codes)s))) asked
"""
BOUND: Final = """
select b.field, t.name, c.name from form_binding b
  join form_column c on c.form = b.form and c.path = b.path join form_table t on t.form = c.form and t.path = c.sheet
 where b.field = any (%s)
"""
ANSWERED: Final = """
select link.kind, link.target from answers.{} a join form_submission s on s.id = a.submission_id
  join link on link.id = s.link_id and link.kind <> 'area'
 where a.{} is not null and s.review <> 'rejected' and (%(layer)s::text is null or link.areas ->> %(layer)s = any (%(codes)s))
"""


async def count_people(connection: Connection, layer: str | None, codes: Sequence[str]) -> int:
    """How many persons, households and buildings of an area have been asked by a link; ``layer`` None: of the whole city."""
    row = await (await connection.execute(PEOPLE, {"layer": layer, "codes": list(codes)})).fetchone()
    return int(row[0]) if row else 0


async def count_known(
    connection: Connection, layer: str | None, codes: Sequence[str], fields: Collection[str]
) -> dict[str, int]:
    """Of how many of them each field was answered in any form; fields that no form is bound to are absent."""
    found: dict[str, list[sql.Composed]] = {}
    for field, table, column in await (await connection.execute(BOUND, (list(fields),))).fetchall():
        asked = sql.SQL(ANSWERED).format(sql.Identifier(table), sql.Identifier(column))
        found.setdefault(field, []).append(asked)
    counts = {}
    for field, asked_of in found.items():
        together = sql.SQL("select count(*) from ({}) known").format(sql.SQL(" union ").join(asked_of))
        row = await (await connection.execute(together, {"layer": layer, "codes": list(codes)})).fetchone()
        counts[field] = int(row[0]) if row else 0
    return counts
