"""What a resident asks about their own record: the letter of kind ``mine``, read on the government's side. Pure.

``look`` asks for what is held; ``correct`` says another value of a field; ``withdraw`` takes a consent back. Each shows the pass
of an identification and names the public key, made in that browser, that the packet shall be sealed to.
"""

import base64
import binascii
from dataclasses import dataclass
from typing import Any, Final, Literal, get_args

from cryptography.hazmat.primitives.asymmetric import ec

Step = Literal["look", "correct", "withdraw"]

STEPS: Final[tuple[Step, ...]] = get_args(Step)
POINT_BYTES: Final = 65
MOST_VALUE: Final = 2_000
MOST_CHOICES: Final = 50


@dataclass(frozen=True, slots=True)
class MineLetter:
    """One request.

    Attributes
    ----------
    shown : str
        The pass that an identification gave.
    to : bytes
        An uncompressed point of P-256, 65 bytes: whose holder opens the packet.
    field, value : str, str or list of str
        Of a correction.
    consent : str
        Mark of the consent that is taken back; ``face`` for templates of the face.
    """

    code: str
    step: Step
    shown: str
    to: bytes
    field: str
    value: str | list[str]
    consent: str


def read_point(written: Any) -> bytes | None:
    """A public key as it was sent, base 64; None for what is no point of the curve."""
    if not isinstance(written, str) or len(written) > 2 * POINT_BYTES:
        return None
    try:
        found = base64.b64decode(written, validate=True)
        ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), found)
    except (binascii.Error, ValueError):
        return None
    return found if len(found) == POINT_BYTES else None


def read_value(written: Any) -> str | list[str] | None:
    """A value as it was sent: words, or choices; None for what is neither."""
    if isinstance(written, str):
        return written.strip() if len(written) <= MOST_VALUE and "\0" not in written else None
    if not isinstance(written, list) or len(written) > MOST_CHOICES:
        return None
    return written if all(isinstance(each, str) and len(each) <= MOST_VALUE for each in written) else None
