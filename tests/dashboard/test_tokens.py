"""The colours of tokens.css can be read by everyone: contrast (WCAG 2.2) and distance for colour-blind eyes, in both themes."""

import re
from itertools import combinations
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

import dashboard

CSS = Path(dashboard.__file__).parent / "assets" / "css"
#: Machado, Oliveira and Fernandes 2009, severity 1.0; linear RGB in, linear RGB out.
EYES = {
    "all cones": np.eye(3),
    "protanopia": np.array(
        [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]]
    ),
    "deuteranopia": np.array(
        [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]]
    ),
    "tritanopia": np.array(
        [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.303900]]
    ),
}
#: Ottosson's OKLab: linear RGB to cone response, its cube root to lightness and two opponents.
TO_CONES = np.array(
    [
        [0.4122214708, 0.5363325363, 0.0514459929],
        [0.2119034982, 0.6806995451, 0.1073969566],
        [0.0883024619, 0.2817188376, 0.6299787005],
    ]
)
TO_LAB = np.array(
    [
        [0.2104542553, 0.7936177850, -0.0040720468],
        [1.9779984951, -2.4285922050, 0.4505937099],
        [0.0259040371, 0.7827717662, -0.8086757660],
    ]
)
JUST_NOTICEABLE = 0.02
THEMES = ("dark", "light")
GROUNDS = ("beyond", "ground", "panel-solid", "raised-solid")
TEXTS = ("ink", "soft", "muted", "accent", "accent-ink", "pressing", "late", "well", "overdue")
MARKS = ("new", "work", "check", "done", "overdue", "urgent", "chosen", "accent", "edge")
TONES = ("new", "work", "check", "done", "overdue", "urgent")


def theme(name: str) -> dict[str, str]:
    """The opaque colours of one theme, by token."""
    text = (CSS / "tokens.css").read_text(encoding="utf-8")
    (block,) = re.findall(rf"\[data-theme='{name}'\] {{(.*?)\n}}", text, flags=re.DOTALL)
    return dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6});", block))


def linear(colour: str) -> NDArray[np.float64]:
    encoded = np.array([int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)])
    return np.where(encoded <= 0.04045, encoded / 12.92, ((encoded + 0.055) / 1.055) ** 2.4)


def contrast(one: str, other: str) -> float:
    """WCAG's ratio of relative luminances."""
    light, dark = sorted((float(linear(colour) @ [0.2126, 0.7152, 0.0722]) for colour in (one, other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def distance(one: str, other: str, eye: NDArray[np.float64]) -> float:
    """How different two colours look to an eye: Euclidean in OKLab."""
    seen = [TO_LAB @ np.cbrt(TO_CONES @ np.clip(eye @ linear(colour), 0, 1)) for colour in (one, other)]
    return float(np.linalg.norm(seen[0] - seen[1]))


def test_the_measures_agree_with_their_definitions() -> None:
    assert contrast("#ffffff", "#000000") == pytest.approx(21)
    assert contrast("#767676", "#ffffff") == pytest.approx(4.54, abs=0.01)
    assert distance("#ffffff", "#000000", EYES["all cones"]) == pytest.approx(1, abs=0.001)
    assert distance("#ff0000", "#00ff00", EYES["deuteranopia"]) < distance("#ff0000", "#00ff00", EYES["all cones"]) / 2


def test_both_themes_define_the_same_tokens() -> None:
    text = (CSS / "tokens.css").read_text(encoding="utf-8")
    names = [
        set(re.findall(r"^\s*--([\w-]+):", block, flags=re.MULTILINE))
        for block in re.findall(r"\[data-theme='\w+'\] {(.*?)\n}", text, flags=re.DOTALL)
    ]
    assert len(names) == 2
    assert names[0] == names[1]


@pytest.mark.parametrize("name", THEMES)
def test_text_has_the_contrast_of_wcag_aa(name: str) -> None:
    colours = theme(name)
    weak = {
        (text, ground): round(ratio, 2)
        for text in TEXTS
        for ground in GROUNDS
        if (ratio := contrast(colours[text], colours[ground])) < 4.5
    }
    assert weak == {}


@pytest.mark.parametrize("name", THEMES)
@pytest.mark.parametrize(
    ("text", "ground"),
    [("on-accent", "accent"), ("on-overdue", "overdue"), ("warn-ink", "warn-ground"), ("fail-ink", "fail-ground")],
)
def test_text_on_its_own_ground_has_the_contrast_of_wcag_aa(name: str, text: str, ground: str) -> None:
    colours = theme(name)
    assert contrast(colours[text], colours[ground]) >= 4.5


@pytest.mark.parametrize("name", THEMES)
def test_marks_stand_out_from_their_ground(name: str) -> None:
    colours = theme(name)
    weak = {
        (mark, ground): round(ratio, 2)
        for mark in MARKS
        for ground in ("ground", "panel-solid")
        if (ratio := contrast(colours[mark], colours[ground])) < 3
    }
    assert weak == {}


@pytest.mark.parametrize("eye", EYES)
@pytest.mark.parametrize("name", THEMES)
def test_tones_of_cases_differ_for_every_eye(name: str, eye: str) -> None:
    colours = theme(name)
    close = {
        (one, other): round(apart, 3)
        for one, other in combinations(TONES, 2)
        if (apart := distance(colours[one], colours[other], EYES[eye])) < 5 * JUST_NOTICEABLE
    }
    assert close == {}


@pytest.mark.parametrize("path", sorted(CSS.glob("*.css")), ids=lambda path: path.name)
def test_every_value_that_a_sheet_asks_for_exists(path: Path) -> None:
    asked = re.findall(r"var\(--([\w-]+)\)", path.read_text(encoding="utf-8"))
    sheets = "".join(sheet.read_text(encoding="utf-8") for sheet in CSS.glob("*.css"))
    scripts = "".join(script.read_text(encoding="utf-8") for script in CSS.parent.glob("modules/*.mjs"))
    given = re.findall(r"--([\w-]+):", sheets) + re.findall(r"'--([\w-]+)'", scripts)
    assert sorted(set(asked) - set(given)) == []


@pytest.mark.parametrize("name", THEMES)
def test_the_map_shows_cases_in_the_same_colours(name: str) -> None:
    script = (CSS.parent / "modules" / "palette.mjs").read_text(encoding="utf-8")
    (block,) = re.findall(rf"^const {name.upper()} = {{(.*?)^}};", script, flags=re.DOTALL | re.MULTILINE)
    on_map = dict(re.findall(r"\b(new|work|check|done|overdue|urgent|chosen|land): '(#[0-9a-f]{6})'", block))
    land = on_map.pop("land")
    colours = theme(name)
    assert on_map == {mark: colours[mark] for mark in (*TONES, "chosen")}
    assert [mark for mark in on_map if contrast(on_map[mark], land) < 3] == []
