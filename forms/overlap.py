"""Which questions of a form ask what is already known: counted while composing, to offer prefill or removal. Pure."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Protocol

from forms.xlsform.model import FormDefinition


class Known(Protocol):
    """What the registry knows of the people of an area."""

    def people(self) -> int:
        """How many residents the area has."""
        ...

    def known(self, fields: Collection[str]) -> Mapping[str, int]:
        """Of how many of them each registry field is known; a field that the registry does not have is absent."""
        ...


class NothingKnown:
    """A registry that is not there: nobody is known."""

    def people(self) -> int:
        """Nobody."""
        return 0

    def known(self, fields: Collection[str]) -> Mapping[str, int]:
        """Nothing of them."""
        return dict.fromkeys(fields, 0)


@dataclass(frozen=True)
class Counted:
    """What was counted beforehand: how many people, and of how many of them each field is known."""

    residents: int
    fields: Mapping[str, int]

    def people(self) -> int:
        """How many there are."""
        return self.residents

    def known(self, fields: Collection[str]) -> Mapping[str, int]:
        """Of how many each field is known."""
        return {field: count for field, count in self.fields.items() if field in fields}


@dataclass(frozen=True)
class Overlap:
    """One question that asks for a registry field. ``share``: of how many residents it is known, 0 to 1."""

    question: str
    field: str
    share: float


@dataclass(frozen=True)
class OverlapReport:
    """How much of a form is known already.

    Attributes
    ----------
    asked : int
        Questions that a resident answers; notes and computations are none.
    overlaps : tuple of Overlap
        Those bound to a field that the registry has, the best known first.
    """

    asked: int
    people: int
    overlaps: tuple[Overlap, ...]

    def known_to(self, share: float) -> int:
        """How many questions are known of at least this share of the residents, e.g. 0.91."""
        return sum(overlap.share >= share for overlap in self.overlaps if overlap.share > 0)

    @property
    def answers_saved(self) -> int:
        """The answers that nobody need give when everything known is filled in before."""
        return round(sum(overlap.share for overlap in self.overlaps) * self.people)


#: Types that ask nobody.
SILENT = frozenset(
    {"note", "calculate", "hidden", "start", "end", "today", "deviceid", "username", "phonenumber", "email", "audit"}
)


def find_overlap(form: FormDefinition, registry: Known) -> OverlapReport:
    """Count the questions of a form that are bound to registry fields, against what is known.

    Parameters
    ----------
    form : FormDefinition
        Bound by the column ``needle_field``.
    registry : Known
        Of the area that will be asked.
    """
    asked = [question for question in form.questions() if question.type not in SILENT]
    bound = [question for question in asked if question.needle_field]
    people = registry.people()
    known = registry.known({question.needle_field for question in bound})
    found = [
        Overlap(q.name, q.needle_field, min(1.0, known[q.needle_field] / people) if people else 0.0)
        for q in bound
        if q.needle_field in known
    ]
    return OverlapReport(len(asked), people, tuple(sorted(found, key=lambda overlap: -overlap.share)))
