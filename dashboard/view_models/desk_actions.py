"""What a person may do with a case at the desk: which moves, on which letter, and what each asks for. Pure.

The state table says which moves there are; this names the letters and the forms of those that a desk offers.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from dashboard.i18n import Words
from data.stores.desk_cases import ActionCase
from dispatch.commands import Protocol
from dispatch.protocol import OWN_CASE_ONLY
from dispatch.states import Transition, actions_from, transitions


@dataclass(frozen=True)
class DeskAction:
    """An action as the desk offers it.

    ``key``: its letter, no two of one state the same. ``fields``: what its form asks for besides the reason. ``reasons``:
    codes to choose from (``reason.<code>`` in the catalogues). ``undo``: the action that takes it back.
    """

    key: str
    fields: tuple[str, ...] = ()
    reasons: tuple[str, ...] = ()
    undo: str | None = None


ACTIONS: Final[Mapping[str, DeskAction]] = {
    "accept": DeskAction("a"),
    "file": DeskAction("f", ("condition",), undo="send_back"),
    "dispatch": DeskAction("p", ("team",)),
    "redispatch": DeskAction("p", ("team",)),
    "reassign": DeskAction("p", ("team",)),
    "rule": DeskAction("p", ("team",), ("duty_clear", "place_clear", "order")),
    "sign": DeskAction("s"),
    "assign": DeskAction("g", ("own_team",)),
    "resume_work": DeskAction("s"),
    "confirm": DeskAction("c"),
    "request_check": DeskAction("v"),
    "pass_check": DeskAction("v"),
    "close": DeskAction("c", undo="reopen"),
    "approve_return": DeskAction("r", (), ("not_theirs", "wrong_place", "wrong_matter")),
    "refuse_return": DeskAction("n", (), ("duty_clear", "no_ground", "too_late")),
    "approve_extension": DeskAction("e", (), ("hard_matter", "weather", "material")),
    "refuse_extension": DeskAction("b", (), ("no_ground", "time_enough")),
    "decline_extension": DeskAction("n", (), ("no_ground", "time_enough")),
    "suspend": DeskAction("z", ("until",), ("construction", "budget", "ownership", "season"), undo="resume_early"),
    "resume_early": DeskAction("z", (), ("ground_gone", "order")),
    "answer_whistle": DeskAction("a", ("own_team",)),
    "arrive": DeskAction("i", ("place",)),
    "finish_part": DeskAction("q"),
    "finish_jointly": DeskAction("f"),
    "refuse_whistle": DeskAction("n", (), ("not_ours", "wrong_place", "no_ground")),
    "order_response": DeskAction("y", ("party",), ("duty_clear", "order")),
    "release_whistle": DeskAction("b", ("party", "lead"), ("not_theirs", "others_enough")),
    "reject_joint": DeskAction("b", (), ("not_done", "half_done")),
    "whistle": DeskAction("w", ("departments", "purpose", "arrive_by", "lead"), ("joint", "no_power", "emergency")),
    "verify_info": DeskAction("v"),
    "request_return": DeskAction("r", (), ("not_ours", "wrong_place", "wrong_matter")),
    "request_extension": DeskAction("e", (), ("hard_matter", "weather", "material")),
    "finish": DeskAction("f"),
    "hand_back": DeskAction("r", (), ("not_ours", "no_means")),
    "override": DeskAction(
        "o", ("team",), ("local_knowledge", "nearer", "equipment", "workload", "department_agreed", "order")
    ),
    "escalate": DeskAction("e", (), ("returned_often", "duty_unclear")),
    "rework": DeskAction("n", (), ("not_done", "half_done", "no_proof")),
    "reject_work": DeskAction("n", (), ("not_done", "half_done", "no_proof")),
    "fail_check": DeskAction("n", (), ("not_done", "half_done", "back_again")),
    "reopen": DeskAction("r", (), ("not_solved", "back_again")),
    "appeal_timeout": DeskAction("q", (), ("weather", "others_delay")),
    "back_appeal": DeskAction("y", (), ("weather", "others_delay")),
    "exempt_timeout": DeskAction("e", (), ("weather", "others_delay")),
    "dismiss_appeal": DeskAction("n", (), ("no_ground",)),
    "force_close": DeskAction("z", (), ("order", "cannot_be_done")),
    "merge": DeskAction("m", ("main_case",), ("same_thing",)),
    "send_back": DeskAction("b", (), ("wrong_matter", "wrong_place", "by_mistake")),
    "reject": DeskAction("n", (), ("out_of_scope", "nothing_there", "unclear")),
    "void": DeskAction("n", (), ("no_condition", "nothing_there", "by_mistake")),
    "supervise": DeskAction("u", (), ("overdue", "leader", "important")),
    "remind": DeskAction("h", (), ("due_soon", "reporter_asks")),
    "remark": DeskAction("t", ("text",)),
}
"""In the order in which a desk offers them: what moves a case on first, what ends or warns last."""

SINGLE: Final = frozenset(
    {"override", "rule", "whistle", "arrive", "order_response", "release_whistle", "assign", "answer_whistle", "remark"}
)
"""What is asked for one case alone: its form is about that case."""
DISMISS: Final = "dismiss_appeal"
"""Whose turn it is says how far the appeal has come."""
OTHER: Final = "other"
HEAVY: Final = frozenset({"reject", "void", "force_close", "reject_work", "fail_check", "refuse_whistle"})
"""What the desk shows as a step that is not taken lightly."""


@dataclass(frozen=True)
class Offer:
    """An action that a case allows to one of the person's roles; ``actor`` is who would take it."""

    action: str
    actor: str


