"""The embedded database: a private PostGIS cluster in a folder, reached through a Unix socket only.

No administrator is needed and nothing listens on the network. The cluster belongs to the user who runs Needle.
PostgreSQL refuses to run as root, so root runs it as the system user ``postgres``. Only that user and root may enter
the socket's folder (mode 0700), and the server checks the user once more (peer authentication).

Inside the cluster ``needle`` owns the databases and is no superuser; ``postgres`` is, and only creates databases. ``portal``
enters the residents' mailbox and nothing else (``data/portal``); people's requests take on ``needle_staff`` (``data/staff``).
"""

import fcntl
import hashlib
import os
import pwd
import shutil
import stat
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from urllib.parse import quote

from psycopg import sql
from psycopg.conninfo import make_conninfo

from data import migrate
from data.database import connect
from data.programs import find_binary, postgres_user, run_as
from data.settings import Settings
from data.staff import make_role
from geo.errors import NeedleError

SHELTER = Path("/var/lib/needle")  # where root keeps clusters whose own folder the user postgres cannot enter
SOCKET_BYTES = 107  # of a Unix socket's whole path
SOCKET_NAME = ".s.PGSQL.5432"
#: That the cluster's user may log in as; "portal" exists once there is a mailbox.
ROLES = ("needle", "portal", "postgres")

#: For two cores and a city of a million cases. Durability stays on: an acknowledged report survives a power cut.
TUNING: Mapping[str, str] = {
    "max_connections": "100",
    "shared_buffers": "512MB",
    "work_mem": "32MB",
    "maintenance_work_mem": "256MB",
    "effective_cache_size": "4GB",
    "random_page_cost": "1.1",
    "effective_io_concurrency": "200",
    "jit": "off",
    "max_wal_size": "4GB",
    "checkpoint_timeout": "15min",
    "checkpoint_completion_target": "0.9",
    "wal_compression": "on",
    "timezone": "UTC",
    "log_timezone": "UTC",
}


