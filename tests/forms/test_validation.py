"""A submission is checked again on the government's side: tampering of every kind is told by question."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from forms.xlsform.compiling import CompiledForm, compile_form, import_form
from forms.xlsform.model import Choice, ChoiceList, FormDefinition, Group, Node, Question
from forms.xlsform.validation import check_submission
from forms.xlsform.xform import read_xform
from forms.xpath.engine import is_volatile
from geo.errors import NeedleError

NOW = datetime(2026, 11, 24, 10, tzinfo=UTC)


def ask(name: str, kind: str = "text", list_name: str = "", **logic: str) -> Question:
    """A question."""
    return Question(name=name, labels=(("中文 (zh)", name), ("en", name)), type=kind, list_name=list_name, **logic)  # type: ignore[arg-type]


def choices(name: str, *values: str, **more: str) -> ChoiceList:
    """A list of choices."""
    return ChoiceList(name, tuple(Choice(v, (("中文 (zh)", v), ("en", v)), tuple(more.items())) for v in values))


def visit() -> CompiledForm:
    """A visit to a household, with every kind of logic."""
    message = (("中文 (zh)", "年龄应在0到120之间"), ("en", "0 to 120"))
    kid: tuple[Node, ...] = (ask("kname", required="yes"), ask("kage", "integer", constraint=". < 18 and . < ${age}"))
    questions: tuple[Node, ...] = (
        ask("pname", required="yes"),
        ask("phone", constraint="regex(., '^1[3-9][0-9]{9}$')"),
        Question("age", message, type="integer", constraint=". >= 0 and . <= 120", constraint_messages=message),
        ask("kids", "select_one", "yn", required="yes"),
        ask("needs", "select_multiple", "needs", constraint="count-selected(.) <= 2"),
        ask("other", relevant="selected(${needs}, 'other')"),
        Group("kid", (("en", "Kid"),), kind="repeat", relevant="${kids} = 'y'", children=kid),
        ask("total", "calculate", calculation="sum(${kage})"),
        ask("born", "date", constraint=". <= today()"),
        ask("town", "select_one", "towns", choice_filter="county = ${county}"),
        ask("county"),
        ask("slow", constraint="regex(., '^(a|a)*$')"),
    )
    towns = ChoiceList("towns", tuple(Choice(n, (("en", n),), (("county", c),)) for n, c in (("a", "x"), ("b", "y"))))
    lists = (choices("yn", "y", "n"), choices("needs", "food", "care", "other"), towns)
    return compile_form(
        FormDefinition("visit", "Visit", "1", languages=("中文 (zh)", "en"), children=questions, lists=lists)
    )


FORM = visit()
GOOD = """<data id="visit" version="1"><pname>张三</pname><phone>13800138000</phone><age>40</age><kids>y</kids>
<needs>other</needs><other>灯</other><kid><kname>小明</kname><kage>8</kage></kid><kid><kname>小红</kname><kage>5</kage></kid>
<total>13</total><born>2020-01-02</born><town>b</town><county>y</county><slow/>
<meta><instanceID>uuid:1</instanceID></meta></data>"""


def test_a_good_submission_passes() -> None:
    """Relevance, repeats, filters and computation included."""
    assert check_submission(FORM.xform, GOOD, NOW).findings == ()


@pytest.mark.parametrize(
    ("was", "becomes", "place", "what"),
    [
        (">13800138000<", ">123<", "/data/phone", "constraint"),
        ("<age>40<", "<age>150<", "/data/age", "constraint"),
        ("<age>40<", "<age>abc<", "/data/age", "type"),
        ("<pname>张三<", "<pname><", "/data/pname", "required"),
        ("<pname>张三</pname>", "", "/data/pname", "required"),
        ("<kage>8<", "<kage>50<", "/data/kid[1]/kage", "constraint"),
        ("<kname>小红<", "<kname><", "/data/kid[2]/kname", "required"),
        ("<needs>other<", "<needs>food<", "/data/other", "relevant"),
        ("<needs>other<", "<needs>food care other<", "/data/needs", "constraint"),
        ("<kids>y<", "<kids>n<", "/data/kid[1]/kname", "relevant"),
        ("<total>13<", "<total>99<", "/data/total", "calculate"),
        ("<kids>y<", "<kids>zzz<", "/data/kids", "choice"),
        ("<town>b<", "<town>a<", "/data/town", "choice"),
        ("2020-01-02", "2030-01-02", "/data/born", "constraint"),
        ("2020-01-02", "2020-13-02", "/data/born", "type"),
        ("<slow/>", "<evil>1</evil><slow/>", "/data/evil", "unknown"),
        ("<slow/>", f"<slow>{'a' * 60}!</slow>", "/data/slow", "form.pattern_slow"),
    ],
)
def test_tampering_is_told_by_question(was: str, becomes: str, place: str, what: str) -> None:
    """One change at a time."""
    assert was in GOOD
    found = check_submission(FORM.xform, GOOD.replace(was, becomes), NOW).findings
    assert (place, what) in [(finding.place, finding.what) for finding in found]


def test_a_message_comes_in_the_forms_languages() -> None:
    """What its author wrote for a wrong answer."""
    found = check_submission(FORM.xform, GOOD.replace("<age>40<", "<age>150<"), NOW).findings
    assert found[0].message == {"中文 (zh)": "年龄应在0到120之间", "en": "0 to 120"}


@pytest.mark.real_data
def test_every_expression_of_the_real_forms_can_be_evaluated(real_data: Path) -> None:
    """Over the empty submission of each form: no expression is beyond us."""
    count = 0
    for path in sorted((real_data / "xlsforms").glob("*.xls*")):
        try:
            form = import_form(path)
        except NeedleError:
            continue  # refused forms are told in test_xlsform
        own = read_xform(form.xform)
        for node in own.nodes:
            for expression in filter(
                None, (node.relevant, node.constraint, node.required, node.calculate, node.itemset)
            ):
                is_volatile(expression)
                count += 1
        empty = f'<{own.root[1:]} id="{own.form_id}">' + "".join(leaves(own.root, own.nodes)) + f"</{own.root[1:]}>"
        broken = [f for f in check_submission(form.xform, empty, NOW).findings if f.what.startswith("form.")]
        assert broken == [], path.name
    assert count > 2000


def leaves(root: str, nodes: tuple[object, ...]) -> list[str]:
    """Every question straight below the root, unanswered."""
    names = [getattr(node, "path", "").removeprefix(f"{root}/") for node in nodes]
    return [f"<{name}/>" for name in names if "/" not in name and name != "meta"]
