"""Reasons, one by one: what each team hears, what is said when nobody goes, and who rules then."""

from dataclasses import replace
from typing import Any

import pytest
import shapely

from dispatch.matching import Decision, Matcher, Team, candidate_sentence, decision_sentence, stored_candidates
from dispatch.rules import Level, Rule, RuleSet
from geo.atlas import Atlas
from geo.layers import Layer

VENDORS = "2026:event:09006"
HERE = (116.405, 39.905)
TEAM = Team(1, "T1", "一队", "cg", None, None, frozenset({"摊点"}), 4, 36.0, 116.41, 39.905, None, True)
RULE = Rule("街面秩序", ("2026:event:09*",), ("*",), "cg", "street", skill="摊点", max_travel_minutes=30.0)


@pytest.fixture(scope="module")
def atlas() -> Atlas:
    west, east = shapely.box(116.40, 39.90, 116.42, 39.92), shapely.box(116.42, 39.90, 116.44, 39.92)
    polygons = shapely.GeometryCollection([west, east]).geoms
    return Atlas.build([Layer("street", ("w", "e"), ("西街", "东街"), (None, None), shapely.get_parts(polygons))])


def decide(atlas: Atlas, teams: list[Team], rules: tuple[Rule, ...] = (RULE,), matter: str = VENDORS) -> Decision:
    return Matcher(RuleSet(rules, ""), atlas, teams).decide(matter, *HERE, atlas.locate_one(*HERE))


def reasons(decision: Decision) -> dict[int, str]:
    return {candidate.team_id: candidate.reason for candidate in decision.candidates}


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"lng": 116.42}, "slower"),
        ({"lng": 116.409, "load": 3}, "busier_slower"),
        ({"lng": 116.42, "stale": True}, "position_stale"),
        ({}, "tied"),
        ({"lng": 117.5}, "too_far"),
        ({"load": 4}, "at_capacity"),
        ({"capacity": 0}, "at_capacity"),
        ({"on_duty": False}, "off_duty"),
        ({"skills": frozenset({"广告"})}, "lacks_skill"),
        ({"scope_layer": "street", "scope_code": "e"}, "outside_scope"),
        ({"scope_layer": "police", "scope_code": "1"}, "outside_scope"),
        ({"department": "jj"}, "no_power"),
        ({"lng": 116.4051, "on_duty": False, "load": 4}, "off_duty"),
        ({"lng": 116.4051, "on_duty": False, "skills": frozenset()}, "lacks_skill"),
    ],
)
def test_a_team_that_is_passed_over_hears_why(atlas: Atlas, change: dict[str, Any], reason: str) -> None:
    other = replace(TEAM, id=2, name="二队", **change)
    decision = decide(atlas, [TEAM, other])
    assert reasons(decision) == {1: "chosen", 2: reason}
    assert decision.outcome == "chosen"
    for language in ("zh", "en"):
        said = candidate_sentence(decision.candidates[1], "二队", language)
        assert said.startswith("二队")
        assert "{" not in said


@pytest.mark.parametrize(
    ("change", "outcome"),
    [
        ({"lng": 117.5}, "all_too_far"),
        ({"load": 4}, "all_at_capacity"),
        ({"on_duty": False}, "nobody_on_duty"),
        ({"skills": frozenset()}, "nobody_with_skill"),
        ({"scope_layer": "street", "scope_code": "e"}, "nobody_in_scope"),
        ({"department": "jj"}, "no_team"),
    ],
)
def test_nobody_is_a_decision_with_the_reason_of_the_team_that_got_farthest(
    atlas: Atlas, change: dict[str, Any], outcome: str
) -> None:
    far = replace(TEAM, id=2, scope_layer="street", scope_code="e", department=str(change.get("department", "cg")))
    decision = decide(atlas, [far, replace(TEAM, **change)])
    assert (decision.outcome, decision.team_id, decision.goes_up_to) == (outcome, None, "district")
    assert (decision.rule, decision.department, decision.travel_s) == ("街面秩序", "cg", None)
    for language in ("zh", "en"):
        assert "{" not in decision_sentence(decision, {}, language)