class Cluster:
    """A PostGIS cluster in ``folder``; nothing happens before :meth:`start`.

    Parameters
    ----------
    folder : Path
        Made when missing. Where root's user ``postgres`` cannot enter it, the cluster lives under ``/var/lib/needle``.
    tuning : Mapping[str, str]
        Server settings over ``TUNING``.
    """

    def __init__(self, folder: Path, tuning: Mapping[str, str] | None = None) -> None:
        self._asked = folder.absolute()
        self._tuning = {**TUNING, **(tuning or {})}

    @cached_property
    def folder(self) -> Path:
        """Where the cluster really lives."""
        self._asked.parent.mkdir(parents=True, exist_ok=True)
        if os.geteuid() != 0 or _may_enter(self._asked.parent):
            return self._asked
        return SHELTER / _short_hash(self._asked)

    @property
    def data(self) -> Path:
        """PostgreSQL's data directory."""
        return self.folder / "data"

    @property
    def log(self) -> Path:
        """What the server says."""
        return self.folder / "postgres.log"

    @property
    def socket(self) -> Path:
        """The folder of the socket: inside the cluster, or under /tmp where that path would be too long."""
        inside = self.folder / "socket"
        if len(os.fsencode(inside / SOCKET_NAME)) <= SOCKET_BYTES:
            return inside
        return Path(tempfile.gettempdir()) / f"needle-{_short_hash(self.folder)}"

    @cached_property
    def _owner(self) -> pwd.struct_passwd:
        """The user that the server runs as."""
        uid = self.folder.stat().st_uid if self.folder.exists() else os.geteuid()
        if os.geteuid() not in (0, uid):
            raise NeedleError("database.not_yours", folder=self.folder, owner=pwd.getpwuid(uid).pw_name)
        return postgres_user() if uid == 0 else pwd.getpwuid(uid)

    def binary(self, name: str) -> Path:
        """The path of one of PostgreSQL's programs, of the version that made this cluster."""
        made_by = self.data / "PG_VERSION"
        return find_binary(name, made_by.read_text().strip() if made_by.exists() else None)

    def url(self, database: str = "needle", user: str = "needle") -> str:
        """The address of a database of this cluster."""
        return f"postgresql://{user}@/{quote(database)}?host={quote(str(self.socket), safe='')}&port=5432"

    def is_running(self) -> bool:
        """Whether the server runs. A ``postmaster.pid`` left by a killed server does not count."""
        pid = self._pid_file()[:1]
        return bool(pid) and pid[0].isdigit() and _works_in(int(pid[0]), self.data)

    def start(self) -> None:
        """Start the server; make the cluster first when there is none. Safe to call at once from several processes.

        Raises
        ------
        NeedleError
            ``database.missing_binaries``, ``database.not_yours``, ``database.start_failed``.
        """
        with self.locked():
            if not self.data.exists():
                self._initialise()
            if not self.is_running():
                self._configure()
                self._forget_dead_server()
                self._run("pg_ctl", "-D", self.data, "-l", self.log, "-w", "-t", "600", "-s", "start")
            self._wait_until_ready()

    def stop(self) -> None:
        """Stop the server; sessions still open are ended, committed work is kept."""
        if not self.is_running():
            return
        with self.locked():
            if self.is_running():
                self._run("pg_ctl", "-D", self.data, "-m", "fast", "-w", "-t", "300", "-s", "stop")

    def create_database(self, name: str = "needle") -> str:
        """Make an empty database with PostGIS, unless it is there already, and return its URL."""
        if not self.has_database(name):
            self.copy_database("template1", name)
        with connect(self.url(name, "postgres"), autocommit=True) as admin:
            admin.execute("create extension if not exists postgis")
            make_role(admin, "needle")
        return self.url(name)

    def copy_database(self, template: str, name: str) -> str:
        """Make a database as a copy of another that nobody is connected to, and return its URL.

        Copying files beats copying through the WAL for a template with PostGIS (0.10 s against 0.26 s).
        """
        make = sql.SQL("create database {} owner needle template {} strategy file_copy")
        with connect(self.url("postgres", "postgres"), autocommit=True) as admin:
            admin.execute(make.format(sql.Identifier(name), sql.Identifier(template)))
        return self.url(name)

    def drop_database(self, name: str) -> None:
        """Remove a database, ending its sessions; nothing happens when there is none."""
        with connect(self.url("postgres", "postgres"), autocommit=True) as admin:
            admin.execute(sql.SQL("drop database if exists {} with (force)").format(sql.Identifier(name)))

    def has_database(self, name: str = "needle") -> bool:
        """Whether the database exists."""
        with connect(self.url("postgres", "postgres"), autocommit=True) as admin:
            return admin.execute("select from pg_database where datname = %s", [name]).fetchone() is not None

    @contextmanager
    def locked(self) -> Iterator[None]:
        """One at a time, over all processes of this machine."""
        _make_folder(self.folder, self._owner)
        lock = os.open(self.folder, os.O_RDONLY)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield
        finally:
            os.close(lock)

    def _initialise(self) -> None:
        """initdb beside the final place, then one rename: a cluster is whole or absent."""
        draft = self.folder / "draft"
        shutil.rmtree(draft, ignore_errors=True)
        sync = ["--no-sync"] if self._tuning.get("fsync") == "off" else []
        self._run("initdb", "-D", draft, "-U", "postgres", "-E", "UTF8", "--locale=C.UTF-8", "-A", "peer", *sync)
        self._run("postgres", "--single", "-D", draft, "postgres", text="create role needle login\n")
        (draft / "pg_hba.conf").write_text("local all all peer map=needle\n")
        draft.rename(self.data)

    def _configure(self) -> None:
        """Write our settings into ``postgresql.auto.conf``, anew at each start: the folder may have moved."""
        settings = {
            **self._tuning,
            "listen_addresses": "",
            "unix_socket_directories": str(self.socket),
        }
        _make_folder(self.socket, self._owner)
        lines = [f"{name} = '{value.replace(chr(39), chr(39) * 2)}'\n" for name, value in settings.items()]
        (self.data / "postgresql.auto.conf").write_text("".join(lines))
        users = [(user, role) for user in (self._owner.pw_name, "root") for role in ROLES]
        (self.data / "pg_ident.conf").write_text("".join(f'needle "{user}" {role}\n' for user, role in users))

    def _pid_file(self) -> list[str]:
        """The lines of ``postmaster.pid``: the process id first, the status eighth."""
        try:
            return (self.data / "postmaster.pid").read_text().splitlines()
        except (FileNotFoundError, NotADirectoryError, PermissionError):
            return []

    def _forget_dead_server(self) -> None:
        """Clear what a server killed with -9 left behind.

        Its sessions notice within moments that it is gone, and end; PostgreSQL refuses to start before. Its process id
        may still be there (a zombie) or belong to another program by now; PostgreSQL would take either for a server.
        """
        _until(lambda: not any(_works_in(int(p.name), self.data) for p in Path("/proc").glob("[0-9]*")), 30)
        if any(Path("/proc", line).exists() for line in self._pid_file()[:1]):
            (self.data / "postmaster.pid").unlink()
        (self.socket / f"{SOCKET_NAME}.lock").unlink(missing_ok=True)

    def _wait_until_ready(self) -> None:
        """Recovery after a crash may take a while; a server that gave up says why."""
        _until(lambda: not self.is_running() or self._pid_file()[7:8] == ["ready   "], 600)
        if not self.is_running():
            raise NeedleError("database.start_failed", folder=self.folder, reason=self._last_words())

    def _run(self, program: str, *arguments: str | Path, text: str | None = None) -> None:
        result = run_as(self._owner, [str(self.binary(program)), *map(str, arguments)], text)
        if result.returncode:
            reason = f"{program}: {result.stderr.strip()} {self._last_words()}"
            raise NeedleError("database.start_failed", folder=self.folder, reason=reason)

    def _last_words(self) -> str:
        return " ".join(self.log.read_text(errors="replace").splitlines()[-5:]) if self.log.exists() else ""


