"""What the pyramid costs: a worker makes cases of waiting reports, with the pyramid's triggers and its folding, and without.

Two copies of one city, one without the triggers. Rounds are short, alternate, and change which goes first, so that what else
the machine does falls on both; what it costs is the middle of the rounds' shares. Afterwards every level of the pyramid is
compared with a recount of the cases.
"""

import asyncio
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from statistics import median, quantiles
from time import perf_counter
from typing import Final

import orjson
import psycopg

from benchmarks.result import Progress, Result, Size
from data import migrate
from data.cluster import Cluster
from data.copy import copy_rows
from data.database import SESSION, Connection, connect
from data.demo.city import make_city
from data.demo.live import reports_live
from data.demo.load import load_city
from data.demo.size import BLOCK, DISTRICT
from data.stores.pyramid import fold, load_level, recount_level
from data.stores.workbench import Workbench
from dispatch.matters import matters
from dispatch.reference import load_reference
from dispatch.worker import Worker

BAR: Final = "<= 15 % off the worker's throughput, equal to a recount at every level"
ROUNDS: Final = {"small": (250, 16), "city": (500, 40)}
"""Reports in a round, and rounds of each kind."""
LEVELS: Final = range(4, 10)
UNCOUNTED: Final = "drop trigger count_new on cases; drop trigger count_changed on cases"

WorkOff = Callable[[int, int], float]
"""Given a seed and how many reports: cases made a second."""


def run(size: Size, progress: Progress) -> Result:
    """Measure, then check."""
    count, rounds = ROUNDS[size]
    progress("building a city", 0.0)
    with ExitStack() as stack:
        counted_url, plain_url = stack.enter_context(cities(size))
        counted = stack.enter_context(working(counted_url, folding=True))
        plain = stack.enter_context(working(plain_url, folding=False))
        for warm in (counted, plain):
            warm(0, 200)
        rates: list[tuple[float, float]] = []
        for number in range(1, rounds + 1):
            progress("making cases of reports", 0.3 + 0.6 * number / rounds)
            rates.append(in_turn(counted, plain, number, count))
        wrong = asyncio.run(differences(counted_url))
    low, share, high = quantiles([one / other for one, other in rates], n=4)
    with_it, without = (median(column) for column in zip(*rates, strict=True))
    off = {"off_percent": share, "off_percent_in_a_good_round": high, "off_percent_in_a_bad_round": low}
    ours = {"cases_per_s": with_it, "cells_that_differ": float(wrong)} | {k: (1 - of) * 100 for k, of in off.items()}
    return Result(
        "pyramid", BAR, share >= 0.85 and not wrong, ours, {"no pyramid": {"cases_per_s": without, "ratio": share}}
    )


def in_turn(counted: WorkOff, plain: WorkOff, number: int, count: int) -> tuple[float, float]:
    """The rates of a round with and without the pyramid, the one or the other first."""
    if number % 2:
        return counted(number, count), plain(number, count)
    without = plain(number, count)
    return counted(number, count), without


@contextmanager
def cities(size: Size) -> Iterator[tuple[str, str]]:
    """Two copies of a demo city in a cluster of their own; the second without the triggers."""
    with tempfile.TemporaryDirectory(prefix="needle-bench-") as folder:
        Path(folder).chmod(0o755)
        cluster = Cluster(Path(folder) / "pg")
        cluster.start()
        try:
            url = cluster.create_database("city")
            migrate.upgrade(url)
            load_reference(url)
            with connect(url) as connection:
                demo = make_city(BLOCK if size == "small" else DISTRICT)
                load_city(connection, demo, matters().values(), datetime.now(UTC))
            counted, plain = (cluster.copy_database("city", name) for name in ("counted", "plain"))
            with connect(plain) as connection:
                connection.execute(UNCOUNTED)
            yield counted, plain
        finally:
            cluster.stop()


@contextmanager
def working(url: str, *, folding: bool) -> Iterator[WorkOff]:
    """A worker over a database; it folds after each batch where asked to."""
    with Workbench(url) as bench, connect(url, autocommit=True) as connection:
        worker = Worker(bench)
        worker.refresh()

        def work_off(seed: int, count: int) -> float:
            add_reports(connection, seed, count)
            start = perf_counter()
            while worker.handle_batch():
                if folding:
                    fold(bench.connection)
            return count / (perf_counter() - start)

        yield work_off


def add_reports(connection: Connection, seed: int, count: int) -> None:
    """Waiting reports of the demo city's residents."""
    reports = list(islice(reports_live(connection, seed, datetime.now(UTC)), count))
    rows = [(r["channel"], r["key"], orjson.dumps(r).decode(), r["reported_at"]) for r in reports]
    copy_rows(connection, "report", ("channel", "idempotency_key", "body", "reported_at"), rows)


async def differences(url: str) -> int:
    """Cells of any level that the pyramid counts otherwise than the cases do."""
    wrong = 0
    async with await psycopg.AsyncConnection.connect(url, options=SESSION) as connection:
        for level in LEVELS:
            held, counted = await load_level(connection, level), await recount_level(connection, level)
            wrong += sum(held.get(key) != counted.get(key) for key in held.keys() | counted.keys())
    return wrong
