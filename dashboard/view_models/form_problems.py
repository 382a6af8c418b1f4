"""What is to be put right in a form, and what it asks though it is known, as the builder shows it."""

from collections.abc import Collection
from typing import Any

from forms.overlap import OverlapReport
from forms.xlsform.checking import Problem


def problem_as_json(problem: Problem) -> dict[str, Any]:
    """``place``: where the node stands in the tree, empty for the form as a whole; ``field`` of it."""
    return {**problem.error.as_dict(), "place": list(problem.place), "field": problem.field}


def overlap_as_json(report: OverlapReport, suggested: Collection[str], base: str) -> dict[str, Any]:
    """``asked`` questions of ``people``; ``known``: share by question; ``saved``: answers that nobody need give.

    ``bound``: whether the question is filled in before as it stands, or only ``suggested``; ``base``: who the people are,
    ``registry`` or ``answers``: residents in the registry, or who was asked by a link before.
    """
    known = [
        {"question": each.question, "field": each.field, "share": each.share, "bound": each.question not in suggested}
        for each in report.overlaps
        if each.share > 0
    ]
    return {
        "asked": report.asked,
        "people": report.people,
        "base": base,
        "known": known,
        "saved": report.answers_saved,
    }
