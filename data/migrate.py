"""Migrations: bring a database to this program's schema and back, one transaction, one process at a time."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from psycopg import errors
from sqlalchemy import NullPool, create_engine, exc, text

from data import staff
from data.database import connect
from geo.errors import NeedleError

FOLDER = Path(__file__).parent / "migrations"
LOCK = 7_311_640  # any number of our own: the advisory lock that migrations take turns on


def upgrade(url: str, revision: str = "head") -> None:
    """Migrate up to ``revision``; all of it or nothing.

    Raises
    ------
    NeedleError
        ``database.unreachable``, ``database.no_postgis``, ``database.no_staff_role``, ``database.newer``.
    """
    with connect(url) as connection:
        staff.require_role(connection)
    with _migrating(url) as config:
        command.upgrade(config, revision)
    with connect(url) as connection:
        staff.grant(connection)


def downgrade(url: str, revision: str) -> None:
    """Migrate down to ``revision`` (``"base"``: nothing left)."""
    with _migrating(url) as config:
        command.downgrade(config, revision)


def revise(url: str, message: str) -> Path:
    """Write a draft of the next revision from what ``data/tables/`` has and the database has not.

    Alembic does not see checks, triggers and functions: those are written by hand.
    """
    with _migrating(url) as config:
        script = command.revision(config, message, autogenerate=True, rev_id=f"{int(head()) + 1:04d}")
    if not isinstance(script, list) and script is not None:
        return Path(script.path)
    raise AssertionError("alembic wrote one revision")


def current(url: str) -> str | None:
    """The revision that a database is at; None: never migrated."""
    with connect(url) as connection:
        try:
            row = connection.execute("select version_num from alembic_version").fetchone()
        except errors.UndefinedTable:
            return None
    return row[0] if row else None


@cache
def head() -> str:
    """The revision that this program needs."""
    newest = ScriptDirectory(str(FOLDER)).get_current_head()
    assert newest is not None
    return newest


def knows(revision: str) -> bool:
    """Whether this program has the revision; if not, a newer program made it."""
    return any(script.revision == revision for script in ScriptDirectory(str(FOLDER)).walk_revisions())


@contextmanager
def _migrating(url: str) -> Iterator[Config]:
    """Alembic's configuration over one locked transaction."""
    at = current(url)
    if at is not None and not knows(at):
        raise NeedleError("database.newer", current=at)
    engine = create_engine("postgresql+psycopg://", creator=lambda: connect(url), poolclass=NullPool)
    config = Config()
    config.set_main_option("script_location", str(FOLDER).replace("%", "%%"))
    try:
        with engine.begin() as connection:
            connection.execute(text("select pg_advisory_xact_lock(:lock)"), {"lock": LOCK})
            config.attributes["connection"] = connection
            yield config
    except exc.ProgrammingError as error:
        if isinstance(error.orig, errors.InsufficientPrivilege) and "postgis" in str(error.orig):
            raise NeedleError("database.no_postgis") from error
        raise
