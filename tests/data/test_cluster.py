"""The embedded database: starts for anybody, survives what happens to servers, listens to nobody else."""

import multiprocessing
import os
import pwd
import select
import shutil
import signal
import stat
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from data import cluster as cluster_module
from data import migrate, programs
from data.cluster import Cluster, ensure_database
from data.database import connect
from data.settings import Settings
from geo.errors import NeedleError, catalogue
from tests.places import fast_folder

SMALL = {"shared_buffers": "32MB"}


@pytest.fixture
def folder() -> Iterator[Path]:
    """A short path that every user may enter."""
    made = Path(tempfile.mkdtemp(prefix="needle-", dir=fast_folder()))
    made.chmod(0o755)
    yield made
    Cluster(made / "pg").stop()
    shutil.rmtree(made)


def server(cluster: Cluster) -> int:
    return int((cluster.data / "postmaster.pid").read_text().split()[0])


def remember(cluster: Cluster, word: str) -> None:
    with connect(cluster.url("postgres", "postgres")) as connection:
        connection.execute("create table if not exists memory (word text)")
        connection.execute("insert into memory values (%s)", [word])


def memory(cluster: Cluster) -> list[str]:
    with connect(cluster.url("postgres", "postgres")) as connection:
        return [word for (word,) in connection.execute("select word from memory").fetchall()]


def kill_9(pid: int) -> None:
    """Kill, and wait for the death."""
    watch = os.pidfd_open(pid)
    signal.pidfd_send_signal(watch, signal.SIGKILL)
    select.select([watch], [], [])
    os.close(watch)


def in_child(user: pwd.struct_passwd, work: Callable[[], None]) -> int:
    """Run ``work`` as another user (when we may) in a process of its own; its exit code."""
    catalogue()  # the other user may not be able to read our interpreter's modules

    def run() -> None:
        if os.geteuid() == 0:
            os.setgroups([])
            os.setgid(user.pw_gid)
            os.setuid(user.pw_uid)
        work()

    child = multiprocessing.get_context("fork").Process(target=run)
    child.start()
    child.join()
    assert child.exitcode is not None
    return child.exitcode


def test_stops_and_starts_with_its_data(folder: Path) -> None:
    cluster = Cluster(folder / "pg", SMALL)
    assert not cluster.is_running()
    cluster.start()
    cluster.start()
    remember(cluster, "稳")
    cluster.stop()
    assert not cluster.is_running()
    cluster.stop()
    cluster.start()
    assert memory(cluster) == ["稳"]


def test_survives_kill_9(folder: Path) -> None:
    cluster = Cluster(folder / "pg", SMALL)
    cluster.start()
    remember(cluster, "acknowledged")
    kill_9(server(cluster))
    cluster.start()
    assert memory(cluster) == ["acknowledged"]


def test_process_id_taken_by_another_program(folder: Path) -> None:
    """As after a reboot: the file names a process that lives but is no server."""
    cluster = Cluster(folder / "pg", SMALL)
    cluster.start()
    lines = (cluster.data / "postmaster.pid").read_text().splitlines()
    cluster.stop()
    (cluster.data / "postmaster.pid").write_text("\n".join([str(os.getpid()), *lines[1:]]) + "\n")
    assert not cluster.is_running()
    cluster.start()
    assert cluster.is_running()


def test_two_starters_get_one_server(folder: Path) -> None:
    fork = multiprocessing.get_context("fork")
    starters = [fork.Process(target=Cluster(folder / "pg", SMALL).start) for _ in range(3)]
    for starter in starters:
        starter.start()
    for starter in starters:
        starter.join()
    assert [starter.exitcode for starter in starters] == [0, 0, 0]
    assert Cluster(folder / "pg").is_running()


def test_a_plain_user_needs_no_administrator(folder: Path) -> None:
    user = pwd.getpwnam("nobody") if os.geteuid() == 0 else pwd.getpwuid(os.geteuid())
    os.chown(folder, user.pw_uid, user.pw_gid)
    cluster = Cluster(folder / "pg", SMALL)
    assert in_child(user, lambda: Cluster(folder / "pg", SMALL).start()) == 0
    assert cluster.data.owner() == user.pw_name
    remember(cluster, "root may enter, as may the owner")
    assert in_child(user, lambda: remember(Cluster(folder / "pg"), "owner")) == 0
    cluster.stop()
    cluster.start()
    assert len(memory(cluster)) == 2
    assert (cluster.data / "postgresql.auto.conf").owner() == user.pw_name


