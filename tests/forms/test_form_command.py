"""``needle form`` as a user types it: check, publish, list, export, and publish again what was exported."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner

from dashboard.cli.form import app
from data.settings import get_settings
from forms.xlsform.compiling import import_form
from forms.xlsform.exporting import export_form
from forms.xlsform.model import FormDefinition, Question
from geo.errors import NeedleError


@pytest.fixture(autouse=True)
def own_database(database_url: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[None]:
    """Settings that name the test's database."""
    monkeypatch.setenv("NEEDLE_DATABASE_URL", database_url)
    monkeypatch.setenv("NEEDLE_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("COLUMNS", "160")
    get_settings.cache_clear()
    yield
    get_settings.cache_clear()


def needle_form(*arguments: str | Path) -> str:
    """What a command prints."""
    result = CliRunner().invoke(app, [str(argument) for argument in arguments])
    if isinstance(result.exception, NeedleError):
        raise result.exception
    assert result.exit_code == 0, result.output
    return result.output


def write(path: Path, version: str, **logic: str) -> Path:
    """A form of two questions as a file."""
    asked = (
        Question(name="name", labels=(("", "姓名"),), needle_field="person.name"),
        Question(name="age", labels=(("", "年龄"),), type="integer", constraint=logic.get("constraint", "")),
    )
    path.write_bytes(export_form(FormDefinition("visit", "走访", version, children=asked)))
    return path


def test_a_form_is_checked_published_listed_and_exported(tmp_path: Path) -> None:
    """And what was exported is the same form."""
    file, back = write(tmp_path / "visit.xlsx", "1"), tmp_path / "back.xlsx"
    assert "2 questions" in needle_form("check", file)
    assert "version 1 is published" in needle_form("publish", file)
    assert "version 1 is published" in needle_form("publish", file)
    assert "version 2 is published" in needle_form("publish", write(tmp_path / "next.xlsx", "2"))
    assert needle_form("list").count("visit") == 2
    needle_form("export", "visit", "--to", back, "--version", "1")
    assert import_form(back).definition == import_form(file).definition
    needle_form("export", "visit", "--to", tmp_path / "visit.xml")
    assert 'version="2"' in (tmp_path / "visit.xml").read_text(encoding="utf-8")


@pytest.mark.parametrize("constraint", [". >", "nonsense(("])
def test_an_expression_that_makes_no_sense_is_told_before_anybody_answers(tmp_path: Path, constraint: str) -> None:
    """pyxform accepts it; whoever answers would meet it."""
    with pytest.raises(NeedleError) as error:
        needle_form("publish", write(tmp_path / "visit.xlsx", "1", constraint=constraint))
    assert error.value.code == "form.expression"
    assert "no forms yet" in needle_form("list")
