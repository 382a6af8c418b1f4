"""Who has answered and who has not: every recipient in exactly one outcome, counted with honest denominators.

A person's or household's link is one recipient. A building's link stands for the households that are known to be behind it;
where nobody knows how many, it is a door: counted beside the recipients, never among them, so that one answer is not 100 %. An
area's link is nobody: its answers are counted, and there is no denominator. An answer counts before whatever a visit met. Revoked
and expired links stay in the denominator: nobody is left out to look better.
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
        Recipients of a known number; together the denominator.
    doors_answered, doors_refused, doors_not_reachable, doors_vacant, doors_unknown : int
        Buildings with nobody knows how many households behind their link; ``doors_answered``: somebody did.
    answers : int
        All answers, also those beyond the known number.
    """

    answered: int = 0
    refused: int = 0
    not_reachable: int = 0
    vacant: int = 0
    unknown: int = 0
    doors_answered: int = 0
    doors_refused: int = 0
    doors_not_reachable: int = 0
    doors_vacant: int = 0
    doors_unknown: int = 0
    answers: int = 0

    def __add__(self, other: "Counts") -> "Counts":
        """Of both together."""
        return Counts(*(a + b for a, b in zip(astuple(self), astuple(other), strict=True)))

    @property
    def recipients(self) -> int:
        """The denominator: recipients of a known number."""
        return self.answered + self.refused + self.not_reachable + self.vacant + self.unknown

    @property
    def doors(self) -> int:
        """Buildings of an unknown number of households."""
        return (
            self.doors_answered + self.doors_refused + self.doors_not_reachable + self.doors_vacant + self.doors_unknown
        )

    @property
    def settled(self) -> int:
        """Nobody need go there again: answered, refused, vacant."""
        return self.answered + self.refused + self.vacant + self.doors_answered + self.doors_refused + self.doors_vacant

    @property
    def left(self) -> int:
        """Whom a worker still has to see: not reached, or nobody was there yet."""
        return self.unknown + self.not_reachable + self.doors_unknown + self.doors_not_reachable

    @property
    def share(self) -> float | None:
        """Answered of the recipients whose number is known, 0 to 1; None where there are none."""
        return self.answered / self.recipients if self.recipients else None


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
    if kind == "area":
        return Counts(answers=uses)
    if kind == "building" and households is None:
        return Counts(answers=uses, **{f"doors_{outcome_of(uses, visited)}": 1})
    number = households if kind == "building" and households else 1
    answered = min(uses, number)
    rest = {visited or "unknown": number - answered}
    return Counts(answered=answered, answers=uses, **rest)


def outcome_of(uses: int, visited: str | None) -> str:
    """The one outcome of a link."""
    return "answered" if uses else visited or "unknown"
