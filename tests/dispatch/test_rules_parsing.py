"""Rule files: what is read, and that every mistake is named with its row and field."""

import pytest

from dispatch.reasons import CANDIDATE_CODES, OUTCOME_CODES, templates
from dispatch.rules import RuleProblem, check_rules, parse_rules, say
from geo.errors import NeedleError

VENDORS = """
[[rule]]
name = "占道经营"
matter = ["2026:event:09006", "2026:event:0901*"]
area = ["subdistrict:110117001000", "*"]
department = "cg"
level = "street"
skill = "摊点"
urgent = true
max_travel_minutes = 30
exclusive = true
"""
PLAIN = """
[[rule]]
name = "井盖"
matter = ["2026:component:0101*"]
area = ["*"]
department = "sz"
level = "district"
"""


def problems_of(text: str) -> list[RuleProblem]:
    with pytest.raises(NeedleError) as caught:
        parse_rules(text)
    assert caught.value.code == "rules.invalid"
    found: list[RuleProblem] = caught.value.context["problems"]
    for language in ("zh", "en"):
        assert all(problem.sentence(language) in caught.value.sentence(language) for problem in found)
    return found


def test_every_field_is_read() -> None:
    vendors, manholes = parse_rules(VENDORS + PLAIN).rules
    assert vendors.matter == ("2026:event:09006", "2026:event:0901*")
    assert vendors.area == ("subdistrict:110117001000", "*")
    assert (vendors.department, vendors.level, vendors.skill) == ("cg", "street", "摊点")
    assert (vendors.urgent, vendors.max_travel_minutes, vendors.exclusive) == (True, 30.0, True)
    assert (manholes.skill, manholes.urgent, manholes.max_travel_minutes, manholes.exclusive) == (
        None,
        False,
        None,
        False,
    )


def test_the_text_stays_verbatim() -> None:
    assert parse_rules(VENDORS).body == VENDORS


@pytest.mark.parametrize(
    ("old", "new", "field", "code"),
    [
        ('name = "井盖"', "", "name", "missing"),
        ('name = "井盖"', 'name = " "', "name", "empty"),
        ('name = "井盖"', 'name = "占道经营"', "name", "repeated_name"),
        ('name = "井盖"', "name = 7", "name", "wrong_type"),
        ('["2026:component:0101*"]', "[]", "matter", "empty"),
        ('["2026:component:0101*"]', '"2026:component:0101*"', "matter", "wrong_type"),
        ('["2026:component:0101*"]', '["2026:*:01013"]', "matter", "bad_pattern"),
        ('["2026:component:0101*"]', '["01013"]', "matter", "bad_matter"),
        ('area = ["*"]', "", "area", "missing"),
        ('area = ["*"]', 'area = ["110117001000"]', "area", "bad_area"),
        ('area = ["*"]', "area = [3]", "area", "wrong_type"),
        ('"district"', '"town"', "level", "bad_level"),
        ('"sz"', '"sz"\nskil = "井盖"', "skil", "unknown_field"),
        ('"sz"', '"sz"\nurgent = "yes"', "urgent", "wrong_type"),
        ('"sz"', '"sz"\nmax_travel_minutes = 0', "max_travel_minutes", "not_positive"),
        ('"sz"', '"sz"\nmax_travel_minutes = inf', "max_travel_minutes", "not_positive"),
        ('"sz"', '"sz"\nmax_travel_minutes = true', "max_travel_minutes", "wrong_type"),
        ('"sz"', '"sz"\nmax_travel_minutes = "ten"', "max_travel_minutes", "wrong_type"),
    ],
)
def test_a_mistake_names_its_row_line_and_field(old: str, new: str, field: str, code: str) -> None:
    assert old in PLAIN
    (problem,) = problems_of(VENDORS + PLAIN.replace(old, new))
    assert (problem.row, problem.line, problem.field, problem.code) == (2, 13, field, code)
    assert "第 2 条(第 13 行)" in problem.sentence("zh")
    assert field in problem.sentence("zh")
    assert "Rule 2 (line 13)" in problem.sentence("en")


