"""Listening to the database: NOTIFY as an endless stream that survives lost connections."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from typing import Final

import psycopg
from psycopg import sql

RETRY_SECONDS: Final = 1.0
KEEPALIVE_IDLE, KEEPALIVE_INTERVAL, KEEPALIVE_COUNT = 20, 10, 3
"""Seconds, seconds, probes: a database that vanished without a word is noticed within a minute."""


@dataclass(frozen=True)
class Notice:
    """Something was notified."""

    channel: str
    payload: str


class Connected:
    """The stream (re)connected: what was notified before this moment may have been missed."""


class Lost:
    """The connection was lost; the stream is trying again."""


async def listen(url: str, channels: Sequence[str]) -> AsyncIterator[Notice | Connected | Lost]:
    """What is notified on some channels, endlessly, over one connection of its own.

    Yields ``Connected`` after each (re)connection, when the channels are listened to, and ``Lost`` when it broke; a reader that
    wants no gap catches up from its tables on every ``Connected``.
    """
    while True:
        try:
            async with await _connect(url) as connection:
                for channel in channels:
                    await connection.execute(sql.SQL("listen {}").format(sql.Identifier(channel)))
                yield Connected()
                async for notice in connection.notifies():
                    yield Notice(notice.channel, notice.payload)
        except psycopg.OperationalError:
            yield Lost()
            await asyncio.sleep(RETRY_SECONDS)


async def _connect(url: str) -> psycopg.AsyncConnection[tuple[object, ...]]:
    return await psycopg.AsyncConnection.connect(
        url,
        autocommit=True,
        keepalives_idle=KEEPALIVE_IDLE,
        keepalives_interval=KEEPALIVE_INTERVAL,
        keepalives_count=KEEPALIVE_COUNT,
    )
