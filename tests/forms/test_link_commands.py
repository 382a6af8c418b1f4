"""``needle link`` and ``needle poster`` on a real database, and the lists that they read."""

import csv
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import zxingcpp
from PIL import Image
from pypdfium2 import PdfDocument  # type: ignore[import-untyped]
from typer.testing import CliRunner, Result

from dashboard.cli import app
from data.database import Connection
from data.settings import get_settings
from forms.links.lists import read_list, read_row
from geo.errors import NeedleError

Needle = Callable[..., Result]
ASK = (
    "link",
    "issue",
    "--form",
    "survey",
    "--title",
    "独居老人摸排",
    "--asks",
    "幸福里居委会",
    "--until",
    "2999-12-31 18:00",
)


@pytest.fixture
def needle(
    connection: Connection, database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Needle]:
    """The command line over a small city; settings are read anew."""
    connection.execute("""
        insert into city (profile, name_zh, name_en) values ('test', '测试市', 'Test');
        insert into building (code, address, use, floors, height_m, geom)
        select 'b' || n, '幸福里 ' || n || ' 号楼', 'residential', 6, 18,
               ST_MakeEnvelope(116 + n * 0.01, 39, 116.001 + n * 0.01, 39.001, 4326)
          from generate_series(1, 3) as n""")
    connection.commit()
    monkeypatch.setenv("NEEDLE_DATABASE_URL", database_url)
    monkeypatch.setenv("NEEDLE_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("NEEDLE_PORTAL_ADDRESS", "https://ask.example/")
    get_settings.cache_clear()

    def run(*said: str) -> Result:
        return CliRunner().invoke(app, said, catch_exceptions=True)

    yield run
    monkeypatch.undo()
    get_settings.cache_clear()


def exported(needle: Needle, file: Path, outreach: str = "1") -> list[dict[str, str]]:
    assert needle("link", "export", outreach, str(file)).exit_code == 0
    assert file.stat().st_mode & 0o777 == 0o600
    with file.open(encoding="utf-8-sig", newline="") as rows:
        return list(csv.DictReader(rows))


def test_a_city_is_asked_and_an_export_shows_each_address(needle: Needle, tmp_path: Path) -> None:
    assert "3 links" in needle(*ASK).output
    rows = exported(needle, tmp_path / "links.csv")
    assert [row["label"] for row in rows] == ["幸福里 1 号楼", "幸福里 2 号楼", "幸福里 3 号楼"]
    assert len({row["address"] for row in rows}) == 3
    assert all(row["address"].startswith("https://ask.example/f/") for row in rows)
    assert exported(needle, tmp_path / "again.csv") == rows, "the same tokens, though none is kept"


def test_a_revoked_link_is_exported_no_more_and_a_reissued_one_differs(needle: Needle, tmp_path: Path) -> None:
    needle(*ASK)
    before = exported(needle, tmp_path / "a.csv")
    assert "1 links are revoked" in needle("link", "revoke", "1", "--link", before[0]["link"]).output
    needle("link", "reissue", "1", "--link", before[1]["link"])
    after = {row["label"]: row["address"] for row in exported(needle, tmp_path / "b.csv")}
    assert "幸福里 1 号楼" not in after
    assert after["幸福里 2 号楼"] != before[1]["address"]
    assert after["幸福里 3 号楼"] == before[2]["address"]
    assert "revoked" in needle("link", "list", "1").output


def test_a_list_of_households_knows_its_buildings_and_keeps_what_is_known_sealed(
    needle: Needle, connection: Connection, tmp_path: Path
) -> None:
    file = tmp_path / "list.csv"
    file.write_text(
        "key,label,name,phone,email,building,prefill.name\n"
        "h1,1 号楼 101,王小明,138 0000 0000,,b1,王小明\n"
        "h2,2 号楼 202,Li,,Li@Example.org,,\n",
        encoding="utf-8-sig",
    )
    assert "2 links" in needle(*ASK, "--to", "household", "--list", str(file)).output
    found = connection.execute("""
        select target, areas ->> 'building', prefill is not null, uses_allowed, phone, email
          from link join recipient on link_id = id order by id""").fetchall()
    assert found == [("h1", "b1", True, 1, "13800000000", None), ("h2", None, False, 1, None, "li@example.org")]
    rows = exported(needle, tmp_path / "links.csv")
    assert ["#" in row["address"] for row in rows] == [True, False]


@pytest.mark.parametrize(
    ("row", "problem"),
    [
        ({"key": "", "label": "x"}, "key, label"),
        ({"key": "1", "label": "x", "phone": "138"}, "phone: 138"),
        ({"key": "1", "label": "x", "email": "a b@c.d"}, "email: a b@c.d"),
        ({"key": "1", "label": "x", "building": "b9"}, "building: b9"),
        ({"key": "1", "label": "x", "phone": "13800000000", "language": "fr"}, "language: fr"),
    ],
)
def test_a_wrong_row_is_named(row: dict[str, str], problem: str) -> None:
    with pytest.raises(NeedleError) as told:
        read_row(row, 7, "person", {})
    assert told.value.code == "link.list_row"
    assert ("7" in told.value.sentence("en"), problem in told.value.sentence("en")) == (True, True)


def test_a_list_without_its_columns_is_refused(tmp_path: Path) -> None:
    (tmp_path / "list.csv").write_text("name\nx\n", encoding="utf-8")
    with pytest.raises(NeedleError) as told:
        list(read_list(tmp_path / "list.csv", "person", {}))
    assert told.value.code == "link.list_columns"


def test_a_poster_of_one_link_is_a_pdf_of_many_a_zip(needle: Needle, tmp_path: Path) -> None:
    needle(*ASK)
    rows = exported(needle, tmp_path / "links.csv")
    sheet = tmp_path / "one.pdf"
    assert needle("poster", "1", str(sheet), "--link", rows[1]["link"]).exit_code == 0
    with PdfDocument(sheet) as document:
        image: Image.Image = document[0].render(scale=2).to_pil()
    assert [code.text for code in zxingcpp.read_barcodes(image)] == [rows[1]["address"]]
    assert "3 posters" in needle("poster", "1", str(tmp_path / "all.zip")).output


@pytest.mark.parametrize(
    ("said", "code"),
    [
        (("link", "revoke", "7", "--all"), "link.no_outreach"),
        (("poster", "7", "x.pdf"), "link.no_outreach"),
        ((*ASK, "--use", "palace"), "link.nobody"),
        ((*ASK, "--to", "area", "--area", "street"), "link.no_area"),
    ],
)
def test_what_cannot_be_done_is_told(needle: Needle, said: tuple[str, ...], code: str) -> None:
    error = needle(*said).exception
    assert isinstance(error, NeedleError)
    assert error.code == code
