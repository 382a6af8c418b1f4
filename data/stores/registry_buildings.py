"""Buildings of the ground in the registry: made where something is said in or of one."""

from collections.abc import Collection
from datetime import UTC, datetime
from typing import Any, Final

import psycopg

from data.registry.claims import NewClaim, Source
from data.stores.registry_claims import add_said, create_entities, keep_source

AsyncConnection = psycopg.AsyncConnection[Any]

GROUND: Final = Source("import", "ground", "楼栋底图")
HELD: Final = """
select distinct on (e.building) e.building, e.root_id from registry_entity e
 where e.kind = 'building' and e.building = any (%s) and e.root_id = e.id and e.erased_at is null order by e.building, e.id
"""
FACTS: Final = """
select code, nullif(name, ''), address, use, nullif(floors, 0) from building where code = any (%s) order by code
"""


async def ensure_buildings(connection: AsyncConnection, codes: Collection[str]) -> dict[str, int]:
    """Numbers of the entities of buildings by code; one that the ground does not have is absent. The caller commits."""
    found = dict(await (await connection.execute(HELD, (sorted(codes),))).fetchall())
    missing = sorted(set(codes) - found.keys())
    rows = await (await connection.execute(FACTS, (missing,))).fetchall() if missing else []
    if rows:
        now = datetime.now(UTC)
        new = await create_entities(connection, "building", len(rows))
        source = await keep_source(connection, GROUND)
        said = {
            number: [
                NewClaim(name, value, now, "department")
                for name, value in zip(("building", "name", "address", "use", "floors"), row, strict=True)
            ]
            for (number, _), row in zip(new, rows, strict=True)
        }
        await add_said(connection, [(source, said)])
        found |= {row[0]: number for (number, _), row in zip(new, rows, strict=True)}
    return found
