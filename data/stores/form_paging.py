"""A page of answers after another, by keyset (``reading.scoped``).

While others come no answer is shown twice or left out, and the last page is as fast as the first.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import psycopg
from psycopg.sql import SQL, Composable, Composed, Identifier, Literal

from data.forms_layout import GEOMETRIES, SQL_TYPES, Column
from data.stores.form_reading import (
    HEAD,
    AnsweredForm,
    AnswerRow,
    Asked,
    Connection,
    as_row,
    beside,
    conditions,
    joined,
    shown,
)
from geo.errors import NeedleError

#: Our own columns by which answers are sorted: what stands there, its type, whether it may be null.
OWN_SORTS: Final = {
    "received": ("s.received_at", "timestamptz", False),
    "review": ("s.review", "text", False),
    "version": ("v.number", "integer", False),
    "from": ("l.label", "text", True),
}


@dataclass(frozen=True)
class Place:
    """Where a page ends: what its last answer is sorted by, as PostgreSQL writes it (None: nothing), and its id."""

    value: str | None
    id: int


@dataclass(frozen=True)
class Sort:
    """An order of answers: by an expression of a type, then by id; nothing comes last either way.

    ``beside``: what the expression speaks of besides the submission (``form_reading.BESIDE``).
    """

    by: Composable
    type: str
    nullable: bool
    descending: bool
    beside: str = ""

    @property
    def order(self) -> Composed:
        """What follows ``order by``. An index serves it where nothing can be null: then it says nothing of nulls."""
        direction = SQL("desc" if self.descending else "asc")
        nulls = SQL(" nulls last" if self.nullable else "")
        return SQL("{} {}{}, s.id {}").format(self.by, direction, nulls, direction)

    def beyond(self, place: Place) -> Composed:
        """Whether an answer comes after a place."""
        sign, number = SQL("<" if self.descending else ">"), Literal(place.id)
        if place.value is None:
            return SQL("({} is null and s.id {} {})").format(self.by, sign, number)
        value = SQL("{}::{}").format(Literal(place.value), SQL(self.type))
        after = SQL("({}, s.id) {} ({}, {})").format(self.by, sign, value, number)
        return SQL("({} or {} is null)").format(after, self.by) if self.nullable else after


def sort_of(columns: Sequence[Column], text: str) -> Sort:
    """The order that an address names: by an answer (``a.age``), or by one of our own columns, descending with a minus before it;
    newest first where neither is known."""
    name, descending = text.removeprefix("-"), text.startswith("-")
    sortable = {f"a.{column.name}": column for column in columns if column.kind not in GEOMETRIES}
    if name in sortable:
        column = sortable[name]
        return Sort(Identifier("a", column.name), SQL_TYPES[column.kind], True, descending, "a")
    if name not in OWN_SORTS:
        name, descending = "received", True
    by, type_name, nullable = OWN_SORTS[name]
    return Sort(SQL(by), type_name, nullable, descending, by[0].replace("s", ""))


async def load_page(
    connection: Connection, form: AnsweredForm, asked: Asked, sort: str, after: Place | None, most: int
) -> tuple[list[AnswerRow], Place | None]:
    """At most ``most`` answers after a place (None: from the first), and where they end; None where no more follow.

    First which they are, of narrow rows; then all about these few.

    Raises
    ------
    NeedleError
        ``filter.invalid`` for a place that is none of this order.
    """
    columns = form.columns_of(form.root.path)
    by = sort_of(columns, sort)
    fits = [*conditions(form, asked), *([by.beyond(after)] if after else [])]
    narrow = joined(form, fits, "".join(sorted({*beside(asked), *by.beside})))
    page = SQL("select s.id, ({})::text as told {} order by {} limit {}").format(by.by, narrow, by.order, Literal(most))
    whole = SQL("{}{}, page.told {} order by {}").format(SQL(HEAD), shown(columns), joined(form, [], "pavl"), by.order)
    query = SQL("with page as materialized ({}) {}").format(page, whole)
    try:
        rows: list[Any] = await (await connection.execute(query)).fetchall()
    except psycopg.DataError as error:
        raise NeedleError("filter.invalid", key="after", value=str(after)[:80], form="next") from error
    end = Place(rows[-1][-1], rows[-1][0]) if len(rows) == most else None
    return [as_row(row[:-1]) for row in rows], end
