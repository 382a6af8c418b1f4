"""What a dispatcher may do with a case instead of what was decided: to which teams it can go, and the reasons to choose from."""

from dataclasses import dataclass
from typing import Final

from dashboard.i18n import Words
from dashboard.view_models.case_view import candidate_views
from data.stores.case_detail import CaseDetail
from dispatch.reasons import templates

ACTIONS: Final = {
    "filed": ("dispatch", "dispatcher"),
    "returned": ("reassign", "dispatcher"),
    "reopened": ("redispatch", "dispatcher"),
    "ruling": ("rule", "centre"),
    "dispatched": ("override", "dispatcher"),
    "signed": ("override", "dispatcher"),
    "handling": ("override", "dispatcher"),
    "rework": ("override", "dispatcher"),
}
"""State -> the action that sends its case to another team, and the role that may take it."""


@dataclass(frozen=True)
class OverrideView:
    """The form. ``teams``: (id, name and why it was passed over, department's code); ``reasons``: (code, words)."""

    action: str
    role: str
    seq: int
    teams: list[tuple[int, str, str]]
    reasons: list[tuple[str, str]]


def override_view(detail: CaseDetail, say: Words) -> OverrideView | None:
    """The form for a case; None where its state lets nobody send it elsewhere, or no other team was looked at."""
    move = ACTIONS.get(detail.facts.state)
    if move is None or detail.decision is None:
        return None
    teams = [
        (view.team_id, f"{view.team} · {view.reason}", detail.teams[view.team_id].department_code)
        for view in candidate_views(detail.decision, detail, say)
        if view.team_id != detail.facts.team_id
    ]
    return OverrideView(*move, detail.facts.seq, teams, reasons(say)) if teams else None


def reasons(say: Words) -> list[tuple[str, str]]:
    """Why a dispatcher decides otherwise, in the order of the table."""
    return [(code, say.pick(zh, en)) for (kind, code), (zh, en) in templates().items() if kind == "override"]
