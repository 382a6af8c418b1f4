"""The people of the demo play a whistle to its end, whatever chance says, and ask only for what the protocol lets them."""

from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from dispatch.case import Case, evolve, row
from dispatch.commands import Command, Protocol
from dispatch.protocol import decide
from dispatch.rehearsal_joint import next_joint_move, whistle_move
from dispatch.whistle import party_rows, whistle_row

PROTOCOL = Protocol()
START = datetime(2026, 3, 10, 1, 0, tzinfo=UTC)
MOST_MOVES = 20


def told(case: Case) -> tuple[dict[str, Any], dict[str, Any]]:
    """Case and last whistle as ``GET /api/cases/{id}`` gives them."""
    assert case.whistle is not None
    parties = sorted(
        (asdict(p) for p in party_rows(1, case.whistle)), key=lambda p: (not p["lead"], p["department_code"])
    )
    return {**row(case), "lng": 116.4, "lat": 39.9}, {**asdict(whistle_row(1, case.whistle)), "parties": parties}


def handling() -> Case:
    case = Case(1)
    for action, actor, data in (
        ("submit", "hotline", {}),
        ("accept", "system", {}),
        ("file", "system", {"limit": {"value": 2, "unit": "work_day"}}),
        ("dispatch", "system", {"department": "cg", "team": 1}),
        ("sign", "team:1", {}),
        ("assign", "team:1", {}),
    ):
        case = evolve(case, decide(case, Command(action, actor, data=data), START, PROTOCOL))
    return case


@given(st.integers(0, 10_000))
def test_a_whistle_of_the_demo_comes_to_its_end(seed: int) -> None:
    chance, case, now = Random(seed), handling(), START
    move = whistle_move({"department_code": "cg", "areas": {"subdistrict": "01"}}, {"cg", "jj", "sz"}, chance, now)
    for _ in range(MOST_MOVES):
        assert move is not None
        now += timedelta(minutes=1)
        command = Command(move.action, move.actor, move.reason, move.data)
        case = evolve(case, decide(case, command, now, PROTOCOL))
        if case.state == "answered":
            break
        move = next_joint_move(*told(case), chance)
    assert case.state == "answered"
    assert case.whistle is not None
    assert {p.state for p in case.whistle.parties} <= {"finished", "released"}


def test_nobody_whistles_for_departments_that_nobody_knows() -> None:
    case = {"department_code": "cg", "areas": {"subdistrict": "01"}}
    assert whistle_move(case, {"cg", "jj"}, Random(1), START) is None
    assert whistle_move(case | {"areas": {}}, {"cg", "jj", "sz"}, Random(1), START) is None
