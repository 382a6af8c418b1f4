"""Backups: a real city goes out into one file and comes back the same; a bad file changes nothing."""

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest
from psycopg import errors

from data import migrate
from data.backup import backup, restore
from data.cluster import Cluster
from data.database import Connection, connect
from data.stores.layers import load_layers, save_layer
from geo.errors import NeedleError
from geo.files import read_layer_file
from geo.layers import make_layer

TABLES = "select relname from pg_class where relkind = 'r' and relnamespace = 'public'::regnamespace order by 1"
CATALOGUE = """
select 'constraint', conrelid::regclass::text, pg_get_constraintdef(oid) from pg_constraint where conrelid <> 0
union all select 'index', tablename, indexdef from pg_indexes where schemaname = 'public'
union all select 'trigger', tgrelid::regclass::text, pg_get_triggerdef(oid) from pg_trigger where not tgisinternal
union all select 'comment', attrelid::regclass::text, attname || col_description(attrelid, attnum)
          from pg_attribute where col_description(attrelid, attnum) is not null and attrelid > 16384
"""


def silent(label: str, done: int, total: int) -> None:
    assert 0 <= done <= total, label


@pytest.fixture
def full_url(database_url: str, real_data: Path) -> str:
    """A database with the real subdistricts of Beijing and rules."""
    frame = read_layer_file(real_data / "beijing" / "subdistricts_2024.geojson.gz", None)
    layer, report = make_layer(frame, "subdistrict", "code", "Name")
    with connect(database_url) as connection:
        save_layer(connection, layer, "area", "街道", "Subdistrict", 1, "2024", date(2024, 1, 1), report.as_dict())
        connection.execute("insert into rule_set (body, note, accepted_by) values ('规则', '引号 '' 与 % 号', 'lead')")
    return database_url


@pytest.fixture
def admin_url(cluster: Cluster) -> str:
    return cluster.url("postgres", "postgres")


@pytest.fixture
def other_url(cluster: Cluster) -> Iterator[str]:
    """A second migrated database, to restore into."""
    yield cluster.copy_database("template", "other")
    cluster.drop_database("other")


def content(connection: Connection) -> dict[str, list[tuple[object, ...]]]:
    names = [name for (name,) in connection.execute(TABLES).fetchall()]
    return {name: connection.execute(f"select * from {name} order by 1").fetchall() for name in names}


def databases(admin_url: str) -> set[str]:
    with connect(admin_url) as admin:
        return {name for (name,) in admin.execute("select datname from pg_database").fetchall()}


@pytest.mark.real_data
def test_a_real_city_comes_back_the_same(full_url: str, other_url: str, admin_url: str, tmp_path: Path) -> None:
    path = tmp_path / "backups" / "needle.dump"
    backup(full_url, path, silent)
    restore(other_url, admin_url, path, silent)
    with connect(full_url) as before, connect(other_url) as after:
        assert content(after) == content(before)
        assert set(after.execute(CATALOGUE).fetchall()) == set(before.execute(CATALOGUE).fetchall())
        assert len(load_layers(after)[0]) == 343
        after.execute("insert into rule_set (body, accepted_by) values ('next', 'lead')")  # identities go on
    assert {"other_restoring", "other_replaced"} & databases(admin_url) == set()


@pytest.mark.real_data
def test_present_data_are_replaced_only_when_asked(
    full_url: str, other_url: str, admin_url: str, tmp_path: Path
) -> None:
    backup(other_url, tmp_path / "empty.dump", silent)
    with pytest.raises(NeedleError, match="layers: 1") as raised:
        restore(full_url, admin_url, tmp_path / "empty.dump", silent)
    assert raised.value.code == "backup.would_overwrite"
    with connect(full_url) as open_session:
        restore(full_url, admin_url, tmp_path / "empty.dump", silent, overwrite=True)
        with pytest.raises(errors.AdminShutdown):
            open_session.execute("select 1")
    with connect(full_url) as connection:
        assert load_layers(connection) == []


def test_a_file_is_never_overwritten(database_url: str, tmp_path: Path) -> None:
    path = tmp_path / "needle.dump"
    path.write_text("precious")
    with pytest.raises(NeedleError, match="is not overwritten"):
        backup(database_url, path, silent)
    assert path.read_text() == "precious"


@pytest.mark.real_data
@pytest.mark.parametrize("kept", [0.0, 0.01, 0.5, 0.99])
def test_a_damaged_file_changes_nothing(
    kept: float, full_url: str, other_url: str, admin_url: str, tmp_path: Path
) -> None:
    path = tmp_path / "needle.dump"
    backup(full_url, path, silent)
    whole = path.read_bytes()
    path.write_bytes(whole[: int(len(whole) * kept)])
    present = databases(admin_url)
    with connect(other_url) as connection:
        before = content(connection)
    with pytest.raises(NeedleError, match=r"needle\.dump|pg_restore"):
        restore(other_url, admin_url, path, silent)
    with connect(other_url) as connection:
        assert content(connection) == before
    assert databases(admin_url) == present


def test_a_backup_of_a_newer_program_is_refused(
    database_url: str, other_url: str, admin_url: str, tmp_path: Path
) -> None:
    with connect(database_url) as connection:
        connection.execute("update alembic_version set version_num = '9999'")
    backup(database_url, tmp_path / "newer.dump", silent)
    with pytest.raises(NeedleError, match="newer than this program"):
        restore(other_url, admin_url, tmp_path / "newer.dump", silent)
    assert migrate.current(other_url) == migrate.head()
