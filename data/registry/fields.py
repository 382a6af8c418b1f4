"""What can be held of each kind of entity: ``tables/fields.csv``, one field a row.

Kinds follow the groups of DB31DSJ/Z 004-2026 (基层治理主题库数据规范): residents, the relations of people and houses, governance.
"""

import csv
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Final, Literal, get_args

from geo.errors import NeedleError

EntityKind = Literal["person", "household", "building", "room", "enterprise"]
FieldType = Literal[
    "text", "integer", "decimal", "date", "choice", "choices", "phone", "id_number", "credit_code", "building"
]
Sensitivity = Literal["public", "internal", "personal", "sensitive"]

KINDS: Final[tuple[EntityKind, ...]] = get_args(EntityKind)
COLUMNS: Final = (
    *("name", "id_number", "phone", "birth_date", "sex", "credit_code"),
    *("address", "building", "unit", "room"),
)
"""Columns of an entity that fields may fill, so that they are searched and linked by."""


@dataclass(frozen=True, slots=True)
class FieldChoice:
    """One value that a field may have."""

    value: str
    zh: str
    en: str


@dataclass(frozen=True, slots=True)
class Field:
    """A field of one kind of entity.

    Attributes
    ----------
    freshness_days : int
        How long a value is current; 0: for ever (a date of birth).
    expected : bool
        An entity without it is incomplete.
    column : str
        The searched column that it fills, "" for none.
    question : str
        The question bank's key for it, "" where no question asks it.
    """

    kind: EntityKind
    name: str
    zh: str
    en: str
    type: FieldType
    freshness_days: int
    sensitivity: Sensitivity
    expected: bool
    column: str
    question: str
    choices: tuple[FieldChoice, ...]

    @property
    def key(self) -> str:
        """Kind and name, e.g. ``person.phone``."""
        return f"{self.kind}.{self.name}"


@cache
def all_fields() -> dict[str, Field]:
    """Every field by its key, in the table's order."""
    text = files("data.registry").joinpath("tables/fields.csv").read_text(encoding="utf-8")
    found = [read(row) for row in csv.DictReader(text.splitlines())]
    return {field.key: field for field in found}


def read(row: dict[str, str]) -> Field:
    """A field of its row."""
    written = row["choices"].split(";") if row["choices"] else []
    return Field(
        row["kind"],  # type: ignore[arg-type]
        row["field"],
        row["label_zh"],
        row["label_en"],
        row["type"],  # type: ignore[arg-type]
        int(row["freshness_days"]),
        row["sensitivity"],  # type: ignore[arg-type]
        row["expected"] == "yes",
        row["column"],
        row["question"],
        tuple(choice(each) for each in written),
    )


def choice(written: str) -> FieldChoice:
    """A choice: ``male=男|Male``."""
    value, _, labels = written.partition("=")
    zh, _, en = labels.partition("|")
    return FieldChoice(value, zh, en)


@cache
def fields_of(kind: EntityKind) -> dict[str, Field]:
    """The fields of one kind, by name."""
    return {field.name: field for field in all_fields().values() if field.kind == kind}


def find_field(key: str) -> Field:
    """A field by its key.

    Raises
    ------
    NeedleError
        ``registry.field_unknown``.
    """
    found = all_fields().get(key)
    if found is None:
        raise NeedleError("registry.field_unknown", field=key)
    return found


@cache
def by_question() -> dict[str, Field]:
    """The field that each key of the question bank asks for."""
    return {field.question: field for field in all_fields().values() if field.question}
