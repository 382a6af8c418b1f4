"""A block of the demo city without its history: streets, cells and houses that people can live in."""

import itertools
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime
from typing import Any

import psycopg
import pytest

from data.cluster import Cluster
from data.database import SESSION, connect
from data.demo.city import make_city
from data.demo.load import load_ground
from data.demo.size import BLOCK

_number = itertools.count()


@pytest.fixture(scope="session")
def ground_template(cluster: Cluster) -> str:
    """The name of a database with the block's ground."""
    url = cluster.copy_database("template", "registry_ground")
    with connect(url) as connection:
        load_ground(connection, make_city(BLOCK), datetime(2026, 11, 24, tzinfo=UTC))
    return "registry_ground"


@pytest.fixture
def ground_url(cluster: Cluster, ground_template: str) -> Iterator[str]:
    """The address of a fresh database with the block's ground."""
    name = f"registry_{next(_number)}"
    yield cluster.copy_database(ground_template, name)
    cluster.drop_database(name)


@pytest.fixture
async def base(ground_url: str) -> AsyncIterator[psycopg.AsyncConnection[Any]]:
    """A connection to it, in one transaction."""
    connection = await psycopg.AsyncConnection.connect(ground_url, options=SESSION)
    yield connection
    await connection.rollback()
    await connection.close()
