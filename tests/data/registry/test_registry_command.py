"""``needle registry`` as a user types it: look through a table, import it, link it, measure that."""

import hashlib
from collections.abc import Iterator
from datetime import date
from importlib.resources import files
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

from dashboard.cli.registry import app
from data.database import Connection, connect
from data.demo.people_records import invented_dwellings, persons
from data.demo.person_tellings import tellings
from data.importers.registry import check, propose_mapping
from data.settings import get_settings
from data.stores.registry_linking import mark_stale
from geo.errors import NeedleError

ROWS = {
    "姓名": ["王芳", "李强", "", "赵敏"],
    "身份证号码": ["11010119000101009x", "", "310101190002280021", "1234"],
    "手机号（本人）": ["139-0000-0001", "13900000002", "", ""],
    "出生日期": ["1900/1/1", "", "1900-02-28", "1990-02-30"],
    "备注": ["", "", "", "x"],
}
KEPT = """
select golden -> 'name' ->> 'value', id_number, phone, birth_date, claims from registry_entity where kind = 'person' order by id
"""
COUNTS = "select entities, incomplete from registry_density where layer = '' and kind = 'person'"


@pytest.fixture
def registry(ground_url: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Connection]:
    """A connection to the database that the command uses."""
    monkeypatch.setenv("NEEDLE_DATABASE_URL", ground_url)
    monkeypatch.setenv("NEEDLE_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("COLUMNS", "160")
    get_settings.cache_clear()
    with connect(ground_url, autocommit=True) as connection:
        yield connection
    get_settings.cache_clear()


def needle_registry(*arguments: str | Path) -> str:
    """What a command prints."""
    result = CliRunner().invoke(app, [str(argument) for argument in arguments])
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    assert result.exit_code == 0, result.output
    return result.output


def rows(connection: Connection, query: str) -> list[tuple[Any, ...]]:
    return connection.execute(query.encode()).fetchall()


def as_file(folder: Path, suffix: str, table: pd.DataFrame) -> Path:
    path = folder / f"居民.{suffix}"
    if suffix == "csv":
        table.to_csv(path, index=False, encoding="utf-8-sig")
    elif suffix == "xlsx":
        table.to_excel(path, index=False)
    else:
        table.to_parquet(path)
    return path


@pytest.mark.parametrize("suffix", ["csv", "xlsx", "parquet"])
def test_a_table_is_looked_through_then_imported_once_and_its_bad_rows_are_kept_aside(
    registry: Connection, tmp_path: Path, suffix: str
) -> None:
    file = as_file(tmp_path, suffix, pd.DataFrame(ROWS))
    said = needle_registry("import", file)
    assert "3 of 4 rows can be taken" in said
    assert "不导入" in said
    assert rows(registry, "select count(*) from registry_entity") == [(0,)]
    aside = pd.read_csv(tmp_path / "居民.rejects.csv", dtype=str)
    assert aside[["line", "姓名", "身份证号码", "备注"]].to_numpy().tolist() == [["5", "赵敏", "1234", "x"]]
    assert "公民身份号码" in aside["问题"][0]
    assert "Date of birth" in aside["problem"][0]
    said = needle_registry("import", file, "--write", "--at", "2026-01-02", "--consent", "c-9")
    assert "3 new, 0 about" in said
    assert rows(registry, "select consent, by from registry_source") == [("c-9", "console")]
    assert rows(registry, KEPT) == [
        ("王芳", "11010119000101009X", "13900000001", date(1900, 1, 1), 4),
        ("李强", None, "13900000002", None, 2),
        (None, "310101190002280021", None, date(1900, 2, 28), 2),
    ]
    assert rows(registry, COUNTS) == [(3, 3)]
    assert "0 new, 0 about entities that were there, 3 imported before" in needle_registry("import", file, "--write")


def test_a_later_table_adds_claims_to_those_whom_it_names_for_sure(registry: Connection, tmp_path: Path) -> None:
    needle_registry("import", as_file(tmp_path, "csv", pd.DataFrame(ROWS)), "--write", "--at", "2026-01-02")
    later = pd.DataFrame(
        {"姓名": ["王芳", "李强"], "身份证号": ["11010119000101009X", ""], "手机": ["13900000009", "13900000008"]}
    )
    said = needle_registry("import", as_file(tmp_path, "xlsx", later), "--write", "--at", "2026-02-02")
    assert "1 new, 1 about entities that were there" in said, "a name alone names nobody"
    assert rows(registry, "select phone, claims from registry_entity where id_number like '110%'") == [
        ("13900000009", 7)
    ]


def test_houses_are_placed_where_their_building_is(registry: Connection, tmp_path: Path) -> None:
    ((code,),) = rows(registry, "select code from building order by id limit 1")
    table = pd.DataFrame({"楼栋编码": [code, code, "nowhere"], "单元": "1", "房号": ["101", "102", "101"]})
    needle_registry("import", as_file(tmp_path, "csv", table), "--kind", "household", "--write")
    query = "select entities from registry_density where layer = 'building' and kind = 'household'"
    assert rows(registry, query) == [(2,)]
    assert rows(registry, "select count(*) from registry_entity where geom is not null") == [(2,)]


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (("--kind", "dog"), "registry.option"),
        (("--map", "姓名=shoe_size"), "registry.option"),
        (("--kind", "building"), "registry.no_key_column"),
    ],
)
def test_what_makes_no_sense_is_told(
    registry: Connection, tmp_path: Path, arguments: tuple[str, ...], code: str
) -> None:
    file = as_file(tmp_path, "csv", pd.DataFrame(ROWS))
    with pytest.raises(NeedleError) as raised:
        needle_registry("import", file, *arguments)
    assert raised.value.code == code


