"""The demo city's registry: believable people in houses that are there, told of by several sources, some of it stale."""

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from psycopg.rows import dict_row

from data.cluster import Cluster
from data.database import Connection, connect
from data.demo.city import make_city
from data.demo.load_registry import load_registry
from data.demo.size import BLOCK
from data.linkage.id_numbers import citizen_fault, credit_fault
from data.registry.golden import reconcile
from data.stores.registry_rows import CLAIM, to_claim

NOW = datetime.now(UTC)


@pytest.fixture(scope="module")
def block(cluster: Cluster, ground_template: str) -> Iterator[Connection]:
    """The block with its registry."""
    url = cluster.copy_database(ground_template, "demo_registry")
    with connect(url, autocommit=True) as connection:
        with connection.transaction():
            load_registry(connection, make_city(BLOCK), NOW)
        yield connection
    cluster.drop_database("demo_registry")


def one(block: Connection, query: str) -> tuple[object, ...]:
    row = block.execute(query.encode()).fetchone()
    assert row is not None
    return tuple(row)


def test_people_live_in_households_of_buildings_that_are_there(block: Connection) -> None:
    assert one(block, "select count(*) from registry_entity where kind <> 'person' and geom is null") == (0,)
    query = """
        select count(*) from registry_entity e where kind = 'person' and not exists (
            select from registry_relation r where r.subject_id = e.id and r.kind = 'lives_in')"""
    assert one(block, query) == (0,)
    (people, shops) = one(
        block,
        "select count(*) filter (where kind = 'person'), count(*) filter (where kind = 'enterprise') from registry_entity",
    )
    assert int(str(people)) > 200
    assert int(str(shops)) > 5


def test_numbers_are_right_and_nobodys(block: Connection) -> None:
    for number, code in block.execute("select id_number, credit_code from registry_entity"):
        assert number is None or (citizen_fault(number, NOW.date()) is None and number.startswith("1315"))
        assert code is None or credit_fault(code) is None


def test_golden_values_are_those_of_their_claims(block: Connection) -> None:
    with block.cursor(row_factory=dict_row) as cursor:
        rows = cursor.execute(f"{CLAIM} where e.kind = 'person' order by c.entity_id".encode()).fetchall()
    claims: dict[int, list[dict[str, object]]] = {}
    for row in rows:
        claims.setdefault(row["entity_id"], []).append(row)
    for entity, golden, count in block.execute("select id, golden, claims from registry_entity where kind = 'person'"):
        said = [to_claim(row) for row in claims[entity]]
        assert len(said) == count
        assert reconcile("person", said).as_json() == golden


def test_some_of_it_is_stale_some_of_several_sources_some_doubtful(block: Connection) -> None:
    (stale, whole, kinds, doubts) = one(
        block,
        """select (select stale from registry_density where layer = '' and kind = 'person'),
                  (select entities from registry_density where layer = '' and kind = 'person'),
                  (select count(distinct s.kind) from registry_claim c join registry_source s on s.id = c.source_id),
                  (select count(*) from registry_doubt)""",
    )
    assert 0 < int(str(stale)) < int(str(whole))
    assert int(str(kinds)) >= 4
    assert int(str(doubts)) > 0
