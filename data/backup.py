"""Backup and restore: one file holds everything, and a restore replaces nothing before it has proved itself.

The file is ``pg_dump``'s custom format. A restore goes into a new database beside the old one, is migrated to this
program's schema, and only then takes its name, in one step.
"""

import os
import re
import subprocess
import tempfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import psycopg
from psycopg import errors, sql
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from data import migrate
from data.database import connect
from data.programs import find_binary
from geo.errors import NeedleError

Tell = Callable[[str, int, int], None]
"""Progress: what is under way, how much of how much is done."""

#: Belong to PostGIS, which the new database has already and whose owner is another.
NOT_OURS = re.compile(r" (EXTENSION - postgis|COMMENT - EXTENSION postgis|TABLE DATA \S+ spatial_ref_sys)( |$)")
STEP = re.compile(r"pg_restore: (?:creating|processing data for) (\w+).*?\"(?:public\.)?([^\"]+)\"")
DUMPED = re.compile(r"pg_dump: dumping contents of table \"(?:public\.)?([^\"]+)\"")

SIZES = """
select relname, pg_table_size(oid) from pg_class where relkind = 'r' and relnamespace = 'public'::regnamespace
"""
CONTENT = """
select (select count(*) from layer), (select count(*) from team), (select count(*) from report),
       (select reltuples::bigint from pg_class where relname = 'cases'), exists (select from cases)
"""
END_SESSIONS = "select pg_terminate_backend(pid) from pg_stat_activity where datname = any(%s)"


def backup(url: str, path: Path, tell: Tell) -> None:
    """Write a database to a file, which appears only when it is whole.

    Raises
    ------
    NeedleError
        ``backup.exists``, ``backup.failed``, ``database.unreachable``, ``database.missing_binaries``.
    """
    if path.exists():
        raise NeedleError("backup.exists", path=path)
    path.parent.mkdir(parents=True, exist_ok=True)
    with connect(url) as connection:
        sizes: dict[str, int] = dict(connection.execute(SIZES).fetchall())
    total, seen = sum(sizes.values()), 0
    draft = path.with_name(path.name + ".part")
    draft.unlink(missing_ok=True)

    def follow(line: str) -> None:
        nonlocal seen
        if found := DUMPED.match(line):
            tell(found[1], seen, total)
            seen += sizes.get(found[1], 0)

    try:
        _run("pg_dump", url, ["--format=custom", "--verbose", f"--file={draft}"], follow)
        _contents(draft)
    except NeedleError:
        draft.unlink(missing_ok=True)
        raise
    draft.rename(path)
    tell("done", total, total)


def restore(url: str, admin_url: str, path: Path, tell: Tell, *, overwrite: bool = False) -> None:
    """Put a backup in the place of a database; sessions on it are ended.

    Parameters
    ----------
    url : str
        The database to replace.
    admin_url : str
        Another database of the same server, as a user who may create databases and extensions.
    overwrite : bool
        Also when the database holds data.

    Raises
    ------
    NeedleError
        ``backup.unreadable``, ``backup.would_overwrite``, ``backup.failed``, ``database.newer``,
        ``database.no_createdb``. Whatever is raised, the database is as it was.
    """
    entries = _contents(path)
    if not overwrite:
        _refuse_to_overwrite(url)
    name = str(conninfo_to_dict(url)["dbname"])
    fresh = f"{name}_restoring"
    with connect(admin_url, autocommit=True) as admin:
        _create(admin, fresh, url)
        try:
            with connect(_other(admin_url, fresh), autocommit=True) as inside:
                inside.execute("create extension if not exists postgis")
            _fill(_other(url, fresh), path, entries, tell)
            migrate.upgrade(_other(url, fresh))
            _swap(admin, name, fresh)
        finally:
            admin.execute(sql.SQL("drop database if exists {} with (force)").format(sql.Identifier(fresh)))


def _contents(path: Path) -> list[str]:
    """The entries of a backup's table of contents that are ours to restore."""
    entries: list[str] = []
    try:
        _run("pg_restore", None, ["--list", str(path)], entries.append)
    except NeedleError as error:
        raise NeedleError("backup.unreadable", path=path, reason=error.context["reason"]) from error
    if not any(" TABLE DATA public alembic_version " in entry for entry in entries):
        raise NeedleError("backup.unreadable", path=path, reason="alembic_version")
    return [entry for entry in entries if entry and not entry.startswith(";") and not NOT_OURS.search(entry)]


