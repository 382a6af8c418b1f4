"""Which of the teams that a decision looked at a person may send instead. Pure."""

from collections.abc import Set
from typing import Final

from data.stores.case_detail import CaseDetail
from dispatch.states import actions_from

SENDING: Final = frozenset({"dispatch", "redispatch", "reassign", "rule", "override"})
"""Moves that send a case to a team, or to another one."""


def choosable(detail: CaseDetail, roles: Set[str]) -> frozenset[int]:
    """Ids of the candidates that one of these roles may send the case to; none where the state table lets none of them."""
    sends = any(move.roles & roles for move in actions_from(detail.facts.state) if move.action in SENDING)
    if not sends or detail.decision is None:
        return frozenset()
    looked_at = {int(candidate["team"]) for candidate in detail.decision.candidates}
    return frozenset(looked_at & detail.teams.keys()) - {detail.facts.team_id or 0}
