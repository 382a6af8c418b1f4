"""A small city to work in, small ones to decide in, and random ones to prove laws on."""

import itertools
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from time import monotonic

import numpy as np
import pytest
import shapely
from numpy.typing import NDArray

from data.chain import verify
from data.cluster import Cluster
from data.database import Connection, connect
from data.demo.city import DemoCity, make_city
from data.demo.load import load_city
from data.demo.size import BLOCK
from data.stores.cases import load_events
from dispatch.case import Case, fold, row
from dispatch.matching import Matcher, Team
from dispatch.matters import matters
from dispatch.reference import load_reference
from dispatch.rules import Rule, RuleSet
from geo.atlas import Atlas
from geo.layers import Layer
from tests.patience import PATIENCE_S

WEST, SOUTH, SIDE = 116.0, 39.9, 0.09
MATTERS = ("2026:event:09006", "2026:event:09001", "2026:event:01002", "2026:component:01013")
PATTERNS = ("2026:event:09006", "2026:event:09*", "2026:event:0*", "2026:*", "*", "2026:event:01002")
DEPARTMENTS = ("cg", "jj", "sz")
SKILLS = ("井盖", "拖车")


@dataclass(frozen=True, eq=False)
class RandomCity:
    """Rules, layers, teams and events by a seed: few places and loads, so that ties and refusals are frequent."""

    ruleset: RuleSet
    atlas: Atlas
    teams: tuple[Team, ...]
    matters: tuple[str, ...]
    matter: NDArray[np.int32]
    lng: NDArray[np.float64]
    lat: NDArray[np.float64]

    def matcher(self, teams: tuple[Team, ...] | None = None) -> Matcher:
        return Matcher(self.ruleset, self.atlas, self.teams if teams is None else teams, matters=self.matters)


def make_layer(name: str, polygons: list[shapely.Polygon]) -> Layer:
    codes = tuple(f"{i:02d}" for i in range(len(polygons)))
    array = np.empty(len(polygons), dtype=object)
    array[:] = polygons
    return Layer(name, codes, codes, (None,) * len(polygons), array)


def jittered_grid(rng: np.random.Generator, n: int) -> list[shapely.Polygon]:
    """n × n quadrilaterals that share crooked borders and fill a square, whose outline stays straight."""
    steps = np.linspace(0.0, SIDE, n + 1)
    x, y = np.meshgrid(steps, steps)
    inner = (slice(1, -1), slice(1, -1))
    x[inner] += rng.uniform(-0.3, 0.3, x[inner].shape) * SIDE / n
    y[inner] += rng.uniform(-0.3, 0.3, y[inner].shape) * SIDE / n
    corner = np.stack([WEST + x, SOUTH + y], axis=-1)
    ring = ((0, 0), (0, 1), (1, 1), (1, 0))
    return [shapely.Polygon([corner[j + b, i + a] for a, b in ring]) for j in range(n) for i in range(n)]


@pytest.fixture(scope="session")
def atlases() -> list[Atlas]:
    """A few cities' ground: districts, police districts that cross them, and two parks in them."""
    grounds = []
    for seed in range(4):
        rng = np.random.default_rng(seed)
        corners = [(WEST + SIDE * f, SOUTH + SIDE * g) for f, g in rng.uniform(0.0, 0.7, (2, 2))]
        parks = [shapely.box(w, s, w + 0.2 * SIDE, s + 0.2 * SIDE) for w, s in corners]
        layers = [("district", jittered_grid(rng, 3)), ("police", jittered_grid(rng, 2)), ("park", parks)]
        grounds.append(Atlas.build([make_layer(name, polygons) for name, polygons in layers]))
    return grounds


def random_rule(rng: np.random.Generator, atlas: Atlas, number: int) -> Rule:
    keys = [f"{layer.name}:{code}" for layer in atlas.layers for code in layer.codes]
    everywhere = rng.random() < 0.5
    return Rule(
        name=f"rule {number}",
        matter=tuple(rng.choice(PATTERNS, rng.integers(1, 3))),
        area=("*",) if everywhere else tuple(rng.choice(keys, rng.integers(1, 4))),
        department=str(rng.choice(DEPARTMENTS)),
        level=("street", "district", "city")[rng.integers(3)],
        skill=str(rng.choice(SKILLS)) if rng.random() < 0.3 else None,
        urgent=bool(rng.random() < 0.2),
        max_travel_minutes=float(rng.integers(2, 25)) if rng.random() < 0.3 else None,
        exclusive=bool(rng.random() < 0.3),
    )


def random_team(rng: np.random.Generator, atlas: Atlas, number: int) -> Team:
    layer = atlas.layers[rng.integers(len(atlas.layers))] if rng.random() < 0.6 else None
    column, row = rng.integers(0, 7, 2)
    return Team(
        id=1000 - number,
        code=f"T{number}",
        name=f"第{number}队",
        department=str(rng.choice(DEPARTMENTS)),
        scope_layer=layer.name if layer else None,
        scope_code=str(rng.choice(layer.codes)) if layer else None,
        skills=frozenset(str(s) for s in SKILLS if rng.random() < 0.5),
        capacity=int(rng.integers(0, 4)),
        speed_kmh=float(rng.choice([18.0, 36.0])),
        lng=WEST + SIDE * column / 6,
        lat=SOUTH + SIDE * row / 6,
        position_at=None,
        on_duty=bool(rng.random() < 0.7),
        load=int(rng.integers(0, 4)),
        stale=bool(rng.random() < 0.2),
    )


