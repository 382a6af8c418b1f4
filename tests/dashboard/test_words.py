"""The catalogues are complete, and no Chinese hides in the code of the pages."""

import ast
import re
from collections.abc import Iterator
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


#: ``say("…")``, ``page.say('…')`` in a script.
SAID = re.compile(r"\bsay\(\s*(?:'([^'$]+)'|`([^`]+)`)")
QUOTED = re.compile(r"'([^'\n]*)'|\"([^\"\n]*)\"|`([^`]*)`")


def calls(name: str) -> Iterator[ast.expr]:
    """The first argument of every call of a function or method of this name in the pages' Python."""
    for path in (path for path in CODE if path.suffix == ".py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and node.args:
                called = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
                if called == name:
                    yield node.args[0]


def pattern(text: ast.expr) -> str | None:
    """A text of the code as an expression for message ids; what is filled in matches anything."""
    if isinstance(text, ast.Constant) and isinstance(text.value, str):
        return re.escape(text.value)
    if isinstance(text, ast.JoinedStr):
        parts = [re.escape(str(part.value)) if isinstance(part, ast.Constant) else ".+" for part in text.values]
        return "".join(parts)
    return None


def script_pattern(text: str) -> str:
    return "".join(".+" if at % 2 else re.escape(part) for at, part in enumerate(re.split(r"\$\{([^}]*)\}", text)))


def scripts() -> Iterator[str]:
    yield from (path.read_text(encoding="utf-8") for path in CODE if path.suffix in {".js", ".mjs"})


def handed_to_scripts() -> dict[str, set[str]]:
    """Message ids by the rest of their id, for each prefix that a page gives its script."""
    prefixes = {text.value for text in calls("under") if isinstance(text, ast.Constant)}
    return {str(prefix): set(words("zh").under(str(prefix))) for prefix in prefixes}


def test_every_message_that_the_pages_say_exists() -> None:
    known = words("zh").messages
    said = {pattern(text) for name in ("say", "words") for text in calls(name)} - {None, "zh", "en"}
    assert [text for text in said if text and not any(re.fullmatch(text, message) for message in known)] == []


def test_every_message_that_the_scripts_say_exists() -> None:
    known = set().union(*handed_to_scripts().values())
    said = {script_pattern(plain or filled) for text in scripts() for plain, filled in SAID.findall(text)}
    assert len(said) > 10
    assert [text for text in said if not any(re.fullmatch(text, message) for message in known)] == []


def test_no_message_is_left_that_nobody_says() -> None:
    texts = {
        pattern(node)
        for path in CODE
        if path.suffix == ".py"
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Constant | ast.JoinedStr)
    }
    ours = re.compile("|".join(text for text in texts if text and re.match(r"[a-z_0-9]+\\\.", text)))
    quoted = {script_pattern("".join(parts)) for text in scripts() for parts in QUOTED.findall(text)}
    theirs = re.compile("|".join(text for text in quoted if re.match(r"[a-z]", text)))
    handed = {
        f"{prefix}.{rest}"
        for prefix, all_rest in handed_to_scripts().items()
        for rest in all_rest
        if theirs.fullmatch(rest)
    }
    assert sorted(message for message in words("zh").messages.keys() - handed if not ours.fullmatch(message)) == []


def test_both_languages_say_the_same_messages() -> None:
    zh, en = words("zh").messages, words("en").messages
    assert zh.keys() == en.keys()
    assert [key for language in (zh, en) for key, text in language.items() if not text] == []


def test_both_languages_fill_in_the_same_values() -> None:
    def values(text: str) -> set[str]:
        return set(re.findall(r"{(\w+)}", text))

    zh, en = words("zh").messages, words("en").messages
    assert [key for key in zh if values(zh[key]) != values(en[key]) and key != "time.date_clock"] == []


def written(path: Path) -> str:
    """What a file can put on a page: a Python file's texts without its docstrings, any other file as it is."""
    text = path.read_text(encoding="utf-8")
    if path.suffix != ".py":
        return text
    tree = ast.parse(text)
    docs = {
        id(node.body[0].value)
        for node in ast.walk(tree)
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef)
        and node.body
        and isinstance(node.body[0], ast.Expr)
    }
    texts = [node for node in ast.walk(tree) if isinstance(node, ast.Constant) and id(node) not in docs]
    return "\n".join(str(node.value) for node in texts if isinstance(node.value, str))


@pytest.mark.parametrize("path", CODE, ids=lambda path: str(path.relative_to(ROOM)))
def test_no_chinese_outside_the_catalogues(path: Path) -> None:
    assert re.findall(r"[\u4e00-\u9fff]+", written(path)) == []


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
