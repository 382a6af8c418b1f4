"""The builder's pure parts, run in node: conditions as rows and as expressions, and a form that is rearranged."""

import json
import shutil
import subprocess
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import dashboard
from forms.templates import templates
from forms.xlsform.as_json import from_json, to_json
from forms.xlsform.checking import check_form
from forms.xlsform.compiling import import_form
from forms.xlsform.exporting import export_form
from forms.xlsform.model import Choice, ChoiceList, FormDefinition, Group, Question, walk
from forms.xpath.engine import is_volatile
from geo.errors import NeedleError

MODULES = Path(dashboard.__file__).parent / "assets" / "modules"
SCRIPT = Path(__file__).with_name("rules_and_model.mjs")
NODE = shutil.which("node") or "node"
SLOW = settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def in_node(*cases: tuple[str, Any]) -> list[Any]:
    """What the modules answer, for many cases in one process."""
    done = subprocess.run([NODE, SCRIPT, MODULES], input=json.dumps(cases), capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return list(json.loads(done.stdout))


def number(operator: str, value: str) -> dict[str, str]:
    return {"of": ".", "is": operator, "value": value, "kind": "number"}


@pytest.mark.parametrize(
    ("text", "rows"),
    [
        ("${a} = 'yes'", [{"of": "a", "is": "=", "value": "yes", "kind": "text"}]),
        (". >= 0 and . <= 60", [number(">=", "0"), number("<=", "60")]),
        ("selected(${kind}, 'x')", [{"of": "kind", "is": "selected", "value": "x"}]),
        ("not(selected(${kind}, \"it's\"))", [{"of": "kind", "is": "not selected", "value": "it's"}]),
        ("${a} != ''", [{"of": "a", "is": "answered"}]),
        (". <= today()", [{"of": ".", "is": "<=", "value": "today", "kind": "date"}]),
        (". > date('2026-01-01')", [{"of": ".", "is": ">", "value": "2026-01-01", "kind": "date"}]),
        ("${a} = 'this and that'", [{"of": "a", "is": "=", "value": "this and that", "kind": "text"}]),
        ("", []),
    ],
)  # fmt: skip
def test_a_simple_expression_is_rows(text: str, rows: list[dict[str, str]]) -> None:
    parsed, again = in_node(("parsed", text), ("written", {"join": "and", "rows": rows}))
    assert parsed["rows"] == rows
    assert again["text"] == text


@pytest.mark.parametrize(
    "text",
    [
        "${a} = 1 and ${b} = 2 or ${c} = 3",
        "${a} = ${b}",
        "count-selected(.) <= 3",
        "regex(., '^1[0-9]{10}$')",
        "not(${a} = 1)",
        "(${a} = 1)",
        "${a} = 'unfinished",
        "selected(${a}, 3)",
    ],
)
def test_what_is_not_simple_stays_an_expression(text: str) -> None:
    assert in_node(("parsed", text)) == [None]


names = st.from_regex(r"[a-z_][a-z0-9_]{0,8}", fullmatch=True)
values = st.text(
    st.characters(codec="utf-8", exclude_characters="'\"\r\n", exclude_categories=["Cs", "Cc"]), min_size=1
)
numbers = st.integers(-999, 999).map(str)


def row(**fields: Any) -> st.SearchStrategy[dict[str, str]]:
    return st.fixed_dictionaries({"of": names | st.just("."), **fields})


rows = (
    row(**{"is": st.sampled_from(["=", "!=", "<", "<=", ">", ">="]), "value": numbers, "kind": st.just("number")})
    | row(**{"is": st.sampled_from(["=", "!="]), "value": values, "kind": st.just("text")})
    | row(**{"is": st.sampled_from(["selected", "not selected", "contains"]), "value": values})
    | row(**{"is": st.sampled_from(["answered", "unanswered"])})
    | row(**{"is": st.just(">="), "value": st.dates().map(str) | st.just("today"), "kind": st.just("date")})
)
conditions = st.fixed_dictionaries(
    {"join": st.sampled_from(["and", "or"]), "rows": st.lists(rows, min_size=2, max_size=4)}
)


@SLOW
@given(st.lists(conditions, min_size=20, max_size=60))
def test_rows_that_are_written_are_read_again(many: list[dict[str, Any]]) -> None:
    """And what is written is an expression of XPath, too."""
    for condition, done in zip(many, in_node(*(("written", each) for each in many)), strict=True):
        assert done["again"] == condition
        is_volatile(done["text"].replace("${", "/data/").replace("}", ""))


texts = st.lists(st.sampled_from(["中文 (zh)", "English (en)"]), unique=True).map(
    lambda of: tuple((each, f"text {each}") for each in of)
)
questions = st.builds(
    Question,
    name=names,
    labels=texts,
    hints=texts,
    type=st.sampled_from(["text", "integer", "date", "note", "geopoint", "image", "csv-external", "audit"]),
    relevant=st.sampled_from(["", "${a} = 1", "weird(${a})"]),
    constraint=st.sampled_from(["", ". > 1"]),
    needle_field=st.sampled_from(["", "person.phone"]),
    more=st.sampled_from([(), (("body::accuracyThreshold", "15"),), (("image", "a.png"), ("save_to", "x"))]),
)
groups = st.recursive(
    questions,
    lambda inside: st.builds(
        Group,
        name=names,
        labels=texts,
        kind=st.sampled_from(["group", "repeat"]),
        children=st.lists(inside, max_size=3).map(tuple),
    ),
    max_leaves=8,
)
forms = st.builds(
    FormDefinition,
    form_id=names,
    title=values,
    languages=st.just(("中文 (zh)", "English (en)")),
    children=st.lists(groups, max_size=5).map(tuple),
    lists=st.just((ChoiceList("l", (Choice("1", (("中文 (zh)", "一"),), (("area", "x"),)),)),)),
)
steps = st.lists(st.tuples(st.sampled_from(["up", "down", "move"]), st.integers(0, 9), st.integers(0, 9)), max_size=8)


@SLOW
@given(st.lists(st.tuples(forms, steps), min_size=10, max_size=20))
def test_a_form_that_is_rearranged_loses_nothing(many: list[tuple[FormDefinition, list[tuple[str, int, int]]]]) -> None:
    """Every question is still there, what the page does not know is untouched, and every step can be taken back."""
    asked = [("walked", {"form": to_json(form), "steps": way}) for form, way in many]
    for (form, _), done in zip(many, in_node(*asked), strict=True):
        assert from_json(to_json(form)) == form
        assert from_json(done["undone"]) == form
        assert done["names"] == sorted(node.name for _, node in walk(form.children))
        before, after = Counter(form.questions()), Counter(from_json(done["now"]).questions())
        assert before == after


def test_a_renamed_question_is_renamed_wherever_it_is_referred_to() -> None:
    form = FormDefinition(
        "f",
        "F",
        children=(
            Question("a", (("", "A"),), type="integer"),
            Question("b", (("", "about ${a}"),), relevant="${a} > 1 and ${ a } < 5", constraint="${ab} = 1"),
        ),
    )
    (done,) = in_node(("walked", {"form": to_json(form), "steps": [["rename", 0, 7]]}))
    first, second = from_json(done["now"]).children
    assert isinstance(second, Question)
    assert (first.name, second.relevant, second.constraint) == ("n7", "${n7} > 1 and ${n7} < 5", "${ab} = 1")
    assert second.labels == (("", "about ${n7}"),)


@pytest.mark.parametrize("key", [each.key for each in templates()])
def test_templates_compile_in_both_languages(key: str) -> None:
    form = next(each.form for each in templates() if each.key == key)
    assert check_form(form).problems == ()
    assert import_form(export_form(form)).definition == form
    assert [question.name for question in form.questions() if 0 < len(question.labels) < 2] == []
    assert any(question.needle_field for question in form.questions()) or key == "x"


def test_every_sample_form_goes_through_the_builder_unchanged(real_data: Path) -> None:
    accepted = []
    for path in sorted((real_data / "xlsforms").glob("*.xls*")):
        try:
            accepted.append(import_form(path).definition)
        except NeedleError:
            continue
    assert len(accepted) > 60
    kept = in_node(*(("kept", to_json(form)) for form in accepted))
    assert [from_json(one) == form for one, form in zip(kept, accepted, strict=True)] == [True] * len(accepted)


def spoken(form: FormDefinition, *steps: tuple[str, ...]) -> FormDefinition:
    """The form after its languages were changed on the page."""
    (made,) = in_node(("spoken", {"form": to_json(form), "steps": steps}))
    return from_json(made)


def test_a_language_is_added_named_and_taken_away_with_its_texts() -> None:
    zh, en, bo = "中文 (zh)", "English (en)", "藏语 (bo)"
    form = next(each.form for each in templates() if each.key == "elderly_visit")
    added = spoken(form, ("addLanguage", bo))
    assert added == replace(form, languages=(zh, en, bo))
    assert check_form(added).problems == ()
    assert in_node(("howFar", {"form": to_json(added), "name": bo}))[0][0] == 0
    renamed = spoken(form, ("renameLanguage", en, "English (en-GB)"))
    assert renamed.languages == (zh, "English (en-GB)")
    assert {language for q in renamed.questions() for language, _ in q.labels} == {zh, "English (en-GB)"}
    assert spoken(renamed, ("renameLanguage", "English (en-GB)", en)) == form
    alone = spoken(form, ("removeLanguage", en))
    assert alone.languages == (zh,)
    assert {language for q in alone.questions() for language, _ in q.labels} == {zh}
    assert {language for one in alone.lists for c in one.choices for language, _ in c.labels} == {zh}
    assert check_form(alone).problems == ()
    assert spoken(alone, ("removeLanguage", zh)) == alone
    first = spoken(form, ("putFirst", en))
    assert (first.default_language, first.languages) == (en, (en, zh))


def test_columns_of_a_language_follow_it_and_a_form_without_languages_gets_its_first() -> None:
    """``media::image::中文 (zh)`` belongs to the language, as the labels do."""
    more = (("media::image::中文 (zh)", "a.png"), ("hint_of_ours", "x"))
    form = FormDefinition(
        "f", "F", default_language="中文 (zh)", languages=("中文 (zh)", "English (en)"),
        children=(Question("a", (("中文 (zh)", "甲"),), more=more),),
    )  # fmt: skip
    renamed = spoken(form, ("renameLanguage", "中文 (zh)", "汉语 (zh)"))
    assert next(renamed.questions()).more == (("media::image::汉语 (zh)", "a.png"), ("hint_of_ours", "x"))
    assert next(spoken(form, ("removeLanguage", "中文 (zh)")).questions()).more == (("hint_of_ours", "x"),)
    plain = FormDefinition("f", "F", children=(Question("a", (("", "甲"),)),))
    named = spoken(plain, ("renameLanguage", "", "中文 (zh)"), ("addLanguage", "English (en)"))
    assert (named.languages, named.default_language) == (("中文 (zh)", "English (en)"), "中文 (zh)")
    assert next(named.questions()).labels == (("中文 (zh)", "甲"),)
    assert spoken(plain, ("addLanguage", "no tag")) == plain
