"""XForms made into Enketo's page: nothing asked is lost, nothing runs inline, languages and emphasis come through."""

import csv
import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree, html  # type: ignore[import-untyped]

from forms.enketo.markdown import render
from forms.enketo.transform import NAMES, transform
from forms.xlsform.compiling import compile_workbook, import_form
from geo.errors import NeedleError

CONTROLS = (
    "//h:body//*[self::xf:input or self::xf:select or self::xf:select1 or self::xf:upload or self::xf:range][@ref]"
)


def compiled(rows: list[dict[str, str]], **sheets: list[dict[str, str]]) -> str:
    """The XForm of a form in few rows."""
    book: dict[str, Any] = {"sheet_names": ["survey", *sheets], "fallback_form_name": "asked"}
    for name, data in {"survey": rows, **sheets}.items():
        book |= {name: data, f"{name}_header": [dict.fromkeys(column for row in data for column in row)]}
    return compile_workbook(book).xform


@pytest.mark.real_data
def test_every_real_form_is_shown_whole(real_data: Path) -> None:
    with (real_data / "xlsforms" / "INDEX.csv").open(encoding="utf-8") as file:
        accepted = [row["file"] for row in csv.DictReader(file) if row["pyxform"] == "ok"]
    for name in accepted:
        xform = import_form(real_data / "xlsforms" / name).xform
        page = transform(xform)
        asked = etree.fromstring(xform.encode())
        shown, model = html.fromstring(page.html), etree.fromstring(page.model)
        names = {found for e in shown.iter() for found in (e.get("name"), e.get("data-name")) if found}
        assert {e.get("ref") for e in asked.xpath(CONTROLS, namespaces=NAMES)} <= names, name
        for kind in ("constraint", "relevant", "calculate"):
            ours = asked.xpath(f"//xf:bind/@{kind}", namespaces=NAMES)
            assert len(shown.xpath(f"//*[@data-{kind}]")) >= len(set(ours)) > 0 or not ours, (name, kind)
        instances = asked.xpath("//xf:model/xf:instance", namespaces=NAMES)
        assert len(model.xpath("//xf:instance", namespaces=NAMES)) == len(instances), name
        assert len(model.xpath("//*[local-name()='instanceID']")) == 1, name
        assert not shown.xpath("//@style | //@*[starts-with(name(), 'on')] | //script"), name
        assert page == transform(xform)


def test_languages_are_named_by_their_tags_the_default_first() -> None:
    page = transform(
        compiled(
            [{"type": "text", "name": "a", "label::English (en)": "Who?", "label::中文 (zh)": "谁？"}],
            settings=[{"default_language": "中文 (zh)", "version": "1"}],
        )
    )
    assert page.languages == ("zh", "en")
    spans = html.fromstring(page.html).xpath('//span[contains(@class, "question-label")]')
    assert {span.get("lang"): span.text for span in spans} == {"zh": "谁？", "en": "Who?"}


def test_choices_of_an_itemset_keep_their_labels_in_both_languages() -> None:
    rows = [
        {"type": "select_one towns", "name": "town", "label::zh": "哪里", "label::en": "Where"},
        {
            "type": "select_one streets",
            "name": "street",
            "label::zh": "街",
            "label::en": "Street",
            "choice_filter": "town=${town} and name != ''",
        },
    ]
    choices = [
        {"list_name": "towns", "name": "a", "label::zh": "甲", "label::en": "A", "town": ""},
        {"list_name": "streets", "name": "x", "label::zh": "长街", "label::en": "Long", "town": "a"},
    ]
    shown = html.fromstring(transform(compiled(rows, choices=choices)).html)
    labels = shown.xpath('//*[contains(@class, "itemset-labels")]//span[@data-itext-id]')
    assert {(s.get("lang"), s.text) for s in labels} >= {("zh", "长街"), ("en", "Long")}


@pytest.mark.parametrize(
    ("kind", "appearance", "classes"),
    [
        ("text", "multiline", {"or-appearance-multiline"}),
        ("select_one yn", "horizontal", {"or-appearance-horizontal", "or-appearance-columns"}),
        ("select_one yn", "compact-3", {"or-appearance-compact-3", "3", "or-appearance-no-buttons"}),
        ("select_multiple yn", "minimal", {"or-appearance-minimal"}),
    ],
)
def test_appearances_become_classes(kind: str, appearance: str, classes: set[str]) -> None:
    rows = [{"type": kind, "name": "q", "label": "Q", "appearance": appearance}]
    choices = [{"list_name": "yn", "name": "y", "label": "Yes"}]
    shown = html.fromstring(transform(compiled(rows, choices=choices)).html)
    (question,) = shown.xpath('//*[contains(@class, "question") and not(contains(@class, "question-label"))]')
    assert classes <= set(question.get("class").split())


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        ("plain 2 * 3 * 4 and snake_case_name", None),
        ("**必填** 与 _斜体_", "<strong>必填</strong> 与 <em>斜体</em>"),
        ("see [the map](https://a.b/c_d?x=1&y=2)", 'see <a href="https://a.b/c%5Fd?x=1&amp;y=2"'),
        ("[no](javascript:alert(1))", None),
        ("# 标题\n第一行\n第二行", "<strong>标题</strong>第一行<br/>第二行"),
        ("- a\n- b\nend", "<ul><li>a</li><li>b</li></ul>end"),
        (r"\*kept\*", "*kept*"),
        ("<b>1 < 2</b> **x**", "&lt;b&gt;1 &lt; 2&lt;/b&gt; <strong>x</strong>"),
    ],
)
def test_markdown_as_xlsform_allows_it(written: str, shown: str | None) -> None:
    rendered = render(written)
    assert (rendered or "").startswith(shown or "")
    assert (rendered is None) == (shown is None)


@given(st.text("ab*_#[]()<>&\\- \n1.:/http", max_size=40))
def test_whatever_is_written_no_markup_of_an_author_comes_through(written: str) -> None:
    rendered = render(written) or ""
    assert set(re.findall(r"<\s*/?\s*([\w-]+)", rendered)) <= {"strong", "em", "a", "br", "ul", "ol", "li"}


def test_a_computed_name_in_an_emphasised_label_stays_computed() -> None:
    rows = [
        {"type": "text", "name": "who", "label": "Who?"},
        {"type": "text", "name": "age", "label": "How old is **${who}**, _really_?"},
    ]
    shown = html.fromstring(transform(compiled(rows)).html)
    (output,) = shown.xpath('//strong/span[@class="or-output"]')
    assert output.get("data-value").strip() == "/data/who"
    assert shown.xpath("string(//em)") == "really"


@pytest.mark.parametrize(
    "text", ["", "<", "<html/>", "<!DOCTYPE a [<!ENTITY x SYSTEM 'file:///etc/passwd'>]><a>&x;</a>"]
)
def test_what_is_no_xform_is_refused(text: str) -> None:
    with pytest.raises(NeedleError) as error:
        transform(text)
    assert error.value.code == "form.not_an_xform"
