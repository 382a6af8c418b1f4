"""Replay of past cases through changed rules: the matching engine twice over a million cases, before and after, with progress."""

from dataclasses import replace
from time import perf_counter
from typing import Final

from benchmarks.problem import make_problem
from benchmarks.result import Progress, Result, Size, city_bar
from dispatch.what_if import PastCases, compare, matcher_of, replay

BAR: Final = "1,000,000 cases through changed rules < 60 s, with progress"


def run(size: Size, progress: Progress) -> Result:
    """Measure both replays and the comparison; one thread."""
    problem = make_problem(size, progress)
    rules, teams, events = problem.matcher.ruleset, problem.matcher.teams, problem.city.events
    cases = PastCases(events.matter, events.lng, events.lat)
    changed = replace(rules, rules=rules.rules[: len(rules.rules) // 2 or 1])
    sides = [matcher_of(one, problem.atlas, teams, problem.matcher.matters) for one in (rules, changed)]
    replay(sides[0], problem.atlas, PastCases(events.matter[:1000], events.lng[:1000], events.lat[:1000]))
    told: list[int] = []
    start = perf_counter()
    before, after = (replay(side, problem.atlas, cases, lambda done, _total: told.append(done)) for side in sides)
    replayed_s = perf_counter() - start
    found = compare(before, after, list(teams))
    total_s = perf_counter() - start
    ours = {"cases": float(found.cases), "replays_s": replayed_s, "total_s": total_s, "moved": float(found.moved)}
    return Result("replay", city_bar(BAR, size), total_s < 60 and len(told) > 1, ours | {"told": float(len(told))})
