"""The SQL of answers' tables: made, widened and shown by views. The plan comes from ``data.forms_layout``."""

from collections.abc import Collection, Iterable, Iterator, Sequence
from typing import Final

from psycopg.sql import SQL, Composed, Identifier, Literal

from data.forms_layout import GEOMETRIES, SQL_TYPES, Column, FormTable, Kind, of_version
from data.staff import STAFF

SCHEMA: Final = "answers"
ALL: Final = "all"
#: Who sees the whole form, which is asked once a query, need not be asked for each answer.
SEEN: Final = SQL(
    "(select sees_form(form_table.form) from form_table where form_table.name = {})"
    " or exists (select from form_submission where form_submission.id = submission_id)"
)


def changes(
    number: int,
    tables: Sequence[FormTable],
    had: Collection[str],
    old: Sequence[Column],
    new: Sequence[Column],
) -> Iterator[Composed]:
    """The statements that bring a form's tables to version ``number``; run them in one transaction.

    Parameters
    ----------
    tables : sequence of FormTable
        All of them, parents first.
    had : collection of str
        Paths of the tables that are there already.
    old, new : sequence of Column
        Before and after, new ones appended to the old.
    """
    yield from (drop_view(table, n) for table in tables for n in (*range(1, number), ALL))
    for table in tables:
        if table.path not in had:
            yield from create(table, {t.path: t.name for t in tables})
    named = {table.path: table.name for table in tables}
    before = {(c.sheet, c.name): c for c in old}
    for column in new:
        yield from alter(named[column.sheet], before.get((column.sheet, column.name)), column)
    for table in tables:
        mine = [column for column in new if column.sheet == table.path]
        yield from (view(table, n, of_version(mine, n)) for n in range(1, number + 1))
        yield view(table, ALL, mine)
    yield from grants(tables, number)


def create(table: FormTable, names: dict[str, str]) -> Iterator[Composed]:
    """A table with its keys and its policy; answers' columns come afterwards."""
    own: list[SQL | Composed] = [
        SQL("submission_id bigint not null references form_submission (id) on delete cascade"),
        SQL(
            "row_no integer not null, parent_row integer, ordinal integer not null, primary key (submission_id, row_no)"
        ),
    ]
    if table.parent is not None:
        parent = Identifier(SCHEMA, names[table.parent])
        own.append(SQL("foreign key (submission_id, parent_row) references {} on delete cascade").format(parent))
    here = Identifier(SCHEMA, table.name)
    yield SQL("create table {} ({})").format(here, SQL(", ").join(own))
    yield SQL("alter table {} enable row level security").format(here)
    yield SQL("create policy staff on {} to {} using ({})").format(
        here, Identifier(STAFF), SEEN.format(Literal(table.name))
    )
    yield SQL("grant select on {} to {}").format(here, Identifier(STAFF))


def alter(table: str, before: Column | None, column: Column) -> Iterator[Composed]:
    """Add a column, widen it, or check other choices."""
    here, name = Identifier(SCHEMA, table), Identifier(column.name)
    if before is None:
        yield SQL("alter table {} add column {} {}").format(here, name, SQL(SQL_TYPES[column.kind]))
        yield SQL("comment on column {} is {}").format(Identifier(SCHEMA, table, column.name), Literal(column.path))
        if column.kind in GEOMETRIES:
            yield SQL("create index on {} using gist ({})").format(here, name)
        if column.kind is Kind.POINT:
            yield SQL(
                "create trigger {} after insert on {} for each row when (new.{} is not null)"
                " execute function place_by_answer({})"
            ).format(Identifier(f"place_{column.name}"), here, name, Literal(column.name))
    elif (before.kind, before.choices) == (column.kind, column.choices):
        return
    else:
        yield SQL("alter table {} drop constraint if exists {}").format(here, check_name(column))
        if SQL_TYPES[before.kind] != SQL_TYPES[column.kind]:
            as_it_was = SQL("array[{}]" if column.kind is Kind.CHOICES else "{}::text").format(name)
            using = name if column.kind is Kind.DECIMAL else as_it_was
            kind = SQL(SQL_TYPES[column.kind])
            yield SQL("alter table {} alter column {} type {} using {}").format(here, name, kind, using)
    if column.choices:
        yield SQL("alter table {} add constraint {} check ({})").format(here, check_name(column), check(column))


