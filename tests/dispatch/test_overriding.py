"""A person decides otherwise: what the protocol asks for, and what is kept beside the machine's decision."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from data.chain import Event
from data.stores.cases import DecisionRow
from dispatch.case import Case, evolve, task_change
from dispatch.commands import Command, Protocol
from dispatch.overriding import overridden, overrides
from dispatch.protocol import decide
from geo.errors import NeedleError

NOW = datetime(2026, 11, 24, 2, 0, tzinfo=UTC)
DUE = datetime(2026, 11, 24, 6, 0, tzinfo=UTC)
BEFORE = Case(7, 4, state="dispatched", department="cg", team_id=1, due_at=DUE, dispatched_at=NOW, updated_at=NOW)
COMMAND = Command(
    "override", "dispatcher:li", "nearer by the bridge", {"department": "jj", "team": 2, "code": "nearer"}
)
CANDIDATES: list[dict[str, Any]] = [
    {"team": 1, "reason": "chosen", "travel_s": 60.0},
    {"team": 2, "reason": "slower", "travel_s": 90.0},
    {"team": 3, "reason": "off_duty"},
]
DECISION = DecisionRow(7, NOW, 3, "rule", "chosen", 1, "cg", None, 60.0, CANDIDATES)


def given(case: Case = BEFORE, command: Command = COMMAND) -> tuple[Event, Case]:
    event = decide(case, command, NOW, Protocol())
    return event, evolve(case, event)


@pytest.mark.parametrize("state", ["dispatched", "signed", "handling", "rework"])
def test_the_case_goes_to_the_other_team_and_its_clock_goes_on(state: str) -> None:
    event, after = given(replace(BEFORE, state=state))
    assert (after.state, after.department, after.team_id, after.due_at) == ("dispatched", "jj", 2, DUE)
    assert (event.payload["reason"], event.payload["code"]) == ("nearer by the bridge", "nearer")
    assert task_change(replace(BEFORE, state=state), event, after).outcome == "reassigned"
    assert task_change(replace(BEFORE, state=state), event, after).team_id == 2


@pytest.mark.parametrize(
    ("command", "code"),
    [
        (replace(COMMAND, reason=None), "case.reason_missing"),
        (replace(COMMAND, actor="team:2"), "case.role"),
        (replace(COMMAND, data={"department": "jj", "team": 1}), "case.same_team"),
        (replace(COMMAND, data={"department": "jj"}), "case.command_invalid"),
        (replace(COMMAND, data={"team": 2}), "case.department_missing"),
    ],
)
def test_it_asks_for_a_reason_a_right_and_another_team(command: Command, code: str) -> None:
    with pytest.raises(NeedleError) as raised:
        given(command=command)
    assert raised.value.code == code


def test_the_decision_keeps_who_was_chosen_before_and_why_the_others_were_not() -> None:
    event, _ = given()
    after = overridden(DECISION, event)
    assert (after.outcome, after.rule, after.team_id, after.department_code, after.travel_s) == (
        "overridden",
        None,
        2,
        "jj",
        90.0,
    )
    reasons = [(candidate["team"], candidate["reason"]) for candidate in after.candidates]
    assert reasons == [(2, "chosen"), (1, "was_chosen"), (3, "off_duty")]


def test_a_team_that_nobody_looked_at_stands_first_too() -> None:
    event, _ = given(command=replace(COMMAND, data={"department": "jj", "team": 9}))
    assert overridden(DECISION, event).candidates[0] == {"team": 9, "reason": "chosen"}


@pytest.mark.parametrize(
    ("action", "actor", "data", "is_override"),
    [
        ("override", "dispatcher:li", {"team": 2}, True),
        ("dispatch", "dispatcher:li", {"team": 2}, True),
        ("dispatch", "system", {"team": 2}, False),
        ("reassign", "dispatcher:li", {"team": None}, False),
        ("sign", "team:2", {"team": 2}, False),
    ],
)
def test_only_a_persons_choice_of_a_team_is_one(
    action: str, actor: str, data: dict[str, Any], is_override: bool
) -> None:
    assert overrides(Command(action, actor, data=data)) is is_override
