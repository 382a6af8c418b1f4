"""One case as the drawer shows it: every text ready in one language."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from dashboard.i18n import Words
from dashboard.view_models.wording import say_coordinates, say_distance, say_duration, say_moment
from data.stores.case_detail import CaseDetail, CaseFacts, DecisionRow, EventRow
from dispatch.overriding import OVERRIDDEN, WAS_CHOSEN
from dispatch.reasons import word
from dispatch.states import states, transitions

FREE = ("chosen", WAS_CHOSEN, "tied", "slower", "busier_slower", "position_stale")
"""Reasons of candidates that could have gone."""
PHOTOS = "/api/photos"
MARKS = {
    "supervised": ("supervise",),
    "returned": ("approve_return",),
    "reworked": ("rework", "fail_check"),
    "reopened": ("reopen",),
    "excused": ("exempt_timeout",),
}
"""What a case's head says of its history -> the moves that count for it."""
DRAWN_CANDIDATES = 12
"""How many candidates the map draws; the list names all."""


@dataclass(frozen=True)
class PlaceView:
    """One layer's answer to where the case is. ``doubt``: the sentence to confirm when two sides are possible."""

    layer: str
    name: str
    code: str
    border: str
    doubt: str | None


@dataclass(frozen=True)
class EventView:
    """One line of the timeline."""

    at: str
    action: str
    actor: str
    state: str
    note: str | None


@dataclass(frozen=True)
class CandidateView:
    """One team that was looked at. ``mark``: its number on the map, empty for those passed over early."""

    mark: str
    team_id: int
    team: str
    department: str
    department_code: str
    reason: str
    travel: str
    chosen: bool
    free: bool


@dataclass(frozen=True)
class DecisionView:
    """Why this team: the sentence, the rule it rests on, the candidates."""

    sentence: str
    rule: str | None
    at: str
    found: bool
    candidates: list[CandidateView]


@dataclass(frozen=True)
class DeadlineView:
    """What is left. ``share``: of the time from report to deadline that has passed, 0..1."""

    label: str
    value: str
    at: str
    share: float
    overdue: bool


@dataclass(frozen=True)
class CaseView:
    """Everything of the drawer."""

    id: int
    number: str
    title: str
    matter: str
    state: str
    channel: str
    reported: str
    urgent: bool
    marks: list[str]
    address: str
    text: str | None
    point: str
    cell: str | None
    team: str
    department: str | None
    deadline: DeadlineView | None
    places: list[PlaceView]
    events: list[EventView]
    decision: DecisionView | None
    photos: list[str]


def case_view(detail: CaseDetail, say: Words, now: datetime, timezone: str) -> CaseView:
    """The drawer's view of a case at ``now``, by the city's clock."""
    facts = detail.facts
    return CaseView(
        id=facts.id,
        number=facts.number,
        title=facts.title,
        matter=say.pick(facts.matter_zh, facts.matter_en),
        state=say.pick(facts.state_zh, facts.state_en),
        channel=say.pick(facts.channel_zh, facts.channel_en),
        reported=say_moment(facts.reported_at, now, timezone, say),
        urgent=facts.urgent,
        marks=[mark for mark in history_marks(detail.events, say) if mark != say.pick(facts.state_zh, facts.state_en)],
        address=facts.address or facts.building or say("case.no_address"),
        text=facts.text,
        point=_point(facts, say),
        cell=facts.cell_code,
        team=facts.team or say("case.no_team"),
        department=say.pick(facts.department_zh or "", facts.department_en or "") or None,
        deadline=_deadline(facts, say, now, timezone),
        places=place_views(detail, say),
        events=[event_view(event, detail.departments, say, now, timezone) for event in reversed(detail.events)],
        decision=decision_view(detail.decision, detail, say, now, timezone) if detail.decision else None,
        photos=[f"{PHOTOS}/{digest}" for digest in facts.photos],
    )


