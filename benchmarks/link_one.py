"""One new record against all that are known: who it may be, one after another, with chances learned from a sample."""

from time import perf_counter
from typing import Final

from benchmarks.linkage import HOUSEHOLDS, TODAY, told
from benchmarks.result import Progress, Result, Size, city_bar, p50_p99
from data.linkage.linking import link_frame
from data.linkage.one import OneLinker

BAR: Final = "p99 under 50 ms among 1,000,000 records"
ASKED: Final = 2_000
LEARNED_FROM: Final = 100_000


def run(size: Size, progress: Progress) -> Result:
    """Ask with every kind of record there is, and count how many are of somebody known and found."""
    progress("telling of people", 0.0)
    records = told(HOUSEHOLDS[size])
    new, known = records.records.iloc[:ASKED], records.records.iloc[ASKED:]
    progress("learning", 0.2)
    weights = link_frame(known.iloc[:LEARNED_FROM], TODAY).weights
    progress("taking in", 0.5)
    start = perf_counter()
    linker = OneLinker(known, weights, TODAY)
    loaded = perf_counter() - start
    progress("asking", 0.8)
    person = dict(zip(records.records["id"], records.person.tolist(), strict=True))
    known_people = set(records.person[ASKED:].tolist())
    times, right, wrong, there = [], 0, 0, 0
    for row in new.astype(object).to_dict("records"):
        asked = {str(key): value if isinstance(value, str) else None for key, value in row.items()}
        start = perf_counter()
        candidates = linker.candidates(asked)
        times.append(perf_counter() - start)
        who = person[str(asked["id"])]
        there += who in known_people
        linked = next((candidate for candidate in candidates if candidate.linked), None)
        right += linked is not None and person[linked.id] == who
        wrong += linked is not None and person[linked.id] != who
    p50, p99 = p50_p99(times)
    figures = {
        "records": float(len(known)),
        "load_s": loaded,
        "p50_ms": p50 * 1000,
        "p99_ms": p99 * 1000,
        "worst_ms": max(times) * 1000,
        "found": right / max(1, there),
        "wrong": wrong / ASKED,
    }
    return Result("link_one", city_bar(BAR, size), p99 < 0.05, figures)
