"""Which of the teams that a decision looked at a dispatcher may send instead. Pure."""

from typing import Final

from data.stores.case_detail import CaseDetail

SENDING: Final = frozenset({"filed", "returned", "reopened", "ruling", "dispatched", "signed", "handling", "rework"})
"""States in which a case can be sent to a team, or to another one."""


def choosable(detail: CaseDetail) -> frozenset[int]:
    """Ids of the candidates that the case can go to; none where its state lets nobody send it."""
    if detail.facts.state not in SENDING or detail.decision is None:
        return frozenset()
    looked_at = {int(candidate["team"]) for candidate in detail.decision.candidates}
    return frozenset(looked_at & detail.teams.keys()) - {detail.facts.team_id or 0}
