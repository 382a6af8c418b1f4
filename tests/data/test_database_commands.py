"""``needle db`` and ``needle layer`` as a user types them, on a database of the user's own."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner

from dashboard.cli import app
from data import migrate
from data.settings import get_settings
from geo.errors import NeedleError

SQUARES = {
    "type": "FeatureCollection",
    "features": [
        {
            "type": "Feature",
            "properties": {"code": f"11010100{n}000", "label": f"第{n}街道"},
            "geometry": {"type": "Polygon", "coordinates": [[[n, 39], [n + 1, 39], [n + 1, 40], [n, 40], [n, 39]]]},
        }
        for n in (1, 2)
    ],
}


@pytest.fixture(autouse=True)
def own_database(database_url: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[str]:
    """Settings that name the test's database, as the user who may create others beside it."""
    url = database_url.replace("//needle@", "//postgres@")
    monkeypatch.setenv("NEEDLE_DATABASE_URL", url)
    monkeypatch.setenv("NEEDLE_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("COLUMNS", "160")
    get_settings.cache_clear()
    yield url
    get_settings.cache_clear()


@pytest.fixture
def squares(tmp_path: Path) -> Path:
    path = tmp_path / "squares.geojson"
    path.write_text(json.dumps(SQUARES))
    return path


def needle(*arguments: str | Path) -> str:
    result = CliRunner().invoke(app, [str(argument) for argument in arguments], catch_exceptions=True)
    if isinstance(result.exception, NeedleError):
        raise result.exception
    assert result.exit_code == 0, result.output
    return result.stdout


def test_a_layer_comes_in_by_generations(squares: Path) -> None:
    assert "no layers yet" in needle("layer", "list")
    once = (
        "layer",
        "import",
        squares,
        "--name",
        "subdistrict",
        "--kind",
        "area",
        "--code",
        "code",
        "--name-field",
        "label",
    )
    assert "generation 1 is in force" in needle(
        *once, "--title-zh", "街道", "--title-en", "Subdistricts", "--rank", "1"
    )
    assert "generation 2 is in force" in needle(*once)
    row = needle("layer", "list")
    assert "街道 Subdistricts" in row
    assert "squares.geojson" in row


def test_a_wrong_layer_leaves_nothing(squares: Path) -> None:
    with pytest.raises(NeedleError, match="codes that are not 15 digits"):
        needle("layer", "import", squares, "--name", "cell", "--kind", "grid", "--code", "code")
    assert "no layers yet" in needle("layer", "list")


def test_database_by_hand(own_database: str) -> None:
    assert needle("db", "url").strip() == own_database
    assert needle("db", "start").strip() == own_database
    assert "nothing to stop" in needle("db", "stop")
    migrate.downgrade(own_database, "base")
    assert f"schema {migrate.head()}" in needle("db", "migrate")


def test_backup_and_restore(squares: Path, tmp_path: Path) -> None:
    once = ("layer", "import", squares, "--name", "street", "--kind", "area", "--code", "code")
    needle(*once)
    needle("db", "backup")
    (path,) = (tmp_path / "home" / "backups").glob("needle-*.dump")
    needle(*once)
    with pytest.raises(NeedleError, match="layers: 1"):
        needle("db", "restore", path)
    assert "restored from" in needle("db", "restore", path, "--overwrite")
    assert "generation 2 is in force" in needle(*once)


def test_a_restore_says_which_right_it_needs(
    database_url: str, squares: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    needle("db", "backup", "--out", tmp_path / "needle.dump")
    monkeypatch.setenv("NEEDLE_DATABASE_URL", database_url)
    get_settings.cache_clear()
    with pytest.raises(NeedleError, match="alter role needle createdb"):
        needle("db", "restore", tmp_path / "needle.dump")
