"""Forms and their versions: published with the tables for their answers, in one transaction."""

from collections.abc import Mapping, Sequence
from dataclasses import astuple, dataclass, field
from datetime import datetime
from typing import Any, Final

from psycopg.rows import class_row
from psycopg.types.json import Jsonb

from data.database import Connection
from data.forms_layout import Column, FormTable, Kind, Sheet, plan_columns, plan_tables
from data.forms_schema import changes
from geo.errors import NeedleError


@dataclass(frozen=True)
class Publication:
    """What is published: a compiled form and the shape of its answers.

    Attributes
    ----------
    workbook : bytes
        XLSForm, ``.xlsx``.
    account_id, area_layer, area_codes
        Who publishes it, and the areas whose staff read the answers; no layer: the whole city's.
    bindings : mapping
        Fields of the registry by the questions' paths.
    media : mapping
        Files that it shows, by name: ``digest``, ``type``, ``bytes``.
    purposes : sequence of str
        What answers may be used for in the registry; ``*``: every purpose.
    identity : str
        Whether its senders say who they are: none, any, without_face.
    """

    form_id: str
    title: str
    version: str
    digest: str
    workbook: bytes
    xform: str
    root: Sheet
    itemsets: str | None = None
    account_id: int | None = None
    area_layer: str | None = None
    area_codes: Sequence[str] = ()
    bindings: Mapping[str, str] = field(default_factory=dict)
    media: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    purposes: Sequence[str] = ("*",)
    identity: str = "none"


@dataclass(frozen=True, slots=True)
class FormVersion:
    """One version of a form, which never changes. ``form``: the form's own number; ``digest``: MD5 of the XForm."""

    id: int
    form: int
    form_id: str
    title: str
    number: int
    version: str
    digest: str


@dataclass(frozen=True, slots=True)
class PublishedForm(FormVersion):
    """A version as its publisher sees it."""

    published_at: datetime
    answers: int


@dataclass(frozen=True, slots=True)
class AskedForm(FormVersion):
    """A version with what its answers are checked by, and what they may be used for."""

    xform: str
    itemsets: str | None
    purposes: list[str]


@dataclass(frozen=True)
class Layout:
    """Where a form's answers lie, as its newest version leaves it."""

    tables: tuple[FormTable, ...]
    columns: tuple[Column, ...]


FORM: Final = """
insert into form (form_id, title, account_id, area_layer, area_codes) values (%s, %s, %s, %s, %s)
on conflict (form_id) do update set title = excluded.title returning id
"""
VERSION: Final = """
insert into form_version (form, number, version, digest, workbook, xform, itemsets, purposes, media)
values (%s, %s, %s, %s, %s, %s, %s, %s, %s) returning id
"""
DEMAND: Final = "update form_version set identity = %s where form = %s and number = %s"
VERSION_COLUMNS: Final = "v.id, f.id as form, f.form_id, f.title, v.number, v.version, v.digest"
VERSIONS: Final = f"""
select {VERSION_COLUMNS}, v.published_at,
       (select count(*) from form_submission s where s.version_id = v.id)::integer as answers
  from form_version v join form f on f.id = v.form
"""
SHOW: Final = "update form_version set media = %s where id = %s"
TABLES: Final = "select path, name, parent from form_table where form = %s order by place"
COLUMNS: Final = """
select sheet, path, name, kind, choices, since, retired from form_column where form = %s order by place
"""
KEEP_TABLE: Final = "insert into form_table (form, path, name, parent, place) values (%s, %s, %s, %s, %s)"
KEEP_COLUMN: Final = """
insert into form_column (form, sheet, path, name, kind, choices, since, retired, place)
values (%s, %s, %s, %s, %s, %s, %s, %s, %s)
on conflict (form, sheet, name) do update
   set kind = excluded.kind, choices = excluded.choices, retired = excluded.retired
"""
BIND: Final = """
insert into form_binding (form, path, field) values (%s, %s, %s) on conflict (form, path) do update set field = excluded.field
"""


