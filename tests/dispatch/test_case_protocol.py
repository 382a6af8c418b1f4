"""The protocol of a case: who may do what when; bounds; and the laws that hold whatever is commanded."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from data.chain import Event, verify
from dispatch.case import Case, evolve, fold, task_change
from dispatch.commands import Command, Protocol
from dispatch.protocol import decide
from dispatch.states import states, transitions
from geo.errors import NeedleError

PROTOCOL = Protocol()
START = datetime(2026, 3, 10, 9, 0, tzinfo=ZoneInfo("Asia/Shanghai"))
LIMIT: dict[str, Any] = {"value": 2, "unit": "work_day"}
CG: dict[str, Any] = {"department": "cg", "team": 1}
WHY = "理由"
CONFIRMED = {"answered", "checking", "pending_close", "closed", "forced_closed"}
"""States that only confirmed work reaches."""


class Story:
    """Gives commands one after another, an hour of the clock apart unless told otherwise."""

    def __init__(self) -> None:
        self.case, self.events, self.now = Case(1), list[Event](), START

    def do(self, action: str, actor: str, *, after: timedelta = timedelta(), reason: str = WHY, **data: Any) -> "Story":
        self.now += after
        event = decide(self.case, Command(action, actor, reason, data), self.now, PROTOCOL)
        self.case = evolve(self.case, event)
        self.events.append(event)
        return self

    def refused(
        self, action: str, actor: str, *, after: timedelta = timedelta(), reason: str = WHY, **data: Any
    ) -> str:
        with pytest.raises(NeedleError) as refusal:
            decide(self.case, Command(action, actor, reason, data), self.now + after, PROTOCOL)
        assert refusal.value.sentence("zh")
        assert refusal.value.sentence("en")
        return refusal.value.code


def filed(limit: Mapping[str, Any] = LIMIT) -> Story:
    story = Story().do("submit", "hotline").do("accept", "operator:li")
    return story.do("file", "operator:li", limit=limit)


def dispatched(limit: Mapping[str, Any] = LIMIT) -> Story:
    return filed(limit).do("dispatch", "dispatcher:wang", **CG)


def handling() -> Story:
    return dispatched().do("sign", "department:cg").do("assign", "department:cg", team=1)


def checking() -> Story:
    story = handling().do("finish", "team:1").do("confirm", "department:cg")
    return story.do("request_check", "operator:li")


def test_the_plain_way_from_report_to_closed() -> None:
    story = checking().do("pass_check", "grid_worker:zhao").do("close", "operator:li")
    assert [e.to_state for e in story.events] == [
        "reported",
        "accepted",
        "filed",
        "dispatched",
        "signed",
        "handling",
        "handled",
        "answered",
        "checking",
        "pending_close",
        "closed",
    ]
    assert story.case.closed_at == story.now
    assert story.case.due_at == START.replace(day=12)
    assert not story.case.late


def test_every_move_leads_where_the_table_says_and_no_other_exists() -> None:
    for state in states():
        for action in {m.action for m in transitions().values()}:
            if (state, action) not in transitions():
                story = Story()
                story.case = Case(1, state=state)
                assert story.refused(action, "operator:li") == "case.illegal_transition"


def test_a_refusal_names_what_is_possible_now() -> None:
    with pytest.raises(NeedleError) as refusal:
        decide(filed().case, Command("close", "operator:li"), START, PROTOCOL)
    assert "dispatch" in refusal.value.sentence("en")
    assert "已立案" in refusal.value.sentence("zh")


@pytest.mark.parametrize(
    ("action", "actor", "code"),
    [
        ("sign", "operator:li", "case.role"),
        ("sign", "department:other", "case.not_yours"),
        ("sign", "team:2", "case.not_yours"),
        ("close", "operator:li", "case.illegal_transition"),
    ],
)
def test_only_who_has_the_case_signs_for_it(action: str, actor: str, code: str) -> None:
    assert dispatched().refused(action, actor) == code


def test_returning_needs_a_reason() -> None:
    assert dispatched().refused("request_return", "department:cg", reason=" ") == "case.reason_missing"


def test_the_window_of_returning_is_one_working_day() -> None:
    assert dispatched().do("request_return", "department:cg", after=timedelta(hours=24)).case.returns == 0
    assert dispatched().refused("request_return", "department:cg", after=timedelta(hours=24, seconds=1)) == (
        "case.return_window"
    )


def test_a_short_limit_is_its_own_window() -> None:
    urgent = {"value": 2, "unit": "urgent_hour"}
    late = timedelta(hours=2, seconds=1)
    assert dispatched(urgent).refused("request_return", "department:cg", after=late) == "case.return_window"


def returned_twice() -> Story:
    story = dispatched().do("request_return", "department:cg").do("approve_return", "dispatcher:wang")
    assert story.refused("reassign", "dispatcher:wang", **CG) == "case.same_department"
    assert story.refused("escalate", "dispatcher:wang") == "case.returns_left"
    story.do("reassign", "dispatcher:wang", department="water", team=2)
    return story.do("request_return", "team:2").do("approve_return", "dispatcher:wang")


def test_after_two_returns_the_level_above_rules_and_that_is_final() -> None:
    story = returned_twice()
    assert story.refused("reassign", "dispatcher:wang", **CG) == "case.returns_used_up"
    story.do("escalate", "dispatcher:wang").do("rule", "centre:district", **CG)
    assert story.case.state == "signed"
    assert story.case.due_at is not None
    story.do("assign", "department:cg").do("hand_back", "team:1")
    assert story.refused("request_return", "department:cg") == "case.illegal_transition"


def test_a_case_dispatched_again_after_a_ruling_cannot_be_returned() -> None:
    story = returned_twice().do("escalate", "dispatcher:wang").do("rule", "centre:district", **CG)
    story.do("assign", "department:cg", team=1).do("finish", "team:1").do("confirm", "department:cg")
    story.do("request_check", "operator:li").do("pass_check", "grid_worker:zhao").do("close", "operator:li")
    story.do("reopen", "resident").do("redispatch", "dispatcher:wang", **CG)
    assert story.refused("request_return", "department:cg") == "case.ruled"


def test_who_handled_may_not_verify() -> None:
    story = dispatched().do("sign", "department:cg").do("assign", "department:cg", team=1, handler="grid_worker:zhao")
    story.do("finish", "team:1").do("confirm", "department:cg").do("request_check", "system")
    assert story.refused("pass_check", "grid_worker:zhao") == "case.handler_verifies"
    assert story.refused("fail_check", "grid_worker:zhao") == "case.handler_verifies"
    assert story.refused("pass_check", "team:1") == "case.role"
    assert story.do("pass_check", "grid_worker:qian").case.state == "pending_close"


def test_punctuality_ends_when_the_department_confirms_and_the_last_time_counts() -> None:
    story = checking()
    assert story.case.answered_at == story.events[-2].at
    story.do("fail_check", "grid_worker:zhao")
    assert story.case.answered_at is None
    story.do("resume_work", "team:1").do("finish", "team:1").do("confirm", "department:cg", after=timedelta(hours=5))
    confirmed_at = story.now
    story.do("request_check", "operator:li", after=timedelta(days=9)).do("pass_check", "grid_worker:zhao")
    story.do("close", "operator:li")
    assert (story.case.answered_at, story.case.closed_at) == (confirmed_at, story.now)
    assert not story.case.late
    assert story.do("reopen", "resident").case.answered_at is None


def test_rework_starts_a_new_clock_and_keeps_the_team() -> None:
    story = checking().do("fail_check", "grid_worker:zhao", after=timedelta(days=1))
    assert (story.case.state, story.case.reworks, story.case.team_id) == ("rework", 1, 1)
    assert story.case.due_at == START.replace(day=13)
    story.do("resume_work", "team:1").do("finish", "team:1")


def test_an_extension_adds_the_limit_and_is_not_for_the_overdue() -> None:
    story = handling().do("request_extension", "team:1").do("approve_extension", "dispatcher:wang")
    assert story.case.due_at == START.replace(day=16)
    story.do("request_extension", "team:1").do("decline_extension", "department:cg")
    story.do("request_extension", "team:1").do("refuse_extension", "dispatcher:wang")
    assert (story.case.state, story.case.extensions, story.case.due_at) == ("handling", 1, START.replace(day=16))
    assert story.do("request_extension", "team:1").refused("refuse_extension", "department:cg") == "case.role"
    story.do("refuse_extension", "leader:chen")
    story.do("request_extension", "team:1").do("approve_extension", "dispatcher:wang")
    assert story.refused("request_extension", "team:1") == "case.extensions_used_up"
    assert handling().refused("request_extension", "team:1", after=timedelta(days=9)) == "case.overdue"


def test_suspension_stops_the_clock_and_the_remainder_runs_on() -> None:
    story = handling().do("request_extension", "team:1", after=timedelta(hours=3))
    assert story.refused("suspend", "dispatcher:wang") == "case.suspension_date"
    too_long = (story.now + timedelta(days=366)).isoformat()
    assert story.refused("suspend", "dispatcher:wang", until=too_long) == "case.suspension_date"
    story.do("suspend", "dispatcher:wang", until=(story.now + timedelta(days=30)).isoformat())
    assert story.case.due_at is None
    story.do("resume_early", "dispatcher:wang", after=timedelta(days=6, hours=-3))
    assert story.case.due_at == datetime(2026, 3, 17, 16, 0, tzinfo=START.tzinfo)
    story.do("request_extension", "team:1")
    until = (story.now + timedelta(days=1)).isoformat()
    assert story.refused("suspend", "dispatcher:wang", until=until) == "case.suspended_before"


def test_filing_needs_a_limit_and_dispatching_a_department() -> None:
    story = Story().do("submit", "resident").do("accept", "operator:li")
    assert story.refused("file", "operator:li") == "case.limit_missing"
    assert story.refused("file", "operator:li", limit={"value": -1, "unit": "work_day"}) == "case.limit_missing"
    assert filed().refused("dispatch", "dispatcher:wang") == "case.department_missing"


def test_a_deadline_beyond_the_calendar_is_open_not_guessed() -> None:
    story = filed()
    story.now = datetime(2026, 12, 31, 16, 0, tzinfo=START.tzinfo)
    story.do("dispatch", "dispatcher:wang", **CG)
    assert story.case.due_at is None
    assert story.events[-1].payload["due_problem"] == "clock.no_calendar"


def closed_after(days: int) -> Story:
    """A case that was worked on so long, verified and closed."""
    story = handling().do("finish", "team:1", after=timedelta(days=days)).do("confirm", "department:cg")
    return story.do("request_check", "system").do("pass_check", "grid_worker:zhao").do("close", "operator:li")


def test_a_delay_is_excused_by_two_levels_once_a_case() -> None:
    story = closed_after(9)
    assert story.case.late
    assert story.refused("exempt_timeout", "operator:li") == "case.no_appeal"
    assert story.refused("appeal_timeout", "department:water") == "case.not_yours"
    story.do("appeal_timeout", "department:cg")
    assert story.refused("exempt_timeout", "operator:li") == "case.no_appeal"
    story.do("back_appeal", "dispatcher:wang")
    assert story.refused("dismiss_appeal", "dispatcher:wang") == "case.no_appeal"
    case = story.do("exempt_timeout", "operator:li").case
    assert (case.excused, case.late, case.state) == (True, True, "closed"), "the raw delay is kept"
    assert story.refused("appeal_timeout", "department:cg") == "case.nothing_to_excuse"


@pytest.mark.parametrize("backed", [False, True])
def test_either_level_ends_an_appeal(backed: bool) -> None:
    story = closed_after(9).do("appeal_timeout", "department:cg")
    if backed:
        story.do("back_appeal", "dispatcher:wang")
    assert not story.do("dismiss_appeal", "operator:li" if backed else "dispatcher:wang").case.excused
    assert story.refused("appeal_timeout", "department:cg") == "case.nothing_to_excuse"


def test_who_was_in_time_has_nothing_to_appeal_against() -> None:
    assert closed_after(0).refused("appeal_timeout", "department:cg") == "case.nothing_to_excuse"


def test_a_clock_that_is_behind_does_not_turn_history_around() -> None:
    story = filed()
    event = decide(story.case, Command("dispatch", "system", data=CG), START - timedelta(hours=1), PROTOCOL)
    assert event.at == story.case.updated_at


@pytest.mark.parametrize("data", [{"main_case": 1}, {"main_case": "7"}, {}])
def test_merging_names_another_case(data: dict[str, Any]) -> None:
    assert Story().do("submit", "resident").refused("merge", "operator:li", **data) == "case.main_case_missing"


ROLES = sorted({role for m in transitions().values() for role in m.roles})
actors = st.sampled_from([f"{role}:{name}" for role in ROLES for name in ("cg", "water", "1", "2", "zhao")])
datas = st.fixed_dictionaries(
    {},
    optional={
        "limit": st.just(LIMIT),
        "department": st.sampled_from(["cg", "water"]),
        "team": st.sampled_from([1, 2, None]),
        "main_case": st.just(9),
        "until": st.just("2026-05-01T00:00:00+08:00"),
        "handler": st.just("grid_worker:zhao"),
    },
)
waits = st.sampled_from([timedelta(), timedelta(hours=1), timedelta(hours=10), timedelta(days=3)])


@st.composite
def histories(draw: st.DrawFn) -> tuple[list[Event], int]:
    """A case under random commands, mostly legal ones; and how many were refused."""
    case, events, now, refused = Case(1), list[Event](), START, 0
    everything = sorted({m.action for m in transitions().values()})
    for _ in range(draw(st.integers(1, 40))):
        legal = sorted(a for s, a in transitions() if s == case.state)
        is_fair = bool(legal) and draw(st.integers(0, 9)) > 0
        action: str = draw(st.sampled_from(legal if is_fair else everything))
        move = transitions().get((case.state, action))
        role: str = draw(st.sampled_from(sorted(move.roles))) if move and draw(st.integers(0, 9)) else "operator"
        own = {"department": case.department, "team": case.team_id}.get(role)
        actor = f"{role}:{own}" if own and draw(st.integers(0, 9)) else draw(actors) if own else f"{role}:x"
        command = Command(action, actor, draw(st.sampled_from([WHY, WHY, None])), draw(datas))
        now += draw(waits)
        try:
            event = decide(case, command, now, PROTOCOL)
        except NeedleError:
            refused += 1
            continue
        case = evolve(case, event)
        events.append(event)
    return events, refused


@settings(deadline=None, max_examples=150)
@given(histories())
def test_laws_of_any_history(history: tuple[list[Event], int]) -> None:
    events, _ = history
    case = Case(1)
    open_task: int | None = None
    for event in events:
        before, case = case, evolve(case, event)
        assert (before.state, event.action) in transitions()
        if states()[before.state].terminal:
            assert event.action == "reopen" or event.to_state == before.state
        assert (case.closed_at is not None) == states()[case.state].terminal
        assert (case.answered_at is not None) == (case.state in CONFIRMED)
        change = task_change(before, event, case)
        assert (change.outcome is not None) <= (open_task is not None), "only an open task can be closed"
        assert (change.team_id is not None) <= (open_task is None or change.outcome is not None), "one lead at a time"
        open_task = change.team_id or (None if change.outcome else open_task)
        assert open_task == case.open_task_of
        if event.action in ("pass_check", "fail_check"):
            assert event.actor not in before.handlers
    assert fold(1, events) == case
    assert verify(events, case.hash) is None
    assert case.returns <= PROTOCOL.max_returns or any(e.action == "reopen" for e in events)
