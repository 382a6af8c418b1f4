"""The desk over HTTP: windows of a hundred rows under many filters, ordered by every column, beside the same query in PostgreSQL.

Every request is another combination: a filter (none, flags, vocabularies, an area, a stretch of time, a polygon, words that some
case holds), a column, a direction, a place in the order. Nothing is asked twice. PostgreSQL counts the rows that fit and reads
the same window, with the indexes that the database has; totals are compared.
"""

import http.client
import json
import math
import tempfile
import time
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from statistics import quantiles
from typing import Any, Final
from urllib.parse import urlencode

import numpy as np

from benchmarks.peers.desk_sql import FilterSql, sample_words, window
from benchmarks.peers.visitor import headers, sign_in
from benchmarks.result import Progress, Result, Size
from benchmarks.tiles import city, started
from data.database import Connection, connect

BAR: Final = "p99 < 300 ms, any filter and any sort over every case"
BAR_MS: Final = 300.0
ROWS: Final = 100
READY_S: Final = 600.0
COLUMNS: Final = (
    "number", "title", "address", "channel", "state", "matter", "department", "team", "urgent", "left", "area:district",
    "area:subdistrict", "cell", "reported", "dispatched", "due", "answered", "closed", "updated", "returns", "reworks", "queue",
)  # fmt: skip


@dataclass(frozen=True)
class Asked:
    """One request of the table: its filter, also in SQL, its order and its place."""

    kind: str
    query: dict[str, str]
    sql: FilterSql
    column: str
    descending: bool
    start: int

    @property
    def path(self) -> str:
        """The address."""
        sort = f"{'-' if self.descending else ''}{self.column}"
        more = {"sort": sort, "start": str(self.start), "end": str(self.start + ROWS)}
        return f"/api/desk/rows?{urlencode(self.query | more)}"


def run(size: Size, progress: Progress) -> Result:
    """Measure ours, then PostgreSQL on a part of the same requests."""
    count, of_peer = (300, 30) if size == "small" else (1_500, 60)
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="needle-bench-")))
        progress("building a city", 0.0)
        url = stack.enter_context(city(folder, size))
        sign_in(url)
        connection = stack.enter_context(connect(url, autocommit=True))
        asked = draw(connection, count)
        port = stack.enter_context(started(folder, url, "dashboard.cli", "serve"))
        progress("loading cases and texts into the server", 0.3)
        cases = wait_until_ready(port)
        progress("ours", 0.5)
        ours = [ask(port, one) for one in asked]
        progress("PostgreSQL", 0.8)
        theirs = [ask_sql(connection, one) for one in asked[:of_peer]]
    return result(cases, asked, ours, theirs)


def result(cases: int, asked: list[Asked], ours: list[tuple[float, int]], theirs: list[tuple[float, int]]) -> Result:
    """The figures held against the bar, in all and by the kind of filter."""
    times = [took for took, _ in ours]
    measured = {"cases": float(cases), "requests": float(len(times))} | figures(times)
    for kind in dict.fromkeys(one.kind for one in asked):
        of_kind = [took for one, (took, _) in zip(asked, ours, strict=True) if one.kind == kind]
        measured[f"{kind}_p99_ms"] = quantiles(of_kind, n=100)[98]
    same = [mine[1] == its[1] for mine, its in zip(ours, theirs, strict=False)]
    peer = figures([took for took, _ in theirs]) | {
        "ratio": sum(took for took, _ in theirs) / sum(times[: len(theirs)]),
        "identical": sum(same) / len(same),
    }
    return Result("desk", BAR, measured["p99_ms"] < BAR_MS, measured, {"postgresql": peer})


def figures(times: list[float]) -> dict[str, float]:
    """Median, 99th percentile and longest, in milliseconds."""
    cuts = quantiles(times, n=100)
    return {"p50_ms": cuts[49], "p99_ms": cuts[98], "max_ms": max(times)}


