"""Listening to the database: NOTIFY as an endless stream that survives lost connections."""

import asyncio
from collections.abc import AsyncIterator
from typing import Final

import psycopg
from psycopg import sql

RETRY_SECONDS: Final = 1.0


class Connected:
    """The stream (re)connected: what was notified before this moment may have been missed."""


class Lost:
    """The connection was lost; the stream is trying again."""


async def listen(url: str, channel: str) -> AsyncIterator[str | Connected | Lost]:
    """Payloads notified on a channel, endlessly, over one connection of its own.

    Yields ``Connected`` after each (re)connection, when the channel is listened to, and ``Lost`` when it broke; a reader that
    wants no gap catches up from its tables on every ``Connected``.
    """
    while True:
        try:
            async with await psycopg.AsyncConnection.connect(url, autocommit=True) as connection:
                await connection.execute(sql.SQL("listen {}").format(sql.Identifier(channel)))
                yield Connected()
                async for notice in connection.notifies():
                    yield notice.payload
        except psycopg.OperationalError:
            yield Lost()
            await asyncio.sleep(RETRY_SECONDS)
