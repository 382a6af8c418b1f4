"""Keys by which channels are known: only their hashes are kept, each with the rate that it may send at."""

from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Any

import psycopg

from data.database import Connection
from geo.errors import NeedleError

AsyncConnection = psycopg.AsyncConnection[tuple[Any, ...]]


@dataclass(frozen=True, slots=True)
class ChannelKey:
    """Who holds a key, for which channel, and how many reports a minute it may send."""

    id: int
    channel: str
    holder: str
    per_minute: int
    created_at: datetime
    revoked_at: datetime | None


COLUMNS = "id, channel, holder, per_minute, created_at, revoked_at"


def hash_key(key: str) -> bytes:
    """The hash that is kept of a key; a key is long and random, so a plain SHA-256 suffices."""
    return sha256(key.encode()).digest()


def save_key(connection: Connection, key: str, channel: str, holder: str, per_minute: int) -> int:
    """Keep a new key; its id.

    Raises
    ------
    NeedleError
        ``report.channel_unknown``.
    """
    known = [row[0] for row in connection.execute("select code from channel order by code")]
    if channel not in known:
        raise NeedleError("report.channel_unknown", channel=channel, known=", ".join(known))
    row = connection.execute(
        "insert into channel_key (hash, channel, holder, per_minute) values (%s, %s, %s, %s) returning id",
        (hash_key(key), channel, holder, per_minute),
    ).fetchone()
    assert row is not None, "returning gives the row"
    return int(row[0])


def load_keys(connection: Connection) -> list[ChannelKey]:
    """Every key, the oldest first."""
    return [ChannelKey(*row) for row in connection.execute(f"select {COLUMNS} from channel_key order by id")]


def revoke_key(connection: Connection, key_id: int) -> None:
    """Let a key open nothing any more.

    Raises
    ------
    NeedleError
        ``channel.key_unknown``.
    """
    statement = "update channel_key set revoked_at = coalesce(revoked_at, now()) where id = %s"
    if connection.execute(statement, (key_id,)).rowcount == 0:
        raise NeedleError("channel.key_unknown", key_id=key_id)


async def find_key(connection: AsyncConnection, key: str) -> ChannelKey | None:
    """Whose key this is; None where it is unknown or revoked."""
    cursor = await connection.execute(
        f"select {COLUMNS} from channel_key where hash = %s and revoked_at is null", (hash_key(key),)
    )
    row = await cursor.fetchone()
    return ChannelKey(*row) if row else None


async def live_hash(connection: AsyncConnection, key_id: int) -> bytes | None:
    """The hash of a key that still opens something: what its signatures are made with; None where it is gone."""
    cursor = await connection.execute("select hash from channel_key where id = %s and revoked_at is null", (key_id,))
    row = await cursor.fetchone()
    return bytes(row[0]) if row else None
