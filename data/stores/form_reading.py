"""Answers as staff read them: filtered, sorted and paged by SQL, counted a question at a time (``reading.scoped``)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from psycopg import AsyncConnection, sql
from psycopg.sql import SQL, Composed, Identifier, Literal

from data.forms_layout import GEOMETRIES, Column, FormTable, Kind
from data.stores.forms import COLUMNS, TABLES, Layout
from geo.errors import NeedleError

Connection = AsyncConnection[tuple[Any, ...]]

REVIEWS: Final = ("received", "approved", "issue", "rejected")
#: Our own columns by which answers are sorted.
OWN_SORTS: Final = {"received": "s.received_at", "review": "s.review", "from": "l.label", "version": "v.number"}
FROM: Final = """
  from form_submission s join answers.{} a on a.submission_id = s.id
  join form_version v on v.id = s.version_id left join link l on l.id = s.link_id where s.form = {}
"""
HEAD: Final = """
select s.id, s.received_at, s.review, v.number, l.label, s.areas, st_x(s.geom), st_y(s.geom), s.receipt
"""
HEADS: Final = ("id", "received_at", "review", "version", "label", "areas", "lng", "lat", "receipt")
FORM: Final = "select id, title, area_layer, area_codes, sees_form(id) from form where form_id = %s"


@dataclass(frozen=True)
class AnsweredForm:
    """A form whose answers are read, and where they lie. ``own``: the account may also work on the form."""

    id: int
    form_id: str
    title: str
    own: bool
    layout: Layout

    @property
    def root(self) -> FormTable:
        """The table of the form itself."""
        return self.layout.tables[0]

    def columns_of(self, sheet: str) -> list[Column]:
        """The columns of a sheet, of every version."""
        return [column for column in self.layout.columns if column.sheet == sheet]


@dataclass(frozen=True)
class Asked:
    """Which answers. ``values``: by column, what it is; ``text``: somewhere in it; ``until`` is beyond the last."""

    reviews: frozenset[str] = frozenset()
    values: Mapping[str, str] = field(default_factory=dict)
    text: str = ""
    since: datetime | None = None
    until: datetime | None = None
    area: tuple[str, str] | None = None
    version: int | None = None


@dataclass(frozen=True)
class AnswerRow:
    """One answer in a table. ``values`` by column; geometry as WKB; ``label``: of the link that it came by."""

    id: int
    received_at: datetime
    review: str
    version: int
    label: str | None
    areas: Mapping[str, str]
    lng: float | None
    lat: float | None
    receipt: str | None
    values: Sequence[Any]


async def load_answered(connection: Connection, form_id: str) -> AnsweredForm:
    """A form and its layout.

    Raises
    ------
    NeedleError
        ``form.unknown``.
    """
    row = await (await connection.execute(FORM, (form_id,))).fetchone()
    if row is None:
        raise NeedleError("form.unknown", form_id=form_id, version="-")
    tables = tuple([FormTable(*found) async for found in await connection.execute(TABLES, (row[0],))])
    rows = await (await connection.execute(COLUMNS, (row[0],))).fetchall()
    columns = tuple(Column(s, p, n, Kind(k), tuple(c), *rest) for s, p, n, k, c, *rest in rows)
    return AnsweredForm(int(row[0]), form_id, row[1], bool(row[4]), Layout(tables, columns))


def source(form: AnsweredForm, asked: Asked) -> Composed:
    """The rows that are asked for, as the end of a query."""
    parts: list[Composed] = [SQL(FROM).format(Identifier(form.root.name), Literal(form.id))]
    parts += [SQL(" and {}").format(condition) for condition in conditions(form, asked)]
    return SQL("").join(parts)


def conditions(form: AnsweredForm, asked: Asked) -> list[Composed]:
    """What every row must be."""
    found = []
    if asked.reviews:
        found.append(SQL("s.review = any ({})").format(Literal(sorted(asked.reviews))))
    if asked.since:
        found.append(SQL("s.received_at >= {}").format(Literal(asked.since)))
    if asked.until:
        found.append(SQL("s.received_at < {}").format(Literal(asked.until)))
    if asked.version is not None:
        found.append(SQL("v.number = {}").format(Literal(asked.version)))
    if asked.area:
        found.append(SQL("s.areas ->> {} = {}").format(Literal(asked.area[0]), Literal(asked.area[1])))
    columns = {column.name: column for column in form.columns_of(form.root.path)}
    found += [equals(columns[name], value) for name, value in asked.values.items() if name in columns]
    if asked.text:
        found.append(mentions(list(columns.values()), asked.text))
    return found


def equals(column: Column, value: str) -> Composed:
    """An answer is a value, or has it among its choices; ``""``: was not answered."""
    name = Identifier("a", column.name)
    if value == "":
        return SQL("{} is null").format(name)
    if column.kind is Kind.CHOICES:
        return SQL("{} = any ({})").format(Literal(value), name)
    return SQL("{}::text = {}").format(name, Literal(value))


def mentions(columns: Sequence[Column], text: str) -> Composed:
    """A text stands somewhere in an answer, its receipt, or the address that it came from."""
    like = Literal(f"%{text.replace('%', '').replace('_', '')}%")
    texts = [Identifier("a", column.name) for column in columns if column.kind in (Kind.TEXT, Kind.CHOICE)]
    places: list[sql.Composable] = [*texts, SQL("l.label"), SQL("s.receipt"), SQL("s.instance_id")]
    return SQL("({})").format(SQL(" or ").join(SQL("{} ilike {}").format(place, like) for place in places))


async def count_answers(connection: Connection, form: AnsweredForm, asked: Asked) -> dict[str, int]:
    """How many answers there are by state of review."""
    query = SQL("select s.review, count(*) {} group by 1").format(source(form, asked))
    rows = await (await connection.execute(query)).fetchall()
    return {state: int(count) for state, count in rows}


async def load_rows(
    connection: Connection, form: AnsweredForm, asked: Asked, sort: str, window: tuple[int, int]
) -> list[AnswerRow]:
    """Answers of a window, ``(start, end)``; ``sort``: a column, descending with a minus before it."""
    columns = form.columns_of(form.root.path)
    query = SQL("{} {} {} order by {} limit {} offset {}").format(
        SQL(HEAD),
        shown(columns),
        source(form, asked),
        order(columns, sort),
        Literal(window[1] - window[0]),
        Literal(window[0]),
    )
    return [as_row(row) for row in await (await connection.execute(query)).fetchall()]


async def load_next_rows(
    connection: Connection, form: AnsweredForm, asked: Asked, after: tuple[datetime, int] | None, most: int
) -> list[AnswerRow]:
    """The next answers after one (its moment and id; None: from the first), in the order of their coming."""
    columns = form.columns_of(form.root.path)
    beyond = SQL("") if after is None else SQL(" and (s.received_at, s.id) > ({}, {})").format(*map(Literal, after))
    query = SQL("{} {} {}{} order by s.received_at, s.id limit {}").format(
        SQL(HEAD), shown(columns), source(form, asked), beyond, Literal(most)
    )
    return [as_row(row) for row in await (await connection.execute(query)).fetchall()]


def as_row(row: Any) -> AnswerRow:
    """A row of the query as a value."""
    head = dict(zip(HEADS, row, strict=False))
    return AnswerRow(**head, values=row[len(HEADS) :])


def shown(columns: Sequence[Column]) -> Composed:
    """The columns behind our own, geometry as WKB."""
    return SQL("").join(
        SQL(", st_asbinary({})" if column.kind in GEOMETRIES else ", {}").format(Identifier("a", column.name))
        for column in columns
    )


def order(columns: Sequence[Column], sort: str) -> Composed:
    """The order of rows: by an answer (``a.age``), or by one of our own columns; newest first where neither is known."""
    name, descending = sort.removeprefix("-"), sort.startswith("-")
    sortable = {column.name for column in columns if column.kind not in GEOMETRIES}
    by: sql.Composable
    if name.startswith("a.") and name[2:] in sortable:
        by = Identifier("a", name[2:])
    elif name in OWN_SORTS:
        by = SQL(OWN_SORTS[name])
    else:
        by, descending = SQL(OWN_SORTS["received"]), True
    direction = SQL("desc" if descending else "asc")
    return SQL("{} {} nulls last, s.id {}").format(by, direction, direction)
