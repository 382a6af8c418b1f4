"""Boston and Beijing by their profiles, from files to cases in a real database, and the numbers that must hold."""

import socket
import threading
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from datetime import UTC, date, datetime
from itertools import islice
from pathlib import Path

import httpx
import numpy as np
import pytest
import shapely
import uvicorn
from fastapi import FastAPI

from dashboard.api import Api
from dashboard.cli.city_check import CheckResult, check_city
from dashboard.cli.replay import Tally, post_paced, sender
from data import chain
from data.cluster import Cluster
from data.database import Connection, connect, open_pool
from data.importers.city import RealCity, import_into, matter_keys_of, read_city, save_city
from data.importers.loading import Loaded
from data.importers.synthetic import Report, synthetic_reports
from data.importers.wire import paced, wire_reports
from data.profile import load_profile
from data.stores.cases import load_events
from data.stores.layers import load_layers
from data.stores.reference import load_matters
from data.stores.rules import current_rule_set
from data.stores.workbench import Workbench
from dispatch.case import fold, row
from dispatch.reference import load_reference
from dispatch.rules import parse_rules
from dispatch.worker import Worker
from geo.errors import NeedleError
from geo.files import read_table
from tests.signed_in import behind_sessions

pytestmark = pytest.mark.real_data

BOSTON_ROWS = 58_119
BOSTON_DEFAULT_SPOT_ROWS = 8_752
BOSTON_CLOSED_BEFORE_OPENED = 84


def quiet(_label: str, _done: int, _total: int) -> None:
    """Progress that nobody watches."""


@contextmanager
def new_database(cluster: Cluster, name: str) -> Iterator[str]:
    """A migrated database with the project's reference tables."""
    url = cluster.copy_database("template", name)
    try:
        load_reference(url)
        yield url
    finally:
        cluster.drop_database(name)


@pytest.fixture(scope="module")
def boston(real_data: Path) -> RealCity:
    return read_city(load_profile("boston"), real_data, quiet)


@pytest.fixture(scope="module")
def beijing(real_data: Path) -> RealCity:
    return read_city(load_profile("beijing"), real_data, quiet)


def import_all(connection: Connection, city: RealCity) -> Loaded:
    assert city.profile.events is not None
    assert city.events is not None
    return import_into(connection, city.profile, city.profile.events, city.events)


@pytest.fixture(scope="module")
def boston_base(cluster: Cluster, boston: RealCity) -> Iterator[tuple[Connection, Loaded]]:
    """Boston, loaded once for all tests; they only read."""
    with new_database(cluster, "boston") as url, connect(url) as connection:
        save_city(connection, boston, date(2026, 1, 1))
        yield connection, import_all(connection, boston)


@pytest.fixture(scope="module")
def beijing_base(cluster: Cluster, beijing: RealCity) -> Iterator[str]:
    with new_database(cluster, "beijing") as url:
        with connect(url) as connection:
            save_city(connection, beijing, date(2026, 1, 1))
        yield url


@pytest.fixture(scope="module")
def boston_check(boston: RealCity) -> CheckResult:
    return check_city(boston, quiet)


def one(connection: Connection, query: str) -> int:
    found = connection.execute(query).fetchone()
    assert found is not None
    return int(found[0])


# --- what the check says ------------------------------------------------------------


@pytest.mark.parametrize(("layer", "least"), [("police", 0.994), ("fire", 0.964)])
def test_recorded_districts_agree_with_ours(boston_check: CheckResult, layer: str, least: float) -> None:
    found = next(result for result in boston_check.agreements if result.layer == layer)
    assert found.share >= least
    assert found.compared + found.blank == BOSTON_ROWS - BOSTON_DEFAULT_SPOT_ROWS


def test_the_department_learned_from_five_months_holds_in_the_sixth(boston_check: CheckResult) -> None:
    assert boston_check.learning.share >= 0.94
    assert boston_check.learning.tested > 9_000


def test_the_default_spot_is_recognised(boston: RealCity) -> None:
    assert boston.events is not None
    assert boston.table is not None
    spot = (boston.table["LATITUDE"] == 42.3594) & (boston.table["LONGITUDE"] == -71.0587)
    recognised = boston.events.location_problem == "coordinate.default_spot"
    assert (recognised == spot.to_numpy()).all()
    assert recognised.sum() == BOSTON_DEFAULT_SPOT_ROWS


# --- Boston in the base ------------------------------------------------------------