def history_marks(events: Sequence[EventRow], say: Words) -> list[str]:
    """What weighs on a case, told at its head: supervised, returned, reworked, reopened, its delay excused; how often."""
    made = Counter(event.action for event in events)
    counted = {mark: sum(made[action] for action in actions) for mark, actions in MARKS.items()}
    return [
        say(f"case.mark.{mark}") if n == 1 else say("case.mark.times", mark=say(f"case.mark.{mark}"), n=n)
        for mark, n in counted.items()
        if n
    ]


def _point(facts: CaseFacts, say: Words) -> str:
    if facts.lng is None or facts.lat is None:
        return say("case.place_unknown")
    point = say_coordinates(facts.lng, facts.lat)
    return point if facts.uncertainty_m is None else f"{point} ±{say_distance(facts.uncertainty_m, say)}"


def _deadline(facts: CaseFacts, say: Words, now: datetime, timezone: str) -> DeadlineView | None:
    if facts.due_at is None:
        return None
    until = facts.closed_at or now
    left_s = (facts.due_at - until).total_seconds()
    whole_s = max(1.0, (facts.due_at - facts.reported_at).total_seconds())
    tense = "closed" if facts.closed_at else "open"
    side = "late" if left_s < 0 else "left"
    return DeadlineView(
        label=say(f"case.deadline.{tense}.{side}"),
        value=say_duration(abs(left_s), say),
        at=say("case.deadline.at", moment=say_moment(facts.due_at, now, timezone, say)),
        share=min(1.0, max(0.0, 1.0 - left_s / whole_s)),
        overdue=left_s < 0,
    )


def place_views(detail: CaseDetail, say: Words) -> list[PlaceView]:
    """Every layer's area of the case: administrative ones from the widest, then jurisdictions; the cell is told apart."""
    rows = []
    for layer, code in detail.facts.areas.items():
        place = detail.places.get((layer, code))
        if place is None:
            continue
        border = detail.facts.borders.get(layer, {})
        title = say.pick(place.layer_zh, place.layer_en)
        view = PlaceView(title, place.name, code, _border(border, say), _doubt(detail, layer, place.name, border, say))
        rows.append(((place.kind != "area", place.rank, layer), view))
    return [view for _, view in sorted(rows, key=lambda row: row[0])]


def _border(border: dict[str, Any], say: Words) -> str:
    metres = border.get("m")
    return "" if metres is None else say("case.border", distance=say_distance(float(metres), say))


def _doubt(detail: CaseDetail, layer: str, name: str, border: dict[str, Any], say: Words) -> str | None:
    if not border.get("ambiguous"):
        return None
    other = detail.places.get((layer, border.get("other") or ""))
    if other is None:
        return say("case.ambiguous.outside", here=name)
    return say("case.ambiguous", here=name, there=other.name)


def event_view(
    event: EventRow, departments: Mapping[str, tuple[str, str]], say: Words, now: datetime, timezone: str
) -> EventView:
    """One event in words. ``departments``: code -> names."""
    move = transitions().get((event.from_state, event.action))
    state = states().get(event.to_state)
    return EventView(
        at=say_moment(event.at, now, timezone, say),
        action=say.pick(move.name_zh, move.past_en) if move else event.action,
        actor=say_actor(event.actor, say),
        state=say.pick(state.name_zh, state.name_en) if state else event.to_state,
        note=event_note(event, departments, say),
    )


def event_note(event: EventRow, departments: Mapping[str, tuple[str, str]], say: Words) -> str | None:
    """Why, and what was said: the chosen reason, the person's words, and which departments a whistle calls."""
    payload = event.payload
    chosen = say.messages.get(f"reason.{payload.get('code')}")
    said = [chosen, payload.get("reason") or payload.get("note"), payload.get("text")]
    said += [called(payload, departments, say)] if event.action == "whistle" else []
    # Words that repeat the chosen reason say nothing more.
    return " · ".join(dict.fromkeys(str(part) for part in said if part)) or None


