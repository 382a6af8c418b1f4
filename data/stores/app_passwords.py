"""Passwords of programs that know no sign-in page, each for one account and one device; only their hashes are kept."""

from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Any, Final

import psycopg
from psycopg.rows import class_row

from data.database import Connection
from data.stores.accounts import AccountRow
from geo.errors import NeedleError

AsyncConnection = psycopg.AsyncConnection[tuple[Any, ...]]

ACCOUNT: Final = """
select account.id, username, account.name, role, department_code, team_id, area_layer, area_codes, active
  from app_password join account on account.id = account_id
 where username = %s and hash = %s and revoked_at is null and active
"""
#: Once a minute is often enough to see whether it is in use.
USED: Final = """
update app_password set used_at = now() where hash = %s and (used_at is null or used_at < now() - interval '1 minute')
"""
ADD: Final = """
insert into app_password (account_id, name, hash) select id, %s, %s from account where username = %s and active returning id
"""
LIST: Final = """
select app_password.id, username, app_password.name, app_password.created_at, used_at, revoked_at
  from app_password join account on account.id = account_id order by username, app_password.id
"""
REVOKE: Final = "update app_password set revoked_at = now() where id = %s and revoked_at is null"


@dataclass(frozen=True, slots=True)
class AppPassword:
    """A password without itself: whose, for which device, when it was last used."""

    id: int
    username: str
    name: str
    created_at: datetime
    used_at: datetime | None
    revoked_at: datetime | None


def hash_app_password(password: str) -> bytes:
    """What is kept of one: it is random and has 81 bits, so that a plain SHA-256 suffices."""
    return sha256(f"needle app 1\0{password}".encode()).digest()


def add_app_password(connection: Connection, username: str, name: str, password: str) -> int:
    """Keep a new one; its number. The caller commits.

    Raises
    ------
    NeedleError
        ``account.unknown``.
    """
    row = connection.execute(ADD, (name, hash_app_password(password), username)).fetchone()
    if row is None:
        raise NeedleError("account.unknown", username=username)
    return int(row[0])


def load_app_passwords(connection: Connection) -> list[AppPassword]:
    """All of them, by account."""
    with connection.cursor(row_factory=class_row(AppPassword)) as cursor:
        return cursor.execute(LIST).fetchall()


def revoke_app_password(connection: Connection, number: int) -> bool:
    """Let one open nothing any more; False where it did not."""
    return connection.execute(REVOKE, [number]).rowcount > 0


async def find_by_app_password(connection: AsyncConnection, username: str, password: str) -> AccountRow | None:
    """Whose password this is; None: nobody's. The caller commits."""
    hashed = hash_app_password(password)
    async with connection.cursor(row_factory=class_row(AccountRow)) as cursor:
        found = await (await cursor.execute(ACCOUNT, (username, hashed))).fetchone()
    if found is not None:
        await connection.execute(USED, (hashed,))
    return found
