"""Signing in and out: passwords held against what is kept, guessing slowed down, sessions opened and ended; all written down."""

import asyncio
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from math import ceil
from typing import Final

from starlette.requests import HTTPConnection

from dashboard.accounts import Account, AccountRole
from dashboard.audit_log import AuditLog, address_of, deed_of
from dashboard.passwords import hash_password, is_dated, is_right
from dashboard.sessions import PERSON, Gate, new_token
from data.database import AsyncPool
from data.stores.accounts import find_password, keep_rehashed
from data.stores.reading import reading
from data.stores.sessions import (
    AsyncConnection,
    close_session,
    count_failures,
    forget_failures,
    hash_token,
    note_failure,
    open_session,
)
from geo.errors import NeedleError

WHILE: Final = timedelta(minutes=15)
PER_ACCOUNT: Final = 10
PER_ADDRESS: Final = 50
"""A whole office may sit behind one address."""
HASHED_AT_ONCE: Final = 2
"""Each takes 64 MiB and a core for 50 ms: a flood of guesses waits in line instead of filling the memory."""


@dataclass(frozen=True, slots=True)
class Allowance:
    """How often somebody may fail in ``WHILE``. ``key``: what is counted, hashed: people type passwords into the wrong field."""

    key: bytes
    most: int


def allowances(username: str, address: str) -> tuple[Allowance, Allowance]:
    """Of the account that is asked for, whether there is one or not, and of the address that asks."""
    return (
        Allowance(sha256(f"account:{username}".encode()).digest(), PER_ACCOUNT),
        Allowance(sha256(f"address:{address}".encode()).digest(), PER_ADDRESS),
    )


class Door:
    """Where people come in and go out."""

    def __init__(self, pool: AsyncPool, gate: Gate, audit: AuditLog) -> None:
        self.pool, self.gate, self.audit = pool, gate, audit
        self.hashing = asyncio.Semaphore(HASHED_AT_ONCE)

    async def sign_in(self, connection: HTTPConnection, username: str, password: str) -> str:
        """The token of a new session.

        An unknown name and a wrong password are answered alike, after the same work.

        Raises
        ------
        NeedleError
            ``account.wrong``, ``account.wait``.
        """
        username = username.strip().lower()
        allowed = allowances(username, address_of(connection))
        async with reading(self.pool) as base:
            await refuse_guessing(base, allowed)
            found = await find_password(base, username)
        async with self.hashing:
            right = await is_right(password, found[1] if found else None)
        if not right or found is None:
            self.audit.tell(deed_of(connection, username if found else "-", "sign_in_failed"))
            async with reading(self.pool) as base:
                await note_failure(base, [allowance.key for allowance in allowed], WHILE)
            raise NeedleError("account.wrong")
        async with reading(self.pool) as base:
            await forget_failures(base, allowed[0].key)
            if is_dated(found[1]):
                await keep_rehashed(base, found[0], hash_password(password))
        return await self.open(connection, found[0], username)

    async def open(self, connection: HTTPConnection, account_id: int, username: str, by: str = "password") -> str:
        """Open a session for somebody who has shown who they are. ``by``: how."""
        token = new_token()
        async with reading(self.pool) as base:
            await open_session(base, hash_token(token), account_id, PERSON)
        self.audit.tell(deed_of(connection, username, "sign_in", detail={"by": by}))
        return token

    async def sign_out(self, connection: HTTPConnection, account: Account, token: str) -> None:
        """End a session, in every process."""
        async with reading(self.pool) as base:
            await close_session(base, hash_token(token))
        self.gate.forget()
        self.audit.tell(deed_of(connection, account, "sign_out"))

    async def screen(self, connection: HTTPConnection, token: str) -> Account:
        """The account of a screen's link.

        Raises
        ------
        NeedleError
            ``account.screen_link`` for one that is wrong, revoked, or no screen's.
        """
        account = await self.gate.find(token)
        if account is None or account.role is not AccountRole.SCREEN:
            self.audit.tell(deed_of(connection, "-", "sign_in_failed", detail={"by": "screen"}))
            raise NeedleError("account.screen_link")
        self.audit.tell(deed_of(connection, account, "sign_in", detail={"by": "screen"}))
        return account


async def refuse_guessing(connection: AsyncConnection, allowed: tuple[Allowance, ...]) -> None:
    """Raise ``account.wait`` where an allowance is used up, until its oldest failure is old enough."""
    for allowance in allowed:
        failures, first = await count_failures(connection, allowance.key, WHILE)
        if failures >= allowance.most and first is not None:
            left = first + WHILE - datetime.now(UTC)
            raise NeedleError("account.wait", minutes=max(1, ceil(left.total_seconds() / 60)))
