"""What if the rules had been others: past cases through the matching engine again, before and after, with intervals. Pure.

Each case is decided for itself, by teams that are on duty and without load, ranked by straight lines: what is compared is who has
the power and how far the way is, not the chance of a day. Both sides are replayed alike, so that only the rules differ.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from dispatch.matching import Matcher, Team
from dispatch.rules import RuleSet
from geo.atlas import Atlas

Ints = NDArray[np.int32]
Floats = NDArray[np.float64]
CHUNK: Final = 50_000
Z95: Final = 1.959963984540054
Tell = Callable[[int, int], None]
"""Told how many cases are done, of how many; what it raises ends the replay."""


@dataclass(frozen=True, eq=False)
class PastCases:
    """Cases as they came: ``matter`` an index into the matcher's matters (-1: none knows it), WGS84 degrees (NaN: no place)."""

    matter: Ints
    lng: Floats
    lat: Floats


@dataclass(frozen=True, eq=False)
class Replayed:
    """What became of each case: index of its team (-1: nobody), seconds of the way (NaN: nobody goes)."""

    team: Ints
    travel_s: NDArray[np.float32]


@dataclass(frozen=True)
class Mean:
    """A mean with its 95 % interval."""

    value: float
    low: float
    high: float


@dataclass(frozen=True)
class Comparison:
    """Before and after.

    Attributes
    ----------
    moved, handed_over : int
        Cases that another team, another department would have had; those that one side leaves to nobody included.
    nobody : tuple of int
        Cases that nobody would have had, before and after.
    way_s : tuple of Mean or None
        Seconds of the way, before and after; None where nobody goes.
    saved_s : Mean or None
        How much shorter the way is after, of the cases that somebody has on both sides.
    load : tuple of (Team, int, int)
        Cases of each team before and after, what changes most first.
    """

    cases: int
    moved: int
    handed_over: int
    nobody: tuple[int, int]
    way_s: tuple[Mean | None, Mean | None]
    saved_s: Mean | None
    load: tuple[tuple[Team, int, int], ...]


def matcher_of(rules: RuleSet, atlas: Atlas, teams: Sequence[Team], matters: Sequence[str]) -> Matcher:
    """A matcher for replays: every team on duty, none with load."""
    ready = [replace(team, on_duty=True, load=0) for team in teams]
    return Matcher(rules, atlas, ready, matters=list(matters))


def replay(matcher: Matcher, atlas: Atlas, cases: PastCases, tell: Tell = lambda _done, _total: None) -> Replayed:
    """Decide every case anew, in chunks, so that it can be watched and stopped."""
    total = len(cases.matter)
    team, travel_s = np.full(total, -1, np.int32), np.full(total, np.nan, np.float32)
    for start in range(0, total, CHUNK):
        part = slice(start, min(start + CHUNK, total))
        lng, lat = cases.lng[part], cases.lat[part]
        found = matcher.decide_bulk(cases.matter[part], lng, lat, atlas.locate(lng, lat))
        team[part], travel_s[part] = found.team, found.travel_s
        tell(part.stop, total)
    return Replayed(team, travel_s)


def compare(before: Replayed, after: Replayed, teams: Sequence[Team]) -> Comparison:
    """Hold two replays of the same cases by the same teams against each other."""
    codes = {code: k for k, code in enumerate(dict.fromkeys(team.department for team in teams))}
    department = np.array([*(codes[team.department] for team in teams), -1], np.int64)
    had, has = (np.bincount(side.team[side.team >= 0], minlength=len(teams)) for side in (before, after))
    order = np.argsort(-np.abs(has - had), kind="stable")
    both = (before.team >= 0) & (after.team >= 0)
    return Comparison(
        cases=len(before.team),
        moved=int((before.team != after.team).sum()),
        handed_over=int((department[before.team] != department[after.team]).sum()),
        nobody=(int((before.team < 0).sum()), int((after.team < 0).sum())),
        way_s=(mean(before.travel_s[before.team >= 0]), mean(after.travel_s[after.team >= 0])),
        saved_s=mean(before.travel_s[both].astype(np.float64) - after.travel_s[both]),
        load=tuple((teams[k], int(had[k]), int(has[k])) for k in order.tolist()),
    )


def mean(values: NDArray[np.floating]) -> Mean | None:
    """The mean of many values and its interval; None without a value."""
    known = values[np.isfinite(values)].astype(np.float64)
    if not len(known):
        return None
    middle = float(known.mean())
    half = Z95 * float(known.std(ddof=1)) / float(np.sqrt(len(known))) if len(known) > 1 else 0.0
    return Mean(middle, middle - half, middle + half)
