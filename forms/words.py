"""The room's tables: what a resident reads of a case's state, the simple choices, the matters that are not for the public map."""

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files


@dataclass(frozen=True, slots=True)
class Step:
    """A state in plain words. ``stage``: received, sent, work, check, closed, ended."""

    state: str
    stage: str
    zh: str
    en: str


@dataclass(frozen=True, slots=True)
class Choice:
    """A matter as a big button. ``icon``: its sign in ``assets/signs.svg``."""

    matter: str
    icon: str
    zh: str
    en: str


@cache
def steps() -> Mapping[str, Step]:
    """Every state of a case in plain words."""
    return {row["state"]: Step(**row) for row in _rows("steps")}


@cache
def choices() -> tuple[Choice, ...]:
    """What most residents report, in the order of the buttons."""
    return tuple(Choice(**row) for row in _rows("choices"))


@cache
def sensitive() -> tuple[str, ...]:
    """Matters whose place would point at somebody."""
    return tuple(row["matter"] for row in _rows("sensitive"))


@cache
def answer_problems() -> Mapping[str, Mapping[str, str]]:
    """What can be wrong with an answer, in words: by what it is, then by language."""
    return {row["what"]: {"zh": row["zh"], "en": row["en"]} for row in _rows("answer_problems")}


def _rows(name: str) -> list[dict[str, str]]:
    text = files("forms").joinpath("tables", f"{name}.csv").read_text(encoding="utf-8")
    return list(csv.DictReader(text.splitlines()))
