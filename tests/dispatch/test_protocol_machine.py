"""Random commands of several actors at once: whatever they do, no case is lost, closed silently, led by two or bounced for ever.

Actors hold what they saw a while ago, as screens do; a command on a case that has moved since is refused.
"""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from data.chain import Event, verify
from dispatch.case import Case, evolve, fold
from dispatch.commands import Command, Protocol
from dispatch.protocol import decide
from dispatch.states import states, transitions
from dispatch.timers import due_step, next_moment
from dispatch.whistle import party_rows
from geo.errors import NeedleError

PROTOCOL = Protocol()
START = datetime(2026, 3, 10, 9, 0, tzinfo=ZoneInfo("Asia/Shanghai"))
DEPARTMENTS = ("cg", "jj", "sz")
ACTIONS = sorted({move.action for move in transitions().values()})
ROLES = sorted({role for move in transitions().values() for role in move.roles})
WHY = "理由"
LIMIT = {"value": 2, "unit": "work_day"}
STEPS_TO_AN_END = 60
SEVERED = frozenset({"rejected", "void", "merged", "forced_closed"})
"""Ends without work done: each needs a person and a reason."""

datas = st.fixed_dictionaries(
    {},
    optional={
        "limit": st.just(LIMIT),
        "department": st.sampled_from(DEPARTMENTS),
        "team": st.sampled_from([1, 2, None]),
        "lead": st.sampled_from(DEPARTMENTS),
        "purpose": st.sampled_from(["hard_matter", "emergency"]),
        "departments": st.lists(st.sampled_from(DEPARTMENTS), min_size=1, max_size=3, unique=True),
        "main_case": st.just(9),
        "case": st.just(8),
        "text": st.just("还在漏水"),
        "handler": st.just("grid_worker:zhao"),
        "due_at": st.just("2030-01-01T00:00:00+08:00"),
        "about": st.sampled_from(["due", "whistle", "arrival"]),
        "stage": st.integers(0, 3),
    },
)


class Office(RuleBasedStateMachine):
    """One case, three people who look at it, and the machine."""

    def __init__(self) -> None:
        super().__init__()
        self.case, self.events, self.now = Case(1), list[Event](), START
        self.seen = [Case(1)] * 3

    def give(self, command: Command) -> bool:
        """Whether the command was taken."""
        try:
            event = decide(self.case, command, self.now, PROTOCOL)
        except NeedleError:
            return False
        before, self.case = self.case, evolve(self.case, event)
        self.events.append(event)
        self.check_move(before, event)
        return True

    @initialize(work=st.integers(0, 3))
    def begin(self, work: int) -> None:
        """Start somewhere on the way."""
        ways = [[], ["filed"], ["handling"], ["handling", "whistled"]]
        for goal in ways[work]:
            while self.case.state != goal:
                command = whistle(self.now) if goal == "whistled" else helpful(self.case)
                assert self.give(command)

    @rule(who=st.integers(0, 2))
    def look(self, who: int) -> None:
        """Somebody looks at the case."""
        self.seen[who] = self.case

    @rule(who=st.integers(0, 2), data=st.data())
    def command(self, who: int, data: st.DataObject) -> None:
        """Somebody commands what was fitting when they looked; late comers are refused."""
        seen = self.seen[who]
        command = data.draw(commands(seen, self.now))
        if seen.seq == self.case.seq and self.give(command):
            self.seen[who] = self.case

    @rule(data=st.data())
    def press_on(self, data: st.DataObject) -> None:
        """Somebody commands without looking at what others did."""
        self.give(data.draw(commands(self.case, self.now)))

    @rule(hours=st.sampled_from([0.2, 1, 5, 30, 24 * 20]))
    def wait(self, hours: float) -> None:
        """Time passes."""
        self.now += timedelta(hours=hours)

    @rule()
    @precondition(lambda self: (next_moment(self.case, PROTOCOL) or self.now + timedelta(1)) <= self.now)
    def let_move(self) -> None:
        """The worker does what is due; it is never refused, and comes to an end."""
        for _ in range(6):
            command = due_step(self.case, self.now, PROTOCOL)
            if command is None:
                break
            assert self.give(command)
        assert due_step(self.case, self.now, PROTOCOL) is None

    def check_move(self, before: Case, event: Event) -> None:
        """What holds of each single move."""
        assert (before.state, event.action) in transitions()
        if event.to_state == "closed" and before.state != "closed":
            assert event.actor.partition(":")[0] in {"operator", "shift_leader"}, "nobody closes silently"
            assert any(e.action == "pass_check" for e in self.events)
        if event.to_state in SEVERED and event.from_state != event.to_state:
            assert event.actor != "system"
            assert event.payload["reason"]
        if event.action in ("pass_check", "fail_check"):
            assert event.actor not in before.handlers
        if states()[before.state].terminal:
            assert event.action == "reopen" or event.to_state == before.state

    @invariant()
    def the_row_is_the_fold(self) -> None:
        """The chain holds, and what it folds to is where the case stands."""
        assert fold(1, self.events) == self.case
        assert verify(self.events, self.case.hash) is None
        assert (self.case.closed_at is not None) == states()[self.case.state].terminal

    @invariant()
    def one_leads(self) -> None:
        """A whistle has one lead, and while joint work goes on under an answered lead, the case is its department's."""
        whistle = self.case.whistle
        if whistle is None:
            return
        leads = [row for row in party_rows(1, whistle) if row.lead]
        assert len(leads) == 1
        if self.case.state == "responding" and leads[0].state == "answered":
            assert self.case.department == leads[0].department_code

    @invariant()
    def nothing_is_bounced_for_ever(self) -> None:
        """Returns and reopenings have bounds."""
        assert self.case.returns <= PROTOCOL.max_returns + self.case.reopens
        reopened = [e for e in self.events if e.action == "reopen" and not e.actor.startswith("operator")]
        assert len(reopened) <= PROTOCOL.max_reopens

    def teardown(self) -> None:
        """No case is lost: people of good will bring it to its end from wherever it stands. No edit stays unseen."""
        for _ in range(STEPS_TO_AN_END):
            if states()[self.case.state].terminal:
                break
            whistle = self.case.whistle
            if whistle is not None and whistle.is_open and whistle.answer_by is not None:
                self.now = max(self.now, whistle.answer_by)
            command = helpful(self.case)
            assert self.give(command), (self.case.state, command)
        assert states()[self.case.state].terminal, f"lost in {self.case.state}"
        for number, event in enumerate(self.events, 1):
            forged = replace(event, actor="operator:forger")
            assert verify([*self.events[: number - 1], forged, *self.events[number:]], self.case.hash) == number
            assert verify([*self.events[: number - 1], *self.events[number:]], self.case.hash) == number


