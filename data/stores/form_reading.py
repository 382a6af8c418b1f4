"""Answers as staff read them: filtered by SQL (``form_paging`` sorts them), counted a question at a time (``reading.scoped``)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from psycopg import AsyncConnection
from psycopg.sql import SQL, Composable, Composed, Identifier, Literal

from data.forms_layout import GEOMETRIES, Column, FormTable, Kind
from data.stores.forms import COLUMNS, TABLES, Layout
from geo.errors import NeedleError

Connection = AsyncConnection[tuple[Any, ...]]

REVIEWS: Final = ("received", "approved", "issue", "rejected")
#: What stands beside a submission, by the name that conditions call it.
BESIDE: Final = {
    "p": " join page on page.id = s.id",
    "a": " join answers.{root} a on a.submission_id = s.id",
    "v": " join form_version v on v.id = s.version_id",
    "l": " left join link l on l.id = s.link_id",
}
HEAD: Final = """
select s.id, s.received_at, s.review, v.number, l.label, s.areas, st_x(s.geom), st_y(s.geom), s.receipt,
       s.edits, s.edited_at
"""
HEADS: Final = (
    *("id", "received_at", "review", "version", "label", "areas", "lng", "lat", "receipt"),
    *("edits", "edited_at"),
)
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
    edited: bool = False


@dataclass(frozen=True)
class AnswerRow:
    """One answer in a table. ``values`` by column; geometry as WKB; ``label``: of the link that it came by.

    ``edits``: how often its sender edited it, the last time at ``edited_at``.
    """

    id: int
    received_at: datetime
    review: str
    version: int
    label: str | None
    areas: Mapping[str, str]
    lng: float | None
    lat: float | None
    receipt: str | None
    edits: int
    edited_at: datetime | None
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
    """The answers that are asked for, as the end of a query."""
    return joined(form, conditions(form, asked))


def joined(form: AnsweredForm, fits: Sequence[Composable], beside: str = "avl") -> Composed:
    """Answers that fit conditions, as the end of a query; ``beside``: what stands there besides the submission, ``s``."""
    parts = [SQL(BESIDE[name]).format(root=Identifier(form.root.name)) for name in beside]
    every = [SQL("s.form = {}").format(Literal(form.id)), *fits]
    return SQL(" from form_submission s{} where {}").format(SQL("").join(parts), SQL(" and ").join(every))


def beside(asked: Asked) -> str:
    """What conditions speak of besides the submission."""
    told = ("a", asked.values or asked.text), ("v", asked.version is not None), ("l", asked.text)
    return "".join(name for name, needed in told if needed)


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
    if asked.edited:
        found.append(SQL("s.edits > {}").format(Literal(0)))
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
    places: list[Composable] = [*texts, SQL("l.label"), SQL("s.receipt"), SQL("s.instance_id")]
    return SQL("({})").format(SQL(" or ").join(SQL("{} ilike {}").format(place, like) for place in places))


async def count_answers(connection: Connection, form: AnsweredForm, asked: Asked) -> dict[str, int]:
    """How many answers there are by state of review."""
    query = SQL("select s.review, count(*) {} group by 1").format(joined(form, conditions(form, asked), beside(asked)))
    rows = await (await connection.execute(query)).fetchall()
    return {state: int(count) for state, count in rows}


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
