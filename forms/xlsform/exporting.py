"""From the model to sheets again, in the one spelling that the documentation teaches."""

from collections.abc import Iterable, Iterator
from typing import Any

from forms.xlsform.model import Choice, FormDefinition, Group, Node, Question, RawSheet, Texts
from forms.xlsform.spelling import TEXTS, WORDS
from forms.xlsform.workbooks import Workbook, write_workbook

Row = dict[str, str]


def export_form(form: FormDefinition) -> bytes:
    """The form as an ``.xlsx`` that imports to an equal form."""
    return write_workbook(to_workbook(form))


def to_workbook(form: FormDefinition) -> Workbook:
    """The sheets of a form, as pyxform takes them."""
    spoken = form.languages
    book: dict[str, Any] = sheet("survey", list(rows(form.children)), ("type", "name", "label", "hint"), spoken)
    choices = [choice_row(each.name, choice) for each in form.lists for choice in each.choices]
    if choices:
        book |= sheet("choices", choices, ("list_name", "name", "label"), spoken)
    book |= sheet("settings", [settings_row(form)], ("form_title", "form_id", "version", "default_language"))
    for other in form.sheets:
        book |= raw(other)
    names = [name for name in book if not name.endswith("_header")]
    return book | {"sheet_names": names, "fallback_form_name": form.form_id}


def sheet(name: str, rows: list[Row], first: tuple[str, ...], spoken: tuple[str, ...] = ()) -> dict[str, Any]:
    """A sheet: the usual columns first, languages in their order, then the others as they occur."""

    def place(column: str) -> tuple[int, int]:
        begins, _, language = column.partition("::")
        return (
            first.index(begins) if begins in first else len(first),
            spoken.index(language) if language in spoken else -1,
        )

    seen = dict.fromkeys(column for row in rows for column in row)
    return {name: rows, f"{name}_header": [dict.fromkeys(sorted(seen, key=place))]}


def rows(nodes: Iterable[Node]) -> Iterator[Row]:
    """The rows of the sheet ``survey``."""
    for node in nodes:
        if isinstance(node, Question):
            yield question_row(node)
        else:
            yield group_row(node)
            yield from rows(node.children)
            yield {"type": f"end_{node.kind}", "name": node.name}


def question_row(question: Question) -> Row:
    """One question as a row."""
    kind = " ".join(filter(None, (question.type, question.list_name, "or_other" if question.or_other else "")))
    told = [pair for column, field in TEXTS.items() for pair in by_language(column, getattr(question, field))]
    words = [(column, getattr(question, column)) for column in WORDS]
    return filled([("type", kind), ("name", question.name), *told, *words, *question.more])


def group_row(group: Group) -> Row:
    """The first row of a group."""
    told = [*by_language("label", group.labels), *by_language("hint", group.hints)]
    kind = f"begin_{group.kind}" + (f" over {group.list_name}" if group.list_name else "")
    words = [(name, getattr(group, name)) for name in ("relevant", "appearance", "repeat_count")]
    return filled([("type", kind), ("name", group.name), *told, *words, *group.more])


def choice_row(list_name: str, choice: Choice) -> Row:
    """One choice as a row."""
    return filled([("list_name", list_name), ("name", choice.name), *by_language("label", choice.labels), *choice.more])


def settings_row(form: FormDefinition) -> Row:
    """The only row of the sheet ``settings``."""
    language = "" if form.default_language == "default" else form.default_language
    own = [("form_title", form.title), ("form_id", form.form_id), ("version", form.version)]
    return filled([*own, ("default_language", language), *form.settings])


def by_language(column: str, texts: Texts) -> list[tuple[str, str]]:
    """A text's columns."""
    return [(f"{column}::{language}" if language else column, text) for language, text in texts]


def filled(cells: Iterable[tuple[str, str]]) -> Row:
    """The cells that say something."""
    return {column: value for column, value in cells if value}


def raw(other: RawSheet) -> dict[str, Any]:
    """A sheet that is only passed on."""
    data = [filled(zip(other.columns, row, strict=True)) for row in other.rows]
    return {other.name: data, f"{other.name}_header": [dict.fromkeys(other.columns)]}
