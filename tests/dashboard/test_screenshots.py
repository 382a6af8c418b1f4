"""Which pictures are taken, and what is said when there is nothing to take them with."""

from pathlib import Path

import pytest
from typer.testing import CliRunner

from dashboard.cli import app, screenshots
from dashboard.cli.screenshots import Shot, every_page, place_of, shots
from dashboard.server import PAGES
from data.settings import Settings
from forms.portal.pages import PAGES as RESIDENTS_PAGES
from geo.errors import NeedleError


def test_the_command_line_knows_the_command() -> None:
    assert CliRunner().invoke(app, ["screenshots", "--help"]).exit_code == 0


def test_every_page_is_taken_in_both_languages_and_themes() -> None:
    taken = {(shot.language, shot.theme) for shot in shots(["/desk"])}
    assert taken == {("zh", "dark"), ("zh", "light"), ("en", "dark"), ("en", "light")}


def test_the_wall_is_taken_as_video_walls_show_it() -> None:
    screens = {(shot.size, shot.language) for shot in shots(["/wall"]) if shot.screen}
    sizes = {(1920, 1080), (3840, 2160), (3840, 1080)}
    assert screens == {(size, language) for size in sizes for language in ("zh", "en")}


def test_every_registered_page_is_taken_and_the_residents_too() -> None:
    taken = {shot.path for shot in shots(every_page())}
    assert taken >= {page.path for page in PAGES} | {"/login", "/m"} | {f"/{name}" for name in RESIDENTS_PAGES}


def test_whoever_walks_is_shown_a_phone() -> None:
    sizes = {(shot.path, shot.size[0] < 500) for shot in shots(["/m", "/map", "/desk"])}
    assert sizes == {("/m", True), ("/map", True), ("/desk", False)}


def test_each_page_is_asked_of_its_own_server() -> None:
    place = place_of(Settings(home=Path("/nowhere"), port=8700))
    assert [place.server(path) for path in ("/wall", "/map")] == ["http://127.0.0.1:8700", "http://127.0.0.1:8710"]
    assert [place.session(path) for path in ("/login", "/report")] == [None, None]


def test_no_two_pictures_have_one_name() -> None:
    names = [shot.name for shot in shots(every_page())]
    assert len(names) == len(set(names))


def test_a_picture_is_named_after_what_it_shows() -> None:
    shot = Shot("/wall", "zh", "dark", (3840, 1080), screen=True)
    assert (shot.name, shot.address) == ("wall-screen-zh-dark-3840x1080.png", "/wall?lang=zh&theme=dark&screen=1")


def test_without_a_browser_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(screenshots, "CHROMIUM", tmp_path / "none")
    with pytest.raises(NeedleError) as refused:
        screenshots.screenshots(folder=tmp_path, running=True)
    assert refused.value.code == "screenshots.no_browser"
    assert list(tmp_path.iterdir()) == []