def test_a_file_of_another_kind_is_refused(tmp_path: Path) -> None:
    with pytest.raises(NeedleError, match="Use one of"):
        needle_registry("import", tmp_path / "a.docx")


def test_headings_are_known_by_their_words() -> None:
    found = propose_mapping(["Full Name", "ID_Number", "联系电话（必填）", "手机号", "住址"], "person")
    assert found == {"Full Name": "name", "ID_Number": "id_number", "联系电话（必填）": "phone", "住址": "address"}


def test_every_row_is_taken_or_told_of() -> None:
    table = pd.DataFrame(ROWS)
    checked = check(table, "person", propose_mapping(list(table.columns), "person"))
    assert len(checked.rows) + len(checked.rejects) == len(table)


def test_linkage_finds_those_who_are_one_and_what_was_split_stays_split(registry: Connection, tmp_path: Path) -> None:
    rng = np.random.default_rng(5)
    people = persons(150, rng, date(2026, 11, 24))
    told = tellings(people, invented_dwellings(150, rng), rng)
    table = told.records.drop(columns=["id", "credit_code"]).fillna("")
    table["birth_date"] = pd.to_datetime(table["birth_date"], errors="coerce", format="mixed").dt.strftime("%Y-%m-%d")
    table["id_number"] = table["id_number"].where(table["id_number"].str.len() == 18, "")
    table["phone"] = table["phone"].where(table["phone"].str.fullmatch("[0-9]{11}"), "")
    needle_registry("import", as_file(tmp_path, "parquet", table.fillna("")), "--write")
    codes = rows(registry, "select code, id from registry_entity where kind = 'person' order by id")
    taken = check(table.fillna(""), "person", propose_mapping(list(table.columns), "person"))
    assert len(codes) == len(taken.rows)
    bad = {reject.line - 2 for reject in taken.rejects}
    whose = [person for place, person in enumerate(told.person.tolist()) if place not in bad]
    truth = tmp_path / "truth.csv"
    pd.DataFrame({"code": [code for code, _ in codes], "person": whose}).to_csv(truth, index=False)
    assert "merged" in needle_registry("link")
    said = needle_registry("evaluate", "--truth", truth)
    precision = float(next(line for line in said.splitlines() if "pairs" in line).split("│")[2])
    assert precision > 0.95
    ((merged,),) = rows(registry, "select count(*) from registry_merge")
    assert merged > 50
    assert rows(registry, "select count(*) from registry_merge where jsonb_array_length(evidence) = 0") == [(0,)]
    assert rows(registry, COUNTS)[0][0] == len(codes) - merged
    assert " 0 merged" in needle_registry("link")


def test_what_grows_old_is_counted_as_stale_by_the_next_run(registry: Connection, tmp_path: Path) -> None:
    needle_registry("import", as_file(tmp_path, "csv", pd.DataFrame(ROWS)), "--write")
    stale = "select stale from registry_density where layer = '' and kind = 'person'"
    assert rows(registry, stale) == [(0,)]
    registry.execute("update registry_entity set fresh_until = current_date - 1 where phone = '13900000002'")
    assert mark_stale(registry) == 1
    assert mark_stale(registry) == 0
    assert rows(registry, stale) == [(1,)]


def test_a_department_is_given_a_key_that_opens_until_it_is_revoked(registry: Connection) -> None:
    needle_registry("purposes", str(files("data.registry") / "tables" / "purposes.csv"))
    with pytest.raises(NeedleError) as raised:
        needle_registry("key", "add", "nobody", "--holder", "x", "--purpose", "elderly_care")
    assert raised.value.code == "registry.department_unknown"
    registry.execute(
        "insert into department (code, name_zh, name_en, level) values ('civil', '民政局', 'Civil affairs', 'city')"
    )
    made = needle_registry(
        "key", "add", "civil", "--holder", "养老平台", "--purpose", "elderly_care", "--rows-a-day", "9"
    )
    key = made.strip()
    digest = hashlib.sha256(key.encode()).digest()
    query = "select id, holder, purposes, rows_a_day, revoked_at is null from department_key where hash = %s"
    ((number, *held),) = registry.execute(query, (digest,)).fetchall()
    assert held == ["养老平台", ["elderly_care"], 9, True]
    assert "养老平台" in needle_registry("key", "list")
    assert key not in needle_registry("key", "list")
    needle_registry("key", "revoke", str(number))
    assert registry.execute(query, (digest,)).fetchall()[0][4] is False
    actions = "select action from audit_entry where action like 'registry.key%' order by id"
    assert rows(registry, actions) == [("registry.key_made",), ("registry.key_revoked",)]
