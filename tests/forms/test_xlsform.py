"""Making a form: XLSForm in and out, and what is wrong with one told so that its author can act on it."""

import csv
import xml.etree.ElementTree as ET
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from forms.xlsform.compiling import compile_form, compile_workbook, import_form
from forms.xlsform.exporting import export_form, to_workbook
from forms.xlsform.model import Choice, ChoiceList, FormDefinition, Group, Question, said
from forms.xlsform.workbooks import letters, write_workbook
from geo.errors import NeedleError


def samples(folder: Path) -> list[Mapping[str, str]]:
    """The real forms, with what pyxform 4.5 says of each."""
    with (folder / "xlsforms" / "INDEX.csv").open(encoding="utf-8") as file:
        return list(csv.DictReader(file))


def workbook(*rows: dict[str, str], **sheets: list[dict[str, str]]) -> dict[str, Any]:
    """Sheets as pyxform takes them."""
    book: dict[str, Any] = {"sheet_names": ["survey", *sheets], "fallback_form_name": "asked"}
    for name, data in {"survey": list(rows), **sheets}.items():
        book |= {name: data, f"{name}_header": [dict.fromkeys(column for row in data for column in row)]}
    return book


@pytest.mark.real_data
def test_what_pyxform_accepts_is_accepted_and_comes_back_equal_what_it_rejects_is_refused_readably(
    real_data: Path,
) -> None:
    """Import, export, import: an equal model and the same XForm, for every real form; the others say why not."""
    refused = 0
    for sample in samples(real_data):
        path = real_data / "xlsforms" / sample["file"]
        if sample["pyxform"] != "ok":
            with pytest.raises(NeedleError, match=r"Sheet|sheet|XLSForm") as error:
                import_form(path)
            assert error.value.code not in {"form.refused", "form.refused_row"}, "its reason is in the catalogue"
            refused += 1
            continue
        form = import_form(path)
        again = import_form(export_form(form.definition))
        assert again.definition == form.definition, path.name
        assert ET.canonicalize(again.xform) == ET.canonicalize(form.xform), path.name
    assert refused == 9


ASK = {"type": "text", "name": "a", "label": "A?"}


@pytest.mark.parametrize(
    ("book", "code", "says"),
    [
        (workbook({"type": "txt", "name": "a", "label": "A?"}), "form.type_unknown", "row 2, column “type”"),
        (workbook({"type": "txt", "name": "a", "label": "A?"}), "form.type_unknown", "Did you mean: text"),
        (workbook(ASK, {"type": "text", "name": "a", "label": "B?"}), "form.name_twice", "row 3"),
        (workbook(ASK | {"name": "1a"}), "form.name_invalid", "row 2, column “name”"),
        (workbook({"type": "text", "label": "A?"}), "form.no_name", "row 2"),
        (workbook({"type": "calculate", "name": "c"}), "form.no_calculation", "row 2, column “calculation”"),
        (workbook(ASK | {"relevant": "${age} > 3"}), "form.reference_unknown", "column “relevant”"),
        (workbook(ASK | {"relevant": "${ a > 3"}), "form.reference_spelling", "column “relevant”"),
        (workbook(ASK | {"type": "select_one colour"}), "form.sheet_missing", "“choices”"),
        (
            workbook(
                ASK | {"type": "select_one colour"}, choices=[{"list_name": "colours", "name": "r", "label": "R"}]
            ),
            "form.list_unknown",
            "Did you mean: colours",
        ),
        (
            workbook(ASK | {"type": "select_one c"}, choices=[{"list_name": "c", "name": "r", "label": "R"}] * 2),
            "form.choice_twice",
            "row 3",
        ),
        (workbook({"type": "begin_group", "name": "g", "label": "G"}, ASK), "form.begin_alone", "row 2"),
        (workbook(ASK, {"type": "end_group", "name": "g"}), "form.end_alone", "row 3"),
        (workbook({"kind": "text", "name": "a"}), "form.columns_missing", "'type'"),
        (workbook({"type": "range", "name": "r", "parameters": "step=0"}), "form.parameters", "row 2"),
    ],
)
def test_an_error_names_sheet_row_and_column_and_what_to_write(book: dict[str, Any], code: str, says: str) -> None:
    """In English here; the Chinese sentence has the same values."""
    with pytest.raises(NeedleError) as error:
        compile_workbook(book)
    assert error.value.code == code
    assert says in error.value.sentence("en")
    assert error.value.sentence("zh") != error.value.sentence("en")


