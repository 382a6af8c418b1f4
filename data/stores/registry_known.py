"""Of how many residents of an area the registry knows which fields: numbers only, for who composes a form."""

from collections.abc import Collection, Sequence
from typing import Any, Final

from psycopg import AsyncConnection, sql

from data.registry.fields import by_question

Connection = AsyncConnection[tuple[Any, ...]]

COUNT: Final = """
select count(*), {fields} from registry_entity
 where kind = {kind} and root_id = id and erased_at is null
   and (%(layer)s::text is null or areas ->> %(layer)s = any (%(codes)s))
"""
FIELD: Final = "count(*) filter (where golden ? {name})"
PERSON: Final = "person"


async def count_registered(
    connection: Connection, layer: str | None, codes: Sequence[str], questions: Collection[str]
) -> tuple[int, dict[str, int]]:
    """How many persons of an area are registered, and of how many each field of the question bank is known.

    What is of another kind than persons (households, buildings) is counted among its own, as that share of the persons. What is
    sensitive is never filled in before, and so not counted. ``layer`` None: the whole city.
    """
    people = (await counted(connection, layer, codes, PERSON, []))[0]
    wanted: dict[str, list[str]] = {}
    for question in questions:
        field = by_question().get(question)
        if field is not None and field.sensitivity != "sensitive":
            wanted.setdefault(field.kind, []).append(question)
    known: dict[str, int] = {}
    for kind, asked in wanted.items() if people else ():
        total, *found = await counted(connection, layer, codes, kind, [by_question()[each].name for each in asked])
        known |= {
            question: round(count * people / total) if total else 0
            for question, count in zip(asked, found, strict=True)
        }
    return people, known


async def counted(
    connection: Connection, layer: str | None, codes: Sequence[str], kind: str, names: Sequence[str]
) -> list[int]:
    """How many entities of a kind there are, and how many of them have each golden value."""
    fields: list[sql.Composable] = [sql.SQL(FIELD).format(name=sql.Literal(name)) for name in names]
    query = sql.SQL(COUNT).format(fields=sql.SQL(", ").join(fields or [sql.SQL("0")]), kind=sql.Literal(kind))
    row = await (await connection.execute(query, {"layer": layer, "codes": list(codes)})).fetchone()
    assert row is not None
    return [int(count) for count in row][: 1 + len(names)]
