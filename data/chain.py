"""The hash chain of a case's history: each event carries the hash of the one before it.

Pure. An edited, dropped, inserted or reordered event breaks the chain at its place; a dropped tail shows because the
case's row keeps the hash of its last event.

The hash is SHA-256 over the previous hash (32 bytes) followed by the JSON array
``[case_id, seq, at, actor, action, from_state, to_state, payload]``: UTF-8, no spaces, object keys sorted, ``at`` in
UTC as ISO 8601 with a ``Z`` (a fraction of six digits only when it is not zero).
"""

import hashlib
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import orjson

GENESIS = bytes(32)
"""What stands before the first event of every case."""

JSON_OPTIONS = orjson.OPT_SORT_KEYS | orjson.OPT_UTC_Z
INTEGER_FROM = 1e16
"""From here a float is written with an exponent, and ``jsonb`` gives an integer back."""
LARGEST_INTEGER = 2**63 - 1


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened to a case, in its place in the chain; ``at`` is aware, hashes are 32 bytes."""

    case_id: int
    seq: int
    at: datetime
    actor: str
    action: str
    from_state: str
    to_state: str
    payload: Mapping[str, Any]
    previous_hash: bytes
    hash: bytes


def next_hash(
    previous: bytes,
    *,
    case_id: int,
    seq: int,
    at: datetime,
    actor: str,
    action: str,
    from_state: str,
    to_state: str,
    payload: Mapping[str, Any],
) -> bytes:
    """The 32-byte hash of an event that follows ``previous`` (``GENESIS`` for seq 1).

    ``at`` is aware, in any zone: the instant counts. ``payload`` is plain JSON, best from ``plain``.
    """
    body = [case_id, seq, at.astimezone(UTC), actor, action, from_state, to_state, payload]
    return hashlib.sha256(previous + orjson.dumps(body, option=JSON_OPTIONS)).digest()


def verify(events: Sequence[Event], last: bytes | None = None) -> int | None:
    """The seq of the first event that does not fit, or None when the whole chain holds.

    Parameters
    ----------
    events : sequence of Event
        All events of one case, by seq.
    last : bytes, optional
        The hash that the case's row keeps. A chain that ends elsewhere is broken after its last event.
    """
    previous = GENESIS
    for number, event in enumerate(events, 1):
        fits = event.seq == number and event.case_id == events[0].case_id and event.previous_hash == previous
        if not fits or event.hash != _hash_of(event):
            return number
        previous = event.hash
    return len(events) + 1 if last is not None and last != previous else None


def plain(value: Any) -> Any:
    """The JSON value that PostgreSQL's ``jsonb`` gives back for ``value``, so that a hash survives the round trip.

    Floats from 1e16 become integers, numbers beyond 64 bits text, minus zero zero, not-a-number and infinity null;
    everything else stays.
    """
    if isinstance(value, float):
        return _plain_float(value)
    if isinstance(value, int) and abs(value) > LARGEST_INTEGER:
        return str(value)
    if isinstance(value, Mapping):
        return {str(k): plain(v) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [plain(v) for v in value]
    return value


def _plain_float(value: float) -> float | int | str | None:
    if not math.isfinite(value):
        return None
    return plain(int(Decimal(repr(value)))) if abs(value) >= INTEGER_FROM else value + 0.0


def _hash_of(event: Event) -> bytes:
    return next_hash(
        event.previous_hash,
        case_id=event.case_id,
        seq=event.seq,
        at=event.at,
        actor=event.actor,
        action=event.action,
        from_state=event.from_state,
        to_state=event.to_state,
        payload=event.payload,
    )
