"""What a phone says about who its owner is: the letter of kind ``identity``, read and checked on the government's side. Pure.

``step``: ``begin`` chooses a way (for a face with the consent), ``proof`` brings the frames or the code, ``withdraw`` takes the
consent back. It is about the answer that was sent (``of``: its code) or, where nothing was sent, a person (name and number).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from forms.identity.consent import Given
from forms.identity.ways import Way

STEPS: Final = ("begin", "proof", "withdraw")
MOST_FILES: Final = 8
MOST_FILE_BYTES: Final = 480_000
DOCUMENT: Final = "document"


@dataclass(frozen=True, slots=True)
class Person:
    """Who somebody says they are, where no answer says it."""

    name: str
    id_number: str


@dataclass(frozen=True, slots=True)
class IdentityLetter:
    """A step of a check.

    Attributes
    ----------
    of : str
        The code of the answer it is about; empty with ``person``.
    begun : str
        The code of the letter that began it, for a proof.
    typed : str
        The code from the message.
    frames : tuple
        (step of the challenge, JPEG); ``document`` names a photographed document.
    """

    code: str
    step: str
    way: Way
    language: str
    of: str
    person: Person | None
    begun: str
    typed: str
    given: Given | None
    keeps: bool
    frames: tuple[tuple[str, bytes], ...]


def read_given(head: Mapping[str, Any]) -> Given | None:
    """A consent as it was sent; None for none, or one that makes no sense."""
    said = head.get("consent")
    if not isinstance(said, dict):
        return None
    version, born, guardian = said.get("version"), said.get("born"), said.get("guardian")
    if not isinstance(version, int) or isinstance(version, bool) or not isinstance(born, str):
        return None
    try:
        day = date.fromisoformat(born)
    except ValueError:
        return None
    return Given(version, said.get("ticked") is True, day, guardian.strip()[:80] if isinstance(guardian, str) else "")


def read_person(head: Mapping[str, Any]) -> Person | None:
    """Who somebody says they are; None: it is about an answer."""
    said = head.get("person")
    if not isinstance(said, dict):
        return None
    name, number = said.get("name"), said.get("id_number")
    if not isinstance(name, str) or not isinstance(number, str) or not name.strip() or not number.strip():
        return None
    return Person(name.strip()[:80], number.strip().upper()[:18])
