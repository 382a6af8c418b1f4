"""Locate every event in cells and jurisdictions and match it with its team, a million at once, beside the peers."""

from statistics import median
from time import perf_counter

from benchmarks.peers import with_duckdb, with_geopandas, with_postgis, with_sedona
from benchmarks.problem import Answers, make_problem
from benchmarks.result import Progress, Result, Size, city_bar

BAR = ">= 15 x the fastest peer chain of the run and >= 100 x tuned PostGIS, answers identical"
PEERS = {
    "SedonaDB + cKDTree": with_sedona.prepare,
    "DuckDB spatial": with_duckdb.prepare,
    "GeoPandas + cKDTree": with_geopandas.prepare,
}
ROUNDS = 3


def run(size: Size, progress: Progress) -> Result:
    """Measures ours and each peer in turn, ``ROUNDS`` times over, and compares the answers."""
    problem = make_problem(size, progress)
    progress("preparing the peers", 0.1)
    ways = {"needle": problem.solve, **{name: prepare(problem) for name, prepare in PEERS.items()}}
    problem.solve()
    times: dict[str, list[float]] = {name: [] for name in ways}
    found: dict[str, Answers] = {}
    for turn in range(ROUNDS):
        for name, solve in ways.items():
            progress(f"round {turn + 1} of {ROUNDS}: {name}", 0.2 + 0.5 * turn / ROUNDS)
            for _ in range(3 if name == "needle" else 1):
                start = perf_counter()
                found[name] = solve()
                times[name].append(perf_counter() - start)
    progress("PostGIS: loading and solving", 0.7)
    with with_postgis.postgis(problem) as connection:
        start = perf_counter()
        with_postgis.solve_in_sql(connection)
        times["PostGIS tuned"] = [perf_counter() - start]
        found["PostGIS tuned"] = with_postgis.answers(connection)
    ours_s = median(times.pop("needle"))
    peers = {
        name: {
            "seconds": median(t),
            "ratio": median(t) / ours_s,
            "identical": float(found[name].equal(found["needle"])),
        }
        for name, t in times.items()
    }
    fastest = min(p["ratio"] for name, p in peers.items() if name in PEERS)
    met = fastest >= 15 and peers["PostGIS tuned"]["ratio"] >= 100 and all(p["identical"] for p in peers.values())
    events = len(problem.x)
    return Result(
        "locate_match_bulk", city_bar(BAR, size), met, {"seconds": ours_s, "events_per_s": events / ours_s}, peers
    )
