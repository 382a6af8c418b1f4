"""Decisions and their candidates as sentences, from ``reasons.csv``."""

from collections.abc import Mapping
from math import ceil, isfinite

from dispatch.match_values import Candidate, Decision, Team
from dispatch.reasons import word
from geo.errors import Language

STOP = {"zh": "。", "en": "."}
COMMA = {"zh": "，", "en": ", "}


def candidate_sentence(candidate: Candidate, team_name: str, language: Language = "zh") -> str:
    """Why this team was chosen or passed over."""
    said = word(
        "candidate",
        candidate.reason,
        language,
        team=team_name,
        minutes=minutes(candidate.travel_s),
        load=candidate.load,
        capacity=candidate.capacity,
    )
    return said + STOP[language]


def decision_sentence(decision: Decision, teams: Mapping[int, Team], language: Language = "zh") -> str:
    """The decision as one sentence: who goes and by which rule, or why nobody does and who rules now.

    Parameters
    ----------
    decision : Decision
    teams : mapping of int to Team
        Teams by id; the chosen one must be there.
    """
    team = teams[decision.team_id] if decision.team_id is not None else None
    parts = [
        word(
            "outcome",
            decision.outcome,
            language,
            team=team.name if team else "",
            minutes=minutes(decision.travel_s or 0.0),
        )
    ]
    if team and team.stale:
        parts.append(word("note", "stale_position", language))
    if decision.rule:
        parts.append(word("note", "by_rule", language, rule=decision.rule))
    if decision.goes_up_to:
        level = word("level", decision.goes_up_to, language)
        parts.append(word("note", "goes_up", language, level=level))
    return COMMA[language].join(parts) + STOP[language]


def minutes(travel_s: float) -> str:
    """Whole minutes, at least one; a dash where no way leads."""
    return str(max(1, ceil(travel_s / 60))) if isfinite(travel_s) else "—"