@pytest.mark.parametrize("depth", [1, 20])
def test_deep_folders_have_a_short_socket(depth: int, folder: Path) -> None:
    deep = folder.joinpath(*["十根线一根针"] * depth)
    deep.mkdir(parents=True)
    cluster = Cluster(deep / "pg", SMALL)
    cluster.start()
    remember(cluster, "reached")
    assert stat.S_IMODE(cluster.socket.stat().st_mode) == 0o700
    assert cluster.socket.is_relative_to(folder) == (depth == 1)
    cluster.stop()
    cluster.socket.rmdir()


def test_only_root_may_shelter(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the user postgres cannot enter (as below /root), root's cluster lives elsewhere, always at one place."""
    monkeypatch.setattr(cluster_module, "SHELTER", folder / "shelter")
    private = folder / "private"
    private.mkdir(mode=0o700)
    cluster = Cluster(private / "pg", SMALL)
    cluster.start()
    assert cluster.is_running()
    assert cluster.folder.is_relative_to(folder / ("shelter" if os.geteuid() == 0 else "private"))
    assert Cluster(private / "pg").folder == cluster.folder
    cluster.stop()


def test_durable_and_private(folder: Path) -> None:
    cluster = Cluster(folder / "pg", SMALL)
    cluster.start()
    with connect(cluster.url("postgres", "postgres")) as connection:
        names = "fsync", "synchronous_commit", "full_page_writes", "listen_addresses", "jit"
        values = [connection.execute("select current_setting(%s)", [name]).fetchone() for name in names]
    assert values == [("on",), ("on",), ("on",), ("",), ("off",)]


def test_another_user_is_refused(folder: Path) -> None:
    cluster = Cluster(folder / "pg", SMALL)
    cluster.start()
    if os.geteuid() == 0:
        (cluster.folder).chmod(0o755)
        cluster.socket.chmod(0o777)

        def intrude() -> None:
            with pytest.raises(NeedleError, match="Peer authentication failed"):
                connect(cluster.url())
            with pytest.raises(NeedleError, match="belongs to user postgres"):
                Cluster(folder / "pg").start()

        assert in_child(pwd.getpwnam("nobody"), intrude) == 0
    with pytest.raises(NeedleError, match="authentication failed"):
        connect(cluster.url(user="somebody"))


def test_missing_programs_name_their_packages(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(programs, "BINARIES", folder / "none")
    with pytest.raises(NeedleError, match="apt-get install postgresql postgresql-postgis"):
        Cluster(folder / "pg").start()
    with pytest.raises(NeedleError, match="apt-get install postgresql-15 postgresql-15-postgis-3"):
        programs.find_binary("postgres", "15")


def test_a_server_that_cannot_start_says_why(folder: Path) -> None:
    with pytest.raises(NeedleError, match="shared_buffers") as raised:
        Cluster(folder / "pg", {"shared_buffers": "plenty"}).start()
    assert raised.value.code == "database.start_failed"


def test_first_use_makes_and_migrates(folder: Path) -> None:
    url = ensure_database(Settings(home=folder, database_url=None))
    Cluster(folder / "postgres").stop()
    assert ensure_database(Settings(home=folder, database_url=None)) == url
    assert migrate.current(url) == migrate.head()
    Cluster(folder / "postgres").stop()


def test_a_given_database_is_taken_as_it_is(cluster: Cluster, database_url: str) -> None:
    given = Settings(database_url=database_url)
    assert ensure_database(given) == database_url
    with connect(database_url) as connection:
        connection.execute("update alembic_version set version_num = '9999'")
    with pytest.raises(NeedleError, match="newer than this program"):
        ensure_database(given)


def test_an_empty_given_database_is_migrated(cluster: Cluster) -> None:
    url = cluster.create_database("given")
    assert migrate.current(ensure_database(Settings(database_url=url))) == migrate.head()
    cluster.drop_database("given")


def test_an_unreachable_database_says_so() -> None:
    with pytest.raises(NeedleError, match="cannot be reached"):
        connect("postgresql://needle@/needle?host=/nowhere")
