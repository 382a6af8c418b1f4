"""Fixtures for every room: a real PostGIS, one database a test, and the folder of real data."""

import itertools
import os
import shutil
import tempfile
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from playwright.sync_api import Browser

from data import migrate
from data.cluster import Cluster
from data.database import Connection, connect
from data.settings import get_settings
from tests.browsing import chromium
from tests.patience import wait_long_for_answers
from tests.places import fast_folder

PREFIX = "needle-test-"
#: A test's cluster is thrown away, so it need not survive a power cut.
FAST = {
    "fsync": "off",
    "full_page_writes": "off",
    "synchronous_commit": "off",
    "autovacuum": "off",
    "shared_buffers": "128MB",
    "max_wal_size": "256MB",
}
_number = itertools.count()
wait_long_for_answers()
# The first example compiles the kernels, which takes seconds on a fresh machine, and so does any on a busy one.
settings.register_profile("patient", settings.default, deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("patient")


def _remove(folder: Path) -> None:
    """Another run may be sweeping the same folder."""
    Cluster(folder / "pg").stop()
    shutil.rmtree(folder, ignore_errors=True)


def _about_s(item: pytest.Item) -> float:
    """About how long a test takes: a story through all processes half a minute, a browser seconds, a database half of one."""
    used = getattr(item, "fixturenames", ())
    if "acceptance" in item.path.parts:
        return 30.0
    return 4.0 if "browser" in used else 0.5 if "cluster" in used else 0.05


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Where several processes share the files, the longest come first, so that all end at about the same time."""
    if not hasattr(config, "workerinput"):
        return
    takes: defaultdict[Path, float] = defaultdict(float)
    for item in items:
        takes[item.path] += _about_s(item)
    items.sort(key=lambda item: -takes[item.path])


def _sweep() -> None:
    """Remove what test runs killed with -9 left behind; the folder's name carries the process id of its run."""
    for folder in fast_folder().glob(f"{PREFIX}*-*"):
        run = folder.name.removeprefix(PREFIX).split("-")[0]
        if folder.stat().st_uid == os.geteuid() and not Path("/proc", run).exists():
            _remove(folder)


@pytest.fixture(scope="session")
def cluster() -> Iterator[Cluster]:
    """A running cluster of this session with a migrated database ``template``."""
    _sweep()
    folder = Path(tempfile.mkdtemp(prefix=f"{PREFIX}{os.getpid()}-", dir=fast_folder()))
    folder.chmod(0o755)
    cluster = Cluster(folder / "pg", FAST)
    cluster.start()
    migrate.upgrade(cluster.create_database("template"))
    yield cluster
    _remove(folder)


@pytest.fixture
def database_url(cluster: Cluster) -> Iterator[str]:
    """The address of a fresh, migrated, empty database, gone after the test."""
    name = f"test_{next(_number)}"
    yield cluster.copy_database("template", name)
    cluster.drop_database(name)


@pytest.fixture
def connection(database_url: str) -> Iterator[Connection]:
    """A connection to the test's database; what it did not commit is rolled back."""
    with connect(database_url) as connection:
        yield connection
        connection.rollback()


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Debian's Chromium with a software renderer, closed with its file: Playwright keeps an event loop until then."""
    with chromium() as browser:
        yield browser


@pytest.fixture(scope="session")
def real_data() -> Path:
    """The folder of real data sets (``NEEDLE_DATA``)."""
    folder = get_settings().data
    if not (folder / "README.md").is_file():
        if os.environ.get("CI") == "true":
            pytest.fail(f"the folder of real data is missing: {folder}")
        pytest.skip(f"left out: needs the folder of real data, NEEDLE_DATA (looked at {folder})")
    return folder
