"""The model as JSON and back, for who composes a form on a page: nothing of a form is lost on the way, known or not.

Texts and other columns are lists of pairs, because their order is the author's. What is empty is left out. A node may carry a
``key`` by which a page knows it again; it is no part of the form.
"""

from collections.abc import Iterator, Mapping
from dataclasses import fields
from typing import Any, Final

from forms.xlsform.model import Choice, ChoiceList, FormDefinition, Group, Node, Question, RawSheet
from geo.errors import NeedleError

#: Fields that are no part of what was asked, or that are written by hand below.
APART: Final = frozenset({"row", "children", "lists", "sheets"})
Json = dict[str, Any]


def to_json(form: FormDefinition) -> Json:
    """A form as values that JSON has."""
    return plain(form) | {
        "children": [node_to_json(node) for node in form.children],
        "lists": [{"name": one.name, "choices": [plain(choice) for choice in one.choices]} for one in form.lists],
        "sheets": [
            {"name": one.name, "columns": list(one.columns), "rows": [list(row) for row in one.rows]}
            for one in form.sheets
        ],
    }


def node_to_json(node: Node) -> Json:
    """A question, or a group with ``children``."""
    if isinstance(node, Group):
        return plain(node) | {"children": [node_to_json(child) for child in node.children]}
    return plain(node)


def plain(thing: object) -> Json:
    """The fields of a dataclass that say something, tuples as lists."""
    values = ((each.name, getattr(thing, each.name)) for each in fields(thing) if each.name not in APART)  # type: ignore[arg-type]
    return {name: as_lists(value) for name, value in values if value}


def as_lists(value: Any) -> Any:
    """A value with lists in place of tuples."""
    return [as_lists(each) for each in value] if isinstance(value, tuple) else value


def from_json(said: object) -> FormDefinition:
    """The form that was written so.

    Raises
    ------
    NeedleError
        ``form.draft_broken``: it is no form.
    """
    try:
        if not isinstance(said, Mapping):
            raise TypeError(type(said).__name__)
        rest: Json = {
            "children": tuple(node_from_json(node) for node in said.get("children", ())),
            "lists": tuple(list_from_json(one) for one in said.get("lists", ())),
            "sheets": tuple(sheet_from_json(one) for one in said.get("sheets", ())),
        }
        return FormDefinition(**read(FormDefinition, {"form_id": "", "title": "", **said}), **rest)
    except (KeyError, TypeError, ValueError, AttributeError, RecursionError) as error:
        raise NeedleError("form.draft_broken", reason=str(error)[:200]) from error


def node_from_json(said: Mapping[str, Any]) -> Node:
    """A group has ``children``, if only none of them."""
    if "children" in said:
        return Group(**read(Group, said), children=tuple(node_from_json(child) for child in said["children"]))
    return Question(**read(Question, said))


def list_from_json(said: Mapping[str, Any]) -> ChoiceList:
    """A list of choices."""
    return ChoiceList(text(said["name"]), tuple(Choice(**read(Choice, each)) for each in said["choices"]))


def sheet_from_json(said: Mapping[str, Any]) -> RawSheet:
    """A sheet that is only passed on."""
    columns = tuple(text(column) for column in said["columns"])
    rows = tuple(tuple(text(cell) for cell in row) for row in said["rows"])
    if any(len(row) != len(columns) for row in rows):
        raise ValueError(said["name"])
    return RawSheet(text(said["name"]), columns, rows)


def read(kind: type, said: Mapping[str, Any]) -> Json:
    """The fields of a dataclass, each of its own type; what is empty keeps its default."""
    known = {each.name: each.type for each in fields(kind) if each.name not in APART}
    return {name: as_typed(known[name], value) for name, value in said.items() if name in known}


def as_typed(kind: object, value: Any) -> Any:
    """A value as a field takes it: a text, a flag, pairs of texts, or texts."""
    if kind in (bool, "bool"):
        return bool(value)
    if kind in (str, "str"):
        return text(value)
    return tuple(part if isinstance(part, str) else pair(part) for part in value)


def pair(said: Any) -> tuple[str, str]:
    """A language, or a column, and its text."""
    first, second = said
    return text(first), text(second)


def text(value: Any) -> str:
    """A text, and nothing else."""
    if not isinstance(value, str):
        raise TypeError(f"{value!r} is no text")
    return value


def positions(form: FormDefinition) -> Iterator[tuple[int, tuple[int, ...], Node]]:
    """Where each node stands: its row in the exported sheet ``survey``, its place in the tree, e.g. ``(2, 0)``, and itself."""
    row = 1

    def visit(nodes: tuple[Node, ...], before: tuple[int, ...]) -> Iterator[tuple[int, tuple[int, ...], Node]]:
        nonlocal row
        for index, node in enumerate(nodes):
            row += 1
            yield row, (*before, index), node
            if isinstance(node, Group):
                yield from visit(node.children, (*before, index))
                row += 1

    yield from visit(form.children, ())
