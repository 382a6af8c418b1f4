"""What a desk offers for a case: what the state table and the person's roles allow, each on a letter of its own."""

from dataclasses import replace
from typing import Any

import pytest

from dashboard.accounts import Account, AccountRole
from dashboard.i18n import LANGUAGES, words
from dashboard.office import stands
from dashboard.view_models.desk_actions import ACTIONS, action_as_json, offers
from data.stores.desk_cases import ActionCase
from dispatch.commands import Protocol
from dispatch.states import actions_from, states, transitions

CASE = ActionCase(
    id=1,
    number="1",
    title="占道经营",
    state="filed",
    seq=3,
    matter_id=1,
    classified=True,
    returns=0,
    department="cg",
    team_id=17,
    areas={"subdistrict": "110101001000"},
    lng=116.4,
    lat=39.9,
    proposed_team=17,
    proposed_name="城管一队",
    proposed_department="cg",
)
TAKEN = set("jkxdl/?")
"""Letters of the table and the frame."""


def offered(state: str, stands: dict[str, str], **changes: Any) -> dict[str, str]:
    case = replace(CASE, state=state, **changes)
    return {offer.action: offer.actor for offer in offers(case, stands, Protocol())}


@pytest.mark.parametrize(
    ("state", "stands", "expected"),
    [
        ("reported", {"operator": "li"}, ["accept", "verify_info", "merge", "reject", "remark"]),
        ("accepted", {"dispatcher": "li"}, ["merge", "remind", "remark"]),
        ("filed", {"dispatcher": "li"}, ["dispatch", "merge", "send_back", "remind", "remark"]),
        ("return_requested", {"dispatcher": "li"}, ["approve_return", "refuse_return", "remind", "remark"]),
        (
            "extension_requested",
            {"dispatcher": "li"},
            ["approve_extension", "refuse_extension", "suspend", "remind", "remark"],
        ),
        ("pending_close", {"operator": "li"}, ["close", "remark"]),
        ("closed", {"operator": "li"}, ["reopen"]),
        ("merged", {"operator": "li", "dispatcher": "li"}, []),
        ("checking", {"operator": "li"}, ["remark"]),
        ("checking", {"grid_worker": "w1"}, ["pass_check", "fail_check", "remark"]),
    ],
)
def test_offers_what_table_and_role_allow(state: str, stands: dict[str, str], expected: list[str]) -> None:
    assert list(offered(state, stands)) == expected


@pytest.mark.parametrize(
    ("returns", "there", "gone"),
    [(0, "reassign", "escalate"), (1, "reassign", "escalate"), (2, "escalate", "reassign")],
)
def test_after_two_returns_only_a_ruling_is_left(returns: int, there: str, gone: str) -> None:
    actions = offered("returned", {"dispatcher": "li"}, returns=returns)
    assert there in actions
    assert gone not in actions


@pytest.mark.parametrize(
    ("appeal", "stands", "expected"),
    [
        (None, {"department": "cg"}, ["appeal_timeout"]),
        (None, {"department": "water"}, []),
        ("asked", {"dispatcher": "li"}, ["back_appeal", "dismiss_appeal"]),
        ("asked", {"operator": "li"}, ["reopen"]),
        ("backed", {"operator": "li"}, ["reopen", "exempt_timeout", "dismiss_appeal"]),
        ("backed", {"dispatcher": "li"}, []),
        ("ended", {"department": "cg", "dispatcher": "li", "operator": "li"}, ["reopen"]),
    ],
)
def test_an_appeal_goes_from_the_department_by_way_of_the_dispatcher_to_the_operator(
    appeal: str | None, stands: dict[str, str], expected: list[str]
) -> None:
    assert list(offered("closed", stands, late=True, appeal=appeal)) == expected
    assert "appeal_timeout" not in offered("closed", {"department": "cg"}, late=False)


@pytest.mark.parametrize(("name", "may"), [("cg", True), ("", True), ("water", False)])
def test_only_the_department_that_has_the_case_signs_for_it(name: str, may: bool) -> None:
    assert ("sign" in offered("dispatched", {"department": name})) is may


def test_a_street_acts_in_its_own_name_and_nobody_without_one() -> None:
    assert offered("filed", {"street": ""})["whistle"] == "street:110101001000"
    assert "whistle" not in offered("filed", {"street": ""}, areas={})


@pytest.mark.parametrize("state", sorted(states()))
def test_every_letter_means_one_thing_in_a_state(state: str) -> None:
    keys = [ACTIONS[move.action].key for move in actions_from(state) if move.action in ACTIONS]
    assert len(keys) == len(set(keys))
    assert not TAKEN & set(keys)


def test_every_action_is_one_of_the_state_table_and_so_is_its_way_back() -> None:
    known = {action: move for (_, action), move in transitions().items()}
    assert ACTIONS.keys() <= known.keys()
    for action, asks in ACTIONS.items():
        assert asks.undo is None or (known[action].to_state, asks.undo) in transitions()


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("action", ACTIONS)
def test_every_form_has_its_words(action: str, language: Any) -> None:
    form = action_as_json(action, words(language))
    assert form["name"]
    assert all(text for _, text in form["reasons"])


@pytest.mark.parametrize("state", sorted(states()))
def test_an_administrator_can_move_every_case_that_waits_for_the_office(state: str) -> None:
    office = stands(Account(1, "root", "root", AccountRole.ADMIN))
    waiting = states()[state].waits_for & office.keys()
    moved = offered(state, office).keys() - {"supervise", "remind", "remark", "merge"}
    assert bool(moved) or not waiting