def offers(case: ActionCase, stands: Mapping[str, str], protocol: Protocol) -> list[Offer]:
    """What may be done with a case now.

    Parameters
    ----------
    case : ActionCase
    stands : Mapping[str, str]
        Role of the state table -> the person's name in it; an empty name stands for the case's own street, department or team.
    protocol : Protocol
        Its bounds on returns.
    """
    moves = {move.action: move for move in actions_from(case.state)}
    found = [
        (action, actor_for(moves[action], case, stands))
        for action in ACTIONS
        if action in moves and within_bounds(action, case, protocol)
    ]
    return [Offer(action, actor) for action, actor in found if actor is not None]


def within_bounds(action: str, case: ActionCase, protocol: Protocol) -> bool:
    """Whether the number of returns still allows it, and how far an appeal has come."""
    bounds = {
        "reassign": case.returns < protocol.max_returns,
        "escalate": case.returns >= protocol.max_returns,
        "appeal_timeout": case.late and case.appeal is None,
        "back_appeal": case.appeal == "asked",
        "exempt_timeout": case.appeal == "backed",
        "dismiss_appeal": case.appeal in ("asked", "backed"),
    }
    return bounds.get(action, True)


def actor_for(move: Transition, case: ActionCase, stands: Mapping[str, str]) -> str | None:
    """Who of the person's roles makes the move; None where none may."""
    roles = move.roles & (
        {"dispatcher" if case.appeal == "asked" else "operator"} if move.action == DISMISS else move.roles
    )
    for role in sorted(roles & stands.keys()):
        name = stands[role] or own_name(role, case)
        if name and not (move.action in OWN_CASE_ONLY and not is_own(role, name, case)):
            return f"{role}:{name}"
    return None


def own_name(role: str, case: ActionCase) -> str | None:
    """Who stands for a role at this case: its street, its department, its team."""
    named = {
        "street": case.areas.get("subdistrict"),
        "department": case.department,
        "team": None if case.team_id is None else str(case.team_id),
    }
    return named.get(role)


def is_own(role: str, name: str, case: ActionCase) -> bool:
    """Whether a department's or team's case is its own."""
    return role not in ("department", "team") or name == own_name(role, case)


def action_as_json(action: str, say: Words) -> dict[str, Any]:
    """An action for the desk's script: letter, words, form, the way back."""
    moves = [move for (_, name), move in transitions().items() if name == action]
    asks = ACTIONS[action]
    return {
        "code": action,
        "key": asks.key,
        "name": say.pick(moves[0].name_zh, moves[0].name_en),
        "past": say.pick(moves[0].name_zh, moves[0].past_en),
        "needs": say.pick(moves[0].guard_zh, moves[0].guard_en),
        "reason": moves[0].reason_required,
        "reasons": [[code, say(f"reason.{code}")] for code in (*asks.reasons, OTHER)],
        "fields": list(asks.fields),
        "heavy": action in HEAVY,
        "single": action in SINGLE,
        "undo": asks.undo,
    }


def letters(say: Words) -> list[tuple[str, str]]:
    """Every letter with what it may mean, for the list of keys."""
    meaning: dict[str, list[str]] = {}
    for action, asks in ACTIONS.items():
        meaning.setdefault(asks.key, []).append(str(action_as_json(action, say)["name"]))
    return [(key, " / ".join(dict.fromkeys(names))) for key, names in sorted(meaning.items())]


def case_as_json(case: ActionCase, offered: Iterable[Offer]) -> dict[str, Any]:
    """A case with what may be done with it, and whom its newest decision proposes."""
    proposal = {"team": case.proposed_team, "name": case.proposed_name, "department": case.proposed_department}
    return {
        "id": case.id,
        "number": case.number,
        "title": case.title,
        "state": case.state,
        "seq": case.seq,
        "classified": case.classified,
        "team": case.team_id,
        "department": case.department,
        "at": None if case.lng is None else [case.lng, case.lat],
        "proposal": proposal if case.proposed_team is not None else None,
        "actions": {offer.action: offer.actor for offer in offered},
    }