def publish_form(connection: Connection, what: Publication) -> PublishedForm:
    """Publish a version: its tables stand when this returns. The caller commits.

    The same content again is the same version again, with the files that it shows now.

    Raises
    ------
    NeedleError
        ``form.version_taken``: other content under a version that is published.
    """
    who = (what.account_id, what.area_layer, list(what.area_codes))
    found = connection.execute(FORM, (what.form_id, what.title, *who)).fetchone()
    assert found is not None
    form = int(found[0])
    for known in load_versions(connection, what.form_id):
        if known.digest == what.digest:
            connection.execute(SHOW, (Jsonb(what.media), known.id))
            return known
        if known.version == what.version:
            raise NeedleError("form.version_taken", form_id=what.form_id, version=what.version or "-")
    numbers = connection.execute("select coalesce(max(number), 0) + 1 from form_version where form = %s", (form,))
    number = int((numbers.fetchone() or (1,))[0])
    lay_out(connection, form, number, what.root)
    rest = (what.version, what.digest, what.workbook, what.xform, what.itemsets, list(what.purposes), Jsonb(what.media))
    connection.execute(VERSION, (form, number, *rest))
    connection.execute(DEMAND, (what.identity, form, number))
    connection.cursor().executemany(BIND, [(form, path, bound) for path, bound in what.bindings.items()])
    return load_versions(connection, what.form_id)[-1]


def lay_out(connection: Connection, form: int, number: int, root: Sheet) -> None:
    """Bring the tables to a new version, and remember how they are."""
    known = load_layout(connection, form)
    tables = plan_tables(form, root, known.tables)
    columns = plan_columns(root, known.columns, number)
    had = {table.path for table in known.tables}
    for statement in changes(number, tables, had, known.columns, columns):
        connection.execute(statement)
    with connection.cursor() as cursor:
        fresh = [(form, *astuple(t), place) for place, t in enumerate(tables) if t.path not in had]
        cursor.executemany(KEEP_TABLE, fresh)
        cursor.executemany(KEEP_COLUMN, [(form, *kept(column), place) for place, column in enumerate(columns)])


def kept(column: Column) -> tuple[object, ...]:
    """A column as its row has it."""
    return (*astuple(column)[:3], column.kind.value, list(column.choices), column.since, column.retired)


def load_layout(connection: Connection, form: int) -> Layout:
    """Where a form's answers lie; empty for one that has no version yet."""
    tables = tuple(FormTable(*row) for row in connection.execute(TABLES, (form,)))
    rows = connection.execute(COLUMNS, (form,))
    return Layout(tables, tuple(Column(s, p, n, Kind(k), tuple(c), *rest) for s, p, n, k, c, *rest in rows))


def load_versions(connection: Connection, form_id: str | None = None) -> list[PublishedForm]:
    """The versions of a form, or of all, oldest first."""
    with connection.cursor(row_factory=class_row(PublishedForm)) as cursor:
        where = " where f.form_id = %s" if form_id is not None else ""
        asked = () if form_id is None else (form_id,)
        return cursor.execute(f"{VERSIONS}{where} order by f.form_id, v.number", asked).fetchall()


def load_version(connection: Connection, form_id: str, version: str | None = None) -> PublishedForm:
    """A version by the author's name of it; none named: the newest.

    Raises
    ------
    NeedleError
        ``form.unknown``.
    """
    known = load_versions(connection, form_id)
    found = [each for each in known if version is None or each.version == version]
    if not found:
        raise NeedleError("form.unknown", form_id=form_id, version=version or "-")
    return found[-1]


def load_files(connection: Connection, version_id: int) -> tuple[bytes, str]:
    """The workbook (``.xlsx``) and the XForm of a version."""
    row = connection.execute("select workbook, xform from form_version where id = %s", (version_id,)).fetchone()
    assert row is not None
    return bytes(row[0]), row[1]


def drop_draft(connection: Connection, draft: int) -> None:
    """Throw away a draft that has become a version. The caller commits."""
    connection.execute("delete from form_draft where id = %s", (draft,))
