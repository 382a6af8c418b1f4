"""What whistles of the demo's history say and leave behind: payloads of their moves, actors, rows of their tables."""

import json
from dataclasses import dataclass
from typing import Any

import numpy as np

from data.demo.courses import REASONS, Course
from data.demo.history import History
from data.demo.iso import Texts, deadlines, local_iso, utc_iso
from data.demo.joint import Standing, standing
from data.demo.limits import Longs
from data.demo.unfolding import Group, starts_with_answer

NULL = "\\N"
PARTNERS = {
    "cg": ("ga", "sc"),
    "ga": ("cg", "hb"),
    "jj": ("cg", "ga"),
    "sz": ("jj", "sw"),
    "hw": ("cg", "sc"),
    "yl": ("cg", "sw"),
    "zj": ("hb", "cg"),
    "sw": ("sz", "hb"),
    "sc": ("cg", "hb"),
    "hb": ("cg", "sc"),
    "xf": ("ga", "zj"),
}
"""Who is called beside the department that leads, by its kind."""
REMINDERS = {"whistle": ("应哨时限将至", "吹哨逾时未应", "吹哨逾时未应"), "arrival": ("到场时限已过，尚未报到",)}
"""What the machine says at each step of silence, as ``dispatch.timers`` does."""
BY_CENTRE = frozenset({"order_response", "release_whistle"})
BY_STREET = frozenset({"whistle", "confirm", "reject_joint"})
WHISTLING = frozenset({"whistled", "whistle_refused", "responding"})
NO_CLOCK = {"due_at": None}
METRES_PER_DEGREE = 111_320
WHISTLE_COLUMNS = "case_id, number, street, purpose, called_at, answer_by, arrive_by, stage, finished_at, ended_at"
PARTY_COLUMNS = (
    "case_id, number, department_code, lead, state, team_id, answered_at, arrived_at, distance_m, finished_at"
)
TIMER_COLUMNS = "case_id, at"


@dataclass(frozen=True)
class Calls:
    """Whom a group's street calls, a row a case: the lead first, its teams (database ids), why, and where it is."""

    street: Texts
    departments: list[tuple[str, ...]]
    teams: list[tuple[int | None, ...]]
    purpose: Texts
    lng: list[float]
    lat: list[float]


def calls_of(history: History, group: Group, street: Texts, team_ids: tuple[int, ...]) -> Calls | None:
    """Whom the street calls in each case of a group; None where its course has no whistle."""
    if not group.course.whistles:
        return None
    cases, assigner = group.cases, history.assigner
    leads = [assigner.departments[k] for k in history.right.department[cases].tolist()]
    departments = [partners(lead, group.course.called) for lead in leads]
    urgent = history.limits.urgent[cases].tolist()
    return Calls(
        street=street,
        departments=departments,
        teams=[
            (None, *(_team(history, code, case, team_ids) for code in called[1:]))
            for case, called in zip(cases.tolist(), departments, strict=True)
        ],
        purpose=[
            "emergency" if now else ("joint_enforcement", "hard_matter")[case % 2]
            for now, case in zip(urgent, cases.tolist(), strict=True)
        ],
        lng=history.incidents.lng[cases].tolist(),
        lat=history.incidents.lat[cases].tolist(),
    )


def partners(lead: str, called: int) -> tuple[str, ...]:
    """The lead and those of its district that help it."""
    district, _, kind = lead.partition("-")
    return (lead, *(f"{district}-{other}" for other in PARTNERS[kind][: called - 1]))


def _team(history: History, department: str, case: int, team_ids: tuple[int, ...]) -> int | None:
    """A team of the department that works where the case is."""
    assigner = history.assigner
    teams = np.flatnonzero(assigner.team_department == assigner.names[department])
    where = history.whereabouts.where[:, case]
    there = teams[assigner.scope_area[teams] == where[assigner.scope_layer[teams]]]
    return team_ids[int(there[0])] if len(there) else None


def metres(case_id: int, party: int) -> float:
    """How far from the case somebody reported on site."""
    return 6.0 + (case_id * 37 + party * 53) % 70


def joint_actors(course: Course, j: int, calls: Calls) -> Texts | None:
    """Who makes move j of each case; None where the whistle has no part in it."""
    move, who = course.moves[j], course.parties[j]
    before = standing(course, j)
    if before is None or before.ended is not None:
        return None if move != "whistle" else [f"street:{code}" for code in calls.street]
    if move in ("remind", "supervise"):
        return ["system"] * len(calls.street)
    if move in BY_CENTRE:
        return ["centre:01"] * len(calls.street)
    if move in BY_STREET:
        return [f"street:{code}" for code in calls.street]
    return [f"department:{called[who]}" for called in calls.departments]


def joint_payloads(group: Group, j: int, case_ids: list[int], calls: Calls) -> Texts | None:
    """What move j of each case records; None where the whistle has no part in it."""
    move, before = group.course.moves[j], standing(group.course, j)
    if move == "whistle":
        return _texts(_called(group, calls, _reasons(move, case_ids)))
    if before is None or before.ended is not None or move == "confirm":
        return None
    why, due = _reasons(move, case_ids), _due(group, j)
    said = [_said(group, j, before, case_id, calls, i) for i, case_id in enumerate(case_ids)]
    return _texts([why[i] | said[i] | due[i] for i in range(len(case_ids))])