def test_all_mistakes_come_at_once() -> None:
    text = VENDORS.replace('"street"', '"town"').replace("30", "-1") + PLAIN.replace('area = ["*"]', "") + "[other]\n"
    assert [(p.row, p.field) for p in problems_of(text)] == [
        (0, "other"),
        (1, "level"),
        (1, "max_travel_minutes"),
        (2, "area"),
    ]


@pytest.mark.parametrize(
    ("text", "code"),
    [("", "no_rules"), ("rule = []", "no_rules"), ("rule = 3", "no_rules"), ("[[rule]\n", "bad_toml")],
)
def test_a_file_without_rules_is_refused(text: str, code: str) -> None:
    assert [problem.code for problem in problems_of(text)] == [code]


def test_rules_are_checked_against_the_city_they_are_for() -> None:
    wrong = (
        PLAIN.replace('"2026:component:0101*"', '"2026:event:09006", "2026:event:77*"')
        .replace('["*"]', '["police:9", "lake:1"]')
        .replace('"sz"', '"nobody"')
    )
    city = (["2026:event:09006", "2026:event:09012"], ["cg"], {"police": ["1"], "subdistrict": ["110117001000"]})
    found = check_rules(parse_rules(VENDORS.replace("exclusive = true", "") + wrong), *city)
    assert [(p.row, p.field, p.code, dict(p.values)["value"]) for p in found] == [
        (2, "matter", "unknown_matter", "2026:event:77*"),
        (2, "department", "unknown_department", "nobody"),
        (2, "area", "unknown_area", "9"),
        (2, "area", "unknown_layer", "lake"),
    ]
    assert all("第 2 条" in p.sentence("zh") and "Rule 2" in p.sentence("en") for p in found)


@pytest.mark.parametrize(
    ("matter", "area", "is_reached"),
    [
        ('"2026:event:09006"', '"*"', False),
        ('"2026:event:09006"', '"police:1"', False),
        ('"2026:event:09*"', '"*"', False),
        ('"2026:event:0*"', '"*"', True),
        ('"2026:event:09006", "2026:event:01002"', '"*"', True),
    ],
)
def test_a_rule_that_an_exclusive_one_covers_is_never_reached(matter: str, area: str, is_reached: bool) -> None:
    first = VENDORS.replace('"2026:event:09006", "2026:event:0901*"', '"2026:event:09*"').replace(
        '"subdistrict:110117001000", ', ""
    )
    second = PLAIN.replace('"2026:component:0101*"', matter).replace('"*"', area)
    found = check_rules(
        parse_rules(first + second), ["2026:event:09006", "2026:event:01002"], ["cg", "sz"], {"police": ["1"]}
    )
    assert [p.code for p in found] == ([] if is_reached else ["never_reached"])


def test_a_rule_can_be_said() -> None:
    vendors, manholes = parse_rules(VENDORS.replace(', "*"]', "]") + PLAIN).rules
    names = {"2026:event:09006": "占道经营", "cg": "城管局", "subdistrict:110117001000": "夏各庄镇"}
    assert say(vendors, "zh", names) == (
        "“占道经营、2026:event:0901 开头的事项”发生在夏各庄镇时，由城管局（街道）处置，队伍须具备“摊点”技能，"
        "路程不超过 30 分钟，按紧急处理，后面的规则不再适用。"
    )
    assert (
        say(manholes, "en")
        == "matters that start with 2026:component:0101 in the whole city: sz (district level) acts."
    )


def test_every_code_of_decisions_has_its_words() -> None:
    known = set(templates())
    assert {("candidate", code) for code in CANDIDATE_CODES} == {key for key in known if key[0] == "candidate"}
    assert {("outcome", code) for code in OUTCOME_CODES} == {key for key in known if key[0] == "outcome"}
    assert all(zh and en for zh, en in templates().values())
