"""The government's key pairs: private halves only in a folder of the government's side, one file a key, named by key id.

The newest is the one that new mail is sealed to; older ones open what was sealed before the change.
"""

from pathlib import Path
from typing import Final

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)

from data.secrets import make_once
from forms.sealing import key_id_of, public_point
from geo.errors import NeedleError

PREFIX: Final = "mailbox-"


class KeyRing:
    """The keys in a folder; makes the first one when there is none."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.keys: dict[str, ec.EllipticCurvePrivateKey] = {}
        self.files: frozenset[str] = frozenset()
        self.look()
        if not self.keys:
            self.rotate()

    def look(self) -> bool:
        """Take in what was put into the folder, or out of it, since; whether anything was. Keys are rotated while one runs."""
        files = sorted(self.folder.glob(f"{PREFIX}*.pem"), key=lambda f: f.stat().st_mtime_ns)
        names = frozenset(file.name for file in files)
        if names == self.files:
            return False
        self.keys = dict(_named(_read(file)) for file in files)
        self.files = names
        return True

    @property
    def newest(self) -> tuple[str, bytes]:
        """Id and public point of the key that new mail is sealed to."""
        key_id = next(reversed(self.keys))
        return key_id, public_point(self.keys[key_id])

    def rotate(self) -> str:
        """Make a new key, durably and readable by its owner alone; its id."""
        key = ec.generate_private_key(ec.SECP256R1())
        key_id = key_id_of(public_point(key))
        pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        make_once(self.folder / f"{PREFIX}{key_id}.pem", pem)
        self.look()
        return key_id


def _named(key: ec.EllipticCurvePrivateKey) -> tuple[str, ec.EllipticCurvePrivateKey]:
    return key_id_of(public_point(key)), key


def _read(file: Path) -> ec.EllipticCurvePrivateKey:
    try:
        key = load_pem_private_key(file.read_bytes(), None)
    except ValueError as error:
        raise NeedleError("portal.key_broken", file=file) from error
    if not isinstance(key, ec.EllipticCurvePrivateKey):
        raise NeedleError("portal.key_broken", file=file)
    return key
