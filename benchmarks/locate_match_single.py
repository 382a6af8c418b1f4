"""One event in a warm worker: where it lies, how near a border, which team and why not each other; beside a prepared query."""

from statistics import median
from time import perf_counter

import numpy as np

from benchmarks.city import MATTERS
from benchmarks.peers import with_postgis
from benchmarks.problem import Problem, make_problem
from benchmarks.result import Progress, Result, Size

BAR = "locating < 10 us, with matching and all its reasons < 100 us (median)"
EVENTS = 4000


def run(size: Size, progress: Progress) -> Result:
    """Measures each step over ``EVENTS`` events drawn at random."""
    problem = make_problem(size, progress)
    events = problem.city.events
    sample = np.random.default_rng(3).integers(0, len(events.lng), EVENTS)
    rows = list(zip(events.lng[sample].tolist(), events.lat[sample].tolist(), events.matter[sample], strict=True))
    progress("one event after another", 0.5)
    _measure(problem, rows[:200])
    locate_us, both_us = _measure(problem, rows)
    progress("PostGIS: loading and asking", 0.6)
    peer_us = _ask_postgis(problem, sample)
    ours = {"locate_us": median(locate_us), "locate_match_us": median(both_us)}
    ours["locate_match_p99_us"] = float(np.percentile(both_us, 99))
    peers = {"PostGIS prepared, no reasons": {"median_us": peer_us, "ratio": peer_us / ours["locate_match_us"]}}
    met = ours["locate_us"] < 10 and ours["locate_match_us"] < 100
    return Result("locate_match_single", BAR, met, ours, peers)


def _measure(problem: Problem, rows: list[tuple[float, float, int]]) -> tuple[list[float], list[float]]:
    """Microseconds to locate, and to locate and decide."""
    locate_us, both_us = [], []
    for lng, lat, matter in rows:
        start = perf_counter()
        place = problem.atlas.locate_one(lng, lat)
        located = perf_counter()
        problem.matcher.decide(MATTERS[matter], lng, lat, place)
        locate_us.append((located - start) * 1e6)
        both_us.append((perf_counter() - start) * 1e6)
    return locate_us, both_us


def _ask_postgis(problem: Problem, sample: np.ndarray[tuple[int], np.dtype[np.int64]]) -> float:
    """Median microseconds of a prepared query for cell, jurisdiction and team."""
    events, times = problem.city.events, []
    with with_postgis.postgis(problem) as connection, connection.cursor(binary=True) as cursor:
        for i in sample.tolist():
            x, y = float(problem.x[i]), float(problem.y[i])
            asked = (float(events.lng[i]), float(events.lat[i]), int(problem.department[i]), x, x, y, y)
            start = perf_counter()
            cursor.execute(with_postgis.ONE, asked, prepare=True).fetchone()
            times.append((perf_counter() - start) * 1e6)
    return median(times[len(times) // 10 :])
