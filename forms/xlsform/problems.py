"""What is wrong with a form, for its author: pyxform's sentences turned into our catalogue's, with sheet, row and column.

``forms/tables/form_problems.csv``: a pattern over pyxform's sentence, and the code of the catalogue; the pattern's named
groups are the values that the sentence names. What no pattern knows keeps pyxform's words.
"""

import csv
import re
from collections.abc import Mapping
from difflib import get_close_matches
from functools import cache
from importlib.resources import files
from typing import Any, Final

from pyxform.aliases import control, select  # type: ignore[import-untyped]
from pyxform.question_type_dictionary import QUESTION_TYPE_DICT  # type: ignore[import-untyped]

from geo.errors import NeedleError

ROW: Final = re.compile(r"^\[row ?: ?(\d+)\]\s*")


@cache
def patterns() -> tuple[tuple[re.Pattern[str], str], ...]:
    """The known sentences, the first that matches counts."""
    text = files("forms").joinpath("tables/form_problems.csv").read_text(encoding="utf-8")
    return tuple((re.compile(r["pattern"], re.DOTALL), r["code"]) for r in csv.DictReader(text.splitlines()))


def explain(error: Exception, book: Mapping[str, Any]) -> NeedleError:
    """The error that a person can act on.

    Parameters
    ----------
    error : Exception
        What pyxform raised.
    book : Mapping
        The workbook it was about, to find rows and to suggest names; may be empty.
    """
    sentence = str(error).strip()
    for pattern, code in patterns():
        if found := pattern.search(sentence):
            return NeedleError(code, **complete(code, found.groupdict(), book))
    where = ROW.match(sentence)
    if where:
        return NeedleError("form.refused_row", row=where[1], reason=ROW.sub("", sentence))
    return NeedleError("form.refused", reason=sentence or type(error).__name__)


def complete(code: str, said: Mapping[str, str | None], book: Mapping[str, Any]) -> dict[str, str]:
    """The values of a sentence, with what the workbook adds: the row of a type, names that are like the wrong one."""
    values = {key: value or "" for key, value in said.items()}
    if code == "form.type_unknown":
        values["row"] = row_of(book, "type", values["type"])
        values["like"] = alike(values["type"].partition(" ")[0], type_names())
    if code == "form.list_unknown":
        values["like"] = alike(values["list"], list_names(book))
    if code == "form.reference_unknown":
        values["like"] = alike(values["name"], names(book))
    return values


def row_of(book: Mapping[str, Any], column: str, value: str) -> str:
    """The row of the sheet ``survey`` that has a value; ``?`` where none has."""
    for number, row in enumerate(book.get("survey") or (), 2):
        if any(to_key(c) == column and str(v).strip() == value for c, v in row.items()):
            return str(number)
    return "?"


def to_key(column: str) -> str:
    """A column's name as pyxform compares it."""
    return "_".join(column.split()).lower()


def names(book: Mapping[str, Any]) -> list[str]:
    """The names of the questions and groups."""
    return [str(v) for row in book.get("survey") or () for c, v in row.items() if to_key(c) == "name"]


def list_names(book: Mapping[str, Any]) -> list[str]:
    """The names of the lists of choices."""
    return [str(v) for row in book.get("choices") or () for c, v in row.items() if to_key(c) == "list_name"]


@cache
def type_names() -> tuple[str, ...]:
    """What may stand in the column ``type``, first words only."""
    groups = (f"{side}_{kind}" for side in ("begin", "end") for kind in control)
    return (*(n for n in QUESTION_TYPE_DICT if " " not in n), *(n for n in select if " " not in n), *groups)


def alike(wrong: str, known: Any) -> str:
    """Up to three known names that are like a wrong one, else the first few; ``-`` where nothing is known."""
    distinct = list(dict.fromkeys(known))
    return ", ".join(get_close_matches(wrong, distinct, 3, 0.6) or distinct[:5]) or "-"
