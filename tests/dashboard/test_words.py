"""The catalogues are complete, and no Chinese hides in the code of the pages."""

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import dashboard
from dashboard.i18n import language_of, words
from dashboard.view_models.wording import say_distance, say_duration

ROOM = Path(dashboard.__file__).parent
CODE = [
    path
    for pattern in ("*.py", "*.js", "*.mjs", "*.css")
    for path in ROOM.rglob(pattern)
    if not {"vendor", "cli"} & set(path.relative_to(ROOM).parts)
]


def test_both_languages_say_the_same_messages() -> None:
    zh, en = words("zh").messages, words("en").messages
    assert zh.keys() == en.keys()
    assert [key for language in (zh, en) for key, text in language.items() if not text] == []


def test_both_languages_fill_in_the_same_values() -> None:
    def values(text: str) -> set[str]:
        return set(re.findall(r"{(\w+)}", text))

    zh, en = words("zh").messages, words("en").messages
    assert [key for key in zh if values(zh[key]) != values(en[key]) and key != "time.date_clock"] == []


@pytest.mark.parametrize("path", CODE, ids=lambda path: str(path.relative_to(ROOM)))
def test_no_chinese_outside_the_catalogues(path: Path) -> None:
    assert re.findall(r"[\u4e00-\u9fff]+", path.read_text(encoding="utf-8")) == []


@pytest.mark.parametrize(("asked", "given"), [("en", "en"), ("zh", "zh"), ("", "zh"), ("fr", "zh"), (None, "zh")])
def test_an_unknown_language_is_chinese(asked: str | None, given: str) -> None:
    assert language_of(asked) == given


@pytest.mark.parametrize(
    ("seconds", "zh", "en"),
    [
        (0, "0 分钟", "0 min"),
        (95 * 60, "1 小时 35 分", "1 h 35 min"),
        (26 * 3600, "1 天 2 小时", "1 d 2 h"),
    ],
)
def test_durations(seconds: float, zh: str, en: str) -> None:
    assert say_duration(seconds, words("zh")) == zh
    assert say_duration(seconds, words("en")) == en


@given(st.floats(0, 10_000_000))
def test_a_duration_never_shows_sixty_minutes(seconds: float) -> None:
    assert "60" not in re.findall(r"(\d+) min", say_duration(seconds, words("en")))


@pytest.mark.parametrize(("metres", "said"), [(3.14, "3.1 米"), (42.4, "42 米"), (1234, "1.2 公里")])
def test_distances(metres: float, said: str) -> None:
    assert say_distance(metres, words("zh")) == said
