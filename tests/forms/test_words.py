"""The room's tables and pages: both languages whole, nothing inline that runs, colours that can be read."""

import re
from pathlib import Path

import pytest

from forms import words
from forms.portal import pages
from forms.portal.files import contents
from forms.public_map import K

ASSETS = Path(__file__).parents[2] / "forms" / "assets"
CHINESE = re.compile(r"[\u4e00-\u9fff]")


@pytest.mark.parametrize("key", pages.texts("zh"))
def test_every_text_is_there_in_both_languages(key: str) -> None:
    zh, en = pages.texts("zh")[key], pages.texts("en")[key]
    assert CHINESE.search(zh)
    assert en
    assert not CHINESE.search(en)
    assert set(re.findall(r"\{\w+\}", zh)) == set(re.findall(r"\{\w+\}", en))


def test_scripts_say_nothing_that_the_table_has_not() -> None:
    said = {
        key
        for file in [*(ASSETS / "modules").glob("*.mjs"), *(ASSETS.parent / "enketo" / "web").glob("*.mjs")]
        for key in re.findall(r"(?:say|tell)\('([\w.]+)'", file.read_text(encoding="utf-8"))
    }
    assert said
    assert said <= set(pages.texts("zh"))


@pytest.mark.parametrize("name", [*pages.PAGES, *pages.ROADS.values(), "missing"])
@pytest.mark.parametrize("lang", ["zh", "en"])
def test_a_page_is_whole_and_runs_nothing_inline(name: str, lang: str) -> None:
    html = pages.page(name, lang, "/static/x").decode()
    assert "{{" not in html
    assert not re.search(r"<script(?![^>]*(src=|application/json))", html)
    assert not re.search(r"\son\w+=|\sstyle=", html)
    body = re.sub(r"<script.*?</script>", "", html, flags=re.DOTALL)
    if lang == "en":
        assert not CHINESE.search(body.replace(">中文<", "><"))


@pytest.mark.parametrize("name", pages.PAGES)
def test_every_field_has_its_label(name: str) -> None:
    html = pages.page(name, "zh", "/static/x").decode()
    for field in re.findall(r"<(?:input|textarea)[^>]*\bid=\"([\w-]+)\"", html):
        assert f'for="{field}"' in html
    for button in re.findall(r"<button[^>]*>\s*[^\w\s<\u4e00-\u9fff]\s*</button>", html):
        assert "aria-label=" in button


def test_choices_have_signs_and_names() -> None:
    for choice in words.choices():
        assert (ASSETS / "signs" / f"{choice.icon}.svg").is_file()
        assert CHINESE.search(choice.zh)
        assert choice.en
    assert len({choice.matter for choice in words.choices()}) == len(words.choices())


def test_the_map_says_its_k() -> None:
    assert str(K) in pages.texts("zh")["map.note"]
    assert str(K) in pages.texts("en")["map.note"]


def luminance(colour: str) -> float:
    """Of WCAG 2.2."""
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize(
    ("ink", "ground", "least"),
    [
        ("ink", "ground", 7), ("ink", "panel", 7), ("ink", "picked", 7), ("soft", "ground", 4.5), ("soft", "panel", 4.5),
        ("accent", "panel", 4.5), ("accent", "ground", 4.5), ("accent", "picked", 4.5), ("on-accent", "accent", 4.5),
        ("late", "late-ground", 4.5), ("late", "ground", 4.5), ("well", "panel", 4.5), ("edge", "panel", 3),
        ("map-name", "map-street", 4.5), ("pin", "map-land", 3),
    ],
)  # fmt: skip
@pytest.mark.parametrize("night", [False, True])
def test_contrast_is_enough(ink: str, ground: str, least: float, night: bool) -> None:
    day, dark = contents()["portal.css"].decode().split("@media (prefers-color-scheme: dark)")
    colours = dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6})", dark if night else day))
    assert contrast(colours[ink], colours[ground]) >= least
