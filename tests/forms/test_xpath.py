"""XPath with the functions of ODK XForms, by tables of what the specification and its clients say, and by laws."""

import math
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from forms.xpath.engine import evaluate, is_volatile
from forms.xpath.evaluation import Context
from forms.xpath.syntax import parse
from forms.xpath.values import Node, number_text, to_text
from geo.errors import NeedleError

NOW = datetime(2024, 3, 1, 8, 30, tzinfo=UTC)


def visit() -> Node:
    """A visit: a household with two children, and a list of choices with a filter."""
    document = Node("")
    data = document.add("data")
    for name, text in {"age": "40", "name": "Li", "needs": "food care", "born": "1980-02-29", "empty": ""}.items():
        data.add(name, text)
    for name, age in (("An", "4"), ("Bo", "7")):
        kid = data.add("kid")
        kid.add("name", name)
        kid.add("age", age)
    return document


def towns() -> Node:
    """A secondary instance."""
    document = Node("")
    root = document.add("root")
    for name, county in (("a", "x"), ("b", "y"), ("c", "y")):
        item = root.add("item")
        item.add("name", name)
        item.add("county", county)
    return document


def at(path: str = "age") -> Context:
    """The context of a question of the visit."""
    data = visit().children[0]
    node = next(child for child in data.children if child.name == path)
    return Context(node, NOW, instances={"towns": towns()}, choice_texts={"/data/needs": {"food": "饭菜"}})


def said(expression: str, path: str = "age") -> object:
    """What an expression says."""
    value = evaluate(expression, at(path))
    return [node.value() for node in value] if isinstance(value, list) else value


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ("1 + 2 * 3", 7.0),
        ("(1 + 2) * 3", 9.0),
        ("7 mod 4 - 10 div 4", 0.5),
        ("-2 + 5", 3.0),
        ("2 > 1 and 1 > 2 or true()", True),
        (". >= 0 and . <= 120", True),
        (". = 40", True),
        (". = '40'", True),
        ("../name = 'Li'", True),
        ("/data/empty = ''", True),
        ("/data/nowhere = ''", True),
        ("/data/kid/age > 6", True),
        ("not(/data/kid/age > 9)", True),
        ("/data/born <= today()", True),
        ("/data/born > today()", False),
        ("../kid[2]/name", ["Bo"]),
        ("../kid[age > 5]/name", ["Bo"]),
        ("../kid[position() = last()]/name", ["Bo"]),
        ("//age", ["40", "4", "7"]),
        ("count(../kid)", 2.0),
        ("count(../kid | ../name)", 3.0),
        ("sum(../kid/age)", 11.0),
        ("sum(../none)", 0.0),
        ("max(../kid/age)", 7.0),
        ("min(3, 2)", 2.0),
        ("selected(../needs, 'care')", True),
        ("selected(../needs, 'car')", False),
        ("count-selected(../needs)", 2.0),
        ("selected-at(../needs, 1)", "care"),
        ("selected-at(../needs, 9)", ""),
        ("jr:choice-name('food', ' /data/needs ')", "饭菜"),
        ("instance('towns')/root/item[county = 'y']/name", ["b", "c"]),
        ("instance('towns')/root/item[name = current()/../none]/name", []),
        ("indexed-repeat(/data/kid/name, /data/kid, 2)", ["Bo"]),
        ("pulldata('towns', 'county', 'name', 'b')", "y"),
        ("if(. > 18, 'adult', unknown-one())", "adult"),
        ("coalesce(../empty, 'x')", "x"),
        ("once('new')", "40"),
        ("concat('a', 1, ../kid/name)", "a1AnBo"),
        ("join(', ', ../kid/name)", "An, Bo"),
        ("substr('hello', 1, 3)", "el"),
        ("substr('hello', -3)", "llo"),
        ("substring-before('a-b', '-')", "a"),
        ("substring-after('a-b', '-')", "b"),
        ("starts-with('abc', 'ab') and ends-with('abc', 'bc') and contains('abc', 'b')", True),
        ("string-length('四个字吧')", 4.0),
        ("normalize-space('  a   b ')", "a b"),
        ("translate('abc', 'ab', 'x')", "xc"),
        ("round(2.5)", 3.0),
        ("round(1.2345, 2)", 1.23),
        ("int(-3.7)", -3.0),
        ("pow(2, 10)", 1024.0),
        ("number('x') = number('x')", False),
        ("regex('13812345678', '^1[3-9][0-9]{9}$')", True),
        ("regex('1381234567', '^1[3-9][0-9]{9}$')", False),
        ("regex('ab1', '[0-9]')", True),
        ("boolean-from-string('1')", True),
        ("checklist(1, 2, true(), false(), true())", True),
        ("weighted-checklist(3, -1, true(), 2, true(), 0.5)", False),
        ("date('2024-02-30')", ""),
        ("date(19783)", "2024-03-01"),
        ("format-date('2024-03-01', '%Y/%n/%e %a %b')", "2024/3/1 Fri Mar"),
        ("format-date-time(now(), '%H:%M')", "08:30"),
        ("decimal-date-time('1970-01-02')", 1.0),
        ("decimal-time('12:00:00.000+00:00')", 0.5),
        ("number(today()) - number('2024-02-29')", 1.0),
        ("int((today() - date(../born)) div 365.25)", 44.0),
        ("digest('abc', 'SHA-256', 'hex')", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
        ("base64-decode('5L2g')", "你"),
        ("position(..)", 1.0),
        ("string(1.0)", "1"),
        ("string(0.1)", "0.1"),
        ("1 div 0 > 5", True),
        ("'a' < 'b'", False),
    ],
)
def test_expressions_say_what_odk_says(expression: str, value: object) -> None:
    """At the question ``age`` of the visit."""
    assert said(expression) == value


