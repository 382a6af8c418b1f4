"""Sealing between residents and government: what is on its way, and what lies in the mailbox, only its reader can open.

* A letter to the government: HPKE (RFC 9180), base mode, DHKEM(P-256, HKDF-SHA256), HKDF-SHA256, AES-256-GCM, single shot;
  ``info`` binds the ciphertext to the mail's id and kind. The other half is ``assets/modules/seal.mjs``.
* A reply to one resident: AES-256-GCM under a key that HKDF-SHA256 makes from the resident's code.
* A packet to one browser: HPKE as above, to a key pair that was made in it and whose private half cannot leave it.

A code is 20 characters of Crockford's base 32: 100 random bits made in the browser. The mail's id is made from it by a hash, so
whoever knows only the id (the mailbox) can neither find the code nor open the reply.
"""

import hashlib
import os
import re
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.hpke import AEAD, KDF, KEM, Suite
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

SUITE: Final = Suite(KEM.P256, KDF.HKDF_SHA256, AEAD.AES_256_GCM)
OVERHEAD: Final = 65 + 16
"""Bytes that sealing a letter adds: the encapsulated key and the tag."""
NONCE: Final = 12
LETTERS: Final = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
CODE: Final = re.compile(f"[{LETTERS}]{{20}}")
ALIKE: Final = str.maketrans("OIL", "011", " -")


class SealError(Exception):
    """A sealed thing that was changed, cut, sealed to another key or for another place."""


def seal_letter(plain: bytes, public_key: bytes, mail_id: str, kind: str) -> bytes:
    """Seal as the browser does. ``public_key``: an uncompressed point, 65 bytes."""
    return _seal_to(public_key, plain, letter_info(mail_id, kind))


def open_letter(sealed: bytes, private_key: ec.EllipticCurvePrivateKey, mail_id: str, kind: str) -> bytes:
    """Open a letter that came under this id and kind.

    Raises
    ------
    SealError
    """
    return _open_with(private_key, sealed, letter_info(mail_id, kind))


def letter_info(mail_id: str, kind: str) -> bytes:
    """What binds a letter to its place in the mailbox."""
    return f"needle letter 1\0{kind}\0{mail_id}".encode()


def seal_packet(plain: bytes, public_key: bytes, mail_id: str) -> bytes:
    """Seal for the browser that holds the private half of ``public_key`` (a point as for ``seal_letter``)."""
    return _seal_to(public_key, plain, packet_info(mail_id))


def open_packet(sealed: bytes, private_key: ec.EllipticCurvePrivateKey, mail_id: str) -> bytes:
    """Open as the browser does.

    Raises
    ------
    SealError
    """
    return _open_with(private_key, sealed, packet_info(mail_id))


def packet_info(mail_id: str) -> bytes:
    """What binds a packet to the mail that asked for it."""
    return f"needle packet 1\0{mail_id}".encode()


def _seal_to(public_key: bytes, plain: bytes, info: bytes) -> bytes:
    key = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), public_key)
    return SUITE.encrypt(plain, key, info=info)


def _open_with(private_key: ec.EllipticCurvePrivateKey, sealed: bytes, info: bytes) -> bytes:
    try:
        return SUITE.decrypt(sealed, private_key, info=info)
    except (InvalidTag, ValueError) as error:
        raise SealError from error


def seal_reply(plain: bytes, reply_key: bytes, mail_id: str) -> bytes:
    """Seal for the resident who holds the code: nonce, then ciphertext."""
    nonce = os.urandom(NONCE)
    return nonce + AESGCM(reply_key).encrypt(nonce, plain, mail_id.encode())


def open_reply(sealed: bytes, reply_key: bytes, mail_id: str) -> bytes:
    """Open as the browser does.

    Raises
    ------
    SealError
    """
    try:
        return AESGCM(reply_key).decrypt(sealed[:NONCE], sealed[NONCE:], mail_id.encode())
    except (InvalidTag, ValueError) as error:
        raise SealError from error


def read_code(typed: str) -> str | None:
    """A code as a person typed it (spaces, hyphens, small letters, O for 0, I and L for 1); None when it is none."""
    code = typed.upper().translate(ALIKE)
    return code if CODE.fullmatch(code) else None


def mail_id_of(code: str) -> str:
    """The mail's id: 32 hexadecimal digits."""
    return hashlib.sha256(f"needle mail 1\0{code}".encode()).hexdigest()[:32]


def reply_key_of(code: str) -> bytes:
    """The key that replies are sealed with: 32 bytes."""
    return HKDF(SHA256(), 32, None, b"needle reply 1").derive(code.encode())


def public_point(key: ec.EllipticCurvePrivateKey) -> bytes:
    """The public half as an uncompressed point."""
    return key.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)


def key_id_of(point: bytes) -> str:
    """A public key's id: 16 hexadecimal digits of its hash."""
    return hashlib.sha256(point).hexdigest()[:16]