def test_the_nearest_who_see_it_and_have_no_power_are_witnesses(atlas: Atlas) -> None:
    others = [replace(TEAM, id=i, department="jj", lng=116.405 + 0.001 * i) for i in range(2, 8)]
    others += [replace(TEAM, id=8, department="jj", lng=HERE[0], on_duty=False)]
    others += [replace(TEAM, id=9, department="jj", lng=HERE[0], scope_layer="street", scope_code="e")]
    decision = decide(atlas, others, rules=(replace(RULE, matter=("2026:event:01*",)),))
    assert (decision.outcome, decision.rule, decision.goes_up_to) == ("no_power", None, "city")
    assert reasons(decision) == {2: "no_power", 3: "no_power", 4: "no_power"}
    assert "看得见、管不着" in candidate_sentence(decision.candidates[0], "交警一队", "zh")


def test_a_place_outside_every_layer_is_unknown(atlas: Atlas) -> None:
    matcher = Matcher(RuleSet((RULE,), ""), atlas, [TEAM])
    decision = matcher.decide(VENDORS, 120.0, 30.0, atlas.locate_one(120.0, 30.0))
    assert (decision.outcome, decision.goes_up_to, decision.candidates) == ("place_unknown", "city", ())


def test_a_later_rule_steps_in_only_when_the_first_finds_nobody(atlas: Atlas) -> None:
    second = Rule("交警协助", (VENDORS,), ("*",), "jj", "district", urgent=True)
    other = replace(TEAM, id=2, department="jj", lng=HERE[0])
    both = decide(atlas, [TEAM, other], (RULE, second))
    assert (both.rule, reasons(both), both.urgent) == ("街面秩序", {1: "chosen", 2: "later_rule"}, False)
    instead = decide(atlas, [replace(TEAM, on_duty=False), other], (RULE, second))
    assert (instead.rule, reasons(instead), instead.urgent) == ("交警协助", {2: "chosen", 1: "off_duty"}, True)
    shut_out = decide(atlas, [replace(TEAM, on_duty=False), other], (replace(RULE, exclusive=True), second))
    assert (shut_out.outcome, reasons(shut_out)) == ("nobody_on_duty", {1: "off_duty", 2: "no_power"})


@pytest.mark.parametrize(
    ("levels", "up"), [(("street",), "district"), (("street", "district"), "city"), (("city",), "city")]
)
def test_a_case_goes_up_above_the_highest_level_that_was_asked(
    atlas: Atlas, levels: tuple[Level, ...], up: str
) -> None:
    rules = tuple(replace(RULE, name=level, level=level) for level in levels)
    assert decide(atlas, [replace(TEAM, on_duty=False)], rules).goes_up_to == up


def test_travel_is_the_straight_line_with_detour_and_load_slows(atlas: Atlas) -> None:
    decision = decide(atlas, [replace(TEAM, load=2)])
    metres = 0.005 * atlas.plane.lng_m
    assert decision.travel_s == pytest.approx(metres * 1.3 / 10.0)
    assert decision.candidates[0].cost_s == pytest.approx(metres * 1.3 / 10.0 * 1.5)


def test_a_decision_can_be_stored_and_said_again(atlas: Atlas) -> None:
    teams = [TEAM, replace(TEAM, id=2, load=4), replace(TEAM, id=3, department="jj")]
    decision = decide(atlas, teams)
    again = stored_candidates(decision.candidates_json())
    assert [(c.team_id, c.reason, c.load, c.capacity) for c in again] == [
        (1, "chosen", 0, 4),
        (2, "at_capacity", 4, 4),
        (3, "no_power", 0, 4),
    ]
    names = {team.id: team.name for team in teams}
    assert [candidate_sentence(c, names[c.team_id]) for c in again] == [
        candidate_sentence(c, names[c.team_id]) for c in decision.candidates
    ]


def test_the_chosen_team_and_the_rule_are_said(atlas: Atlas) -> None:
    decision = decide(atlas, [replace(TEAM, stale=True)])
    assert decision_sentence(decision, {1: replace(TEAM, stale=True)}) == (
        "由“一队”处置，路程约 1 分钟，位置已过时，按驻地计算，依据规则“街面秩序”。"
    )
    assert decision_sentence(decision, {1: TEAM}, "en") == 'Goes to 一队, about 1 min away, by rule "街面秩序".'
