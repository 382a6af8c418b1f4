"""What is asked of a what-if, as the page says it and as it is kept: period, cases, changes. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import time
from typing import Any, Final

import numpy as np

from dashboard.hotspots.study import RESOLUTIONS
from dispatch.what_if_changes import Hours, NewTeam
from geo.crs import is_place
from geo.errors import NeedleError

MOST_CHANGES: Final = 500
LONGEST_RULES: Final = 400_000
MOST_MINUTES: Final = 24 * 60
DAY: Final = 86_400
MOST_DAYS: Final = 20 * 366


@dataclass(frozen=True)
class Asked:
    """One question. Times are Unix seconds, the end exclusive.

    Attributes
    ----------
    promise_min : int
        Within how many minutes somebody is to be there.
    rules : str or None
        Text of other rules.
    boundaries : tuple of int
        Ids of boundaries that were brought.
    hours, moved, gone, added
        As ``dispatch.what_if_changes.Changes`` has them.
    """

    since: int
    until: int
    promise_min: int = 30
    grid: str = "h3-8"
    rules: str | None = None
    boundaries: tuple[int, ...] = ()
    hours: tuple[Hours, ...] = ()
    moved: tuple[tuple[int, tuple[float, float]], ...] = ()
    gone: tuple[int, ...] = ()
    added: tuple[NewTeam, ...] = ()

    @property
    def nothing(self) -> bool:
        """Whether nothing is changed."""
        return self.rules is None and not (self.boundaries or self.hours or self.moved or self.gone or self.added)


def read_asked(said: Mapping[str, Any]) -> Asked:
    """Read what the page sends, or what is kept.

    Raises
    ------
    NeedleError
        ``what_if.invalid``, naming the field.
    """
    since, until = _number(said, "since", 1, 1 << 40), _number(said, "until", 1, 1 << 40)
    if not 0 < until - since <= MOST_DAYS * DAY:
        raise invalid("until")
    grid, rules = said.get("grid", "h3-8"), said.get("rules")
    if grid not in RESOLUTIONS:
        raise invalid("grid")
    if rules is not None and not (isinstance(rules, str) and len(rules) <= LONGEST_RULES):
        raise invalid("rules")
    return Asked(
        since=since,
        until=until,
        promise_min=_number(said, "promise_min", 1, MOST_MINUTES, 30),
        grid=grid,
        rules=rules,
        boundaries=tuple(_whole(one, "boundaries") for one in _listed(said, "boundaries")),
        hours=tuple(_hours(one) for one in _listed(said, "hours")),
        moved=tuple((_whole(one.get("team"), "moved"), _place(one.get("at"), "moved")) for one in _rows(said, "moved")),
        gone=tuple(_whole(one, "gone") for one in _listed(said, "gone")),
        added=tuple(NewTeam(_whole(one.get("like"), "added"), _place(one.get("at"), "added")) for one in _rows(said, "added")),
    )  # fmt: skip


def asked_as_json(asked: Asked) -> dict[str, Any]:
    """The question as it was read."""
    return {
        "since": asked.since,
        "until": asked.until,
        "promise_min": asked.promise_min,
        "grid": asked.grid,
        "rules": asked.rules,
        "boundaries": list(asked.boundaries),
        "hours": [
            {
                "department": one.department,
                "days": list(one.days),
                "starts": f"{one.starts:%H:%M}",
                "ends": f"{one.ends:%H:%M}",
            }
            for one in asked.hours
        ],
        "moved": [{"team": team, "at": list(at)} for team, at in asked.moved],
        "gone": list(asked.gone),
        "added": [{"like": one.like, "at": list(one.at)} for one in asked.added],
    }


def invalid(field: str) -> NeedleError:
    """The refusal of a field."""
    return NeedleError("what_if.invalid", field=field)


def _listed(said: Mapping[str, Any], field: str) -> Sequence[Any]:
    values = said.get(field) or []
    if not isinstance(values, list) or len(values) > MOST_CHANGES:
        raise invalid(field)
    return values


def _rows(said: Mapping[str, Any], field: str) -> Sequence[Mapping[str, Any]]:
    values = _listed(said, field)
    if not all(isinstance(one, dict) for one in values):
        raise invalid(field)
    return values


def _whole(value: object, field: str) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or abs(value) >= 1 << 31:
        raise invalid(field)
    return value


def _number(said: Mapping[str, Any], field: str, least: int, most: int, usual: int | None = None) -> int:
    value = said.get(field, usual)
    if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= most:
        raise invalid(field)
    return value


def _place(value: object, field: str) -> tuple[float, float]:
    if not (isinstance(value, list) and len(value) == 2 and all(isinstance(one, int | float) for one in value)):
        raise invalid(field)
    lng, lat = float(value[0]), float(value[1])
    if not is_place(np.array([lng]), np.array([lat]))[0]:
        raise invalid(field)
    return lng, lat


def _hours(said: object) -> Hours:
    if not isinstance(said, dict) or not isinstance(said.get("department"), str):
        raise invalid("hours")
    days = said.get("days")
    if not (isinstance(days, list) and days and all(isinstance(day, int) and 0 <= day <= 6 for day in days)):
        raise invalid("hours")
    try:
        starts, ends = (
            time.fromisoformat(str(said.get(key))).replace(second=0, tzinfo=None) for key in ("starts", "ends")
        )
    except ValueError:
        raise invalid("hours") from None
    return Hours(said["department"], tuple(sorted(set(days))), starts, ends)
