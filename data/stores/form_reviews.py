"""One answer with everything about it, and what staff found of it (``reading.scoped``)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

import shapely
from psycopg.rows import class_row

from data.forms_layout import GEOMETRIES
from data.forms_schema import select
from data.stores.form_answers import Answers, Row, gather
from data.stores.form_reading import HEAD, AnsweredForm, AnswerRow, Connection, as_row
from geo.errors import NeedleError

ONE: Final = f"""
{HEAD} from form_submission s join form_version v on v.id = s.version_id left join link l on l.id = s.link_id
 where s.form = %s and s.id = any (%s) order by s.id
"""
MARK: Final = "update form_submission set review = %s where form = %s and id = any (%s) returning id"
NOTE: Final = "insert into form_review (submission_id, state, note, reviewer) select unnest(%s::bigint[]), %s, %s, %s"


@dataclass(frozen=True)
class Review:
    """What somebody found of an answer."""

    state: str
    note: str
    reviewer: str
    at: datetime


@dataclass(frozen=True)
class Attachment:
    """A file of an answer. ``digest``: SHA-256 of its content, hexadecimal."""

    name: str
    digest: str
    media_type: str
    bytes: int


async def load_heads(connection: Connection, form: AnsweredForm, ids: Sequence[int]) -> list[AnswerRow]:
    """Answers without what was answered, by id."""
    found = await (await connection.execute(ONE, (form.id, list(ids)))).fetchall()
    return [as_row(row) for row in found]


async def load_answer(connection: Connection, form: AnsweredForm, answer: int) -> tuple[AnswerRow, Answers]:
    """One answer: where it came from, and what it says with its repeats.

    Raises
    ------
    NeedleError
        ``form.answer_unknown``.
    """
    heads = await load_heads(connection, form, [answer])
    said = await load_many(connection, form, [answer])
    if not heads or answer not in said:
        raise NeedleError("form.answer_unknown")
    return heads[0], said[answer]


async def load_many(connection: Connection, form: AnsweredForm, ids: Sequence[int]) -> Mapping[int, Answers]:
    """What answers say, by id, with everything that any version of the form keeps of them."""
    rows = {table.path: await read(connection, form, table.path, table.name, ids) for table in form.layout.tables}
    return {
        submission: gather(form.layout, rows, form.root.path, submission, row)
        for submission, row in rows[form.root.path]
    }


async def load_sheet(
    connection: Connection, form: AnsweredForm, sheet: str, ids: Sequence[int]
) -> list[tuple[int, Row]]:
    """The rows of one sheet, by answer, in their order."""
    table = next(table for table in form.layout.tables if table.path == sheet)
    return await read(connection, form, sheet, table.name, ids)


async def read(
    connection: Connection, form: AnsweredForm, path: str, table: str, ids: Sequence[int]
) -> list[tuple[int, Row]]:
    """The rows of one table, by submission."""
    columns, found = form.columns_of(path), []
    asked = await connection.execute(select(table, columns), (list(ids),))
    for submission, number, parent, ordinal, *values in await asked.fetchall():
        known = {
            column.path: shapely.from_wkb(bytes(value)) if column.kind in GEOMETRIES else value
            for column, value in zip(columns, values, strict=True)
            if value is not None
        }
        found.append((submission, Row(path, number, parent, ordinal, known)))
    return found


async def load_reviews(connection: Connection, answer: int) -> list[Review]:
    """What was found of an answer, the first first."""
    asked = "select state, note, reviewer, at from form_review where submission_id = %s order by id"
    async with connection.cursor(row_factory=class_row(Review)) as cursor:
        return await (await cursor.execute(asked, (answer,))).fetchall()


async def load_attachments(connection: Connection, answer: int) -> list[Attachment]:
    """The files of an answer."""
    asked = "select name, digest, media_type, bytes from form_attachment where submission_id = %s order by name"
    async with connection.cursor(row_factory=class_row(Attachment)) as cursor:
        return await (await cursor.execute(asked, (answer,))).fetchall()


async def load_xml(connection: Connection, answer: int) -> str:
    """A submission as it came."""
    row = await (await connection.execute("select xml from form_submission where id = %s", (answer,))).fetchone()
    if row is None:
        raise NeedleError("form.answer_unknown")
    return str(row[0])


async def add_review(
    connection: Connection, form: AnsweredForm, ids: Sequence[int], review: tuple[str, str, str]
) -> list[int]:
    """Say of answers what was found: (state, note, username); the ids of those that were there. The caller commits."""
    state, note, reviewer = review
    marked = [int(row[0]) for row in await (await connection.execute(MARK, (state, form.id, list(ids)))).fetchall()]
    await connection.execute(NOTE, (marked, state, note, reviewer))
    return marked
