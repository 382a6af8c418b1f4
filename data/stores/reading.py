"""Reading for a page: a connection from the pool, with a lost database told as an error that a user understands."""

from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any, Final

import psycopg

from data.database import AsyncPool
from data.staff import STAFF
from geo.errors import NeedleError

PATIENCE_SECONDS: Final = 4.0
TAKE_ON: Final = f"select set_config('needle.account', %s, true), set_config('role', '{STAFF}', true)"


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


@asynccontextmanager
async def scoped(pool: AsyncPool, account_id: int) -> AsyncIterator[psycopg.AsyncConnection[tuple[Any, ...]]]:
    """A transaction as one account: row-level security shows and changes what this account may see, and nothing else.

    What was written is committed at the end, as with ``reading``.

    Raises
    ------
    NeedleError
        ``database.unreachable``.
    """
    async with reading(pool) as connection:
        await connection.execute(TAKE_ON, (str(account_id),))
        yield connection


async def as_owner(connection: psycopg.AsyncConnection[tuple[Any, ...]]) -> None:
    """Go on without the account's limits until the transaction ends, once the case is locked and therefore seen.

    A corrected place may hand a case to another street: the command that does so is carried out whole.
    """
    await connection.execute("select set_config('role', 'none', true)")


def scoped_or_whole(
    pool: AsyncPool, account_id: int | None
) -> AbstractAsyncContextManager[psycopg.AsyncConnection[tuple[Any, ...]]]:
    """``scoped`` for a person's account; ``reading`` for the machines, which have none."""
    return reading(pool) if account_id is None else scoped(pool, account_id)