def test_nothing_is_dropped(boston_base: tuple[Connection, Loaded]) -> None:
    connection, loaded = boston_base
    assert (loaded.read, loaded.reports, loaded.cases) == (BOSTON_ROWS, BOSTON_ROWS, BOSTON_ROWS)
    assert loaded.unknown_location == BOSTON_DEFAULT_SPOT_ROWS
    assert loaded.problems["event.closed_before_opened"] == BOSTON_CLOSED_BEFORE_OPENED
    assert one(connection, "select count(*) from report") == BOSTON_ROWS
    assert one(connection, "select count(*) from cases where geom is null") == BOSTON_DEFAULT_SPOT_ROWS
    assert one(connection, "select count(*) from cases where state = 'closed'") == 49_126
    assert one(connection, "select count(*) from cases where state = 'dispatched'") == 8_993


def test_a_second_import_adds_nothing(boston_base: tuple[Connection, Loaded], boston: RealCity) -> None:
    connection, _ = boston_base
    before = one(connection, "select count(*) from case_event")
    again = import_all(connection, boston)
    assert (again.already, again.reports, again.cases) == (BOSTON_ROWS, 0, 0)
    assert one(connection, "select count(*) from case_event") == before


def test_loading_the_city_again_changes_nothing(boston_base: tuple[Connection, Loaded], boston: RealCity) -> None:
    connection, _ = boston_base
    tables = ("generation", "area", "team", "shift", "rule_set", "department", "matter")
    counts = {table: one(connection, f"select count(*) from {table}") for table in tables}
    save_city(connection, boston, date(2026, 2, 1))
    assert {table: one(connection, f"select count(*) from {table}") for table in tables} == counts


def test_another_city_does_not_fit_beside_it(boston_base: tuple[Connection, Loaded], beijing: RealCity) -> None:
    with pytest.raises(NeedleError) as caught:
        save_city(boston_base[0], beijing, date(2026, 1, 1))
    assert caught.value.code == "city.occupied"


def test_rows_are_kept_verbatim(boston_base: tuple[Connection, Loaded], boston: RealCity) -> None:
    assert boston.events is not None
    query = "select body from report where idempotency_key = %s"
    for i in range(0, BOSTON_ROWS, 5_001):
        found = boston_base[0].execute(query, [boston.events.key[i]]).fetchone()
        assert found is not None
        assert found[0] == boston.events.rows[i]


def test_cases_are_the_folds_of_their_chains(boston_base: tuple[Connection, Loaded]) -> None:
    connection, _ = boston_base
    ids = [r[0] for r in connection.execute("select id from cases where id % 997 = 1")]
    assert len(ids) > 50
    for case_id in ids:
        events = load_events(connection, case_id)
        folded = row(fold(case_id, events))
        columns = ", ".join(folded)
        stored = connection.execute(f"select {columns} from cases where id = {case_id:d}".encode()).fetchone()
        assert stored == tuple(folded.values())
        assert chain.verify(events, folded["hash"]) is None


def test_areas_are_those_of_postgis(boston_base: tuple[Connection, Loaded]) -> None:
    query = """
    select count(*), count(*) filter (where c.areas ->> g.layer = a.code or (
        select count(*) from area b where b.generation_id = g.id and st_intersects(b.geom, c.geom)) > 1)
    from cases c join generation g on g.valid_to is null
    join area a on a.generation_id = g.id and st_intersects(a.geom, c.geom) where c.id % 17 = 0
    """
    found = boston_base[0].execute(query).fetchone()
    assert found is not None
    assert found[0] == found[1] > 10_000


def test_boston_has_no_unit_grid(boston_base: tuple[Connection, Loaded]) -> None:
    assert one(boston_base[0], "select count(*) from cases where cell_code is not null") == 0


def test_every_matter_of_boston_has_one_department(boston_base: tuple[Connection, Loaded]) -> None:
    connection, _ = boston_base
    current = current_rule_set(connection)
    assert current is not None
    rules = parse_rules(current[1])
    own = [m for m in load_matters(connection) if m.edition == "boston-2015"]
    assert len(own) == 156
    assert all(len(rules.powers(f"{m.edition}:{m.kind}:{m.code}", {})) == 1 for m in own)


# --- Beijing, alive ------------------------------------------------------------


def test_beijing_has_its_districts_and_subdistricts(beijing_base: str) -> None:
    with connect(beijing_base) as connection:
        layers = {layer.name: layer for layer in load_layers(connection)}
    assert {name: len(layer) for name, layer in layers.items()} == {"district": 16, "subdistrict": 343}
    assert set(layers["subdistrict"].parents) == set(layers["district"].codes)


