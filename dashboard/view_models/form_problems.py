"""What is to be put right in a form, and what it asks though it is known, as the builder shows it."""

from typing import Any

from forms.overlap import OverlapReport
from forms.xlsform.checking import Problem


def problem_as_json(problem: Problem) -> dict[str, Any]:
    """``place``: where the node stands in the tree, empty for the form as a whole; ``field`` of it."""
    return {**problem.error.as_dict(), "place": list(problem.place), "field": problem.field}


def overlap_as_json(report: OverlapReport) -> dict[str, Any]:
    """``asked`` questions of ``people``; ``known``: share by question; ``saved``: answers that nobody need give."""
    known = [
        {"question": each.question, "field": each.field, "share": each.share}
        for each in report.overlaps
        if each.share > 0
    ]
    return {
        "asked": report.asked,
        "people": report.people,
        "known": known,
        "saved": report.answers_saved,
    }
