"""Consent to one's face being compared: separate, to one version of one text, with a receipt, taken back in one step. Pure."""

import hashlib
from dataclasses import dataclass
from datetime import date

from forms.identity.ways import needs_guardian
from forms.links.tokens import SHORT_LETTERS, base32
from geo.errors import NeedleError


@dataclass(frozen=True, slots=True)
class Given:
    """A consent as a phone sends it: to which version, ticked by hand, by whom where a guardian answers for a child."""

    version: int
    is_ticked: bool
    born: date
    guardian: str = ""


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


def receipt_of(kind: str, mark: str) -> str:
    """A receipt of 12 letters of a consent or a deletion: the same for the same mail, however often it is filed."""
    return base32(hashlib.sha256(f"needle {kind} 1\0{mark}".encode()).digest(), SHORT_LETTERS)
