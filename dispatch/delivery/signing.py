"""Signatures of webhooks. Source: Standard Webhooks 1.0 (symmetric scheme ``v1``: HMAC-SHA256 over ``id.timestamp.body``)."""

import base64
import binascii
import hmac
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Final

from geo.errors import NeedleError

PREFIX: Final = "whsec_"
TOLERANCE: Final = timedelta(minutes=5)


def secret_bytes(secret: str) -> bytes:
    """The key of a secret as Standard Webhooks writes it: base64, with or without ``whsec_``.

    Raises
    ------
    NeedleError
        ``delivery.secret_malformed``.
    """
    try:
        key = base64.b64decode(secret.removeprefix(PREFIX), validate=True)
    except binascii.Error:
        key = b""
    if not 24 <= len(key) <= 64:
        raise NeedleError("delivery.secret_malformed")
    return key


def sign(secret: str, message_id: str, at: datetime, body: bytes) -> dict[str, str]:
    """The three headers of a signed message."""
    stamp = str(int(at.timestamp()))
    signature = _signature(secret_bytes(secret), message_id, stamp, body)
    return {"webhook-id": message_id, "webhook-timestamp": stamp, "webhook-signature": f"v1,{signature}"}


def _signature(key: bytes, message_id: str, stamp: str, body: bytes) -> str:
    signed = f"{message_id}.{stamp}.".encode() + body
    return base64.b64encode(hmac.new(key, signed, sha256).digest()).decode()


def verify(secret: str, headers: Mapping[str, str], body: bytes, now: datetime) -> str:
    """The id of a message that is genuine and fresh (``headers`` in lower case).

    Raises
    ------
    NeedleError
        ``delivery.signature`` for anything else.
    """
    message_id, stamp = headers.get("webhook-id", ""), headers.get("webhook-timestamp", "")
    if not message_id or not stamp.isascii() or not stamp.isdigit() or len(stamp) > 12:
        raise NeedleError("delivery.signature")
    if abs(now - datetime.fromtimestamp(int(stamp), UTC)) > TOLERANCE:
        raise NeedleError("delivery.signature")
    expected = _signature(secret_bytes(secret), message_id, stamp, body)
    offered = [
        part.partition(",")[2] for part in headers.get("webhook-signature", "").split() if part.startswith("v1,")
    ]
    if not any(hmac.compare_digest(expected, one) for one in offered):
        raise NeedleError("delivery.signature")
    return message_id
