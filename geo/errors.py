"""The one catalogue of errors: a stable code, an HTTP status, and a sentence in Chinese and English that says what to do.

The catalogue lives in the lowest room so that every room may raise from it; it is data (``errors.csv``), one row a code.
"""

import csv
from dataclasses import dataclass
from functools import cache, partial
from importlib.resources import files
from typing import Any, Literal

Language = Literal["zh", "en"]


@dataclass(frozen=True)
class ErrorEntry:
    """One row of the catalogue. ``zh`` and ``en`` are ``str.format`` templates over the error's context."""

    code: str
    http_status: int
    zh: str
    en: str


@cache
def catalogue() -> dict[str, ErrorEntry]:
    """Every known error by its code."""
    text = files("geo").joinpath("errors.csv").read_text(encoding="utf-8")
    rows = csv.DictReader(text.splitlines())
    return {r["code"]: ErrorEntry(r["code"], int(r["http_status"]), r["zh"], r["en"]) for r in rows}


class NeedleError(Exception):
    """An error a user can act on.

    Parameters
    ----------
    code : str
        A code of the catalogue, e.g. ``"crs.unknown"``.
    **context
        The values that the sentence names.

    Raises
    ------
    KeyError
        The code is not in the catalogue: a mistake of the programmer, never of the user.
    """

    def __init__(self, code: str, **context: Any) -> None:
        self.entry = catalogue()[code]
        self.code = code
        self.context = context
        super().__init__(self.sentence("en"))

    def __reduce__(self) -> Any:
        """As another process makes it anew."""
        return partial(NeedleError, **self.context), (self.code,)

    def sentence(self, language: Language = "zh") -> str:
        """The sentence for a person, with this error's values filled in."""
        template = self.entry.zh if language == "zh" else self.entry.en
        return template.format(**self.context)

    def as_dict(self) -> dict[str, Any]:
        """The error as an API answers it."""
        return {"code": self.code, "zh": self.sentence("zh"), "en": self.sentence("en")}
