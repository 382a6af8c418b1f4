"""A form as the platform knows it: what its author wrote, in one spelling, whatever spelling the sheets had.

Expressions stay as written (``${name}``); the compiled XForm has them as paths. Two forms are equal when they ask the same.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field

Texts = tuple[tuple[str, str], ...]
"""A text by language, as the sheet names it, e.g. ``("中文 (zh)", "姓名")``; language ``""``: the column named none."""
Cells = tuple[tuple[str, str], ...]
"""Other columns of a row, by their name in the sheet."""


@dataclass(frozen=True)
class Element:
    """What questions and groups have in common. An empty string: nothing was written.

    Attributes
    ----------
    row : int
        Row in the sheet ``survey``, the header being row 1; 0 for a form that never was a sheet. Not compared.
    """

    name: str
    labels: Texts = ()
    hints: Texts = ()
    relevant: str = ""
    appearance: str = ""
    more: Cells = ()
    row: int = field(default=0, compare=False)


@dataclass(frozen=True)
class Question(Element):
    """One row that asks, tells or computes.

    Attributes
    ----------
    type : str
        As XLSForm names it: ``text``, ``integer``, ``select_one``, ``geopoint``, ``note``, ``calculate``, ...
    list_name : str
        The list of choices of a select, or its file.
    or_other : bool
        Whether ``other`` is offered with a text of its own.
    needle_field : str
        The registry field that the answer is about, e.g. ``person.phone``.
    """

    type: str = "text"
    list_name: str = ""
    or_other: bool = False
    guidance: Texts = ()
    required: str = ""
    required_messages: Texts = ()
    constraint: str = ""
    constraint_messages: Texts = ()
    calculation: str = ""
    default: str = ""
    choice_filter: str = ""
    parameters: str = ""
    read_only: str = ""
    trigger: str = ""
    needle_field: str = ""


@dataclass(frozen=True)
class Group(Element):
    """Questions that belong together: a ``group``, a ``repeat``, or a ``loop`` over a list of choices."""

    kind: str = "group"
    list_name: str = ""
    repeat_count: str = ""
    children: tuple["Question | Group", ...] = ()


Node = Question | Group


@dataclass(frozen=True)
class Choice:
    """One choice of a list; its other columns serve choice filters."""

    name: str
    labels: Texts = ()
    more: Cells = ()


@dataclass(frozen=True)
class ChoiceList:
    """A named list of choices."""

    name: str
    choices: tuple[Choice, ...]


@dataclass(frozen=True)
class RawSheet:
    """A sheet that is only passed on: ``external_choices``, ``entities``, ``osm``. An empty cell is ``""``."""

    name: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


@dataclass(frozen=True)
class FormDefinition:
    """A whole form.

    Attributes
    ----------
    default_language : str
        ``"default"`` where none was said, as XForms has it.
    languages : tuple of str
        The languages of the texts, as the sheets order them; without the one that has no name.
    settings : Cells
        What else stands in the sheet ``settings``, e.g. ``("instance_name", "concat(${a}, ${b})")``.
    """

    form_id: str
    title: str
    version: str = ""
    default_language: str = "default"
    languages: tuple[str, ...] = ()
    settings: Cells = ()
    children: tuple[Node, ...] = ()
    lists: tuple[ChoiceList, ...] = ()
    sheets: tuple[RawSheet, ...] = ()

    def questions(self) -> Iterator[Question]:
        """Every question, in the order of the form."""
        for _, node in walk(self.children):
            if isinstance(node, Question):
                yield node

    def choices_of(self, list_name: str) -> tuple[Choice, ...]:
        """The choices of a list; none for one that is in a file or in answers."""
        return next((each.choices for each in self.lists if each.name == list_name), ())


def walk(nodes: tuple[Node, ...], path: str = "") -> Iterator[tuple[str, Node]]:
    """Every node with its path below the form's root, e.g. ``/household/name``, parents before children."""
    for node in nodes:
        here = f"{path}/{node.name}"
        yield here, node
        if isinstance(node, Group):
            yield from walk(node.children, here)


def said(texts: Texts, language: str) -> str:
    """A text in a language: of the same name or tag (``中文 (zh)`` for ``zh``), else the first."""
    for named, text in texts:
        if named == language or f"({language})" in named:
            return text
    return texts[0][1] if texts else ""
