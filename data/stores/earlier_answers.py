"""What recipients of links answered before, to questions that are about the same fields of the registry."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from psycopg import sql

from data.database import Connection

BINDINGS: Final = """
select b.path, b.field from form_binding b join form on form.id = b.form where form.form_id = %s
"""
#: Questions outside of repeats: one answer a submission.
SOURCES: Final = """
select b.field, form.title, t.name, c.name from form_binding b join form on form.id = b.form
  join form_column c on c.form = b.form and c.path = b.path join form_table t on t.form = c.form and t.path = c.sheet
 where b.field = any (%s) and t.parent is null and c.kind not in ('digest', 'point', 'line', 'area')
"""
#: A key is a list's own: only with the same label is it the same recipient.
ANSWERED: Final = """
select link.kind, link.target, link.label, s.received_at, a.{column} from answers.{table} a
  join form_submission s on s.id = a.submission_id join link on link.id = s.link_id
  join unnest(%s::text[], %s::text[], %s::text[]) as asked (kind, target, label)
    on link.kind = asked.kind and link.target = asked.target and link.label = asked.label
 where a.{column} is not null and s.review <> 'rejected'
"""
NEWEST: Final = """
select v.xform from form_version v join form on form.id = v.form where form.form_id = %s order by v.number desc limit 1
"""

Recipient = tuple[str, str, str]
"""Kind, key and label of who was asked."""


@dataclass(frozen=True, slots=True)
class Earlier:
    """An answer that somebody gave before; ``form``: the title of the form it was given to."""

    recipient: Recipient
    field: str
    value: Any
    at: datetime
    form: str


def load_bindings(connection: Connection, form_id: str) -> dict[str, str]:
    """Registry fields of a form's questions, by path."""
    return dict(connection.execute(BINDINGS, (form_id,)).fetchall())


def load_newest_xform(connection: Connection, form_id: str) -> str | None:
    """The XForm of a form's newest version; None where it was never published."""
    row = connection.execute(NEWEST, (form_id,)).fetchone()
    return str(row[0]) if row else None


def load_earlier(connection: Connection, fields: Collection[str], recipients: Sequence[Recipient]) -> Iterator[Earlier]:
    """Answers of these recipients to questions about these fields, of any form; staff has rejected none of them."""
    asked = [list(column) for column in zip(*recipients, strict=True)] if recipients else [[], [], []]
    for field, title, table, column in connection.execute(SOURCES, (list(fields),)).fetchall():
        query = sql.SQL(ANSWERED).format(table=sql.Identifier(table), column=sql.Identifier(column))
        for kind, target, label, at, value in connection.execute(query, asked):
            yield Earlier((kind, target, label), field, value, at, title)
