"""What becomes of a comparison: a rule over distance, threshold and risk. Pure.

A match says how a sender proved who they are and nothing else: no case, no review, no benefit hangs on it (PIPL art. 24), and who
is not matched goes another way that is worth the same.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal

from forms.identity.ways import Standing

Outcome = Literal["match", "no_match", "unusable", "doubtful"]

DECIDED: Final[Mapping[Outcome, str]] = {
    "match": "passed",
    "no_match": "failed",
    "unusable": "failed",
    "doubtful": "failed",
}
"""What a check becomes. A doubtful one is no match for the machine: a grid worker looks."""


@dataclass(frozen=True, slots=True)
class Limits:
    """Up to which distance two templates are one person's, and up to which risk the machine says so."""

    threshold: float
    most_risk: float


def decide(distance: float | None, risk: float, limits: Limits) -> Outcome:
    """Judge a comparison. ``distance``: None where a picture could not be used."""
    if distance is None:
        return "unusable"
    if distance > limits.threshold:
        return "no_match"
    return "match" if risk <= limits.most_risk else "doubtful"


def told(outcome: Outcome, why: Sequence[str], left: Standing) -> dict[str, Any]:
    """What the phone shows: how it went, what was wrong with the pictures, and which ways are open, the others first."""
    ways = list(left.ways) if outcome == "match" else left.least_failed
    return {"state": DECIDED[outcome], "outcome": outcome, "why": list(why), "ways": ways, "left": dict(left.left)}
