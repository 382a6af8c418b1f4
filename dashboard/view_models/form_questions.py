"""A form's questions as whoever reads answers meets them: labels in one language, names behind values."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time
from decimal import Decimal
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

import shapely
import shapely.geometry.base

from data.forms_layout import GEOMETRIES, Column, Kind
from data.stores.form_answers import Answers
from data.stores.form_reading import AnsweredForm
from forms.xlsform.compiling import import_form
from forms.xlsform.model import FormDefinition, Question, said, walk
from geo.errors import Language

#: Written by the phone beside the answers.
BESIDE = frozenset({"start", "end", "today", "deviceid", "username", "phonenumber", "email", "audit"})


@dataclass(frozen=True)
class AskedQuestion:
    """A column with what was asked for it.

    Attributes
    ----------
    type : str
        XLSForm's type of the question; empty where no version asks it any more.
    choices : mapping
        Labels by value.
    """

    column: Column
    label: str
    type: str = ""
    choices: Mapping[str, str] = field(default_factory=dict)

    def as_json(self) -> dict[str, Any]:
        """The question for a page."""
        return {
            "name": self.column.name,
            "sheet": self.column.sheet,
            "kind": self.column.kind.value,
            "type": self.type,
            "label": self.label,
            "choices": dict(self.choices),
            "retired": self.column.retired is not None,
        }


@lru_cache(maxsize=64)
def definition_of(workbook: bytes) -> FormDefinition:
    """The form of a workbook that was published, read once."""
    return import_form(workbook).definition


def questions_of(form: AnsweredForm, definition: FormDefinition, language: Language) -> list[AskedQuestion]:
    """Every column in the order of the form, what is no longer asked last; notes only tell, nobody answers them."""
    root = form.root.path
    asked = {f"{root}{path}": node for path, node in walk(definition.children) if isinstance(node, Question)}
    order = {path: place for place, path in enumerate(asked)}
    columns = sorted(form.layout.columns, key=lambda column: order.get(column.path, len(order)))
    questions = [question_of(column, asked.get(column.path), definition, language) for column in columns]
    return [question for question in questions if question.type != "note"]


def question_of(
    column: Column, question: Question | None, definition: FormDefinition, language: Language
) -> AskedQuestion:
    """One column with its question, None where the newest version has none."""
    if question is None:
        return AskedQuestion(column, column.name)
    label = said(question.labels, language) or question.name
    choices = {
        each.name: said(each.labels, language) or each.name for each in definition.choices_of(question.list_name)
    }
    return AskedQuestion(column, label.split("\n", 1)[0], question.type, choices)


def sheet_labels(form: AnsweredForm, definition: FormDefinition, language: Language) -> dict[str, str]:
    """What the form and its repeats are called, by path."""
    named = {
        f"{form.root.path}{path}": said(node.labels, language) or node.name for path, node in walk(definition.children)
    }
    return {table.path: named.get(table.path, form.title) for table in form.layout.tables}


def in_words(value: Any, question: AskedQuestion, zone: ZoneInfo) -> Any:
    """A value as a person reads it; numbers stay numbers, what was not answered is None."""
    match value:
        case None:
            return None
        case list():
            return [question.choices.get(each, each) for each in value]
        case datetime():
            return value.astimezone(zone).strftime("%Y-%m-%d %H:%M")
        case time():
            return value.strftime("%H:%M")
        case date():
            return value.isoformat()
        case Decimal():
            return float(value) if value.is_finite() else None
        case bytes():
            return place_in_words(shapely.from_wkb(value))
        case shapely.geometry.base.BaseGeometry():
            return place_in_words(value)
        case str():
            return question.choices.get(value, value)
    return value


def place_in_words(place: shapely.geometry.base.BaseGeometry) -> str:
    """Longitude and latitude of a point; of others what they are."""
    return f"{place.x:.6f}, {place.y:.6f}" if isinstance(place, shapely.Point) else place.geom_type


def answer_as_json(
    answers: Answers, sheet: str, questions: list[AskedQuestion], labels: Mapping[str, str], zone: ZoneInfo
) -> dict[str, Any]:
    """What one answer says: ``values`` in the order of the form, then ``repeats`` with their rows."""
    own = [question for question in questions if question.column.sheet == sheet]
    values = [
        {
            "label": question.label,
            "kind": question.column.kind.value,
            "type": question.type,
            "value": in_words(answers.values[question.column.path], question, zone),
            "place": coordinates(answers.values[question.column.path], question.column),
        }
        for question in own
        if question.column.path in answers.values
    ]
    repeats = [
        {"label": labels[path], "rows": [answer_as_json(row, path, questions, labels, zone) for row in rows]}
        for path, rows in answers.repeats.items()
    ]
    return {"values": values, "repeats": repeats}


def coordinates(value: Any, column: Column) -> list[float] | None:
    """Longitude and latitude of a point."""
    return [value.x, value.y] if column.kind is Kind.POINT and column.kind in GEOMETRIES else None
