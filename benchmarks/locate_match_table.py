"""Locate and match from table to table in the database: ours reads, computes and writes; PostGIS does it in one statement."""

from statistics import median
from time import perf_counter

from benchmarks.peers import with_postgis
from benchmarks.problem import make_problem
from benchmarks.result import Progress, Result, Size, city_bar

BAR = ">= 10 x tuned PostGIS, answers identical"
ROUNDS = 3


def run(size: Size, progress: Progress) -> Result:
    """Measures our way three times and PostGIS's once, in one database."""
    problem = make_problem(size, progress)
    problem.solve()
    progress("PostGIS: loading", 0.2)
    with with_postgis.postgis(problem) as connection:
        times = []
        for _ in range(ROUNDS):
            progress("from table to table through the engine", 0.5)
            start = perf_counter()
            with_postgis.solve_through_engine(connection, problem)
            times.append(perf_counter() - start)
        progress("from table to table in SQL", 0.7)
        start = perf_counter()
        with_postgis.solve_in_sql(connection)
        peer_s = perf_counter() - start
        same = with_postgis.answers(connection).equal(with_postgis.answers(connection, "answer_ours"))
    ours_s = median(times)
    peer = {"seconds": peer_s, "ratio": peer_s / ours_s, "identical": float(same)}
    return Result(
        "locate_match_table",
        city_bar(BAR, size),
        same and peer["ratio"] >= 10,
        {"seconds": ours_s},
        {"PostGIS tuned": peer},
    )
