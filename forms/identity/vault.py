"""What is kept of faces, encrypted at rest: AES-256-GCM under a key that lies outside the database, bound to its row.

The key comes from the environment (``NEEDLE_SECRET_IDENTITY``: 64 hexadecimal digits) or from
``NEEDLE_HOME/secrets/identity``, which
is made, readable by its owner alone, when there is none. Without it no template opens: losing it means enrolling anew.
"""

import hashlib
import hmac
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import numpy as np
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from numpy.typing import NDArray

from data.secrets import make_once, read_secret
from geo.errors import NeedleError

NAME: Final = "identity"
NONCE: Final = 12
KEY_BYTES: Final = 32


class Vault:
    """Seals and opens with one key. ``bound``: what a sealed thing belongs to; moved to another row it does not open."""

    def __init__(self, key: bytes) -> None:
        self._cipher = AESGCM(key)
        self._mark_key = hashlib.sha256(b"needle frame 1\0" + key).digest()

    def __repr__(self) -> str:
        return "Vault(…)"

    def seal(self, plain: bytes, bound: str) -> bytes:
        """Nonce, then ciphertext."""
        nonce = os.urandom(NONCE)
        return nonce + self._cipher.encrypt(nonce, plain, f"needle identity 1\0{bound}".encode())

    def open(self, sealed: bytes, bound: str) -> bytes:
        """What was sealed.

        Raises
        ------
        NeedleError
            ``identity.sealed_broken``: changed, of another row, or under another key.
        """
        try:
            return self._cipher.decrypt(sealed[:NONCE], sealed[NONCE:], f"needle identity 1\0{bound}".encode())
        except (InvalidTag, ValueError) as error:
            raise NeedleError("identity.sealed_broken") from error

    def mark(self, content: bytes) -> str:
        """By what the same file is known again: a keyed hash, worth nothing to who has only the database."""
        return hmac.new(self._mark_key, content, hashlib.sha256).hexdigest()[:32]

    def seal_template(self, template: NDArray[np.float64], bound: str) -> bytes:
        """A template as little-endian 32-bit floats."""
        return self.seal(template.astype("<f4").tobytes(), bound)

    def open_template(self, sealed: bytes, bound: str) -> NDArray[np.float64]:
        """A template of length 1."""
        return np.frombuffer(self.open(sealed, bound), "<f4").astype(np.float64)

    def seal_pictures(self, pictures: Sequence[tuple[str, bytes]], bound: str) -> bytes:
        """Named pictures in one piece: for each the lengths of name and content (4 bytes, big-endian), then both."""
        parts = [
            b"".join((len(name.encode()).to_bytes(4, "big"), len(body).to_bytes(4, "big"), name.encode(), body))
            for name, body in pictures
        ]
        return self.seal(b"".join(parts), bound)

    def open_pictures(self, sealed: bytes, bound: str) -> list[tuple[str, bytes]]:
        """What ``seal_pictures`` sealed."""
        plain, at, found = self.open(sealed, bound), 0, []
        while at < len(plain):
            named, long = (int.from_bytes(plain[at + off : at + off + 4], "big") for off in (0, 4))
            start = at + 8 + named
            found.append((plain[at + 8 : start].decode(), plain[start : start + long]))
            at = start + long
        return found


def open_vault(secrets: Path) -> Vault:
    """The installation's vault; its key is made when there is none.

    Raises
    ------
    NeedleError
        ``identity.key_broken``: what is there is not 64 hexadecimal digits.
    """
    try:
        written = read_secret(NAME, secrets)
    except NeedleError:
        make_once(secrets / NAME, os.urandom(KEY_BYTES).hex().encode())
        written = (secrets / NAME).read_text(encoding="utf-8").strip()
    try:
        key = bytes.fromhex(written)
    except ValueError as error:
        raise NeedleError("identity.key_broken", file=secrets / NAME) from error
    if len(key) != KEY_BYTES:
        raise NeedleError("identity.key_broken", file=secrets / NAME)
    return Vault(key)
