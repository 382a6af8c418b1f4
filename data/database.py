"""Connections: how every part of the house reaches the database, and how values travel.

Sessions run in UTC with JIT off (it costs more than it gives on short queries). ``dict`` is sent as ``jsonb``.
"""

from typing import Any

import orjson
import psycopg
from psycopg.types.json import JsonbDumper, set_json_dumps, set_json_loads
from psycopg_pool import AsyncConnectionPool

from geo.errors import NeedleError

Connection = psycopg.Connection[tuple[Any, ...]]
AsyncPool = AsyncConnectionPool[psycopg.AsyncConnection[tuple[Any, ...]]]

SESSION = "-c jit=off -c timezone=UTC"

psycopg.adapters.register_dumper(dict, JsonbDumper)
set_json_dumps(orjson.dumps)
set_json_loads(orjson.loads)


def connect(url: str, *, autocommit: bool = False) -> Connection:
    """A synchronous connection.

    Parameters
    ----------
    url : str
        ``postgresql://…`` as ``needle db url`` prints it.
    autocommit : bool
        Each statement its own transaction; needed for ``create database`` and the like.

    Raises
    ------
    NeedleError
        ``database.unreachable``.
    """
    try:
        return psycopg.connect(url, autocommit=autocommit, options=SESSION, connect_timeout=10)
    except psycopg.OperationalError as error:
        raise NeedleError("database.unreachable", reason=str(error).strip()) from error


def open_pool(url: str, *, size: int = 8) -> AsyncPool:
    """A pool of asynchronous connections, opened by ``async with open_pool(url) as pool`` (or ``await pool.open()``).

    Statements that repeat are prepared by psycopg; a connection found broken is replaced before use.
    """
    return AsyncConnectionPool(
        url,
        min_size=min(2, size),
        max_size=size,
        open=False,
        kwargs={"options": SESSION},
        check=AsyncConnectionPool.check_connection,
    )
