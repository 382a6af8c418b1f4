"""What a person chose for all pages: language and theme. The address says it first, then what their browser remembers."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal, get_args
from urllib.parse import parse_qsl

from dashboard.i18n import Words, language_of, words
from geo.errors import Language

Theme = Literal["dark", "light", "auto"]
THEMES: Final[tuple[Theme, ...]] = get_args(Theme)
#: Cookies that the frame's script writes; they hold no more than the choice.
LANGUAGE_COOKIE, THEME_COOKIE = "needle_lang", "needle_theme"
OWN_KEYS: Final = frozenset({"lang", "theme", "screen"})
HTML_LANGUAGE: Final[Mapping[Language, str]] = {"zh": "zh-CN", "en": "en"}


@dataclass(frozen=True)
class Preferences:
    """How one page is shown.

    Attributes
    ----------
    language : str
        The language of its words.
    theme : str or None
        None when the person chose none, so that the page's own holds.
    screen : bool
        As on a video wall: without navigation.
    plain : bool
        The address asks for nothing else: no filter, no opened case.
    """

    language: Language
    theme: Theme | None
    screen: bool = False
    plain: bool = True

    @property
    def say(self) -> Words:
        """The words of the language."""
        return words(self.language)


def read_preferences(search: str | None, cookies: Mapping[str, str]) -> Preferences:
    """The preferences of an address (its query, with or without ``?``) and a browser's cookies."""
    query = dict(parse_qsl((search or "").removeprefix("?")))
    return Preferences(
        language=language_of(query.get("lang", cookies.get(LANGUAGE_COOKIE))),
        theme=theme_of(query.get("theme")) or theme_of(cookies.get(THEME_COOKIE)),
        screen=query.get("screen") == "1",
        plain=not query.keys() - OWN_KEYS,
    )


def theme_of(value: str | None) -> Theme | None:
    """The theme of this name, or None."""
    return next((theme for theme in THEMES if theme == value), None)
