"""Possible duplicates of a case, and who reported it, in words."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from dashboard.i18n import Words
from dashboard.view_models.wording import say_distance, say_duration, say_moment
from dispatch.states import states


def duplicate_views(
    suggested: Sequence[Mapping[str, Any]],
    reports: Sequence[Mapping[str, Any]],
    say: Words,
    now: datetime,
    timezone: str,
) -> dict[str, Any]:
    """``suggested`` and ``reports`` of ``CaseDesk.duplicates`` and ``CaseDesk.reports`` for the drawer."""
    return {
        "suggested": [suggestion(one, say, now) for one in suggested],
        "reports": [report(one, say, now, timezone) for one in reports],
        "merged": sum(bool(one["merged"]) for one in reports),
    }


def suggestion(one: Mapping[str, Any], say: Words, now: datetime) -> dict[str, Any]:
    """A case that may be the same thing: how far, how old, in whose words."""
    state = states()[one["state"]]
    return {
        "id": one["id"],
        "number": one["number"],
        "title": one["title"],
        "state": say.pick(state.name_zh, state.name_en),
        "distance": say_distance(one["distance_m"], say),
        "age": say("duplicate.age", time=say_duration((now - one["reported_at"]).total_seconds(), say)),
        "reports": say("duplicate.reports", n=one["reports"]),
        "text": one["text"] or None,
        "share": round(100 * one["score"]),
    }


def report(one: Mapping[str, Any], say: Words, now: datetime, timezone: str) -> dict[str, Any]:
    """One report: by which channel, when, in which words, and whether it came with a merged case."""
    return {
        "id": one["id"],
        "channel": one["channel"],
        "at": say_moment(one["reported_at"], now, timezone, say),
        "text": one["text"],
        "merged": bool(one["merged"]),
        "case": one["case_id"],
    }