def check_name(column: Column) -> Identifier:
    """The name of the check on a column's choices."""
    return Identifier(f"{column.name}_choices")


def check(column: Column) -> Composed:
    """Only the choices, of any version, are kept."""
    known = SQL("array[{}]::text[]").format(SQL(", ").join(Literal(choice) for choice in column.choices))
    form = "{} <@ {}" if column.kind is Kind.CHOICES else "{} = any ({})"
    return SQL(form).format(Identifier(column.name), known)


def view_name(table: FormTable, number: int | str) -> Identifier:
    """The view of one version of a table, or of all of them."""
    return Identifier(SCHEMA, f"{table.name}_{number if number == ALL else f'v{number}'}")


def drop_view(table: FormTable, number: int | str) -> Composed:
    """Away with a view: it would hold its columns' types."""
    return SQL("drop view if exists {}").format(view_name(table, number))


def view(table: FormTable, number: int | str, columns: Iterable[Column]) -> Composed:
    """What one version asked, of its own answers; or everything that any version asked, of all."""
    keys = [
        SQL(
            "version.number as version, s.instance_id, s.received_at, a.submission_id, a.row_no, a.parent_row, a.ordinal"
        )
    ]
    shown = SQL(", ").join([*keys, *(Identifier("a", column.name) for column in columns)])
    only = SQL("") if number == ALL else SQL(" where version.number = {}").format(Literal(number))
    return SQL(
        "create view {} with (security_invoker = true) as select {} from {} a"
        " join form_submission s on s.id = a.submission_id join form_version version on version.id = s.version_id{}"
    ).format(view_name(table, number), shown, Identifier(SCHEMA, table.name), only)


def grants(tables: Sequence[FormTable], number: int) -> Iterator[Composed]:
    """Let a person's request read the views; the tables' policies say which rows."""
    for table in tables:
        for n in (*range(1, number + 1), ALL):
            yield SQL("grant select on {} to {}").format(view_name(table, n), Identifier(STAFF))


def insert(table: str, columns: Sequence[Column]) -> Composed:
    """Keep one row: submission, row, parent, ordinal, then the columns in their order."""
    holes = [SQL("%s::geometry") if column.kind in GEOMETRIES else SQL("%s") for column in columns]
    names = [Identifier(name) for name in ("submission_id", "row_no", "parent_row", "ordinal")]
    names += [Identifier(column.name) for column in columns]
    values = SQL(", ").join([SQL("%s")] * 4 + holes)
    return SQL("insert into {} ({}) values ({})").format(Identifier(SCHEMA, table), SQL(", ").join(names), values)


def fill_in(table: str, column: str) -> Composed:
    """Write another value over one: the new one, the submission, the old one."""
    name = Identifier(column)
    return SQL("update {} set {} = %s where submission_id = %s and {} = %s").format(
        Identifier(SCHEMA, table), name, name
    )


def select(table: str, columns: Sequence[Column]) -> Composed:
    """Read the rows of submissions, geometry as WKB, parents' rows first."""
    shown = [
        (SQL("st_asbinary({})") if column.kind in GEOMETRIES else SQL("{}")).format(Identifier(column.name))
        for column in columns
    ]
    keys = SQL("submission_id, row_no, parent_row, ordinal")
    return SQL("select {} from {} where submission_id = any (%s) order by submission_id, row_no").format(
        SQL(", ").join([keys, *shown]), Identifier(SCHEMA, table)
    )
