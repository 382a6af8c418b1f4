"""Gi* with permutation p-values over 100,000 hexagons, from the database to the map, beside esda's ``G_Local``.

A million cases lie over the hexagons, some places far more than others. Measured is the whole way: counts by cell out of
PostgreSQL, which cells touch, Gi* with its conditional permutation test, the false-discovery correction, the outlines, and all
tiles of a first view. The peer does the statistic alone, with 999 dealings, as its users run it: in one process, which is its
faster way here.
"""

from time import perf_counter
from typing import Any, Final

import h3.api.numpy_int as h3
import numpy as np
from esda.getisord import G_Local
from libpysal.weights import WSP
from numpy.typing import NDArray

from benchmarks.publish import database
from benchmarks.result import Progress, Result, Size, city_bar, seconds
from dashboard.hotspots.analysis import Analysis, Counted, Question, classed
from dashboard.hotspots.study import Study
from dashboard.hotspots.view import draw
from data.copy import copy_arrays, read_arrays
from data.database import Connection, connect
from data.mirror.hexes import draw_cells
from geo.stats.hotspots import discoveries, gi_star
from geo.stats.neighbours import h3_neighbours

BAR: Final = "100,000 cells from the database to the map < 2 s, >= 10 x esda's G_Local(permutations=999)"
RINGS: Final = {"small": 57, "city": 182}
CASES: Final = {"small": 100_000, "city": 1_000_000}
MIDDLE: Final = (31.23, 121.47)
VIEW_ZOOM: Final = 10
DEALINGS: Final = 999
COUNTS: Final = """
select hex, count(*) as n from bench_case where reported_at >= '2026-01-01' and reported_at < '2027-01-01'
 group by hex order by hex
"""
Longs = NDArray[np.int64]


def run(size: Size, progress: Progress) -> Result:
    """Measure the way to the map, then the peer."""
    cells = np.sort(np.array(h3.grid_disk(h3.latlng_to_cell(*MIDDLE, 9), RINGS[size]), np.int64))
    with database() as url, connect(url, autocommit=True) as connection:
        progress("filling the database", 0.0)
        fill(connection, cells, CASES[size])
        progress("compiling", 0.2)
        way(connection, cells)
        progress("from the database to the map", 0.3)
        runs = [way(connection, cells) for _ in range(3)]
    taken = {name: float(np.median([one[0][name] for one in runs])) for name in runs[0][0]}
    values, neighbours = runs[-1][1].values, runs[-1][1].study.neighbours
    progress("esda", 0.6)
    statistic_s = seconds(lambda: gi_star(values, neighbours))
    their_s, difference = esda(values, runs[-1][1])
    total = sum(taken.values())
    ours = {
        "cells": float(len(cells)),
        **taken,
        "total_s": total,
        "statistic_s": statistic_s,
        "largest_difference": difference,
    }
    ratio = their_s / statistic_s
    peer = {"statistic_s": their_s, "ratio": ratio}
    return Result("gi_star", city_bar(BAR, size), total < 2 and ratio >= 10, ours, {"esda": peer})


def fill(connection: Connection, cells: Longs, cases: int) -> None:
    """Cases by place and time, denser here and there."""
    connection.execute("create table bench_case (hex bigint not null, reported_at timestamptz not null)")
    random = np.random.default_rng(1)
    weight = random.gamma(0.7, 1.0, len(cells))
    hexes = random.choice(cells, cases, p=weight / weight.sum())
    at = np.datetime64("2026-01-01", "us") + random.integers(0, 365 * 86_400, cases).astype("timedelta64[s]")
    copy_arrays(connection, "bench_case", {"hex": hexes, "reported_at": at})
    connection.execute("analyze bench_case")


def way(connection: Connection, cells: Longs) -> tuple[dict[str, float], Analysis]:
    """Seconds of each step from the database to the tiles of a first view."""
    clock = [perf_counter()]

    def lap() -> float:
        clock.append(perf_counter())
        return clock[-1] - clock[-2]

    rows = read_arrays(connection, COUNTS, [("hex", "i8"), ("n", "i8")])
    counts = np.zeros(len(cells), np.int64)
    counts[np.searchsorted(cells, rows["hex"])] = rows["n"]
    taken = {"database_s": lap()}
    neighbours = h3_neighbours(cells)
    taken["neighbours_s"] = lap()
    values = counts.astype(np.float64)
    found = gi_star(values, neighbours)
    taken["gi_star_s"] = lap()
    q = discoveries(found.p)
    classes = classed(found.z, q)
    taken["discoveries_s"] = lap()
    drawn = draw_cells(cells)
    study = Study("h3-9", [], cells, neighbours, drawn.x.astype(float), drawn.y.astype(float), drawn.shapes)
    taken["outlines_s"] = lap()
    analysis = analysis_of(study, counts, values, found.z, q, classes)
    tiles = sum(len(draw(analysis, tile)) > 0 for tile in view_tiles(study))
    taken["tiles_s"] = lap()
    assert tiles, "a first view shows something"
    return taken, analysis


def analysis_of(study: Study, counts: Longs, values: Any, z: Any, q: Any, classes: Any) -> Analysis:
    """What tiles are drawn from."""
    nothing = np.zeros(study.count, np.int64)
    counted = Counted(counts, nothing, nothing, nothing[:, None])
    small, density = np.zeros(study.count, np.int8), values
    trend = np.zeros(study.count, np.uint8)
    return Analysis(study, Question(), counted, values, z, q, classes, small, trend, density, nothing - 1)


def view_tiles(study: Study) -> list[tuple[int, int, int]]:
    """Every tile that shows a cell at the zoom of a first view."""
    shift = 32 - VIEW_ZOOM
    places = np.unique(np.column_stack((study.x.astype(np.int64) >> shift, study.y.astype(np.int64) >> shift)), axis=0)
    return [(VIEW_ZOOM, int(x), int(y)) for x, y in places]


def esda(values: NDArray[np.float64], found: Analysis) -> tuple[float, float]:
    """Seconds of the peer with its dealings, and how far its scores lie from ours at most."""
    deal: dict[str, Any] = {"transform": "B", "star": True, "keep_simulations": False, "n_jobs": 1}
    few = h3_neighbours(found.study.index[:200])
    G_Local(values[:200] + 1, WSP(few.matrix()).to_W(silence_warnings=True), permutations=9, **deal)
    weights = WSP(found.study.neighbours.matrix()).to_W(silence_warnings=True)
    start = perf_counter()
    theirs = G_Local(values, weights, permutations=DEALINGS, **deal)
    taken = perf_counter() - start
    return taken, float(np.abs(theirs.Zs - found.z).max())