@pytest.mark.parametrize("content", [b"", b"no spreadsheet", b"PK\x03\x04 broken", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"])
def test_bytes_that_are_no_workbook_are_refused(content: bytes) -> None:
    """An upload can be anything."""
    with pytest.raises(NeedleError) as error:
        import_form(content)
    assert error.value.code == "form.not_a_form"


def test_the_file_is_looked_for_and_its_size_is_bounded(tmp_path: Path) -> None:
    """Before anything is read into memory as a workbook."""
    with pytest.raises(NeedleError) as missing:
        import_form(tmp_path / "none.xlsx")
    with pytest.raises(NeedleError) as large:
        import_form(bytes((16 << 20) + 1))
    assert (missing.value.code, large.value.code) == ("form.no_file", "form.too_large")


def test_the_model_holds_what_the_author_wrote() -> None:
    """Types, lists, texts by language, expressions, and the registry field in either spelling."""
    first = {"type": "select one from yn or_other", "name": "kids", "label::中文 (zh)": "有孩子吗", "hint": "any"}
    rows = (
        first | {"required": "yes", "bind::needle:field": "person.children"},
        {"type": "begin repeat", "name": "kid", "label::中文 (zh)": "孩子", "relevance": "${kids} = 'y'"},
        {"type": "integer", "name": "age", "label::中文 (zh)": "年龄", "constraint": ". < 18", "caption::en": "Age"},
        {"type": "end repeat"},
    )
    choices = [{"list_name": "yn", "name": n, "label::中文 (zh)": z} for n, z in (("y", "有"), ("n", "没有"))]
    form = import_form(write_workbook(workbook(*rows, choices=choices))).definition
    kids, repeat = form.children
    assert isinstance(kids, Question)
    assert isinstance(repeat, Group)
    assert (kids.type, kids.list_name, kids.or_other, kids.required) == ("select_one", "yn", True, "yes")
    assert kids.needle_field == "person.children"
    assert (repeat.kind, repeat.relevant, repeat.row) == ("repeat", "${kids} = 'y'", 3)
    assert repeat.children[0].labels == (("中文 (zh)", "年龄"), ("en", "Age"))
    assert [c.name for c in form.choices_of("yn")] == ["y", "n"]
    assert said(repeat.children[0].labels, "en") == "Age"
    assert said(repeat.children[0].labels, "zh") == "年龄"
    assert "needle" not in compile_form(form).xform


NAMES = st.from_regex(r"[a-z_][a-z0-9_]{0,12}", fullmatch=True).filter(lambda name: name != "meta")
WORDS = st.text(
    st.characters(codec="utf-8", categories=("L", "N", "P"), exclude_characters="$\u2018\u2019\u201c\u201d"),
    min_size=1,
    max_size=20,
)
KINDS = st.sampled_from(["text", "integer", "decimal", "date", "geopoint", "select_one", "select_multiple", "note"])


@st.composite
def forms(draw: st.DrawFn) -> FormDefinition:
    """Forms as a builder makes them: groups and repeats of questions, in two languages."""
    names = draw(st.lists(NAMES, min_size=1, max_size=8, unique_by=str.lower))
    nodes: list[Question | Group] = []
    for name in names:
        kind = draw(KINDS)
        text = (("中文 (zh)", draw(WORDS)), ("en", draw(WORDS)))
        if len(nodes) > 1 and draw(st.booleans()):
            nodes = [
                nodes[0],
                Group(
                    name=name, labels=text, kind=draw(st.sampled_from(["group", "repeat"])), children=tuple(nodes[1:])
                ),
            ]
        else:
            nodes.append(
                Question(
                    name=name,
                    labels=text,
                    type=kind,
                    list_name="l" if "select" in kind else "",
                    required=draw(st.sampled_from(["", "yes"])),
                )
            )
    choice = Choice("a", (("中文 (zh)", draw(WORDS)), ("en", draw(WORDS))))
    return FormDefinition(
        "f",
        draw(WORDS),
        draw(st.sampled_from(["", "3"])),
        languages=("中文 (zh)", "en"),
        children=tuple(nodes),
        lists=(ChoiceList("l", (choice,)),),
    )


@settings(deadline=None, max_examples=40)
@given(forms())
def test_what_is_composed_comes_back_from_a_spreadsheet(form: FormDefinition) -> None:
    """Round trip through real ``.xlsx`` bytes."""
    if any(isinstance(node, Group) and node.kind == "repeat" and node.name == "data" for node in form.children):
        return
    again = import_form(export_form(form))
    assert again.definition == compile_form(form).definition == form


def test_cells_stay_text() -> None:
    """A label that looks like a formula or a date is neither."""
    form = FormDefinition(
        "f",
        "=1+1",
        children=(Question(name="a", labels=(("", "=SUM(A1)"),)), Question(name="b", labels=(("", "2024-01-02"),))),
    )
    assert import_form(export_form(form)).definition == form
    assert to_workbook(form)["settings"][0]["form_title"] == "=1+1"


@pytest.mark.parametrize(("number", "name"), [(0, "A"), (25, "Z"), (26, "AA"), (701, "ZZ"), (702, "AAA")])
def test_columns_have_their_letters(number: int, name: str) -> None:
    """As spreadsheets count."""
    assert letters(number) == name
