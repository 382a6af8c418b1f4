"""Actors and payloads of the moves, as JSON text with sorted keys: what the hash chain reads."""

from collections.abc import Sequence
from dataclasses import dataclass

from data.demo.courses import DISPATCHES, REASONS
from data.demo.incidents import CHANNEL_CODES
from data.demo.iso import Texts, deadlines, local_iso
from data.demo.joint_rows import Calls, joint_actors, joint_payloads
from data.demo.lattice import Ints
from data.demo.limits import Longs
from data.demo.unfolding import Group

SUBMITTERS = {"12345": "hotline", "snap": "resident", "grid": "grid_worker", "sensor": "sensor", "walk_in": "resident"}
DUE_MOVES = frozenset({"rework", "fail_check", "approve_extension", "resume", "resume_early"})
BY_DEPARTMENT = frozenset(
    {
        "sign",
        "request_return",
        "assign",
        "request_extension",
        "decline_extension",
        "reject_work",
        "confirm",
    }
)
BY_TEAM = frozenset({"finish", "hand_back", "resume_work"})
BY_GRID = frozenset({"confirm_info", "pass_check", "fail_check"})
BY_SYSTEM = frozenset({"dispatch", "redispatch", "resume"})
OFFICERS = {
    "void": "shift_leader:01",
    "force_close": "leader:01",
    "supervise": "shift_leader:02",
    "rule": "centre:01",
}
BY_DISPATCHER = frozenset(
    {
        "send_back",
        "approve_return",
        "refuse_return",
        "reassign",
        "escalate",
        "approve_extension",
        "suspend",
        "resume_early",
        "rework",
    }
)


@dataclass(frozen=True)
class Wording:
    """What the words of a group of cases need, as lists over the group's cases.

    Attributes
    ----------
    case_ids, report_ids, main_ids : list of int
        ``main_ids`` of duplicates: the case that they repeat, else 0.
    matters, limits : list of str
        Matter key; ``"limit":{…}`` with ``urgent`` as JSON members.
    right, wrong : list of str
        Codes of the right and of the wrong department.
    communities : list of str
        Code of the community, for the grid worker's name.
    channels : ndarray of int
    team_ids : sequence of int
        Database ids by team index.
    reported_s : ndarray of int
    calls : Calls or None
        Whom the street whistles for.
    """

    case_ids: list[int]
    report_ids: list[int]
    main_ids: list[int]
    matters: Texts
    limits: Texts
    right: Texts
    wrong: Texts
    communities: Texts
    channels: Ints
    team_ids: Sequence[int]
    reported_s: Longs
    calls: Calls | None

    def departments(self, group: Group, j: int) -> Texts:
        """The department that has each case after move j."""
        return self.wrong if group.astray[j] else self.right

    def teams(self, group: Group, j: int) -> list[int | None]:
        """Database id of the team that each case has after move j."""
        return [self.team_ids[t] if t >= 0 else None for t in group.team[:, j].tolist()]


def actors(words: Wording, group: Group, j: int) -> Texts:
    """Who makes move j of each case."""
    move = group.course.moves[j]
    n = len(words.case_ids)
    joint = joint_actors(group.course, j, words.calls) if words.calls is not None else None
    if joint is not None:
        return joint
    if move == "submit":
        return submitters(words)
    if move in BY_DEPARTMENT:
        return [f"department:{code}" for code in words.departments(group, j)]
    if move in BY_TEAM:
        return [f"team:{i}" for i in words.teams(group, j - (move == "hand_back"))]
    if move in BY_GRID:
        return [f"grid_worker:{code}-{2 + i % 2}" for i, code in zip(words.case_ids, words.communities, strict=True)]
    if move in BY_SYSTEM:
        return ["system"] * n
    if move in OFFICERS:
        return [OFFICERS[move]] * n
    desk, seats = ("dispatcher", 6) if move in BY_DISPATCHER else ("operator", 12)
    return [f"{desk}:{i % seats + 1:02d}" for i in words.case_ids]


def submitters(words: Wording) -> Texts:
    """Who reported each case."""
    names = [SUBMITTERS[code] for code in CHANNEL_CODES]
    who = zip(words.channels.tolist(), words.communities, strict=True)
    return [f"grid_worker:{code}-1" if names[c] == "grid_worker" else names[c] for c, code in who]


def payloads(words: Wording, group: Group, j: int) -> Texts:
    """What move j of each case records."""
    move = group.course.moves[j]
    joint = joint_payloads(group, j, words.case_ids, words.calls) if words.calls is not None else None
    if joint is not None:
        return joint
    reason = reasons(words, move)
    if move == "submit":
        said = zip(words.channels.tolist(), words.matters, words.report_ids, local_iso(words.reported_s), strict=True)
        return [
            f'{{"channel":"{CHANNEL_CODES[c]}","matter":"{m}","report":{r},"reported_at":"{at}"}}'
            for c, m, r, at in said
        ]
    if move == "file":
        return words.limits
    if move in DISPATCHES:
        parts = zip(words.departments(group, j), deadlines(group.due[:, j]), reason, words.teams(group, j), strict=True)
        return [
            f'{{"department":"{d}",{due}{"," + why if why else ""},"team":{"null" if t is None else t}}}'
            for d, due, why, t in parts
        ]
    if move == "assign":
        return [f'{{"handler":"team:{t}","team":{t}}}' for t in words.teams(group, j)]
    if move in DUE_MOVES:
        due = deadlines(group.due[:, j])
        return [f"{{{d}{',' + why if why else ''}}}" for d, why in zip(due, reason, strict=True)]
    if move == "suspend":
        until = local_iso((group.at[:, j] // 86_400 + 20) * 86_400)
        parts3 = zip(reason, group.remaining_s.tolist(), until, strict=True)
        return [f'{{{why},"remaining_s":{left}.0,"until":"{day}"}}' for why, left, day in parts3]
    if move == "supervise":
        return [f'{{"level":1,{why}}}' for why in reason]
    if move == "merge":
        return [f'{{"main_case":{i},{why}}}' for i, why in zip(words.main_ids, reason, strict=True)]
    return [f"{{{why}}}" for why in reason]


def reasons(words: Wording, move: str) -> Texts:
    """``"reason":"…"`` of each case, or nothing where none is asked for."""
    known = [f'"reason":"{text}"' for text in REASONS.get(move, ())]
    return [known[i % len(known)] for i in words.case_ids] if known else [""] * len(words.case_ids)
