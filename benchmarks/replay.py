"""Replay of past cases through changed rules: the engine twice over a million cases, then all figures with their intervals.

Teams work in shifts of three kinds over a year, so that cases come by day and by night and some wait for somebody to come.
"""

from dataclasses import replace
from datetime import time
from time import perf_counter
from typing import Final
from zoneinfo import ZoneInfo

import numpy as np

from benchmarks.problem import Problem, make_problem
from benchmarks.result import Progress, Result, Size, city_bar
from data.stores.teams import ShiftRow
from dispatch.what_if import PastCases, replay, side_of
from dispatch.what_if_compare import compare
from dispatch.what_if_duty import roster_of

BAR: Final = "1,000,000 cases through changed rules < 60 s, with progress"
YEAR_S: Final = 365 * 86_400
EPOCH_S: Final = 1_760_000_000
ZONE: Final = ZoneInfo("Asia/Shanghai")
SHIFTS: Final = (
    tuple(ShiftRow(day, time(7), time(19)) for day in range(7)),
    tuple(ShiftRow(day, time(19), time(7)) for day in range(7)),
    tuple(ShiftRow(day, time(8), time(18)) for day in range(5)),
)


def run(size: Size, progress: Progress) -> Result:
    """Measure both replays and the comparison; one thread."""
    problem = make_problem(size, progress)
    rules, teams = problem.matcher.ruleset, list(problem.matcher.teams)
    cases = past_cases(problem)
    changed = replace(rules, rules=rules.rules[: len(rules.rules) // 2 or 1])
    roster = roster_of([SHIFTS[k % len(SHIFTS)] for k in range(len(teams))], ZONE)
    sides = [side_of(one, problem.atlas, teams, problem.matcher.matters, roster) for one in (rules, changed)]
    replay(sides[0], first(cases, 1_000))
    told: list[int] = []
    start = perf_counter()
    before, after = (replay(side, cases, lambda done, _total: told.append(done)) for side in sides)
    replayed_s = perf_counter() - start
    found = compare(cases, (sides[0], sides[1]), (before, after))
    total_s = perf_counter() - start
    waited = float((before.wait_s > 0).sum())
    ours = {"cases": float(found.cases), "replays_s": replayed_s, "total_s": total_s, "moved": float(found.moved)}
    more = {"waited": waited, "told": float(len(told))}
    return Result("replay", city_bar(BAR, size), total_s < 60 and len(told) > 1, ours | more)


def past_cases(problem: Problem) -> PastCases:
    """The events of the problem, spread over a year, each answered within two days by some team."""
    events, teams = problem.city.events, problem.matcher.teams
    n = len(events.matter)
    random = np.random.default_rng(7)
    reported = EPOCH_S + random.integers(0, YEAR_S, n)
    codes = tuple(dict.fromkeys(team.department for team in teams))
    had = random.integers(0, len(teams), n)
    of_team = np.array([codes.index(team.department) for team in teams], np.int32)
    return PastCases(
        matter=events.matter,
        lng=events.lng,
        lat=events.lat,
        reported=reported,
        due=reported + 86_400,
        answered=reported + random.integers(600, 172_800, n),
        department=of_team[had],
        team=np.array([team.id for team in teams], np.int64)[had],
        departments=codes,
    )


def first(cases: PastCases, n: int) -> PastCases:
    """The first of some cases, to compile what is compiled."""
    columns = ("matter", "lng", "lat", "reported", "due", "answered", "department", "team")
    return replace(cases, **{name: getattr(cases, name)[:n] for name in columns})