def called(payload: Mapping[str, Any], departments: Mapping[str, tuple[str, str]], say: Words) -> str | None:
    """The departments that a whistle calls, the lead named."""

    def name(code: object) -> str:
        return say.pick(*departments.get(str(code), (str(code), str(code))))

    codes = payload.get("departments")
    if not codes:
        return None
    return say("case.called", departments=say("hot.comma").join(map(name, codes)), lead=name(payload.get("lead")))


def say_actor(actor: str, say: Words) -> str:
    """Who acted: the role in words, with the name behind it where there is one."""
    role, _, name = actor.partition(":")
    known = say.messages.get(f"actor.{role}", role)
    return f"{known} {name}" if name else known


def decision_view(decision: DecisionRow, detail: CaseDetail, say: Words, now: datetime, timezone: str) -> DecisionView:
    """Why this team, or why none."""
    return DecisionView(
        sentence=say_decision(decision, detail, say),
        rule=word("note", "by_rule", say.language, rule=decision.rule) if decision.rule else None,
        at=say_moment(decision.at, now, timezone, say),
        found=decision.team_id is not None,
        candidates=candidate_views(decision, detail, say),
    )


def say_decision(decision: DecisionRow, detail: CaseDetail, say: Words) -> str:
    """The decision as one sentence."""
    team = detail.teams.get(decision.team_id) if decision.team_id is not None else None
    kind = "note" if decision.outcome == OVERRIDDEN else "outcome"
    sentence = word(
        kind, decision.outcome, say.language, team=team.name if team else "", minutes=minutes(decision.travel_s)
    )
    if decision.goes_up_to:
        level = word("level", decision.goes_up_to, say.language)
        sentence += say("case.and") + word("note", "goes_up", say.language, level=level)
    return sentence


def candidate_views(decision: DecisionRow, detail: CaseDetail, say: Words) -> list[CandidateView]:
    """The candidates as stored, the chosen first."""
    views = []
    for number, candidate in enumerate(decision.candidates, start=1):
        team = detail.teams.get(int(candidate["team"]))
        if team is None:
            continue
        reason = word(
            "note" if candidate["reason"] == WAS_CHOSEN else "candidate",
            candidate["reason"],
            say.language,
            team=team.name,
            minutes=minutes(candidate.get("travel_s")),
            load=candidate.get("load", team.load),
            capacity=team.capacity,
        )
        views.append(
            CandidateView(
                mark=str(number),
                team_id=team.id,
                team=team.name,
                department=say.pick(team.department_zh, team.department_en),
                department_code=team.department_code,
                reason=reason.removeprefix(team.name).lstrip(":： "),
                travel=say_travel(candidate.get("travel_s"), say),
                chosen=candidate["reason"] == "chosen",
                free=candidate["reason"] in FREE,
            )
        )
    return views


def minutes(travel_s: float | None) -> str:
    """Whole minutes of a way, at least one; a dash where no way is known."""
    return "–" if travel_s is None else str(max(1, round(travel_s / 60)))


def say_travel(travel_s: float | None, say: Words) -> str:
    """The way's length in words, empty where none is known."""
    return "" if travel_s is None else say("time.minutes", minutes=minutes(travel_s))


def candidate_lines(detail: CaseDetail) -> dict[str, Any]:
    """What the map draws of a decision: the case's point and, by number, where each candidate is."""
    facts, decision = detail.facts, detail.decision
    if facts.lng is None or decision is None:
        return {}
    marks = [
        {
            "mark": str(number),
            "at": [detail.teams[int(candidate["team"])].lng, detail.teams[int(candidate["team"])].lat],
            "name": detail.teams[int(candidate["team"])].name,
            "chosen": candidate["reason"] == "chosen",
            "free": candidate["reason"] in FREE,
        }
        for number, candidate in enumerate(decision.candidates[:DRAWN_CANDIDATES], start=1)
        if int(candidate["team"]) in detail.teams
    ]
    return {"case": facts.id, "at": [facts.lng, facts.lat], "marks": marks}
