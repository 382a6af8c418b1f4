"""Two replays of the same cases held against each other: figures with paired intervals, and what each team has. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from dispatch.matching import Team
from dispatch.what_if import PastCases, Replayed, Side
from geo.stats.bootstrap import Interval, Paired, count_differences, drawings, means, quantiles

Floats = NDArray[np.float64]
Longs = NDArray[np.int64]
Bools = NDArray[np.bool_]
DAY_S: Final = 86_400
FEWEST_DAYS: Final = 14
"""With fewer days than that, cases are drawn and not days: too few days say nothing of how days differ."""
CASE_GROUPS: Final = 400
#: Seconds, for quantiles of the time to reach: by quarter minutes to two hours, then by five minutes to two days.
SCALE: Final = np.concatenate((np.arange(15.0, 7_200.0, 15.0), np.arange(7_200.0, 172_801.0, 300.0)))
FIGURES: Final = ("reach", "reach_p90", "way", "promised", "nobody", "overdue", "returned")
PROMISE_S: Final = 1_800.0


@dataclass(frozen=True)
class TeamLoad:
    """What a team has: cases before and after, the difference with its interval, and how many are most open at once."""

    team: Team
    cases: tuple[int, int]
    difference: Interval
    most_open: tuple[int, int]


@dataclass(frozen=True)
class Comparison:
    """Before and after.

    Attributes
    ----------
    cases, both : int
        All; those that somebody has on both sides.
    moved, handed_over : int
        Cases that another team, another department would have had; those that one side leaves to nobody included.
    nobody : tuple of int
        Cases that nobody would have had, before and after.
    groups : str
        What was drawn anew for the intervals: ``days`` or ``cases``.
    figures : mapping of str to Paired
        By a name of ``FIGURES``; one that no case tells is absent. Seconds, or shares of 1: ``reach`` from report to arrival
        (mean and 90th percentile), ``way`` of it, over ``both``; ``promised``: reached within the promised time, ``nobody``, over
        all; ``overdue``: over those of ``both`` that were answered and had a deadline, were all but the time to reach as it was;
        ``returned``: over those of ``both`` that were answered, to another department than the one that had it in the end.
    likeness : tuple of float or None
        Shares of the cases whose department, whose team, the replay before names as they really were; None: none is known.
    loads : tuple of TeamLoad
        Teams of either side, what changes most first.
    """

    cases: int
    both: int
    moved: int
    handed_over: int
    nobody: tuple[int, int]
    groups: str
    figures: Mapping[str, Paired]
    likeness: tuple[float, float] | None
    loads: tuple[TeamLoad, ...]


def compare(
    cases: PastCases, sides: tuple[Side, Side], replays: tuple[Replayed, Replayed], promise_s: float = PROMISE_S
) -> Comparison:
    """Hold the replays of two sides against each other; teams are the same where their ids are."""
    teams = {team.id: team for side in sides[::-1] for team in side.teams}
    everyone = list(teams.values())
    index = {team.id: at for at, team in enumerate(everyone)}
    had, has = (
        np.array([*(index[team.id] for team in side.teams), -1], np.int64)[one.team]
        for side, one in zip(sides, replays, strict=True)
    )
    codes = {code: at for at, code in enumerate(dict.fromkeys(team.department for team in everyone))}
    of_team = np.array([*(codes[team.department] for team in everyone), -1], np.int64)
    group, said = groups_of(cases.reported)
    drawn = drawings(int(group.max(initial=0)) + 1)
    both = (had >= 0) & (has >= 0)
    # Who had a case in the end, in the numbers of the teams' departments; -2: one that no team belongs to.
    ends = np.array([*(codes.get(code, -2) for code in cases.departments), -1], np.int64)[cases.department]
    departments = of_team[had], of_team[has]
    return Comparison(
        cases=len(cases),
        both=int(both.sum()),
        moved=int((had != has).sum()),
        handed_over=int((departments[0] != departments[1]).sum()),
        nobody=(int((had < 0).sum()), int((has < 0).sum())),
        groups=said,
        figures=figures_of(cases, replays, both, (departments[0], departments[1], ends), (group, drawn), promise_s),
        likeness=likeness(cases, everyone, had, departments[0], ends),
        loads=loads_of(cases, everyone, (had, has), replays, (group, drawn)),
    )


def groups_of(reported: Longs) -> tuple[Longs, str]:
    """What hangs together: the days of reports where they are many enough, else cases, dealt into groups at random."""
    days, group = np.unique(reported // DAY_S, return_inverse=True)
    if len(days) >= FEWEST_DAYS:
        return group.astype(np.int64), "days"
    if len(reported) <= CASE_GROUPS:
        return np.arange(len(reported), dtype=np.int64), "cases"
    dealt = np.random.default_rng(len(reported)).permutation(len(reported))
    return np.asarray(dealt % CASE_GROUPS, np.int64), "cases"


def figures_of(
    cases: PastCases,
    replays: tuple[Replayed, Replayed],
    both: Bools,
    departments: tuple[Longs, Longs, Longs],
    grouped: tuple[Longs, Floats],
    promise_s: float,
) -> dict[str, Paired]:
    """The figures; ``departments``: of each case before, after and in the end; ``grouped``: groups and their drawings."""
    group, drawn = grouped
    before, after = (one.reach_s for one in replays)
    placed = np.ones(len(cases), np.bool_)
    answered = both & (cases.answered > 0)
    dated = answered & (cases.due > 0)
    late = cases.answered - cases.due
    first, second, end = departments
    known = answered & (end != -1)
    found = {
        "reach": means(group[both], before[both], after[both], drawn),
        "reach_p90": quantiles(group[both], before[both], after[both], drawn, 0.9, SCALE),
        "way": _means(group, both, replays[0].travel_s, replays[1].travel_s, drawn),
        "promised": _means(group, placed, before <= promise_s, after <= promise_s, drawn),
        "nobody": _means(group, placed, replays[0].team < 0, replays[1].team < 0, drawn),
        "overdue": _means(group, dated, late > 0, late + (after - before) > 0, drawn),
        "returned": _means(group, known, first != end, second != end, drawn),
    }
    return {name: one for name, one in found.items() if one is not None}


def _means(
    group: Longs, rows: Bools, before: NDArray[np.generic], after: NDArray[np.generic], drawn: Floats
) -> Paired | None:
    return means(group[rows], before[rows].astype(np.float64), after[rows].astype(np.float64), drawn)


def likeness(
    cases: PastCases, teams: Sequence[Team], had: Longs, department: Longs, end: Longs
) -> tuple[float, float] | None:
    """How far the replay before is as it really was: shares of the same department, and of the same team."""
    known = (had >= 0) & (end != -1) & (cases.team > 0)
    if not known.any():
        return None
    ids = np.array([*(team.id for team in teams), 0], np.int64)[had]
    return float((department == end)[known].mean()), float((ids == cases.team)[known].mean())


def loads_of(
    cases: PastCases,
    teams: Sequence[Team],
    had: tuple[Longs, Longs],
    replays: tuple[Replayed, Replayed],
    grouped: tuple[Longs, Floats],
) -> tuple[TeamLoad, ...]:
    """What each team has on both sides."""
    group, drawn = grouped
    counted = [np.bincount(one[one >= 0], minlength=len(teams)) for one in had]
    low, high = count_differences(group, *had, len(teams), drawn)
    began = replays[0].reach_s, replays[1].reach_s
    peaks = [most_open(cases, one, reach, began[0], len(teams)) for one, reach in zip(had, began, strict=True)]
    change = counted[1] - counted[0]
    order = np.lexsort((-np.maximum(*counted), -np.abs(change)))
    return tuple(
        TeamLoad(
            teams[k],
            (int(counted[0][k]), int(counted[1][k])),
            Interval(float(change[k]), float(low[k]), float(high[k])),
            (int(peaks[0][k]), int(peaks[1][k])),
        )
        for k in order.tolist()
    )


def most_open(cases: PastCases, team: Longs, reach_s: Floats, before_s: Floats, teams: int) -> Longs:
    """How many cases each team has open at most at once, from arrival to the answer; each takes as long as it really took.

    A case that was never answered is left out. The answer comes by as much later, or sooner, as the team is there.
    """
    later = np.nan_to_num(reach_s - before_s)
    begins = cases.reported + np.nan_to_num(reach_s)
    ends = np.maximum(cases.answered + later, begins)
    rows = np.flatnonzero((team >= 0) & (cases.answered > 0))
    who = np.concatenate((team[rows], team[rows]))
    at = np.concatenate((begins[rows], ends[rows]))
    step = np.concatenate((np.ones(len(rows), np.int64), np.full(len(rows), -1, np.int64)))
    order = np.lexsort((step, at, who))
    open_now = np.cumsum(step[order])
    found = np.zeros(teams, np.int64)
    # Each team's steps add up to nothing, so that one running sum serves all.
    np.maximum.at(found, who[order], open_now)
    return found
