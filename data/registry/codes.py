"""Codes that the outside knows entities by: nobody finds another's by counting on."""

import secrets
from typing import Final

ALPHABET: Final = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
"""Crockford's base 32, without I, L, O, U (https://www.crockford.com/base32.html)."""
LENGTH: Final = 26


def new_code() -> str:
    """26 characters, 130 random bits."""
    return spell(secrets.randbits(5 * LENGTH))


def spell(number: int) -> str:
    """A number below 2**130 in 26 characters."""
    return "".join(ALPHABET[number >> 5 * place & 31] for place in range(LENGTH - 1, -1, -1))
