"""The state table: whole, connected, and drawn in the docs as it is."""

from pathlib import Path

from dispatch.case import FOLDS
from dispatch.diagram import inserted, mermaid, table
from dispatch.guards import GUARDS
from dispatch.states import actions_from, flags, open_states, states, transitions

ENDS = {"rejected", "void", "merged", "closed", "forced_closed"}


def test_there_are_27_states_and_the_flag_of_supervision() -> None:
    assert len(states()) == 27
    assert flags() == ("supervised",)


def test_cases_end_where_the_protocol_says() -> None:
    assert {s.code for s in states().values() if s.terminal} == ENDS


def test_every_state_can_be_reached_and_left_unless_it_is_an_end() -> None:
    reached, frontier = {"draft"}, ["draft"]
    while frontier:
        for move in actions_from(frontier.pop()):
            if move.to_state not in reached:
                reached.add(move.to_state)
                frontier.append(move.to_state)
    assert reached == set(states())
    leads_on = {m.from_state for m in transitions().values() if m.to_state != m.from_state}
    assert leads_on == set(states()) - ENDS | {"closed"}


def test_an_ended_case_moves_only_by_reopening() -> None:
    moves = {(m.from_state, m.action) for m in transitions().values() if m.from_state in ENDS}
    appeal = {"appeal_timeout", "back_appeal", "exempt_timeout", "dismiss_appeal"}
    assert moves == {("closed", action) for action in {"reopen", *appeal}}
    assert all(transitions()["closed", action].to_state == "closed" for action in appeal)


def test_supervision_lies_over_every_open_state_and_moves_nothing() -> None:
    supervised = [m for m in transitions().values() if m.action == "supervise"]
    assert {m.from_state for m in supervised} == set(open_states())
    assert all(m.from_state == m.to_state for m in supervised)


def test_nobody_who_handles_may_verify_by_role() -> None:
    for action in ("pass_check", "fail_check"):
        assert transitions()["checking", action].roles.isdisjoint({"team", "department", "system"})


def test_guards_and_folds_are_of_known_actions() -> None:
    actions = {m.action for m in transitions().values()}
    assert set(GUARDS) <= actions
    assert set(FOLDS) <= actions


def test_the_page_on_the_protocol_shows_the_table_as_it_is() -> None:
    page = (Path(__file__).parents[2] / "docs" / "case-protocol.md").read_text(encoding="utf-8")
    fresh = inserted(inserted(page, "diagram", mermaid()), "table", table())
    assert page == fresh, "run: python -m dispatch.diagram docs/case-protocol.md"
