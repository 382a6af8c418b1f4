"""Consent to one's face being compared: separate, to one version of one text, with a receipt, taken back in one step. Pure."""

import hashlib
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final, Literal

from forms.identity.ways import needs_guardian
from geo.errors import NeedleError

Fault = Literal["none", "renew", "guardian", "withdrawn"]
GRADE: Final = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"


@dataclass(frozen=True, slots=True)
class Notice:
    """A version of the text that is shown before a camera opens; a changed text is another version."""

    version: int
    zh: str
    en: str


@dataclass(frozen=True, slots=True)
class Given:
    """A consent as a phone sends it: to which version, ticked by hand, by whom where a guardian answers for a child."""

    version: int
    is_ticked: bool
    born: date
    guardian: str = ""


@dataclass(frozen=True, slots=True)
class Kept:
    """A consent as it is kept."""

    version: int
    given_at: datetime
    withdrawn_at: datetime | None = None


def check_given(given: Given | None, newest: int, day: date) -> None:
    """Refuse what is no consent.

    Raises
    ------
    NeedleError
        ``identity.consent_missing``, ``identity.consent_old`` where the text has changed since it was read,
        ``identity.guardian_missing`` for somebody under 14 on ``day``.
    """
    if given is None or not given.is_ticked:
        raise NeedleError("identity.consent_missing")
    if given.version != newest:
        raise NeedleError("identity.consent_old", version=given.version, newest=newest)
    if needs_guardian(given.born, day) and not given.guardian.strip():
        raise NeedleError("identity.guardian_missing")


def is_in_force(kept: Kept | None, newest: int) -> bool:
    """Whether a consent still holds: not taken back, and to the text as it now stands."""
    return kept is not None and kept.withdrawn_at is None and kept.version == newest


def receipt_of(kind: str, mark: str) -> str:
    """A receipt of 12 letters of a consent or a deletion: the same for the same mail, however often it is filed."""
    digest = hashlib.sha256(f"needle {kind} 1\0{mark}".encode()).digest()
    return "".join(GRADE[byte & 31] for byte in digest[:12])