def _said(group: Group, j: int, before: Standing, case_id: int, calls: Calls, i: int) -> dict[str, Any]:
    """What move j of one case says beside its reason and deadline."""
    called = calls.departments[i]
    match group.course.moves[j]:
        case "remind":
            return _reminded(before, called)
        case "supervise":
            return _reminded(before, called) | {"level": 1}
        case "reject_joint":
            return {"departments": [called[k] for k in before.those("finished")]}
        case _:
            return _done(group, j, case_id, calls, i)


def _due(group: Group, j: int) -> list[dict[str, Any]]:
    """The deadline that an answer sets where the lead gets the case by it."""
    if not starts_with_answer(group.course, j):
        return [{}] * len(group.cases)
    return [json.loads(f"{{{said}}}") for said in deadlines(group.due[:, j])]


def _called(group: Group, calls: Calls, why: list[dict[str, Any]]) -> list[dict[str, Any]]:
    said = group.silence
    assert said is not None
    columns = zip(
        *(local_iso(column) for column in (said.remind, said.answer_by, said.supervise, said.arrive_by)), strict=True
    )
    names = ("remind_at", "answer_by", "supervise_at", "arrive_by")
    return [
        dict(zip(names, moments, strict=True))
        | {"departments": list(calls.departments[i]), "lead": calls.departments[i][0], "purpose": calls.purpose[i]}
        | why[i]
        for i, moments in enumerate(columns)
    ]


def _reminded(before: Standing, called: tuple[str, ...]) -> dict[str, Any]:
    about = before.about
    those = before.silent if about == "whistle" else before.absent
    step = min(before.stage, len(REMINDERS[about]) - 1)
    stage = {"stage": before.stage + 1} if about == "whistle" else {}
    to = {} if before.stage == 2 and about == "whistle" else {"to": ("department", "centre")[_goes_up(before)]}
    return {"about": about, "departments": [called[k] for k in those], "reason": REMINDERS[about][step]} | stage | to


def _goes_up(before: Standing) -> bool:
    return before.about == "arrival" or before.stage > 0


def _done(group: Group, j: int, case_id: int, calls: Calls, i: int) -> dict[str, Any]:
    """What a called department does, or is told."""
    move, who = group.course.moves[j], group.course.parties[j]
    said: dict[str, Any] = {"department": calls.departments[i][who]}
    if move == "arrive":
        away = metres(case_id, who)
        place = {"lng": calls.lng[i], "lat": round(calls.lat[i] + away / METRES_PER_DEGREE, 7), "accuracy_m": 10.0}
        return said | {"arrived_place": place | {"sent": {}}, "distance_m": away}
    if move == "release_whistle":
        return said | NO_CLOCK | {"lead": None}
    if move not in ("answer_whistle", "order_response"):
        return said
    team = calls.teams[i][who] if move == "answer_whistle" else None
    return said | ({} if team is None else {"team": team}) | ({} if starts_with_answer(group.course, j) else NO_CLOCK)


def _reasons(move: str, case_ids: list[int]) -> list[dict[str, Any]]:
    known = REASONS.get(move, ()) if move not in ("remind", "supervise") else ()
    return [{"reason": known[i % len(known)]} if known else {} for i in case_ids]


def _texts(said: list[dict[str, Any]]) -> Texts:
    return [json.dumps(one, ensure_ascii=False, separators=(",", ":"), sort_keys=True) for one in said]


def whistle_lines(case_ids: list[int], calls: Calls | None, group: Group) -> tuple[Texts, Texts, Texts]:
    """Rows of ``whistle``, ``whistle_party`` and ``case_timer``: the fold of each chain; a worker looks at open ones."""
    whistles: Texts = []
    parties: Texts = []
    timers: Texts = []
    if calls is None:
        return whistles, parties, timers
    at = [utc_iso(column) for column in group.at.T]
    by = [utc_iso(column) for column in _limits(group)]
    for i, case_id in enumerate(case_ids):
        done = int(group.done[i])
        stands = standing(group.course, done)
        if stands is None:
            continue
        moment = _Moments(at, i)
        whistles.append(
            f"{case_id}\t1\t{calls.street[i]}\t{calls.purpose[i]}\t{moment(stands.blown)}\t{by[0][i]}\t{by[1][i]}\t"
            f"{stands.stage}\t{moment(stands.finished)}\t{moment(stands.ended)}\n"
        )
        parties += _party_lines(case_id, calls, i, stands, moment, group.course)
        if group.states[done - 1] in WHISTLING:
            timers.append(f"{case_id}\t{moment(done - 1)}\n")
    return whistles, parties, timers


@dataclass(frozen=True)
class _Moments:
    at: list[Texts]
    case: int

    def __call__(self, move: int | None) -> str:
        return NULL if move is None else self.at[move][self.case]


def _limits(group: Group) -> tuple[Longs, Longs]:
    assert group.silence is not None
    return group.silence.answer_by, group.silence.arrive_by


def _party_lines(case_id: int, calls: Calls, i: int, stands: Standing, moment: _Moments, course: Course) -> Texts:
    lines = []
    for k, part in enumerate(stands.parts):
        answered = part.answered is not None and course.moves[part.answered] == "answer_whistle"
        team = calls.teams[i][k] if answered else None
        away = NULL if part.arrived is None else str(metres(case_id, k))
        lines.append(
            f"{case_id}\t1\t{calls.departments[i][k]}\t{'f' if k else 't'}\t{part.state}\t"
            f"{NULL if team is None else team}\t{moment(part.answered)}\t{moment(part.arrived)}\t{away}\t"
            f"{moment(part.finished)}\n"
        )
    return lines
