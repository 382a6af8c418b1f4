"""What answers say together: one question at a time, counted by PostgreSQL (``reading.scoped``)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from psycopg.sql import SQL, Composed, Identifier, Literal

from data.forms_layout import Column, FormTable, Kind
from data.stores.form_reading import AnsweredForm, Asked, Connection, source

BINS: Final = 12
MOST_VALUES: Final = 40
MOST_POINTS: Final = 20_000


@dataclass(frozen=True)
class Tally:
    """How often each value was given; ``answered``: by how many rows."""

    answered: int
    values: tuple[tuple[str, int], ...]


@dataclass(frozen=True)
class Spread:
    """How numbers lie. ``bins``: counts of equal steps from ``least`` to ``most``; None where nobody answered."""

    answered: int
    least: float | None
    most: float | None
    mean: float | None
    median: float | None
    bins: tuple[int, ...]


@dataclass(frozen=True)
class AnswerPoint:
    """Where an answer is from; longitude and latitude in WGS 84."""

    id: int
    lng: float
    lat: float
    review: str


def asked_rows(form: AnsweredForm, asked: Asked, table: FormTable) -> Composed:
    """``with`` the submissions that are asked for, ``from`` the rows of a table that are theirs."""
    return SQL("from (select s.id {}) asked join answers.{} a on a.submission_id = asked.id").format(
        source(form, asked), Identifier(table.name)
    )


async def tally(connection: Connection, form: AnsweredForm, asked: Asked, column: Column) -> Tally:
    """Choices, texts or files of a question by how often they were given, the most frequent first."""
    rows, name = asked_rows(form, asked, table_of(form, column)), Identifier("a", column.name)
    each = SQL("unnest({})").format(name) if column.kind is Kind.CHOICES else SQL("{}::text").format(name)
    query = SQL("select value, count(*) from (select {} as value {}) v where value is not null group by 1").format(
        each, rows
    )
    found = await connection.execute(SQL("{} order by 2 desc, 1 limit {}").format(query, Literal(MOST_VALUES)))
    return Tally(await answered(connection, rows, name), tuple((value, int(n)) for value, n in await found.fetchall()))


async def answered(connection: Connection, rows: Composed, name: Identifier) -> int:
    """How many rows have an answer."""
    row = await (await connection.execute(SQL("select count({}) {}").format(name, rows))).fetchone()
    return int(row[0]) if row else 0


async def spread(connection: Connection, form: AnsweredForm, asked: Asked, column: Column) -> Spread:
    """How the numbers of a question lie."""
    rows, name = asked_rows(form, asked, table_of(form, column)), Identifier("a", column.name)
    query = SQL(
        "select count({0}), min({0}), max({0}), avg({0}), percentile_cont(0.5) within group (order by {0})"
        " {1} where {0} <> 'NaN'"
    ).format(SQL("{}::numeric").format(name), rows)
    row = await (await connection.execute(query)).fetchone()
    assert row is not None
    count, *figures = row
    least, most, mean, median = (None if value is None else float(value) for value in figures)
    if least is None or most is None:
        return Spread(0, None, None, None, None, ())
    return Spread(int(count), least, most, mean, median, await bins(connection, rows, name, least, most))


async def bins(connection: Connection, rows: Composed, name: Identifier, least: float, most: float) -> tuple[int, ...]:
    """Counts of equal steps; the last one has its upper end."""
    if least == most:
        return (await answered(connection, rows, name),)
    query = SQL(
        "select least(width_bucket({0}::float8, {1}, {2}, {3}), {3}), count(*) {4} where {0} is not null"
        " and {0}::numeric <> 'NaN' group by 1"
    ).format(name, Literal(least), Literal(most), Literal(BINS), rows)
    found = {int(at): int(n) for at, n in await (await connection.execute(query)).fetchall()}
    return tuple(found.get(at, 0) for at in range(1, BINS + 1))


async def days(
    connection: Connection, form: AnsweredForm, asked: Asked, column: Column | None, zone: str
) -> tuple[tuple[date, int], ...]:
    """Answers by day: of a date that was asked, or, without a column, of when they came."""
    rows = asked_rows(form, asked, form.root if column is None else table_of(form, column))
    if column is None:
        rows = SQL("{} join form_submission came on came.id = a.submission_id").format(rows)
        day = SQL("(came.received_at at time zone {})::date").format(Literal(zone))
    elif column.kind is Kind.DATE:
        day = SQL("{}").format(Identifier("a", column.name))
    else:
        day = SQL("({} at time zone {})::date").format(Identifier("a", column.name), Literal(zone))
    query = SQL("select {0}, count(*) {1} where {0} is not null group by 1 order by 1").format(day, rows)
    return tuple((each, int(n)) for each, n in await (await connection.execute(query)).fetchall())


async def by_area(
    connection: Connection, form: AnsweredForm, asked: Asked, layer: str
) -> tuple[tuple[str | None, int], ...]:
    """Answers by area of a layer, the most first; None: from nowhere known."""
    query = SQL("select s.areas ->> {}, count(*) {} group by 1 order by 2 desc limit {}").format(
        Literal(layer), source(form, asked), Literal(MOST_VALUES)
    )
    return tuple((code, int(n)) for code, n in await (await connection.execute(query)).fetchall())


async def by_link(connection: Connection, form: AnsweredForm, asked: Asked) -> tuple[tuple[str, int], ...]:
    """Answers by the address that was asked, the most first."""
    query = SQL("select l.label, count(*) {} and l.id is not null group by 1 order by 2 desc, 1 limit {}").format(
        source(form, asked), Literal(MOST_VALUES)
    )
    return tuple((label, int(n)) for label, n in await (await connection.execute(query)).fetchall())


async def points(connection: Connection, form: AnsweredForm, asked: Asked) -> Sequence[AnswerPoint]:
    """Where answers are from, the newest first; those with no place are absent."""
    query = SQL(
        "select s.id, st_x(s.geom), st_y(s.geom), s.review {} and s.geom is not null order by s.id desc limit {}"
    ).format(source(form, asked), Literal(MOST_POINTS))
    return [AnswerPoint(*row) for row in await (await connection.execute(query)).fetchall()]


def table_of(form: AnsweredForm, column: Column) -> FormTable:
    """The table of a column."""
    return next(table for table in form.layout.tables if table.path == column.sheet)
