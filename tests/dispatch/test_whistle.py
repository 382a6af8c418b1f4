"""吹哨: a street calls departments to a case; each answers for itself, one leads, silence goes up, the street ends it."""

from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from data.chain import Event
from dispatch.case import Case, evolve, fold
from dispatch.commands import Command, Protocol
from dispatch.protocol import decide
from dispatch.timers import due_step, next_moment
from dispatch.whistle import Whistle, party_rows
from dispatch.whistle_scores import Share, score_departments, score_streets, whistles_of
from geo.errors import NeedleError

PROTOCOL = Protocol()
START = datetime(2026, 3, 10, 9, 0, tzinfo=ZoneInfo("Asia/Shanghai"))
STREET, CENTRE = "street:望京", "centre:district"
CALLED: dict[str, Any] = {
    "purpose": "joint_enforcement",
    "departments": ["cg", "jj", "sz"],
    "lead": "cg",
    "arrive_by": (START + timedelta(hours=6)).isoformat(),
}


class Story:
    """A filed case and what is done with it."""

    def __init__(self) -> None:
        self.case, self.now, self.events = Case(1), START, list[Event]()
        self.do("submit", "grid_worker:zhao").do("accept", "operator:li")
        self.do("file", "operator:li", limit={"value": 2, "unit": "work_day"})

    @property
    def whistle(self) -> Whistle:
        assert self.case.whistle is not None
        return self.case.whistle

    def give(self, command: Command) -> "Story":
        event = decide(self.case, command, self.now, PROTOCOL)
        self.case = evolve(self.case, event)
        self.events.append(event)
        return self

    def do(self, action: str, actor: str, *, at: float | None = None, reason: str = "理由", **data: Any) -> "Story":
        """``at``: hours after START."""
        self.now = self.now if at is None else START + timedelta(hours=at)
        return self.give(Command(action, actor, reason, data))

    def refused(self, action: str, actor: str, **data: Any) -> str:
        with pytest.raises(NeedleError) as refusal:
            decide(self.case, Command(action, actor, "理由", data), self.now, PROTOCOL)
        assert refusal.value.sentence("zh")
        assert refusal.value.sentence("en")
        return refusal.value.code

    def states(self) -> dict[str, str]:
        return {party.department: party.state for party in self.whistle.parties}


def blown(**changes: Any) -> Story:
    return Story().do("whistle", STREET, **{**CALLED, **changes})


def answered() -> Story:
    story = (
        blown().do("answer_whistle", "department:jj", at=1, team=2).do("answer_whistle", "department:cg", at=1, team=1)
    )
    return story.do("answer_whistle", "department:sz", at=1)


def test_each_department_answers_for_itself_and_the_lead_has_the_case() -> None:
    story = blown().do("answer_whistle", "department:jj", team=2)
    assert (story.case.state, story.case.department, story.case.due_at) == ("responding", None, None)
    story.do("answer_whistle", "department:cg", team=1)
    assert (story.case.department, story.case.team_id) == ("cg", 1)
    assert story.case.due_at == START.replace(day=12), "the clock starts with the lead"
    assert story.states() == {"cg": "answered", "jj": "answered", "sz": "called"}
    assert story.refused("answer_whistle", "department:cg") == "whistle.answered"
    assert story.refused("answer_whistle", "department:water") == "whistle.not_called"


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"purpose": "boredom"}, "whistle.purpose_unknown"),
        ({"departments": []}, "whistle.departments"),
        ({"departments": ["cg", "cg"]}, "whistle.departments"),
        ({"departments": "cg"}, "whistle.departments"),
        ({"departments": [str(i) for i in range(13)]}, "whistle.departments"),
        ({"lead": "water"}, "whistle.lead"),
        ({"lead": None}, "whistle.lead"),
        ({"arrive_by": START.isoformat()}, "whistle.arrive_by"),
        ({"arrive_by": "2026-03-11T09:00:00"}, "whistle.arrive_by"),
    ],
)
def test_a_whistle_says_who_shall_come_when_and_why(changes: dict[str, Any], code: str) -> None:
    assert Story().refused("whistle", STREET, **{**CALLED, **changes}) == code


