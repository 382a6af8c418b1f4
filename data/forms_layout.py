"""How answers lie in tables: a form's shape, the columns that it needs, and what a new version changes. Pure.

A form has one table for its answers and one for each repeat, whatever its version: a new version adds columns, widens types and
retires what it no longer asks; it drops nothing. ``data.forms_schema`` writes the SQL.
"""

import hashlib
import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Final


class Kind(StrEnum):
    """What a column holds."""

    TEXT = "text"
    INTEGER = "integer"
    DECIMAL = "decimal"
    DATE = "date"
    DATETIME = "datetime"
    TIME = "time"
    CHOICE = "choice"
    CHOICES = "choices"
    DIGEST = "digest"
    POINT = "point"
    LINE = "line"
    AREA = "area"


#: The columns' types in PostgreSQL; geometry is EPSG:4326, longitude first.
SQL_TYPES: Final = {
    Kind.TEXT: "text",
    Kind.INTEGER: "bigint",
    Kind.DECIMAL: "numeric",
    Kind.DATE: "date",
    Kind.DATETIME: "timestamptz",
    Kind.TIME: "timetz",
    Kind.CHOICE: "text",
    Kind.CHOICES: "text[]",
    Kind.DIGEST: "text",
    Kind.POINT: "geometry(Point, 4326)",
    Kind.LINE: "geometry(LineString, 4326)",
    Kind.AREA: "geometry(Polygon, 4326)",
}
GEOMETRIES: Final = frozenset({Kind.POINT, Kind.LINE, Kind.AREA})
#: What a column becomes when a new version asks otherwise, by (what it is, what is asked); others get a column of their own.
WIDER: Final = {
    (Kind.INTEGER, Kind.DECIMAL): Kind.DECIMAL,
    (Kind.DECIMAL, Kind.INTEGER): Kind.DECIMAL,
    (Kind.INTEGER, Kind.TEXT): Kind.TEXT,
    (Kind.DECIMAL, Kind.TEXT): Kind.TEXT,
    (Kind.CHOICE, Kind.TEXT): Kind.TEXT,
    (Kind.CHOICE, Kind.CHOICES): Kind.CHOICES,
    (Kind.CHOICES, Kind.CHOICE): Kind.CHOICES,
}
#: Names of our own columns, and PostgreSQL's.
RESERVED: Final = frozenset(
    {"submission_id", "row_no", "parent_row", "ordinal", "version", "instance_id", "received_at"}
    | {"tableoid", "xmin", "cmin", "xmax", "cmax", "ctid"}
)
NAME_BYTES: Final = 40


@dataclass(frozen=True)
class Field:
    """One answer: where it stands in a submission, e.g. ``/data/household/age``, and what it is.

    ``choices``: the only values, none for any.
    """

    path: str
    kind: Kind
    choices: tuple[str, ...] = ()


@dataclass(frozen=True)
class Sheet:
    """The answers that occur together: the form itself, or a repeat in it."""

    path: str
    fields: tuple[Field, ...] = ()
    children: tuple["Sheet", ...] = ()

    def every(self) -> Iterator["Sheet"]:
        """This sheet and those in it, parents first."""
        yield self
        for child in self.children:
            yield from child.every()


@dataclass(frozen=True)
class Column:
    """A field's column. ``since``, ``retired``: numbers of versions; ``retired`` None: still asked."""

    sheet: str
    path: str
    name: str
    kind: Kind
    choices: tuple[str, ...]
    since: int
    retired: int | None = None


@dataclass(frozen=True)
class FormTable:
    """A sheet's table in the schema ``answers``."""

    path: str
    name: str
    parent: str | None


def plan_tables(form: int, root: Sheet, known: Sequence[FormTable]) -> tuple[FormTable, ...]:
    """The tables of a form: those it has, then those that a version adds. Names never change."""
    tables = {table.path: table for table in known}
    parents = {child.path: sheet.path for sheet in root.every() for child in sheet.children}
    for sheet in root.every():
        if sheet.path not in tables:
            taken = {table.name for table in tables.values()}
            last = sheet.path.rpartition("/")[2]
            name = free_name(f"f{form}_{slug(last)}", taken=taken)
            tables[sheet.path] = FormTable(sheet.path, name, parents.get(sheet.path))
    return tuple(tables.values())


def plan_columns(root: Sheet, known: Sequence[Column], number: int) -> tuple[Column, ...]:
    """The columns as version ``number`` leaves them: kept, widened, retired, added; none is lost."""
    asked = {(sheet.path, field.path): field for sheet in root.every() for field in sheet.fields}
    planned: list[Column] = []
    for column in known:
        field = None if column.retired is not None else asked.get((column.sheet, column.path))
        kept = carry(column, field, number)
        planned.append(kept)
        if kept.retired is None:
            del asked[column.sheet, column.path]
    for (sheet, path), field in asked.items():
        taken = RESERVED | {column.name for column in planned if column.sheet == sheet}
        name = free_name(*column_names(path, root.path), taken=taken)
        planned.append(Column(sheet, path, name, field.kind, field.choices, number))
    return tuple(planned)


def carry(column: Column, field: Field | None, number: int) -> Column:
    """A column under a new version: as it is, wider, or retired."""
    if column.retired is not None:
        return column
    if field is None:
        return replace(column, retired=number)
    kind = column.kind if field.kind == column.kind else WIDER.get((column.kind, field.kind))
    if kind is None:
        return replace(column, retired=number)
    both = column.choices and field.choices
    choices = tuple(dict.fromkeys((*column.choices, *field.choices))) if both else ()
    return replace(column, kind=kind, choices=choices)


def slug(name: str) -> str:
    """A name as an identifier: small letters and digits of any script, at most 40 bytes."""
    plain = re.sub(r"\W+", "_", name.lower()).strip("_") or "q"
    if len(plain.encode()) <= NAME_BYTES:
        return plain
    digest = hashlib.sha256(name.encode()).hexdigest()[:8]
    return plain.encode()[: NAME_BYTES - 9].decode(errors="ignore") + "_" + digest


def column_names(path: str, root: str) -> tuple[str, ...]:
    """Names that a column would like, the shortest first: its own, with its group's, with all groups'."""
    parts = path.removeprefix(f"{root}/").split("/")
    return tuple(slug("_".join(parts[-count:])) for count in range(1, len(parts) + 1))


def free_name(*wishes: str, taken: Collection[str]) -> str:
    """The first name that nobody has; a number behind the last one where all are taken."""
    for wish in wishes:
        if wish not in taken:
            return wish
    number = 2
    while f"{wishes[-1]}_{number}" in taken:
        number += 1
    return f"{wishes[-1]}_{number}"


def of_version(columns: Sequence[Column], number: int) -> list[Column]:
    """The columns that a version asks for."""
    return [c for c in columns if c.since <= number and (c.retired is None or c.retired > number)]
