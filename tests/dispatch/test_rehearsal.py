"""The people of the demo: whatever chance says, they only ask for what the state table lets them, and they finish."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dispatch.case import Case, evolve, row
from dispatch.commands import Command, Protocol
from dispatch.protocol import decide
from dispatch.rehearsal import People, next_move
from dispatch.states import open_states, states, transitions

PROTOCOL = Protocol()
START = datetime(2026, 3, 10, 1, 0, tzinfo=UTC)
TEAM, DEPARTMENT = 17, "cg01"
WITH_A_TEAM = ("dispatched", "signed", "handling", "rework")


class Lucky(Random):
    """Nobody returns a case, nobody does bad work."""

    def random(self) -> float:
        return 0.999


class Unlucky(Random):
    """Whoever may return a case does so, and every check fails."""

    def random(self) -> float:
        return 0.0


def seen(case: Case) -> Mapping[str, Any]:
    """The case as ``GET /api/cases/{id}`` gives it."""
    return row(case)


def dispatched() -> Case:
    case, limit = Case(1), {"value": 2, "unit": "work_day"}
    for command in (
        Command("submit", "hotline"),
        Command("accept", "system"),
        Command("file", "system", data={"limit": limit}),
        Command("dispatch", "system", data={"department": DEPARTMENT, "team": TEAM}),
    ):
        case = evolve(case, decide(case, command, START, PROTOCOL))
    return case


def played(chance: Random, moves: int) -> list[Case]:
    """The case after each move of the people, until it rests or so many moves are made; no command is refused."""
    told, now = [dispatched()], START
    while (move := next_move(seen(told[-1]), chance)) is not None and len(told) <= moves:
        now += timedelta(minutes=1)
        event = decide(told[-1], Command(move.action, move.actor, move.reason), now, PROTOCOL)
        told.append(evolve(told[-1], event))
    return told


@pytest.mark.parametrize("state", states())
@given(seed=st.integers(0, 2**32), returns=st.integers(0, 3), team=st.sampled_from([TEAM, None]))
def test_every_move_is_legal_allowed_and_reasoned(state: str, seed: int, returns: int, team: int | None) -> None:
    case = {"state": state, "team_id": team, "department_code": DEPARTMENT, "returns": returns}
    move = next_move(case, Random(seed))
    if move is None:
        return
    legal = transitions()[state, move.action]
    assert move.actor.partition(":")[0] in legal.roles
    assert move.reason or not legal.reason_required


@pytest.mark.parametrize("chance", [Lucky(), Unlucky()], ids=["lucky", "unlucky"])
@pytest.mark.parametrize("state", WITH_A_TEAM)
def test_what_needs_a_team_waits_for_a_person_where_there_is_none(state: str, chance: Random) -> None:
    assert next_move({"state": state, "team_id": None, "returns": 0}, chance) is None


@pytest.mark.parametrize("state", sorted({*states()} - {*open_states()}))
def test_drafts_and_ended_cases_are_left_alone(state: str) -> None:
    assert next_move({"state": state, "team_id": TEAM, "returns": 0}, Lucky()) is None


def test_without_returns_and_rework_a_case_goes_straight_to_closed() -> None:
    assert [case.state for case in played(Lucky(), 20)] == [
        "dispatched",
        "signed",
        "handling",
        "handled",
        "answered",
        "checking",
        "pending_close",
        "closed",
    ]


def test_bad_work_is_done_again_until_it_passes() -> None:
    way = [case.state for case in played(Unlucky(), 12)]
    assert way[:4] == ["dispatched", "return_requested", "signed", "handling"]
    assert way.count("rework") >= 1
    assert "closed" not in way


@given(seed=st.integers(0, 2**32))
def test_every_case_is_closed_in_the_end_and_no_command_is_refused(seed: int) -> None:
    assert played(Random(seed), 500)[-1].state == "closed"


def test_the_cases_of_a_department_that_works_elsewhere_are_left_to_its_own_system() -> None:
    people = People(httpx.AsyncClient(), lambda _actor: {}, 1.0, elsewhere=frozenset({"hw"}))
    left = {state for state in states() if people.works_elsewhere({"department_code": "hw", "state": state})}
    at_work = {code for code, state in states().items() if state.waits_for & {"department", "team"}}
    assert left == at_work - {"whistled", "responding"}, "a street's whistle is answered by people"
    assert not any(people.works_elsewhere({"department_code": "cg", "state": state}) for state in states())
