"""Sessions, by the hash of their token, and what failed sign-ins leave behind."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any, Final

import psycopg
from psycopg.rows import class_row

from data.database import Connection
from data.stores.accounts import TELL, AccountRow

AsyncConnection = psycopg.AsyncConnection[Any]

FIND: Final = """
select account.id, username, name, role, department_code, team_id, area_layer, area_codes, active
  from session join account on account.id = session.account_id
 where token = %s and active and ends_at > now() and (idle_s is null or seen_at > now() - make_interval(secs => idle_s))
"""
#: Written once a minute at most: a request a second need not write a row a second.
TOUCH: Final = "update session set seen_at = now() where token = %s and seen_at < now() - interval '1 minute'"
OPEN: Final = "insert into session (token, account_id, idle_s, ends_at) values (%s, %s, %s, now() + %s)"
SWEEP: Final = """
delete from session where ends_at < now() or seen_at < now() - make_interval(secs => idle_s)
"""


@dataclass(frozen=True, slots=True)
class Terms:
    """How long a session lasts: after its last request (None: that does not count), and in all."""

    idle: timedelta | None
    longest: timedelta


def hash_token(token: str) -> bytes:
    """What is kept of a token; a token is long and random, so a plain SHA-256 suffices."""
    return sha256(token.encode()).digest()


async def find_session(connection: AsyncConnection, token: bytes) -> AccountRow | None:
    """The account of a session that still lasts; the session is seen now."""
    async with connection.cursor(row_factory=class_row(AccountRow)) as cursor:
        found = await (await cursor.execute(FIND, (token,))).fetchone()
    if found is not None:
        await connection.execute(TOUCH, (token,))
    return found


async def open_session(connection: AsyncConnection, token: bytes, account_id: int, terms: Terms) -> None:
    """Keep a new session, and sweep out those that have ended. The caller commits."""
    await connection.execute(SWEEP)
    await connection.execute(OPEN, (token, account_id, _seconds(terms), terms.longest))


def open_session_now(connection: Connection, token: bytes, account_id: int, terms: Terms) -> None:
    """``open_session`` for the command line."""
    connection.execute(OPEN, (token, account_id, _seconds(terms), terms.longest))


async def close_session(connection: AsyncConnection, token: bytes) -> None:
    """End a session; every process is told. The caller commits."""
    await connection.execute("delete from session where token = %s", (token,))
    await connection.execute(TELL)


def close_sessions(connection: Connection, account_id: int) -> None:
    """End every session of an account; every process is told. The caller commits."""
    connection.execute("delete from session where account_id = %s", (account_id,))
    connection.execute(TELL)


def _seconds(terms: Terms) -> int | None:
    return None if terms.idle is None else int(terms.idle.total_seconds())


# --- who guesses must wait --------------------------------------------------------------------------------------


async def count_failures(connection: AsyncConnection, key: bytes, within: timedelta) -> tuple[int, datetime | None]:
    """Failures under a key in the last while, and when the first of them was."""
    found = await connection.execute(
        "select count(*), min(at) from sign_in_failure where key = %s and at > now() - %s", (key, within)
    )
    row = await found.fetchone()
    assert row is not None
    return int(row[0]), row[1]


async def note_failure(connection: AsyncConnection, keys: list[bytes], within: timedelta) -> None:
    """Keep a failure under each key; forget those that are too old to count. The caller commits."""
    await connection.execute("delete from sign_in_failure where at < now() - %s", (within,))
    await connection.execute("insert into sign_in_failure (key) select unnest(%s::bytea[])", (keys,))


async def forget_failures(connection: AsyncConnection, key: bytes) -> None:
    """Whoever signed in has guessed nothing. The caller commits."""
    await connection.execute("delete from sign_in_failure where key = %s", (key,))
