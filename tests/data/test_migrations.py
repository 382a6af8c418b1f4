"""The schema: migrations make exactly what the tables say, and take it back."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from psycopg import errors
from sqlalchemy import create_engine

from data import migrate
from data.cluster import Cluster
from data.database import Connection, connect
from data.tables import metadata
from geo.errors import NeedleError

#: Everything of our schema that PostgreSQL knows, in its own words.
CATALOGUE = {
    "columns": """
        select table_name, column_name, ordinal_position, is_nullable, column_default, is_identity, identity_generation,
               format_type(a.atttypid, a.atttypmod), col_description(a.attrelid, a.attnum)
        from information_schema.columns join pg_attribute a
          on a.attrelid = quote_ident(table_name)::regclass and a.attname = column_name
        where table_schema = 'public' and table_name not in ({skip})""",
    "tables": """
        select relname, obj_description(oid) from pg_class
        where relkind = 'r' and relnamespace = 'public'::regnamespace and relname not in ({skip})""",
    "constraints": """
        select conrelid::regclass::text, conname, pg_get_constraintdef(oid) from pg_constraint
        where connamespace = 'public'::regnamespace and conrelid::regclass::text not in ({skip}) and conrelid <> 0""",
    "indexes": """
        select tablename, indexname, indexdef from pg_indexes
        where schemaname = 'public' and tablename not in ({skip})""",
}
SKIP = "'alembic_version', 'spatial_ref_sys', 'geometry_columns', 'geography_columns'"


def catalogue(connection: Connection, what: str) -> set[tuple[object, ...]]:
    return set(connection.execute(CATALOGUE[what].format(skip=SKIP)).fetchall())


@pytest.fixture
def empty_url(cluster: Cluster) -> Iterator[str]:
    yield cluster.create_database("empty")
    cluster.drop_database("empty")


@pytest.fixture
def drawn_url(empty_url: str) -> str:
    """A database made from the tables, without migrations."""
    engine = create_engine("postgresql+psycopg://", creator=lambda: connect(empty_url))
    metadata.create_all(engine)
    engine.dispose()
    return empty_url


@pytest.mark.parametrize("what", CATALOGUE)
def test_migrated_schema_is_the_tables(what: str, connection: Connection, drawn_url: str) -> None:
    with connect(drawn_url) as drawn:
        expected = catalogue(drawn, what)
    assert expected
    assert catalogue(connection, what) == expected


def test_alembic_finds_nothing_to_do(database_url: str) -> None:
    engine = create_engine("postgresql+psycopg://", creator=lambda: connect(database_url))
    with engine.connect() as connection:
        ours = {"include_object": lambda _, name, kind, *__: (kind, name) != ("table", "spatial_ref_sys")}
        context = MigrationContext.configure(connection, opts={"compare_type": True, **ours})
        assert compare_metadata(context, metadata) == []
    engine.dispose()


def test_down_and_up_again(database_url: str) -> None:
    assert migrate.current(database_url) == migrate.head()
    with connect(database_url) as connection:
        before = {what: catalogue(connection, what) for what in CATALOGUE}
    migrate.downgrade(database_url, "base")
    with connect(database_url) as connection:
        assert [catalogue(connection, what) for what in CATALOGUE] == [set()] * len(CATALOGUE)
        assert connection.execute("select count(*) from pg_proc where proname = 'refuse_change'").fetchone() == (0,)
    assert migrate.current(database_url) is None
    migrate.upgrade(database_url)
    with connect(database_url) as connection:
        assert {what: catalogue(connection, what) for what in CATALOGUE} == before


def test_a_newer_database_is_left_alone(database_url: str) -> None:
    with connect(database_url) as connection:
        connection.execute("update alembic_version set version_num = '9999'")
    with pytest.raises(NeedleError, match="newer than this program"):
        migrate.upgrade(database_url)


def test_a_change_of_the_tables_becomes_a_migration(
    database_url: str, drawn_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copytree(migrate.FOLDER, tmp_path / "migrations")
    monkeypatch.setattr(migrate, "FOLDER", tmp_path / "migrations")
    with connect(database_url) as connection:
        connection.execute("alter table street drop column geom; alter table team drop column skills")
    draft = migrate.revise(database_url, "Add what is missing")
    assert draft.name.startswith(f"{int(migrate.head()) + 1:04d}_add")
    migrate.upgrade(database_url)
    with connect(database_url) as migrated, connect(drawn_url) as drawn:
        for what in ("constraints", "indexes"):
            assert catalogue(migrated, what) == catalogue(drawn, what)


def test_every_foreign_key_has_an_index(connection: Connection) -> None:
    bare = connection.execute("""
        select conrelid::regclass::text, conname from pg_constraint c
        where contype = 'f' and not exists (
            select from pg_index i where i.indrelid = c.conrelid and i.indpred is null
            and (i.indkey::int2[])[0:cardinality(c.conkey) - 1] @> c.conkey)""").fetchall()
    assert bare == []


@pytest.mark.parametrize(
    "attempt", ["update case_event set actor = 'me'", "delete from case_event", "truncate case_event cascade"]
)
def test_history_cannot_be_rewritten(attempt: str, connection: Connection) -> None:
    with pytest.raises(errors.RestrictViolation, match="case_event is append-only"):
        connection.execute(attempt)


def test_work_needs_no_superuser(connection: Connection) -> None:
    assert connection.execute("select rolsuper from pg_roles where rolname = current_user").fetchone() == (False,)