def whistle(now: datetime) -> Command:
    """A whistle for all departments."""
    arrive_by = (now + timedelta(days=2)).isoformat()
    called = {"purpose": "hard_matter", "departments": list(DEPARTMENTS), "lead": "cg", "arrive_by": arrive_by}
    return Command("whistle", "street:望京", WHY, called)


@st.composite
def commands(draw: st.DrawFn, case: Case, now: datetime) -> Command:
    """Mostly what somebody could do with the case as it was seen; sometimes anything."""
    legal = sorted(action for state, action in transitions() if state == case.state)
    fair = bool(legal) and draw(st.integers(0, 9)) > 0
    action = draw(st.sampled_from(legal if fair else ACTIONS))
    if action == "whistle" and draw(st.booleans()):
        return whistle(now)
    move = transitions().get((case.state, action))
    role = draw(st.sampled_from(sorted(move.roles) if move and draw(st.integers(0, 9)) else ROLES))
    names = {
        "department": [case.department or "cg", *DEPARTMENTS],
        "team": [str(case.team_id), "1", "2"],
        "street": ["望京", "望京", "酒仙桥"],
        "grid_worker": ["zhao", "qian"],
    }.get(role, ["x"])
    data: dict[str, Any] = draw(datas)
    if action == "suspend":
        data["until"] = (now + timedelta(days=draw(st.integers(0, 30)))).isoformat()
    actor = role if role in ("system", "resident") else f"{role}:{draw(st.sampled_from(names))}"
    return Command(action, actor, draw(st.sampled_from([WHY, WHY, WHY, None])), data)


PLAIN_WAY: dict[str, tuple[str, str, dict[str, Any]]] = {
    "draft": ("submit", "hotline", {}),
    "reported": ("accept", "operator:li", {}),
    "verifying_info": ("confirm_info", "grid_worker:sun", {}),
    "accepted": ("file", "operator:li", {"limit": LIMIT}),
    "filed": ("dispatch", "dispatcher:wang", {"department": "cg", "team": 1}),
    "return_requested": ("refuse_return", "dispatcher:wang", {}),
    "ruling": ("rule", "centre:district", {"department": "cg", "team": 1}),
    "suspended": ("resume_early", "dispatcher:wang", {}),
    "answered": ("request_check", "operator:li", {}),
    "checking": ("pass_check", "grid_worker:nobody-else", {}),
    "pending_close": ("close", "operator:li", {}),
    "reopened": ("redispatch", "dispatcher:wang", {"department": "cg", "team": 1}),
}
OF_THE_DEPARTMENT = {
    "dispatched": "sign",
    "signed": "assign",
    "handling": "finish",
    "extension_requested": "decline_extension",
    "handled": "confirm",
    "rework": "resume_work",
}


def helpful(case: Case) -> Command:
    """What brings a case nearer to its end."""
    if case.state in PLAIN_WAY:
        action, actor, data = PLAIN_WAY[case.state]
        return Command(action, actor, WHY, data)
    if case.state == "returned":
        other = "jj" if case.last_department == "cg" else "cg"
        if case.returns >= PROTOCOL.max_returns:
            return Command("escalate", "dispatcher:wang", WHY)
        return Command("reassign", "dispatcher:wang", WHY, {"department": other, "team": 1})
    joint = case.whistle is not None and case.whistle.is_open
    if case.state in OF_THE_DEPARTMENT and not joint:
        return Command(OF_THE_DEPARTMENT[case.state], f"department:{case.department}", WHY)
    return _jointly(case)


def _jointly(case: Case) -> Command:
    assert case.whistle is not None
    assert case.whistle.lead is not None
    if case.state == "handled":
        return Command("confirm", f"street:{case.whistle.street}")
    if case.whistle.silent:
        return Command("order_response", "centre:district", WHY, {"department": case.whistle.silent[0].department})
    if case.whistle.helpers_left:
        return Command("finish_part", f"department:{case.whistle.helpers_left[0].department}")
    return Command("finish_jointly", f"department:{case.whistle.lead.department}")


TestOffice = Office.TestCase
TestOffice.settings = settings(max_examples=150, stateful_step_count=40, deadline=None)
