"""From sheets to the model: pyxform's own reading of headers and types, then a tree in one spelling."""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from pyxform import aliases, constants  # type: ignore[import-untyped]
from pyxform.parsing.sheet_headers import dealias_and_group_headers  # type: ignore[import-untyped]
from pyxform.question import MultipleChoiceQuestion, Option  # type: ignore[import-untyped]
from pyxform.survey import Survey  # type: ignore[import-untyped]
from pyxform.xls2json import RE_BEGIN_CONTROL, RE_END_CONTROL, RE_SELECT  # type: ignore[import-untyped]

from forms.xlsform.model import Choice, ChoiceList, FormDefinition, Group, Node, Question, RawSheet, Texts
from forms.xlsform.spelling import TEXTS, WORDS, header, spell
from forms.xlsform.workbooks import Workbook

CHOICE_COLUMNS: Final = frozenset({*Option.get_slot_names(), constants.LIST_NAME_S, constants.LIST_NAME_U})
SURVEY_COLUMNS: Final = frozenset(MultipleChoiceQuestion.get_slot_names())
SETTING_COLUMNS: Final = frozenset(Survey.get_slot_names())
SELECTS: Final = {
    constants.SELECT_ONE: "select_one",
    constants.SELECT_ALL_THAT_APPLY: "select_multiple",
    constants.SELECT_ONE_EXTERNAL: "select_one_external",
    constants.RANK: "rank",
}
#: Settings that are fields of the model.
OWN_SETTINGS: Final = frozenset({"form_id", "form_title", "version", "default_language"})
Row = dict[str, str]
"""One row by column, in one spelling."""


def read_definition(book: Workbook, compiled: Mapping[str, Any]) -> FormDefinition:
    """The model of sheets that pyxform accepted.

    Parameters
    ----------
    book : Workbook
        The sheets.
    compiled : Mapping
        pyxform's own reading of them, which knows the form's id, title, version and languages.
    """
    language = compiled["default_language"]
    spoken = languages(book, language)
    rows = [(number, in_order(row, spoken)) for number, row in survey_rows(book, language)]
    found = settings(book, rows)
    children, _ = tree([(number, row) for number, row in rows if not is_setting(row)])
    choices = lists(book, language, spoken)
    return FormDefinition(
        form_id=compiled["id_string"],
        title=compiled["title"],
        version=str(compiled.get("version") or ""),
        default_language=language,
        languages=spoken,
        settings=tuple((key, value) for key, value in found.items() if key not in OWN_SETTINGS),
        children=children,
        lists=choices,
        sheets=tuple(raw(book, name) for name in ("external_choices", "entities", "osm") if book.get(name)),
    )


def grouped(book: Workbook, sheet: str, names: Mapping[str, Any], columns: frozenset[str], language: str) -> Any:
    """The rows of a sheet by pyxform's own names of columns."""
    return dealias_and_group_headers(
        sheet_name=sheet,
        sheet_data=book.get(sheet) or (),
        sheet_header=book.get(f"{sheet}_header") or (),
        header_aliases=names,
        header_columns=columns,
        default_language=language,
        strip_whitespace=sheet == constants.SURVEY,
    )


def languages(book: Workbook, language: str) -> tuple[str, ...]:
    """The languages that texts are in, as the columns of the sheets order them; what names none is in the default one."""
    survey = grouped(book, constants.SURVEY, aliases.survey_header, SURVEY_COLUMNS, language)
    choices = grouped(book, constants.CHOICES, aliases.list_header, CHOICE_COLUMNS, language)
    used = {language_of(column) for data in (survey.data, choices.data) for row in data for column, _ in spell(row)}
    columns = [header(tokens) for tokens in (*choices.headers, *survey.headers)]
    named = (language_of(column) or language for column in columns if column.partition("::")[0] in TEXTS)
    return tuple(dict.fromkeys(each for each in named if each in used))


def language_of(column: str) -> str:
    """The language that a column of texts names, else ``""``."""
    name, _, language = column.partition("::")
    return language if name in TEXTS else ""


def in_order(row: dict[str, str], spoken: tuple[str, ...]) -> dict[str, str]:
    """A row with its languages in the order of the form."""
    rank = {language: number for number, language in enumerate(spoken)}
    return dict(sorted(row.items(), key=lambda cell: rank.get(language_of(cell[0]), -1)))


def survey_rows(book: Workbook, language: str) -> Iterator[tuple[int, Row]]:
    """The rows that count, with their numbers: no comments, nothing disabled."""
    found = grouped(book, constants.SURVEY, aliases.survey_header, SURVEY_COLUMNS, language)
    for number, nested in enumerate(found.data, 2):
        row = dict(spell(nested))
        if row.get("type") and not aliases.yes_no.get(row.pop("disabled", "")):
            yield number, named(row, number)


