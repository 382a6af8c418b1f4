"""The mailbox's database: made, brought to this program's schema, and reached from both sides.

The courier owns it. The portal's process enters as the role ``portal``, which no other database admits.
"""

from pathlib import Path
from typing import Final

from psycopg import errors, sql
from psycopg.conninfo import conninfo_to_dict

from data.cluster import Cluster, embedded_cluster
from data.database import Connection, connect
from data.settings import Settings
from geo.errors import NeedleError

DATABASE: Final = "portal"
ROLE: Final = "portal"
OWNER: Final = "needle"
LOCK: Final = 7_311_650
FOLDER: Final = Path(__file__).parent

MAKE_ROLE: Final = "create role {} login nosuperuser nocreatedb nocreaterole noinherit noreplication"
HAS_ROLE: Final = "select from pg_roles where rolname = %s"


def steps() -> list[Path]:
    """The schema's steps in order; the number of the last is this program's version."""
    return sorted(FOLDER.glob("[0-9]*_*.sql"))


def version(connection: Connection) -> int:
    """The version that a mailbox is at; 0: there is none."""
    if connection.execute("select to_regclass('mailbox.version')").fetchone() == (None,):
        return 0
    row = connection.execute("select number from mailbox.version").fetchone()
    return int(row[0]) if row else 0


def upgrade(url: str) -> None:
    """Bring a mailbox to this program's version, as its owner; all of it or nothing.

    Raises
    ------
    NeedleError
        ``database.newer``, ``database.unreachable``.
    """
    with connect(url) as connection:
        connection.execute("select pg_advisory_xact_lock(%s)", [LOCK])
        at, needed = version(connection), len(steps())
        if at > needed:
            raise NeedleError("database.newer", current=at)
        if at < needed:
            _ensure_role(connection)
        for step in steps()[at:]:
            connection.execute(step.read_bytes())
        connection.execute("update mailbox.version set number = %s where number < %s", [needed, needed])


def courier_url(settings: Settings) -> str:
    """The mailbox as its owner, made and migrated: for the courier, which is the government's side."""
    url = settings.portal_database_url or make_in(embedded_cluster(settings))
    upgrade(url)
    return url


def portal_url(settings: Settings) -> str:
    """The mailbox as the portal's process enters it.

    Raises
    ------
    NeedleError
        ``portal.no_mailbox`` when the courier has not made it yet; ``portal.too_much_power`` when the credential may
        read mail.
    """
    url = settings.portal_database_url or embedded_cluster(settings).url(DATABASE, ROLE)
    try:
        with connect(url) as connection:
            if version(connection) != len(steps()):
                raise NeedleError("portal.no_mailbox")
            row = connection.execute("select has_column_privilege('mailbox.mail', 'sealed', 'select')").fetchone()
    except (errors.InsufficientPrivilege, NeedleError) as error:
        raise NeedleError("portal.no_mailbox") from error
    if row == (True,):
        raise NeedleError("portal.too_much_power", role=conninfo_to_dict(url).get("user", "?"))
    return url


def _ensure_role(connection: Connection) -> None:
    """An owner who may make roles does; in the embedded cluster the role is there already."""
    if connection.execute(HAS_ROLE, [ROLE]).fetchone() is None:
        connection.execute(sql.SQL(MAKE_ROLE).format(sql.Identifier(ROLE)))


def make_in(cluster: Cluster, database: str = DATABASE) -> str:
    """The role and the database in an embedded cluster; the role may enter this database and no other. The owner's URL."""
    cluster.start()
    with cluster.locked():
        with connect(cluster.url("postgres", "postgres"), autocommit=True) as admin:
            _ensure_role(admin)
        if not cluster.has_database(database):
            cluster.copy_database("template1", database)
        _shut_out(cluster, database)
    return cluster.url(database)


def _shut_out(cluster: Cluster, database: str) -> None:
    """Close every database of the cluster to the role, but its own."""
    with connect(cluster.url("postgres", "postgres"), autocommit=True) as admin:
        for (name,) in admin.execute("select datname from pg_database where datallowconn").fetchall():
            admin.execute(sql.SQL("revoke connect, temporary on database {} from public").format(sql.Identifier(name)))
            admin.execute(
                sql.SQL("grant connect, temporary on database {} to {}").format(
                    sql.Identifier(name), sql.Identifier(OWNER)
                )
            )
        admin.execute(
            sql.SQL("grant connect on database {} to {}").format(sql.Identifier(database), sql.Identifier(ROLE))
        )