def test_the_lead_finishes_after_every_helper_and_the_street_confirms() -> None:
    story = answered()
    assert story.refused("finish_jointly", "department:cg") == "whistle.helpers_left"
    assert story.refused("finish_jointly", "department:jj") == "case.not_yours"
    assert story.refused("finish_part", "department:cg") == "whistle.lead_finishes"
    story.do("finish_part", "team:2", at=8).do("finish_part", "department:sz", at=9)
    assert story.refused("finish_part", "department:sz") == "whistle.not_answered"
    story.do("finish_jointly", "department:cg", at=24)
    assert story.refused("confirm", "department:cg") == "whistle.street_confirms"
    assert story.refused("confirm", "street:酒仙桥") == "whistle.street_confirms"
    assert story.refused("reject_work", "department:cg") == "whistle.street_confirms"
    story.do("confirm", STREET, at=400)
    assert story.case.state == "answered"
    assert story.whistle.ended_at == story.now
    assert story.case.answered_at == START + timedelta(hours=24), "the street's delay is not the departments'"
    assert not story.case.late


def test_without_a_whistle_the_street_confirms_nothing() -> None:
    story = Story().do("dispatch", "system", department="cg", team=1).do("sign", "team:1").do("assign", "team:1")
    assert story.do("finish", "team:1").refused("confirm", STREET) == "whistle.none"


def test_the_street_sends_joint_work_back_to_who_did_not_do_it() -> None:
    story = (
        answered().do("finish_part", "team:2").do("finish_part", "department:sz").do("finish_jointly", "department:cg")
    )
    story.do("reject_joint", STREET, departments=["sz"])
    assert story.states() == {"cg": "answered", "jj": "finished", "sz": "answered"}
    assert (story.case.state, story.case.open_task_of) == ("responding", 1)
    assert story.refused("finish_jointly", "department:cg") == "whistle.helpers_left"
    story.do("finish_part", "department:sz").do("finish_jointly", "department:cg")
    assert story.case.state == "handled"


def test_arrivals_are_recorded_once_by_who_answered() -> None:
    story = answered().do("arrive", "team:2", at=5, distance_m=40.0)
    party = story.whistle.party("jj")
    assert party is not None
    assert (party.arrived_at, party.distance_m) == (START + timedelta(hours=5), 40.0)
    assert story.refused("arrive", "department:jj") == "whistle.arrived"
    assert story.refused("arrive", "team:77") == "whistle.not_called"
    late = blown().do("answer_whistle", "department:cg")
    assert late.refused("arrive", "department:sz") == "whistle.not_answered"


def test_a_refusal_is_ruled_on_by_the_centre() -> None:
    story = blown().do("refuse_whistle", "department:sz")
    assert story.case.state == "whistle_refused"
    story.do("answer_whistle", "department:cg").do("answer_whistle", "department:jj")
    story.do("release_whistle", CENTRE, department="sz")
    assert story.states() == {"cg": "answered", "jj": "answered", "sz": "released"}
    assert story.refused("answer_whistle", "department:sz") == "whistle.answered"
    story.do("finish_part", "department:jj").do("finish_jointly", "department:cg")
    ordered = blown().do("refuse_whistle", "department:sz").do("order_response", CENTRE, department="sz")
    party = ordered.whistle.party("sz")
    assert party is not None
    assert (party.state, party.ordered) == ("answered", True)


def test_a_lead_is_released_only_for_another() -> None:
    story = blown().do("answer_whistle", "department:jj", team=2).do("refuse_whistle", "department:cg")
    for heir in (None, "cg", "water"):
        assert story.refused("release_whistle", CENTRE, department="cg", lead=heir) == "whistle.new_lead"
    story.do("release_whistle", CENTRE, department="cg", lead="jj")
    assert (story.case.department, story.case.team_id) == ("jj", 2)
    assert story.case.due_at is not None
    assert [row.department_code for row in party_rows(1, story.whistle) if row.lead] == ["jj"]


def test_what_a_sender_adds_neither_moves_the_lead_nor_the_deadline_nor_the_machine() -> None:
    never = "2030-01-01T00:00:00+08:00"
    story = blown().do("answer_whistle", "department:cg").do("refuse_whistle", "department:sz")
    due = story.case.due_at
    story.do("answer_whistle", "department:jj", due_at=never)
    story.do("release_whistle", CENTRE, department="sz", lead="jj", due_at=never)
    story.do("supervise", "leader:ma", about="due", stage=3).do("remind", CENTRE, about="whistle", stage=3)
    assert (story.case.due_at, story.case.department, story.whistle.stage) == (due, "cg", 0)
    assert story.case.overdue_for is None


def test_the_centre_orders_the_silent_only_after_their_time() -> None:
    story = blown()
    assert story.refused("order_response", CENTRE, department="jj") == "whistle.time_left"
    assert story.refused("order_response", CENTRE) == "whistle.not_called", "three are silent: name one"
    assert story.do("order_response", CENTRE, at=6, department="cg").case.department == "cg"


