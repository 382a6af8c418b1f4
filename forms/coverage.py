"""Who has answered and who has not: every recipient in exactly one outcome, counted with honest denominators.

A person's or household's link is one recipient. A building's link stands for the households that are known to be behind it;
where nobody knows how many, its answers are counted and no share is made of them. An area's link has no denominator ever.
An answer counts before whatever a visit met. Revoked and expired links stay in the denominator: nobody is left out
to look better.
"""

from dataclasses import astuple, dataclass, fields
from typing import Final

OUTCOMES: Final = ("answered", "refused", "not_reachable", "vacant", "unknown")
"""Exactly one of them is a recipient's."""
VISITS: Final = ("refused", "not_reachable", "vacant", "unknown")
"""What a worker may note at a door; ``unknown`` takes back what was noted before."""


@dataclass(frozen=True, slots=True)
class Counts:
    """Recipients of some places by outcome.

    Attributes
    ----------
    answered, refused, not_reachable, vacant, unknown : int
        Of a known number; together the denominator.
    open_links, open_left : int
        Links open to nobody knows how many; those of them that nobody answered and that are still to be visited.
    answers : int
        All answers, also those beyond the known number.
    """

    answered: int = 0
    refused: int = 0
    not_reachable: int = 0
    vacant: int = 0
    unknown: int = 0
    open_links: int = 0
    open_left: int = 0
    answers: int = 0

    def __add__(self, other: "Counts") -> "Counts":
        """Of both together."""
        return Counts(*(a + b for a, b in zip(astuple(self), astuple(other), strict=True)))

    @property
    def recipients(self) -> int:
        """The denominator: recipients of a known number."""
        return self.answered + self.refused + self.not_reachable + self.vacant + self.unknown

    @property
    def settled(self) -> int:
        """Nobody need go there again: answered, refused, vacant."""
        return self.answered + self.refused + self.vacant

    @property
    def left(self) -> int:
        """Whom a worker still has to see: not reached, or nobody was there yet; an open link is one door."""
        return self.unknown + self.not_reachable + self.open_left

    @property
    def share(self) -> float | None:
        """Answered of all recipients, 0 to 1; None where their number is not known in part or whole."""
        return self.answered / self.recipients if self.recipients and not self.open_links else None


FIELDS: Final = tuple(field.name for field in fields(Counts))
"""The columns of ``coverage``, in this order."""


def counts_of(kind: str, uses: int, visited: str | None, households: int | None) -> Counts:
    """What one link adds to its place; the database's ``coverage_of`` is the same.

    Parameters
    ----------
    kind : str
        ``person``, ``household``, ``building`` or ``area``.
    uses : int
        Answers that came by it and were not given back.
    visited : str or None
        What the newest visit met; None: there was none, or it was taken back.
    households : int or None
        Known to be behind a building's link.
    """
    number = {"building": households, "area": None}.get(kind, 1)
    if number is None:
        due = kind == "building" and uses == 0 and visited in (None, "not_reachable")
        return Counts(open_links=1, open_left=int(due), answers=uses)
    answered = min(uses, number)
    rest = {visited or "unknown": number - answered}
    return Counts(answered=answered, answers=uses, **rest)


def outcome_of(uses: int, visited: str | None) -> str:
    """The one outcome of a link."""
    return "answered" if uses else visited or "unknown"