def draw(connection: Connection, count: int) -> list[Asked]:
    """Requests at random, each kind of filter and each column as often as any other."""
    generator = np.random.default_rng(1)
    words = sample_words(connection, count // 4 + 10, generator)
    kinds = filters(connection, generator, words)
    asked = []
    for at in range(count):
        kind = list(kinds)[at % len(kinds)]
        query, sql = kinds[kind]()
        column = COLUMNS[int(generator.integers(len(COLUMNS)))]
        start = int(generator.choice([0, 0, 100, 2_000, 50_000]))
        asked.append(Asked(kind, query, sql, column, bool(generator.integers(2)), start))
    return [asked[k] for k in generator.permutation(count).tolist()]


def filters(connection: Connection, generator: np.random.Generator, words: list[str]) -> dict[str, Any]:
    """A maker of filters for each kind."""

    def one_of(statement: bytes) -> list[Any]:
        return [row[0] for row in connection.execute(statement).fetchall()]

    channels, states = one_of(b"select code from channel"), one_of(b"select distinct state from cases")
    districts = one_of(b"select distinct areas ->> 'district' from cases where areas ? 'district' limit 50")
    matters = one_of(b"select distinct matter_id from cases")
    first, last = connection.execute(b"select min(reported_at), max(reported_at) from cases").fetchone() or (None, None)
    west, south, east, north = connection.execute(
        b"select ST_XMin(b), ST_YMin(b), ST_XMax(b), ST_YMax(b) from (select ST_Extent(geom)::box2d as b from cases) as q"
    ).fetchone() or (0.0, 0.0, 0.0, 0.0)

    def pick(values: list[Any]) -> Any:
        return values[int(generator.integers(len(values)))]

    def polygon() -> tuple[dict[str, str], FilterSql]:
        x, y = generator.uniform(west, east), generator.uniform(south, north)
        reach = generator.uniform(0.05, 0.4) * (east - west)
        ring = [(x + reach * math.cos(k), y + reach * 0.7 * math.sin(k)) for k in np.linspace(0, 6.0, 40)]
        text = ";".join(f"{lng:.5f} {lat:.5f}" for lng, lat in ring)
        return {"polygon": text}, ("polygon", text)

    def stretch() -> tuple[dict[str, str], FilterSql]:
        begin = first + (last - first) * generator.uniform(0, 0.9)
        end = begin + (last - first) * generator.uniform(0.01, 0.5)
        limits = (int(begin.timestamp()), int(end.timestamp()))
        return {"from": str(limits[0]), "to": str(limits[1])}, ("stretch", limits)

    def text() -> tuple[dict[str, str], FilterSql]:
        word = words.pop()
        return {"text": word}, ("text", word)

    def simple(key: str, values: list[Any], column: str) -> Any:
        def make() -> tuple[dict[str, str], FilterSql]:
            value = pick(values)
            said = f"district:{value}" if key == "area" else str(value)
            return {key: said}, (column, value)

        return make

    return {
        "none": lambda: ({}, ("none", None)),
        "open": lambda: ({"open": "1"}, ("open", None)),
        "channel": simple("channel", channels, "channel"),
        "state": simple("state", states, "state"),
        "matter": simple("matter", matters, "matter"),
        "area": simple("area", districts, "area"),
        "stretch": stretch,
        "polygon": polygon,
        "text": text,
    }


def wait_until_ready(port: int) -> int:
    """Until cases are read and every column is sorted, the state that a server keeps for its life; how many cases."""
    patience = time.monotonic() + READY_S
    while time.monotonic() < patience:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        connection.request("GET", "/api/desk/rows?end=1", headers=headers())
        answer = connection.getresponse()
        body = json.loads(answer.read())
        connection.close()
        if answer.status == 200:
            return int(body["total"])
        time.sleep(0.5)
    raise RuntimeError("the server did not load its cases")


_open: dict[int, http.client.HTTPConnection] = {}


def ask(port: int, one: Asked) -> tuple[float, int]:
    """Milliseconds until the whole answer is here, and the number of cases found."""
    connection = _open.setdefault(port, http.client.HTTPConnection("127.0.0.1", port, timeout=60))
    begun = time.perf_counter()
    connection.request("GET", one.path, headers=headers())
    answer = connection.getresponse()
    body = answer.read()
    took = (time.perf_counter() - begun) * 1e3
    if answer.status != 200:
        raise RuntimeError(f"{one.path} was refused: {body[:200]!r}")
    return took, int(json.loads(body)["total"])


def ask_sql(connection: Connection, one: Asked) -> tuple[float, int]:
    """The same in PostgreSQL: the count and the window, each one statement."""
    begun = time.perf_counter()
    total = window(connection, one.sql, one.column, one.descending, one.start, ROWS)
    return (time.perf_counter() - begun) * 1e3, total
