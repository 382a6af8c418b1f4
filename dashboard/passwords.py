"""Passwords: argon2id with the parameters of RFC 9106's second choice (64 MiB, 3 passes), which ``argon2`` has as its own."""

import asyncio
import secrets
from functools import cache
from typing import Final

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from dashboard.accounts import LEAST_PASSWORD
from geo.errors import NeedleError

#: Without letters and digits that look alike.
LETTERS: Final = "abcdefghjkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789"
RANDOM_LENGTH: Final = 14
HASHER: Final = PasswordHasher()


def hash_password(password: str) -> str:
    """The hash that is kept.

    Raises
    ------
    NeedleError
        ``account.weak``.
    """
    if len(password) < LEAST_PASSWORD:
        raise NeedleError("account.weak", least=LEAST_PASSWORD)
    return HASHER.hash(password)


def random_password() -> str:
    """A password that can be read out over a telephone; 81 bits."""
    return "".join(secrets.choice(LETTERS) for _ in range(RANDOM_LENGTH))


@cache
def _nobodys() -> str:
    """What a password is held against where there is no account, so that the answer takes as long."""
    return HASHER.hash(secrets.token_urlsafe())


async def is_right(password: str, kept: str | None) -> bool:
    """Whether a password is the one whose hash is kept; takes the same time where none is (None)."""
    return await asyncio.to_thread(_verify, password, kept or _nobodys()) and kept is not None


def _verify(password: str, kept: str) -> bool:
    try:
        return HASHER.verify(kept, password)
    except (VerificationError, InvalidHashError):
        return False


def is_dated(kept: str) -> bool:
    """Whether a hash was made with weaker parameters than today's."""
    return HASHER.check_needs_rehash(kept)
