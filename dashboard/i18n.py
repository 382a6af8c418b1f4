"""Words of the pages: two gettext catalogues (``locale/zh.po``, ``locale/en.po``), read as they are, no compiled files.

A message id names its place (``wall.figure.open``); the catalogue holds the words.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

from babel.messages.pofile import read_po

from geo.errors import Language

LANGUAGES: Final[tuple[Language, ...]] = ("zh", "en")
LOCALE: Final = Path(__file__).with_name("locale")


@dataclass(frozen=True)
class Words:
    """One language's words. Calling it says a message, with values filled in (``str.format``)."""

    language: Language
    messages: Mapping[str, str]

    def __call__(self, message: str, **values: object) -> str:
        """The message in this language.

        Raises
        ------
        KeyError
            The catalogue lacks it: a mistake of the programmer.
        """
        return self.messages[message].format(**values) if values else self.messages[message]

    def pick(self, zh: str, en: str) -> str:
        """The one of two stored names that this language shows."""
        return zh if self.language == "zh" else en

    def under(self, prefix: str) -> dict[str, str]:
        """Every message whose id starts with ``prefix.``, by the rest of its id: what a script of a page needs."""
        start = f"{prefix}."
        return {key.removeprefix(start): text for key, text in self.messages.items() if key.startswith(start)}


@cache
def words(language: Language) -> Words:
    """The words of a language, read once."""
    with (LOCALE / f"{language}.po").open("rb") as file:
        catalogue = read_po(file, locale=language, abort_invalid=True)
    return Words(language, {str(entry.id): str(entry.string) for entry in catalogue if entry.id})


def language_of(value: object) -> Language:
    """The language that a request asks for; Chinese where it asks for none that we speak."""
    return "en" if value == "en" else "zh"