def test_a_position_within_repeats_counts_its_own_kind() -> None:
    """``position(..)`` as forms number their children."""
    second = visit().children[0].children[-1].children[0]
    assert evaluate("position(..)", Context(second, NOW)) == 2.0


def test_places_are_measured_on_the_ground() -> None:
    """A degree of a meridian is 111.3 km on ODK's sphere; a square of a hundredth of a degree at the equator."""
    degree = evaluate("distance('0 0; 1 0')", at())
    square = evaluate("area('0 0; 0 0.01; 0.01 0.01; 0.01 0')", at())
    assert degree == pytest.approx(6_378_100 * math.pi / 180)
    assert square == pytest.approx((6_378_100 * math.pi / 18_000) ** 2, rel=1e-6)


def test_what_is_not_relevant_reads_as_empty() -> None:
    """In expressions of others."""
    context = at()
    context.node.relevant = False
    assert evaluate("/data/age = ''", context) is True


@pytest.mark.parametrize(
    ("expression", "code"),
    [
        ("1 +", "form.expression"),
        ("a b", "form.expression"),
        ("f(1", "form.expression"),
        ("'open", "form.expression"),
        ("a[1", "form.expression"),
        ("$x", "form.expression"),
        ("(" * 5000 + "1" + ")" * 5000, "form.expression"),
        ("nothing(1)", "form.function_unknown"),
        ("not()", "form.function_arguments"),
        ("regex('a', '(')", "form.pattern"),
        (f"regex('{'a' * 60}!', '^(a|a)*$')", "form.pattern_slow"),
    ],
)
def test_what_cannot_be_evaluated_says_so(expression: str, code: str) -> None:
    """Each with its reason; a pattern that would take for ever is stopped."""
    with pytest.raises(NeedleError) as error:
        evaluate(expression, at())
    assert error.value.code == code


@pytest.mark.parametrize(
    ("expression", "volatile"), [("today()", True), ("1 + uuid()", True), ("a[b = now()]", True), ("a + 1", False)]
)
def test_what_changes_with_time_is_known(expression: str, volatile: bool) -> None:
    """Such a computation cannot be computed again."""
    assert is_volatile(expression) is volatile


NUMBERS = st.floats(-1e6, 1e6).map(lambda x: round(x, 4) + 0.0)


@given(NUMBERS, NUMBERS)
def test_arithmetic_is_that_of_numbers(a: float, b: float) -> None:
    """Python computes the same."""
    assert evaluate(f"({a:f}) + ({b:f})", at()) == pytest.approx(a + b)
    assert evaluate(f"({a:f}) * ({b:f})", at()) == pytest.approx(a * b)
    assert evaluate(f"({a:f}) <= ({b:f})", at()) is (a <= b)


@given(st.floats(allow_nan=False, allow_infinity=False, min_value=-1e15, max_value=1e15))
def test_a_number_comes_back_from_its_text(number: float) -> None:
    """Nothing is lost in between."""
    assert float(number_text(number)) == number


@given(st.lists(st.from_regex(r"[a-z]{1,5}", fullmatch=True), max_size=6), st.from_regex(r"[a-z]{1,5}", fullmatch=True))
def test_selected_is_membership(words: list[str], word: str) -> None:
    """Of the words of an answer."""
    context = at()
    context.node.text = " ".join(words)
    assert evaluate(f"selected(., '{word}')", context) is (word in words)
    assert evaluate("count-selected(.)", context) == len(words)


@given(st.text(max_size=40))
def test_any_text_is_an_expression_or_is_refused(text: str) -> None:
    """Nothing else happens."""
    codes = set()
    try:
        parse(text)
    except NeedleError as error:
        codes.add(error.code)
    assert codes <= {"form.expression"}


@given(st.text(st.characters(exclude_characters="'", categories=("L", "N", "P", "S"))))
def test_a_text_is_what_stands_between_quotes(text: str) -> None:
    """Of any script."""
    assert to_text(evaluate(f"'{text}'", at())) == text