def named(row: Row, number: int) -> Row:
    """A note without a name has the one that pyxform gives it; an audit is always called so."""
    if row["type"] == "note":
        return {"name": f"generated_note_name_{number}", **row}
    return row | {"name": "audit"} if row["type"] == "audit" else row


def is_setting(row: Row) -> bool:
    """Whether a row of the survey is a setting, as old forms write it."""
    return row["type"] in aliases.settings_header


def settings(book: Workbook, rows: list[tuple[int, Row]]) -> Row:
    """What stands in the sheet ``settings``, and in rows of the survey that are settings."""
    data = grouped(book, constants.SETTINGS, aliases.settings_header, SETTING_COLUMNS, "default").data
    found = dict(spell(data[0])) if data else {}
    found |= {aliases.settings_header[row["type"]]: row.get("name", "") for _, row in rows if is_setting(row)}
    names = {constants.TITLE: "form_title", constants.ID_STRING: "form_id"}
    return {names.get(key, key): value for key, value in found.items()}


def tree(rows: list[tuple[int, Row]], at: int = 0) -> tuple[tuple[Node, ...], int]:
    """The nodes from row ``at`` up to the end of their group, and the index behind it."""
    nodes: list[Node] = []
    while at < len(rows):
        number, row = rows[at]
        at += 1
        if RE_END_CONTROL.search(row["type"]):
            break
        if begins := RE_BEGIN_CONTROL.search(row["type"]):
            children, at = tree(rows, at)
            nodes.append(group(row, number, begins.groupdict(), children))
        else:
            nodes.append(question(row, number))
    return tuple(nodes), at


def group(row: Row, number: int, begins: Mapping[str, Any], children: tuple[Node, ...]) -> Group:
    """A group of its first row and its children."""
    fields = {field: row.pop(column, "") for column, field in (("relevant", "relevant"), ("appearance", "appearance"))}
    return Group(
        name=row.pop("name"),
        labels=texts(row, "label"),
        hints=texts(row, "hint"),
        kind=aliases.control[begins["type"]],
        list_name=begins.get("list_name") or "",
        repeat_count=row.pop("repeat_count", ""),
        children=children,
        more=more(row),
        row=number,
        **fields,
    )


def question(row: Row, number: int) -> Question:
    """A question of its row."""
    kind, list_name, other = question_type(row["type"])
    words: dict[str, Any] = {column: row.pop(column) for column in WORDS if column in row}
    told: dict[str, Any] = {field: texts(row, column) for column, field in TEXTS.items()}
    name = row.pop("name")
    return Question(
        name=name, type=kind, list_name=list_name, or_other=other, more=more(row), row=number, **words, **told
    )


def question_type(written: str) -> tuple[str, str, bool]:
    """Type, list and whether ``other`` is offered, of what stands in the column ``type``."""
    found = RE_SELECT.search(written)
    if not found:
        return aliases._type_alias_map.get(written, written), "", False
    command = found["select_command"]
    kind = SELECTS[aliases.select[command]] + ("_from_file" if command in aliases.select_from_file else "")
    return kind, found["list_name"], found["specify_other"] is not None


def texts(row: Row, column: str) -> Texts:
    """Take the texts of a column out of a row, by language."""
    mine = [key for key in row if key == column or key.startswith(f"{column}::")]
    return tuple((key.removeprefix(column).removeprefix("::"), row.pop(key)) for key in mine)


def more(row: Row) -> tuple[tuple[str, str], ...]:
    """The columns that nobody has taken, in the order of their names."""
    return tuple(sorted((key, value) for key, value in row.items() if key != "type"))


def lists(book: Workbook, language: str, spoken: tuple[str, ...]) -> tuple[ChoiceList, ...]:
    """The lists of choices, in the order in which they begin."""
    data = grouped(book, constants.CHOICES, aliases.list_header, CHOICE_COLUMNS, language).data
    found: dict[str, list[Choice]] = {}
    for nested in data:
        row = in_order(dict(spell(nested)), spoken)
        name = row.pop(constants.LIST_NAME_S, None)
        if name is not None:
            found.setdefault(name, []).append(Choice(row.pop("name", ""), texts(row, "label"), more(row)))
    return tuple(ChoiceList(name, tuple(choices)) for name, choices in found.items())


def raw(book: Workbook, name: str) -> RawSheet:
    """A sheet that is only passed on."""
    columns = tuple(book[f"{name}_header"][0])
    rows = tuple(tuple(row.get(column) or "" for column in columns) for row in book[name])
    return RawSheet(name, columns, tuple(row for row in rows if any(row)))