def _refuse_to_overwrite(url: str) -> None:
    """Raise when the database holds anything that was brought in."""
    with connect(url) as connection:
        try:
            row = connection.execute(CONTENT).fetchone()
        except errors.UndefinedTable:
            return
    assert row is not None
    layers, teams, reports, cases, any_case = row
    if layers or teams or reports or any_case:
        what = f"layers: {layers}, teams: {teams}, reports: {reports}, cases: about {max(cases, int(any_case))}"
        raise NeedleError("backup.would_overwrite", what=what)


def _create(admin: psycopg.Connection[Any], fresh: str, url: str) -> None:
    """An empty database for the owner of the old one; what an interrupted restore left is removed."""
    owner = conninfo_to_dict(url).get("user")
    admin.execute(sql.SQL("drop database if exists {} with (force)").format(sql.Identifier(fresh)))
    belongs = sql.SQL(" owner {}").format(sql.Identifier(str(owner))) if owner else sql.SQL("")
    try:
        admin.execute(sql.SQL("create database {}{}").format(sql.Identifier(fresh), belongs))
    except errors.InsufficientPrivilege as error:
        raise NeedleError("database.no_createdb", user=admin.info.user) from error


def _fill(url: str, path: Path, entries: Sequence[str], tell: Tell) -> None:
    done = 0

    def follow(line: str) -> None:
        nonlocal done
        if found := STEP.match(line):
            done += 1
            tell(f"{found[1].lower()} {found[2].split(' ')[-1]}", min(done, len(entries)), len(entries))

    with tempfile.NamedTemporaryFile("w", suffix=".list") as wanted:
        wanted.write("\n".join(entries) + "\n")
        wanted.flush()
        options = ["--no-owner", "--no-privileges", "--exit-on-error", "--verbose", f"--use-list={wanted.name}"]
        _run("pg_restore", url, [*options, str(path)], follow)
    tell("done", len(entries), len(entries))


def _swap(admin: psycopg.Connection[Any], name: str, fresh: str) -> None:
    """Give the new database the old one's name in one transaction, then drop the old one."""
    replaced = f"{name}_replaced"
    rename = sql.SQL("alter database {} rename to {}")
    for attempt in range(5):
        try:
            with admin.transaction():
                admin.execute(END_SESSIONS, [[name, fresh]])
                admin.execute(rename.format(sql.Identifier(name), sql.Identifier(replaced)))
                admin.execute(rename.format(sql.Identifier(fresh), sql.Identifier(name)))
            break
        except errors.ObjectInUse as error:
            if attempt == 4:
                raise NeedleError("backup.failed", program="alter database", reason=str(error)) from error
    admin.execute(sql.SQL("drop database {} with (force)").format(sql.Identifier(replaced)))


def _other(url: str, database: str) -> str:
    """The same server and user, another database."""
    return make_conninfo(url, dbname=database)


def _run(program: str, url: str | None, options: Sequence[str], on_line: Callable[[str], None]) -> None:
    """Run one of PostgreSQL's client programs, handing on each line that it prints or says."""
    where, environment = _address(url)
    command = [str(find_binary(program)), *where, *options]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=environment
    ) as process:
        assert process.stdout is not None
        reason = ""
        for line in map(str.rstrip, process.stdout):
            on_line(line)
            reason = line if "error:" in line else reason
    if process.returncode:
        raise NeedleError("backup.failed", program=program, reason=reason)


def _address(url: str | None) -> tuple[list[str], Mapping[str, str]]:
    """A URL as a program's argument, its password in the environment, where other users cannot read it."""
    plain = {**os.environ, "LC_ALL": "C.UTF-8"}
    if url is None:
        return [], plain
    parts = conninfo_to_dict(url)
    password = parts.pop("password", None)
    where = [f"--dbname={make_conninfo('', **{name: str(value) for name, value in parts.items()})}"]
    return where, plain if password is None else {**plain, "PGPASSWORD": str(password)}
