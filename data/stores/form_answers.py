"""Answers in their typed tables: kept once, read back as they were given."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import shapely

from data.database import Connection
from data.forms_layout import GEOMETRIES, Column, FormTable, Kind, of_version
from data.forms_schema import insert, select
from data.stores.forms import Layout, PublishedForm, load_layout

SUBMISSION: Final = """
insert into form_submission (form, version_id, instance_id, xml) values (%s, %s, %s, %s)
on conflict (form, instance_id) do nothing returning id
"""


@dataclass(frozen=True)
class Answers:
    """One row of answers: values by path, and the rows of each repeat by its path, in their order.

    Values are ``int``, ``Decimal``, ``date``, aware ``datetime``, ``time``, ``str``, a list of ``str`` for several choices, or
    a Shapely geometry in EPSG:4326, longitude first; what was not answered is absent.
    """

    values: Mapping[str, Any] = field(default_factory=dict)
    repeats: Mapping[str, Sequence["Answers"]] = field(default_factory=dict)


@dataclass(frozen=True)
class Row:
    """One row of a table."""

    sheet: str
    row_no: int
    parent_row: int | None
    ordinal: int
    values: Mapping[str, Any]


def store_answers(
    connection: Connection, version: PublishedForm, instance_id: str, xml: str, root: str, answers: Answers
) -> int | None:
    """Keep a submission in its tables; its id, or None where it is kept already. The caller commits.

    Parameters
    ----------
    root : str
        The form's own path, e.g. ``/data``.
    """
    found = connection.execute(SUBMISSION, (version.form, version.id, instance_id, xml)).fetchone()
    if found is None:
        return None
    layout = load_layout(connection, version.form)
    tables = {table.path: table for table in layout.tables}
    own = of_version(layout.columns, version.number)
    asked = {sheet: [column for column in own if column.sheet == sheet] for sheet in tables}
    for row in flatten(root, answers):
        columns = asked[row.sheet]
        values = [sent(row.values.get(column.path), column) for column in columns]
        keys = (found[0], row.row_no, row.parent_row, row.ordinal)
        connection.execute(insert(tables[row.sheet].name, columns), (*keys, *values))
    return int(found[0])


def flatten(root: str, answers: Answers) -> Iterator[Row]:
    """The rows of a submission, parents first, numbered within their table."""
    counts: dict[str, int] = {}

    def rows(sheet: str, one: Answers, parent: int | None, ordinal: int) -> Iterator[Row]:
        counts[sheet] = number = counts.get(sheet, 0) + 1
        yield Row(sheet, number, parent, ordinal, one.values)
        for path, many in one.repeats.items():
            for place, each in enumerate(many, 1):
                yield from rows(path, each, number, place)

    return rows(root, answers, None, 1)


def sent(value: Any, column: Column) -> Any:
    """A value as its column takes it, which a later version may have widened."""
    if value is None:
        return None
    if column.kind in GEOMETRIES:
        return shapely.to_wkb(shapely.set_srid(value, 4326), hex=True, include_srid=True)
    if column.kind is Kind.CHOICES:
        return value if isinstance(value, list) else [value]
    return str(value) if column.kind is Kind.TEXT else value


def load_answers(connection: Connection, version: PublishedForm, submissions: Sequence[int]) -> dict[int, Answers]:
    """Submissions by id, with everything that any version of the form keeps of them."""
    layout = load_layout(connection, version.form)
    rows = {table.path: list(read(connection, table, layout, submissions)) for table in layout.tables}
    root = layout.tables[0].path
    return {submission: gather(layout, rows, root, submission, row) for submission, row in rows[root]}


def read(
    connection: Connection, table: FormTable, layout: Layout, submissions: Sequence[int]
) -> Iterator[tuple[int, Row]]:
    """The rows of one table, by submission."""
    columns = [column for column in layout.columns if column.sheet == table.path]
    for submission, number, parent, ordinal, *values in connection.execute(
        select(table.name, columns), (list(submissions),)
    ):
        pairs = ((column, value) for column, value in zip(columns, values, strict=True) if value is not None)
        known = {c.path: shapely.from_wkb(bytes(v)) if c.kind in GEOMETRIES else v for c, v in pairs}
        yield submission, Row(table.path, number, parent, ordinal, known)


def gather(
    layout: Layout, rows: Mapping[str, Sequence[tuple[int, Row]]], sheet: str, submission: int, row: Row
) -> Answers:
    """A row with the rows that are repeated in it."""
    repeats = {}
    for table in layout.tables:
        if table.parent == sheet:
            mine = [r for s, r in rows[table.path] if s == submission and r.parent_row == row.row_no]
            mine.sort(key=lambda r: r.ordinal)
            if mine:
                repeats[table.path] = [gather(layout, rows, table.path, submission, r) for r in mine]
    return Answers(row.values, repeats)