def run_on(story: Story, until: float) -> list[tuple[str, int, float]]:
    """(action, stage, hours after START) of what the machine does by itself."""
    done = []
    while (moment := next_moment(story.case, PROTOCOL)) is not None and moment <= START + timedelta(hours=until):
        story.now = moment
        command = due_step(story.case, moment, PROTOCOL)
        assert command is not None
        story.give(command)
        hours = (moment - START).total_seconds() / 3600
        done.append((command.action, command.data.get("stage", 0), hours))
    return done


def test_silence_goes_up_by_itself_reminder_level_above_supervision() -> None:
    assert run_on(blown(), 100) == [("remind", 1, 2.0), ("remind", 2, 6.0), ("supervise", 3, 24.0)]
    story = blown()
    run_on(story, 100)
    assert (story.whistle.stage, story.case.supervised) == (3, 1)


def test_an_emergency_is_answered_in_half_an_hour_at_any_time() -> None:
    story = blown(purpose="emergency")
    assert run_on(story, 100) == [("remind", 1, 0.25), ("remind", 2, 0.5), ("supervise", 3, 1.0)]


def test_who_answered_is_not_reminded_and_nobody_when_all_have() -> None:
    story = answered()
    assert [action for action, stage, _ in run_on(story, 8) if stage] == []
    half = blown().do("answer_whistle", "department:cg").do("answer_whistle", "department:jj")
    command = due_step(half.case, START + timedelta(hours=3), PROTOCOL)
    assert command is not None
    assert command.data["departments"] == ["sz"]


def test_who_is_not_there_in_time_is_reminded_once() -> None:
    story = answered().do("arrive", "department:cg").do("finish_part", "department:sz")
    assert [(action, hours) for action, _, hours in run_on(story, 8)] == [("remind", 6.0)]
    assert story.events[-1].payload["departments"] == ["jj"]
    assert story.whistle.absence_told


def test_a_whistle_does_not_stop_the_clock_and_the_leads_report_does() -> None:
    story = Story().do("dispatch", "system", department="cg", team=1).do("sign", "team:1").do("assign", "team:1")
    story.do("whistle", STREET, **CALLED)
    assert ("supervise", 0, 48.0) in run_on(story, 100), "the case's own deadline"
    done = (
        answered().do("finish_part", "team:2").do("finish_part", "department:sz").do("finish_jointly", "department:cg")
    )
    assert next_moment(done.case, PROTOCOL) is None


def test_both_sides_are_scored() -> None:
    story = blown().do("answer_whistle", "department:cg", at=1).do("refuse_whistle", "department:sz", at=1)
    story.do("release_whistle", CENTRE, at=2, department="sz").do("arrive", "department:cg", at=5.5)
    story.do("order_response", CENTRE, at=7, department="jj").do("arrive", "department:jj", at=7)
    story.do("finish_part", "department:jj", at=8).do("finish_jointly", "department:cg", at=200).do("confirm", STREET)
    whistles = whistles_of(story.events)
    assert score_streets(whistles)["望京"].calls == Share(2, 3)
    scores = score_departments(whistles, story.now)
    assert set(scores) == {"cg", "jj"}, "who was released is not judged"
    assert (scores["cg"].answered, scores["cg"].arrived, scores["cg"].done) == (Share(1, 1), Share(1, 1), Share(0, 1))
    assert (scores["jj"].answered, scores["jj"].arrived, scores["jj"].done) == (Share(0, 1), Share(0, 1), Share(1, 1))


def test_a_second_whistle_is_another_one() -> None:
    story = (
        answered().do("finish_part", "team:2").do("finish_part", "department:sz").do("finish_jointly", "department:cg")
    )
    story.do("confirm", STREET).do("rework", "operator:li").do("resume_work", "department:cg")
    again = {**CALLED, "arrive_by": (story.now + timedelta(days=1)).isoformat()}
    story.give(Command("whistle", STREET, "理由", again))
    assert [w.number for w in whistles_of(story.events)] == [1, 2]
    assert fold(1, story.events) == story.case


def test_a_whistle_of_an_import_that_named_nobody_is_led_by_who_comes() -> None:
    story = Story()
    old = decide(story.case, Command("whistle", STREET, "理由", CALLED), story.now, PROTOCOL)
    event = Event(**{name: getattr(old, name) for name in old.__slots__} | {"payload": {"reason": "支援"}})
    story.case = evolve(story.case, event)
    story.do("answer_whistle", "department:cg").do("finish_jointly", "department:cg").do("confirm", STREET)
    assert story.case.state == "answered"
