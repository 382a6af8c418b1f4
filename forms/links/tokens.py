"""Tokens: what stands in a link, made from one secret of the government's side, so that no database needs to keep them.

A token is 128 bits of HMAC-SHA256 over the link's number and issue: whoever holds every hash and every other token can guess
none, and a poster printed again next month shows the same one. A code to type has 60 bits, for links of buildings and areas:
they hang on a wall for everybody to read. Letters are Crockford's base 32 (no I, L, O, U), read as people type them.
"""

import hashlib
import hmac
import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from data.secrets import make_once
from forms.sealing import ALIKE, LETTERS, NONCE, SealError

FILE: Final = "links.key"
TOKEN_BYTES: Final = 16
TOKEN_LETTERS: Final = 26
SHORT_LETTERS: Final = 12
SHAPE: Final = re.compile(f"[{LETTERS}]{{{SHORT_LETTERS}}}|[{LETTERS}]{{{TOKEN_LETTERS}}}")


@dataclass(frozen=True, slots=True)
class LinkSecret:
    """What tokens are made from: 32 bytes that never leave the government's side."""

    key: bytes

    def token(self, link_id: int, issue: int) -> str:
        """The token of an issue of a link: 26 letters."""
        return base32(self._bits("token", link_id, issue)[:TOKEN_BYTES], TOKEN_LETTERS)

    def short(self, link_id: int, issue: int) -> str:
        """The code to type instead: 12 letters."""
        return base32(self._bits("short", link_id, issue)[:8], SHORT_LETTERS)

    def prefill_key(self, link_id: int, issue: int) -> bytes:
        """The key that this issue's prefill packet is sealed with, and that stands in its fragment only: 16 bytes."""
        return self._bits("prefill", link_id, issue)[:TOKEN_BYTES]

    def _bits(self, what: str, link_id: int, issue: int) -> bytes:
        return hmac.digest(self.key, f"needle link 1\0{what}\0{link_id}\0{issue}".encode(), hashlib.sha256)


def link_secret(folder: Path) -> LinkSecret:
    """The secret in a folder, made durably and readable by its owner alone when there is none."""
    file = folder / FILE
    if not file.is_file():
        make_once(file, os.urandom(32))
    return LinkSecret(file.read_bytes())


def base32(content: bytes, letters: int) -> str:
    """The highest bits of ``content`` as so many letters, zero bits added where it is shorter."""
    bits, wanted = len(content) * 8, letters * 5
    number = int.from_bytes(content)
    number = number << (wanted - bits) if wanted > bits else number >> (bits - wanted)
    return "".join(LETTERS[number >> shift & 31] for shift in range(wanted - 5, -1, -5))


def read_token(typed: str) -> str | None:
    """A token or a code as a person typed it (spaces, hyphens, small letters, O for 0, I and L for 1); None: neither."""
    token = typed.upper().translate(ALIKE)
    return token if SHAPE.fullmatch(token) else None


def hash_token(token: str) -> bytes:
    """What is kept of a token on both sides: SHA-256. A token is long and random, so that a plain hash suffices."""
    return hashlib.sha256(token.encode()).digest()


def grouped(code: str, size: int = 4) -> str:
    """A code in groups, as it is printed: ``7K3M-9QXA-2BCD``."""
    return "-".join(code[at : at + size] for at in range(0, len(code), size))


def seal_prefill(plain: bytes, key: bytes, token_hash: bytes) -> bytes:
    """A prefill packet: nonce, then AES-128-GCM bound to the link that it belongs to."""
    nonce = os.urandom(NONCE)
    return nonce + AESGCM(key).encrypt(nonce, plain, token_hash)


def open_prefill(sealed: bytes, key: bytes, token_hash: bytes) -> bytes:
    """Open as the browser does.

    Raises
    ------
    SealError
    """
    try:
        return AESGCM(key).decrypt(sealed[:NONCE], sealed[NONCE:], token_hash)
    except (InvalidTag, ValueError) as error:
        raise SealError from error


def address(base: str, token: str, prefill_key: bytes | None = None) -> str:
    """A link in full. What follows ``#`` never reaches a server.

    Parameters
    ----------
    base : str
        Where residents find the portal: ``https://ask.example.gov.cn``.
    """
    fragment = f"#{base32(prefill_key, TOKEN_LETTERS)}" if prefill_key is not None else ""
    return f"{base.rstrip('/')}/f/{token}{fragment}"
