"""The demo block with people, households and enterprises in its registry, and two that may be one."""

import asyncio
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from data.database import open_pool
from data.registry.claims import NewClaim, Relation, Source
from data.stores.reading import reading
from data.stores.registry_claims import add_claims, create_entities
from data.stores.registry_doubts import FoundDoubt, save_doubts
from data.stores.registry_relations import add_relations

EACH = 6
"""Persons in each of the first buildings; the last building has two, too few to be told."""
ID_NUMBER = "131502196501048132"
BUILDINGS = """
select building.id, building.code, area.code from building
  join area on ST_Covers(area.geom, ST_PointOnSurface(building.geom))
  join generation on generation.id = generation_id and valid_to is null and layer = 'subdistrict'
 where use = 'residential' order by building.id limit 4
"""


@dataclass(frozen=True)
class Block:
    """What was made: buildings (id, code, subdistrict), codes of persons in order, the household of the first."""

    buildings: list[tuple[int, str, str]]
    persons: list[str]
    household: str


def fill(url: str) -> Block:
    """Fill the registry of a block; in a thread of its own, since Playwright keeps a loop in the test's."""
    with ThreadPoolExecutor(1) as threads:
        return threads.submit(lambda: asyncio.run(_fill(url))).result()


async def _fill(url: str) -> Block:
    now = datetime.now(UTC)
    async with open_pool(url, size=2) as pool, reading(pool) as connection:
        buildings = await (await connection.execute(BUILDINGS)).fetchall()
        people = await create_entities(connection, "person", EACH * 3 + 2)
        household = await create_entities(connection, "household")
        police = Source("import", "police-2025", label="公安户籍")
        said = {
            number: [
                NewClaim("name", f"王第{at}" if at else "王建国", now - timedelta(days=9)),
                NewClaim("sex", "female" if at % 2 else "male", now - timedelta(days=9)),
                NewClaim("birth_date", f"{1950 + at}-01-31", now - timedelta(days=9)),
                NewClaim("building", buildings[min(at // EACH, 3)][1], now - timedelta(days=9)),
                NewClaim("room", f"{1 + at % EACH}01", now - timedelta(days=9)),
                NewClaim("phone", f"139000000{at:02}", now - timedelta(days=1_000)),
            ]
            for at, (number, _) in enumerate(people)
        }
        await add_claims(connection, police, said)
        own = Source("form", "answers-1", label="入户登记", purposes=("elderly_care",), consent="c-1")
        newer = [NewClaim("phone", "13811112222", now - timedelta(days=2), "sms"), NewClaim("diseases", ["sugar"], now)]
        await add_claims(connection, own, {people[0][0]: newer})
        home = [NewClaim("building", buildings[0][1], now), NewClaim("address", "长河路 1 号院", now)]
        await add_claims(connection, police, {household[0][0]: home})
        await add_relations(connection, police, [Relation(people[0][0], "lives_in", household[0][0])])
        evidence = [
            {"field": "phone", "weight": 9.0, "level": "same", "zh": "电话相同", "en": "same telephone"},
            {"field": "room", "weight": -3.0, "level": "other", "zh": "房号不同", "en": "another room"},
        ]
        await save_doubts(connection, [FoundDoubt(people[1][0], people[2][0], 6.5, evidence)])
    return Block(buildings, [code for _, code in people], household[0][1])
