"""Reading for a page: a connection from the pool, with a lost database told as an error that a user understands."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, Final

import psycopg

from data.database import AsyncPool
from geo.errors import NeedleError

PATIENCE_SECONDS: Final = 4.0


@asynccontextmanager
async def reading(pool: AsyncPool) -> AsyncIterator[psycopg.AsyncConnection[tuple[Any, ...]]]:
    """A connection for one reading.

    Raises
    ------
    NeedleError
        ``database.unreachable`` when the database is away or every connection stays busy.
    """
    try:
        async with pool.connection(timeout=PATIENCE_SECONDS) as connection:
            yield connection
    except (psycopg.OperationalError, psycopg.InterfaceError) as error:
        raise NeedleError("database.unreachable", reason=str(error).strip()) from error
