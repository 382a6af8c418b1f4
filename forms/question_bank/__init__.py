"""Questions that ask for a field of the registry, in the words used everywhere: ``questions.csv``, one a row.

``choices``: ``value=中文|English`` joined by ``;``.
A question taken from here carries its field in the form, as ``needle_field``.
"""

import csv
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from forms.templates import LANGUAGES
from forms.xlsform.model import Choice, ChoiceList, Question


@dataclass(frozen=True)
class BankQuestion:
    """A question with its list of choices, None where it has none. ``group``: what it is about, e.g. ``person``."""

    group: str
    question: Question
    choices: ChoiceList | None


@cache
def question_bank() -> tuple[BankQuestion, ...]:
    """Every question, by subject."""
    text = files(__name__).joinpath("questions.csv").read_text(encoding="utf-8")
    return tuple(read(row) for row in csv.DictReader(text.splitlines()))


def read(row: dict[str, str]) -> BankQuestion:
    """A question of its row."""
    group, _, name = row["field"].partition(".")
    question = Question(
        name=name,
        type=row["type"],
        labels=both(row["zh"], row["en"]),
        list_name=name if row["choices"] else "",
        constraint=row["constraint"],
        constraint_messages=both(row["message_zh"], row["message_en"]),
        appearance=row["appearance"],
        needle_field=row["field"],
    )
    choices = tuple(choice(each) for each in row["choices"].split(";")) if row["choices"] else ()
    return BankQuestion(group, question, ChoiceList(name, choices) if choices else None)


def choice(written: str) -> Choice:
    """A choice: ``male=男|Male``."""
    name, _, labels = written.partition("=")
    zh, _, en = labels.partition("|")
    return Choice(name, both(zh, en))


def both(zh: str, en: str) -> tuple[tuple[str, str], ...]:
    """A text in both languages; none where there is none."""
    return ((LANGUAGES["zh"], zh), (LANGUAGES["en"], en)) if zh else ()
