"""Duplicates (并案): which open cases may be the same thing reported again, and whether two cases may be merged. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import exp, hypot

from data.stores.merges import MergeFacts
from data.stores.nearby import NearCase, OwnCase, Point
from geo.errors import NeedleError
from geo.plane import LocalPlane

WITHIN_M = 250.0
WINDOW = timedelta(days=15)
"""Suggested are open cases of the same matter this near, and reported this much earlier or later."""

SCALE_M = 80.0
SCALE_DAYS = 5.0
WORDS_WEIGHT = 0.5


@dataclass(frozen=True, slots=True)
class Suggestion:
    """An open case that may be the same thing; ``score`` from 0 to 1, the higher the likelier."""

    case: NearCase
    score: float


def rank_duplicates(own: OwnCase, candidates: Sequence[NearCase]) -> list[Suggestion]:
    """The candidates by how likely they are the same thing, the likeliest first; ties by age.

    The score falls with the distance beyond what both places are uncertain by (``SCALE_M``) and with the days between the
    reports (``SCALE_DAYS``); what the reports share in words adds up to a half.
    """
    found = [Suggestion(case, round(_score(own, case), 4)) for case in candidates if case.id != own.id]
    return sorted(found, key=lambda s: (-s.score, s.case.reported_at, s.case.id))


def _score(own: OwnCase, other: NearCase) -> float:
    beyond = max(0.0, other.distance_m - own.uncertainty_m - other.uncertainty_m)
    days = abs((own.reported_at - other.reported_at).total_seconds()) / 86_400
    nearness = exp(-beyond / SCALE_M) * exp(-days / SCALE_DAYS)
    return nearness * (1.0 - WORDS_WEIGHT + WORDS_WEIGHT * alike(own.text, other.text))


def alike(one: str, other: str) -> float:
    """How much two texts share: Jaccard's index of their pairs of characters, which needs no word list for Chinese."""
    a, b = _pairs(one), _pairs(other)
    return len(a & b) / len(a | b) if a and b else 0.0


def _pairs(text: str) -> set[str]:
    letters = "".join(c for c in text if c.isalnum())
    return {letters[i : i + 2] for i in range(len(letters) - 1)}


def window(reported_at: datetime) -> tuple[datetime, datetime]:
    """The span in which a duplicate was reported."""
    return reported_at - WINDOW, reported_at + WINDOW


def check_merge(own: MergeFacts, main: MergeFacts, merged: bool) -> float | None:
    """How far the main case is (metres; None where either place is unknown), or why the two may not be merged.

    ``merged``: the main case was merged itself, so that the merge would make a chain.

    Raises
    ------
    NeedleError
        ``merge.main_gone``, ``merge.other_matter``, ``merge.too_far``.
    """
    if merged or main.closed_at is not None:
        raise NeedleError("merge.main_gone", main_case=main.id)
    if main.matter_id != own.matter_id:
        raise NeedleError("merge.other_matter", main_case=main.id, matter=main.matter)
    metres = metres_between(own.point, main.point)
    if metres is not None and metres - own.uncertainty_m - main.uncertainty_m > WITHIN_M:
        raise NeedleError("merge.too_far", main_case=main.id, metres=round(metres), most=round(WITHIN_M))
    return metres


def metres_between(one: Point | None, other: Point | None) -> float | None:
    """Metres between two near points; None where either is unknown."""
    if one is None or other is None:
        return None
    return hypot(*LocalPlane(*one).to_xy(*other))
