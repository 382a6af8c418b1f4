"""What the search index holds of the registry's entities: read in pieces, or by number after a change."""

from collections.abc import Sequence
from typing import Any, Final

import psycopg

from data.search.tokens import Entry

AsyncConnection = psycopg.AsyncConnection[tuple[Any, ...]]
PIECE: Final = 20_000
COLUMNS: Final = """
select entity.id, entity.kind, coalesce(entity.name, ''),
       concat(coalesce(entity.address, building.address), entity.unit, entity.room),
       array_remove(array[entity.phone, entity.id_number, entity.credit_code], null)
  from registry_entity as entity left join building on building.code = entity.building
 where entity.root_id = entity.id and entity.erased_at is null"""
BY_NUMBER: Final = f"{COLUMNS} and entity.id = any (%s)"
AFTER: Final = f"{COLUMNS} and entity.id > %s order by entity.id limit {PIECE}"


async def load_findable(connection: AsyncConnection, numbers: Sequence[int]) -> list[Entry]:
    """Entities by number, as far as they stand; an entry's code is the number."""
    return [entry_of(row) for row in await (await connection.execute(BY_NUMBER, (list(numbers),))).fetchall()]


async def load_findable_after(connection: AsyncConnection, number: int) -> list[Entry]:
    """The next ``PIECE`` entities after a number; none at the end."""
    return [entry_of(row) for row in await (await connection.execute(AFTER, (number,))).fetchall()]


def entry_of(row: tuple[Any, ...]) -> Entry:
    """An entry of a row of ``COLUMNS``."""
    number, kind, name, address, numbers = row
    return Entry(str(number), kind, name, address, tuple(numbers))
