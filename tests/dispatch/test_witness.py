"""看得见、管不着: who saw it adds words, verifies and reopens; and what may be the same thing reported twice."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from data.chain import Event
from data.stores.merges import MergeFacts
from data.stores.nearby import NearCase, NearWorker, OwnCase
from data.stores.reports import ReportRow
from dispatch.case import Case, evolve
from dispatch.commands import Command, Protocol
from dispatch.duplicates import WITHIN_M, alike, check_merge, metres_between, rank_duplicates
from dispatch.opening import submitter
from dispatch.protocol import decide
from dispatch.states import open_states, states, transitions
from dispatch.timers import due_step, next_moment
from dispatch.witness import choose_verifier
from geo.errors import NeedleError

NOW = datetime(2026, 3, 10, 1, 0, tzinfo=UTC)
PROTOCOL = Protocol()
WAY: list[tuple[str, str, dict[str, Any]]] = [
    ("submit", "grid_worker:zhao", {}),
    ("accept", "operator:li", {}),
    ("file", "operator:li", {"limit": {"value": 10, "unit": "work_hour"}}),
    ("dispatch", "system", {"department": "cg", "team": 1}),
    ("sign", "team:1", {}),
    ("assign", "team:1", {}),
    ("finish", "team:1", {}),
    ("confirm", "department:cg", {}),
    ("request_check", "system", {"verifier": "grid_worker:zhao"}),
    ("pass_check", "grid_worker:zhao", {}),
    ("close", "operator:li", {}),
]


def give(case: Case, action: str, actor: str, at: datetime = NOW, /, **data: Any) -> Case:
    return evolve(case, decide(case, Command(action, actor, "理由", data), at, PROTOCOL))


def on_the_way(state: str) -> Case:
    case = Case(1)
    for action, actor, data in WAY:
        if case.state == state:
            break
        case = give(case, action, actor, **data)
    assert case.state == state
    return case


def refusal(case: Case, action: str, actor: str, at: datetime = NOW, /, **data: Any) -> str:
    with pytest.raises(NeedleError) as refused:
        give(case, action, actor, at, **data)
    assert refused.value.sentence("zh")
    assert refused.value.sentence("en")
    return refused.value.code


def test_the_witness_who_has_no_power_reports_and_verifies() -> None:
    case = on_the_way("closed")
    assert case.reporter == "grid_worker:zhao"
    assert "grid_worker:zhao" not in case.handlers


def test_who_handled_is_not_even_asked() -> None:
    case = on_the_way("answered")
    assert refusal(case, "request_check", "system", verifier="team:1") == "case.handler_verifies"
    near = [NearWorker("grid_worker:qian", NOW, 12.0), NearWorker("grid_worker:sun", NOW, 90.0)]
    assert choose_verifier("grid_worker:zhao", near, {"team:1"}) == "grid_worker:zhao"
    assert choose_verifier("grid_worker:zhao", near, {"grid_worker:zhao"}) == "grid_worker:qian"
    assert choose_verifier("hotline:8", near, {"grid_worker:qian"}) == "grid_worker:sun"
    assert choose_verifier(None, [], set()) is None


@pytest.mark.parametrize(
    ("body", "actor"),
    [
        ({"reporter": {"worker": "zhao"}}, "grid_worker:zhao"),
        ({"reporter": {"worker": "a b:c"}}, "grid_worker"),
        ({"reporter": None}, "grid_worker"),
    ],
)
def test_a_report_from_the_grid_names_its_witness(body: dict[str, Any], actor: str) -> None:
    assert submitter(ReportRow(1, "grid", body, NOW, NOW)) == actor
    assert submitter(ReportRow(1, "snap", body, NOW, NOW)) == "resident"


@pytest.mark.parametrize("actor", ["resident", "hotline", "grid_worker:zhao", "department:cg", "team:1", "operator:li"])
def test_anybody_concerned_adds_words_and_moves_nothing(actor: str) -> None:
    case = on_the_way("handling")
    said = give(case, "remark", actor, text=" 又来了一辆车 ")
    assert (said.state, said.due_at, said.handlers) == (case.state, case.due_at, case.handlers)
    assert refusal(case, "remark", actor) == "case.text_missing"
    assert refusal(case, "remark", actor, text="字" * 2_001) == "case.text_missing"


def test_words_can_be_added_wherever_a_case_is_open() -> None:
    assert {state for state, action in transitions() if action == "remark"} == set(open_states())
    assert refusal(on_the_way("closed"), "remark", "resident", text="好") == "case.illegal_transition"


def test_the_reporter_reopens_within_days_and_a_few_times_and_the_case_goes_on() -> None:
    case = on_the_way("closed")
    assert refusal(case, "reopen", "resident", NOW + timedelta(days=16)) == "case.reopen_late"
    assert give(case, "reopen", "operator:li", NOW + timedelta(days=99)).state == "reopened"
    for number in range(1, PROTOCOL.max_reopens + 1):
        case = give(case, "reopen", "resident")
        assert (case.id, case.reopens) == (1, number)
        case = give(case, "redispatch", "dispatcher:wang", department="cg", team=1)
        for action, actor, data in WAY[4:]:
            case = give(case, action, actor, **data)
    assert refusal(case, "reopen", "resident") == "case.reopens_used_up"


def test_a_deadline_is_reminded_of_at_four_fifths_and_supervised_when_past() -> None:
    case = on_the_way("handling")
    assert case.due_at is not None
    warned_at = next_moment(case, PROTOCOL)
    assert warned_at is not None
    assert warned_at == datetime(2026, 3, 11, 1, 0, tzinfo=UTC), "8 of 10 working hours: the next day at 9 in Beijing"
    reminder = due_step(case, warned_at, PROTOCOL)
    assert reminder is not None
    assert reminder.action == "remind"
    case = evolve(case, decide(case, reminder, warned_at, PROTOCOL))
    due = case.due_at
    assert due is not None
    assert next_moment(case, PROTOCOL) == due
    overdue = due_step(case, due, PROTOCOL)
    assert overdue is not None
    case = evolve(case, decide(case, overdue, due, PROTOCOL))
    assert (case.supervised, next_moment(case, PROTOCOL)) == (1, None)


def test_missed_reminders_are_not_made_up_for() -> None:
    case = on_the_way("handling")
    command = due_step(case, NOW + timedelta(days=30), PROTOCOL)
    assert command is not None
    assert command.action == "supervise"


def test_a_confirmed_or_ended_case_is_left_alone() -> None:
    for state in ("answered", "closed"):
        assert next_moment(on_the_way(state), PROTOCOL) is None
    assert all(next_moment(Case(1, state=code), PROTOCOL) is None for code, s in states().items() if s.terminal)


def own(text: str = "") -> OwnCase:
    return OwnCase(1, 7, NOW, 116.4, 39.9, 10.0, text)


def near(number: int, metres: float, days: float = 0.0, text: str = "") -> NearCase:
    at = NOW - timedelta(days=days)
    return NearCase(number, f"n{number}", "井盖", "filed", at, None, 116.4, 39.9, 10.0, metres, text, 1)


def test_the_nearest_latest_and_most_alike_stand_first() -> None:
    candidates = [near(2, 200.0), near(3, 15.0, days=9), near(4, 15.0), near(5, 15.0, text="路口井盖松动,有响声")]
    ranked = rank_duplicates(own("南门路口井盖松动"), candidates)
    assert [s.case.id for s in ranked] == [5, 4, 3, 2]
    assert ranked[0].score > ranked[1].score > ranked[2].score > ranked[3].score


@given(st.lists(st.tuples(st.floats(0, WITHIN_M), st.floats(0, 15)), max_size=12), st.randoms())
def test_ranking_does_not_depend_on_the_order_and_keeps_everybody(places: list[tuple[float, float]], dice: Any) -> None:
    candidates = [near(i, metres, days) for i, (metres, days) in enumerate(places, 2)]
    shuffled = list(candidates)
    dice.shuffle(shuffled)
    ranked = rank_duplicates(own(), candidates)
    assert ranked == rank_duplicates(own(), shuffled)
    assert {s.case.id for s in ranked} == {c.id for c in candidates}
    assert all(0.0 <= s.score <= 1.0 for s in ranked)


@given(st.text(), st.text())
def test_likeness_is_symmetric_and_whole_only_of_the_same(one: str, other: str) -> None:
    assert alike(one, other) == alike(other, one)
    assert 0.0 <= alike(one, other) <= 1.0
    assert alike(one, one) in (0.0, 1.0)


def facts(number: int, **changes: Any) -> MergeFacts:
    known = {"state": "filed", "closed_at": None, "matter_id": 7, "matter": "井盖", "lng": 116.4, "lat": 39.9}
    return MergeFacts(id=number, number=f"n{number}", uncertainty_m=10.0, **{**known, **changes})


def test_what_may_be_merged_and_what_not() -> None:
    assert check_merge(facts(1), facts(2), merged=False) == 0.0
    assert check_merge(facts(1), facts(2, lng=None, lat=None), merged=False) is None
    for main, merged, code in [
        (facts(2), True, "merge.main_gone"),
        (facts(2, closed_at=NOW), False, "merge.main_gone"),
        (facts(2, matter_id=8), False, "merge.other_matter"),
        (facts(2, lat=39.91), False, "merge.too_far"),
    ]:
        with pytest.raises(NeedleError) as refused:
            check_merge(facts(1), main, merged)
        assert refused.value.code == code


def test_metres_between_two_points() -> None:
    metres = metres_between((116.4, 39.9), (116.401, 39.9))
    assert metres == pytest.approx(85.5, abs=0.2)


def test_a_main_case_is_not_merged_itself() -> None:
    main = give(on_the_way("filed"), "absorb", "operator:li", case=2)
    assert refusal(main, "merge", "operator:li", main_case=3) == "merge.is_main"
    merged = give(on_the_way("dispatched"), "merge", "operator:li", main_case=3)
    assert (merged.state, merged.merged_into, merged.open_task_of) == ("merged", 3, None)


def test_events_hold_what_a_fold_needs() -> None:
    event = decide(on_the_way("filed"), Command("merge", "operator:li", "同一处", {"main_case": 3}), NOW, PROTOCOL)
    assert isinstance(event, Event)
    assert event.payload == {"main_case": 3, "reason": "同一处"}