def test_shelters_stand_in_the_right_subdistrict(beijing: RealCity, real_data: Path) -> None:
    rank = beijing.atlas.names.index("subdistrict")
    shelters = read_table(real_data / "beijing/emergency_shelters_gcj02.json")
    lng, lat = (np.array([getattr(team, axis) for team in beijing.teams]) for axis in ("lng", "lat"))
    ours = beijing.atlas.locate(lng, lat)[rank]
    assert (ours >= 0).all()
    polygons = beijing.atlas.layers[rank].polygons
    assert shapely.intersects(polygons[ours], shapely.points(lng, lat)).all()
    unshifted = beijing.atlas.locate(shelters["longitude"].to_numpy(), shelters["latitude"].to_numpy())[rank]
    assert 0.2 < np.mean(unshifted != ours) < 0.35


@contextmanager
def intake(url: str) -> Iterator[str]:
    """The real intake over a database, on a free port of this machine; gives its address."""

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        async with pool, Api(pool) as api:
            parts.include_router(api.router)
            yield

    pool, parts = open_pool(url), FastAPI(lifespan=lifespan)

    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        server = uvicorn.Server(uvicorn.Config(behind_sessions(parts, pool, url), log_level="warning", ws="none"))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
        thread.start()
        try:
            while not server.started:
                assert thread.is_alive()
                thread.join(0.02)
            yield f"http://127.0.0.1:{listening.getsockname()[1]}"
        finally:
            server.should_exit = True
            thread.join()


def post(url: str, timed: Iterator[tuple[float, Report]], tally: Tally) -> None:
    """Post reports as ``needle events replay`` does."""
    with httpx.Client(trust_env=False) as client:
        post_paced(timed, sender(client, url, tally))


def work_off(url: str) -> None:
    """One worker until nothing waits."""
    with Workbench(url) as bench:
        worker = Worker(bench)
        worker.refresh()
        while worker.handle_batch():
            pass


def test_streamed_reports_become_dispatched_cases(beijing_base: str, beijing: RealCity) -> None:
    layer = next(read.layer for read in beijing.layers if read.layer.name == "subdistrict")
    start = datetime.now(UTC)
    sample = list(islice(synthetic_reports(beijing.profile, layer, start), 300))
    tally = Tally()
    with intake(beijing_base) as address:
        for _ in range(2):  # the second time every key is known
            post(address, paced(sample, start, speed=1e6), tally)
    assert (tally.stored, tally.duplicates, tally.refused.total()) == (300, 300, 0)
    work_off(beijing_base)
    query = """
    select r.body ->> 'address', a.name, c.state, c.team_id is not null
    from report r join cases c on c.id = r.case_id join area a on a.code = c.areas ->> 'subdistrict'
    """
    with connect(beijing_base) as connection:
        found = connection.execute(query).fetchall()
    assert len(found) == 300
    assert sum(sent == located for sent, located, _, _ in found) == 300
    states = Counter(state for _, _, state, has_team in found if has_team)
    assert states["dispatched"] >= 0.9 * 300


def test_a_day_of_boston_is_replayed_through_the_intake(cluster: Cluster, boston: RealCity) -> None:
    assert boston.events is not None
    assert boston.profile.events is not None
    with new_database(cluster, "boston_replay") as url:
        with connect(url) as connection:
            save_city(connection, boston, date(2026, 1, 1))
        keys, _ = matter_keys_of(boston.profile, boston.events, [])
        first_day = islice(wire_reports(boston.events, boston.profile.events, keys), 250)
        tally = Tally()
        with intake(url) as address:
            post(address, paced(first_day, datetime.now(UTC), speed=1e9), tally)
        assert (tally.stored, tally.refused.total()) == (250, 0)
        work_off(url)
        with connect(url) as connection:
            nowhere = one(connection, "select count(*) from report where problem = 'coordinate.default_spot'")
            dispatched = one(
                connection, "select count(*) from cases where state = 'dispatched' and team_id is not null"
            )
        first = boston.events.reported_at.argsort(kind="stable").to_numpy()[:250]
        assert nowhere == (boston.events.location_problem[first] == "coordinate.default_spot").sum() > 10
        assert dispatched + nowhere >= 0.95 * 250


def test_ctrl_c_stops_a_replay(beijing: RealCity) -> None:
    sent: list[int] = []

    def send(batch: list[dict[str, object]]) -> None:
        sent.append(len(batch))
        if len(sent) == 3:
            raise KeyboardInterrupt

    layer = next(read.layer for read in beijing.layers if read.layer.name == "subdistrict")
    endless = paced(synthetic_reports(beijing.profile, layer, datetime.now(UTC)), datetime.now(UTC), speed=1e9)
    with pytest.raises(KeyboardInterrupt):
        post_paced(endless, send)
    assert sent == [500, 500, 500]
