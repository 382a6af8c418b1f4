"""What a resident reads of an answer, sealed to their code, and the receipt that they keep."""

import hashlib
from collections.abc import Sequence
from typing import Any, Final

import orjson

from forms.links.tokens import SHORT_LETTERS, base32

STATES: Final = ("filed", "rejected", "parked")


def receipt_of(mail_id: str) -> str:
    """The receipt of the answer that came by a mail: 12 letters, the same however often it is filed."""
    return base32(hashlib.sha256(f"needle receipt 1\0{mail_id}".encode()).digest(), SHORT_LETTERS)


def answer_reply(
    state: str, receipt: str, form: str, title: str, at: float, problems: Sequence[dict[str, str]] = ()
) -> bytes:
    """The reply's JSON: {v, kind, state, receipt, form, title, at (Unix s), problems}. ``state``: one of ``STATES``."""
    told: dict[str, Any] = {"v": 1, "kind": "answer", "state": state, "receipt": receipt, "form": form}
    return orjson.dumps({**told, "title": title, "at": int(at), "problems": list(problems)})