def ensure_database(settings: Settings) -> str:
    """The URL of a database at this program's schema, started, made and migrated when it is the embedded one.

    A database of somebody else's server is taken as it is; only an empty one is migrated without being asked.

    Raises
    ------
    NeedleError
        ``database.not_migrated``, ``database.newer``, and those of :meth:`Cluster.start` and ``data.migrate.upgrade``.
    """
    if settings.database_url is None:
        return _ensure_embedded(embedded_cluster(settings))
    current = migrate.current(settings.database_url)
    if current is None:
        migrate.upgrade(settings.database_url)
    elif not migrate.knows(current):
        raise NeedleError("database.newer", current=current)
    elif current != migrate.head():
        raise NeedleError("database.not_migrated", current=current, head=migrate.head())
    return settings.database_url


def embedded_cluster(settings: Settings) -> Cluster:
    """The cluster under ``.needle``."""
    return Cluster(settings.home / "postgres")


def address_of(settings: Settings) -> str:
    """The URL of the database, whether it runs or not."""
    return settings.database_url or embedded_cluster(settings).url()


def admin_address_of(settings: Settings) -> str:
    """The URL of the server's database ``postgres``, for making and renaming databases beside our own."""
    if settings.database_url is None:
        return embedded_cluster(settings).url("postgres", "postgres")
    return make_conninfo(settings.database_url, dbname="postgres")


def _ensure_embedded(cluster: Cluster) -> str:
    cluster.start()
    with cluster.locked():
        url = cluster.create_database()
        if migrate.current(url) != migrate.head():
            migrate.upgrade(url)
    return url


def _short_hash(path: Path) -> str:
    return hashlib.sha256(os.fsencode(path)).hexdigest()[:12]


def _may_enter(folder: Path) -> bool:
    """Whether the user ``postgres`` may enter a folder (asked by root)."""
    return run_as(postgres_user(), ["test", "-x", str(folder)]).returncode == 0


def _works_in(pid: int, folder: Path) -> bool:
    """Whether a process lives and has ``folder`` as its working folder, as a server has its data directory."""
    try:
        return Path(f"/proc/{pid}/cwd").readlink() == folder.resolve()
    except (FileNotFoundError, PermissionError, ProcessLookupError):
        return False


def _until(done: Callable[[], bool], seconds: float) -> None:
    """Look again every 20 ms until ``done`` or the time is over."""
    end = time.monotonic() + seconds
    while not done() and time.monotonic() < end:
        time.sleep(0.02)


def _make_folder(folder: Path, owner: pwd.struct_passwd) -> None:
    """A folder that only its owner may enter; one that somebody else made first is refused."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    folder.mkdir(mode=0o700, exist_ok=True)
    found = folder.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid not in (owner.pw_uid, os.geteuid()):
        raise NeedleError("database.not_yours", folder=folder, owner=found.st_uid)
    if found.st_uid != owner.pw_uid:
        os.chown(folder, owner.pw_uid, owner.pw_gid)
    folder.chmod(0o700)