@pytest.fixture(scope="session")
def random_city(atlases: list[Atlas]) -> Callable[[int], RandomCity]:
    """A city by its seed."""

    def make(seed: int) -> RandomCity:
        rng = np.random.default_rng(seed)
        atlas = atlases[seed % len(atlases)]
        rules = tuple(random_rule(rng, atlas, i) for i in range(rng.integers(1, 9)))
        teams = tuple(random_team(rng, atlas, i) for i in range(rng.choice([0, 3, 20, 150])))
        lng = WEST + SIDE * rng.uniform(-0.05, 1.05, 60)
        lat = SOUTH + SIDE * rng.uniform(-0.05, 1.05, 60)
        on_lattice = rng.random(60) < 0.5
        lng[on_lattice] = WEST + SIDE * rng.integers(0, 13, on_lattice.sum()) / 12
        lat[on_lattice] = SOUTH + SIDE * rng.integers(0, 13, on_lattice.sum()) / 12
        lng[0], lat[1] = np.nan, np.nan
        matter = rng.integers(-1, len(MATTERS), 60).astype(np.int32)
        return RandomCity(RuleSet(rules, ""), atlas, teams, MATTERS, matter, lng, lat)

    return make


# --- a demo city in a database ------------------------------------------------------------------------------------

CheckCase = Callable[[Connection, int], Case]
Start = Callable[[], subprocess.Popen[bytes]]
Until = Callable[[Callable[[], bool], str], None]
REFERENCE = datetime(2026, 11, 24, 3, 20, tzinfo=UTC)
WHOLE_DAYS = """
insert into shift (team_id, weekday, starts, ends)
select id, weekday, '00:00', '00:00' from team cross join generate_series(0, 6) as weekday
"""
_number = itertools.count()


@pytest.fixture(scope="session")
def demo_city() -> DemoCity:
    """The city that is in ``city_url``; its history ends at ``REFERENCE``."""
    return make_city(BLOCK)


@pytest.fixture(scope="session")
def city_database(cluster: Cluster, demo_city: DemoCity) -> Iterator[str]:
    name = "worker_city"
    url = cluster.copy_database("template", name)
    load_reference(url)
    with connect(url) as connection:
        load_city(connection, demo_city, matters().values(), REFERENCE)
        connection.execute("delete from shift")
        connection.execute(WHOLE_DAYS)
        connection.commit()
    yield name
    cluster.drop_database(name)


@pytest.fixture
def city_url(cluster: Cluster, city_database: str) -> Iterator[str]:
    """A database of its own with a small city, its rules, teams and history, and no report that waits.

    Its teams are on duty at whatever hour the test runs.
    """
    name = f"worker_city_{next(_number)}"
    yield cluster.copy_database(city_database, name)
    cluster.drop_database(name)


@contextmanager
def _at_one_moment(connection: Connection) -> Iterator[None]:
    """What is read inside is of one moment, while other processes go on writing."""
    with connection.transaction():
        if connection.autocommit:
            connection.execute("set transaction isolation level repeatable read")
        yield


def _check_case(connection: Connection, case_id: int) -> Case:
    with _at_one_moment(connection):
        events = load_events(connection, case_id)
        case = fold(case_id, events)
        expected = row(case)
        kept = connection.execute(f"select {', '.join(expected)} from cases where id = %s", (case_id,)).fetchone()
        tasks = connection.execute(
            "select team_id from task where case_id = %s and done_at is null", (case_id,)
        ).fetchall()
    assert kept == tuple(expected.values())
    assert verify(events, case.hash) is None
    assert [team for (team,) in tasks] == ([] if case.open_task_of is None else [case.open_task_of])
    return case


@pytest.fixture(scope="session")
def check_case() -> CheckCase:
    """Check that a case's row is the fold of a whole chain, with an open task exactly where due; gives the fold."""
    return _check_case


@pytest.fixture
def watch(city_url: str) -> Iterator[Connection]:
    """A connection that sees what is committed, and is told of new cases."""
    with connect(city_url, autocommit=True) as connection:
        connection.execute("listen needle_case")
        yield connection


@pytest.fixture
def until(watch: Connection) -> Until:
    """Look whenever a case changes, and five times a second, until something is so."""

    def wait(done: Callable[[], bool], what: str) -> None:
        deadline = monotonic() + PATIENCE_S
        while not done():
            assert monotonic() < deadline, f"waited in vain: {what}"
            list(watch.notifies(timeout=0.2, stop_after=1))

    return wait


@pytest.fixture
def start(city_url: str, tmp_path: Path) -> Iterator[Start]:
    """Start one more worker; all are stopped after the test."""
    running: list[subprocess.Popen[bytes]] = []

    def start_one() -> subprocess.Popen[bytes]:
        command = [sys.executable, "-m", "dashboard.cli", "worker"]
        with (tmp_path / f"worker-{len(running)}.log").open("wb") as log:
            environment = os.environ | {"NEEDLE_DATABASE_URL": city_url}
            running.append(subprocess.Popen(command, env=environment, stdout=log, stderr=subprocess.STDOUT))
        return running[-1]

    yield start_one
    for process in running:
        process.terminate()
    for process in running:
        process.wait(PATIENCE_S)
