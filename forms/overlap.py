"""Which questions of a form ask what is already known: counted while composing, to offer prefill or removal. Pure."""

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final, Protocol

from forms.question_bank import BankQuestion
from forms.xlsform.model import FormDefinition, Group, Node, Question


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


#: What two ways of writing the same label may differ by.
LOOSE: Final = re.compile(r"[\s:：?？*＊（）()、,，.。]+")


def suggest_fields(form: FormDefinition, bank: Sequence[BankQuestion]) -> dict[str, str]:
    """Fields of the registry that questions seem to ask for without being bound to them, by the questions' names.

    A question is taken for one of the bank's that has its type and its words in some language; a field that the form is bound to
    already, or that stands in a repeat, is nobody's.
    """
    wanted = {(each.question.type, key): each.question.needle_field for each in bank for key in keys_of(each.question)}
    taken = {question.needle_field for question in form.questions()}
    found: dict[str, str] = {}
    for question in outside_repeats(form.children):
        fields = [wanted.get((question.type, key), "") for key in keys_of(question)]
        field = next((field for field in fields if field), "")
        if field and not question.needle_field and field not in taken:
            taken.add(field)
            found[question.name] = field
    return found


def keys_of(question: Question) -> set[str]:
    """A question's words in every language, loosely."""
    return {key for _, label in question.labels if (key := LOOSE.sub("", label).lower())}


def outside_repeats(nodes: tuple[Node, ...]) -> Iterator[Question]:
    """The questions that are answered once."""
    for node in nodes:
        if isinstance(node, Question):
            yield node
        elif node.kind == "group":
            yield from outside_repeats(node.children)


def bind_fields(form: FormDefinition, fields: Mapping[str, str]) -> FormDefinition:
    """The form with questions bound to fields, by their names."""

    def bound(nodes: tuple[Node, ...]) -> tuple[Node, ...]:
        return tuple(
            replace(node, children=bound(node.children))
            if isinstance(node, Group)
            else replace(node, needle_field=node.needle_field or fields.get(node.name, ""))
            for node in nodes
        )

    return replace(form, children=bound(form.children))


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
