"""Drafts of forms, and the list of forms with how much was answered, as an account sees them (``reading.scoped``)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from psycopg import AsyncConnection
from psycopg.rows import class_row
from psycopg.types.json import Jsonb

from geo.errors import NeedleError

Connection = AsyncConnection[tuple[Any, ...]]

#: What an account works with: its own, its areas', the whole city's, and those that its residents answered.
FORMS: Final = """
select f.id, f.form_id, f.title, f.area_layer, f.area_codes, v.number, v.published_at, coalesce(s.answers, 0) as answers,
       coalesce(s.waiting, 0) as waiting, s.last_at, coalesce(o.asked, 0) as asked, o.until, sees_form(f.id) as own
  from form f
  join lateral (select number, published_at from form_version where form = f.id order by number desc limit 1) v on true
  left join (select form, count(*) as answers, count(*) filter (where review = 'received') as waiting,
                    max(received_at) as last_at from form_submission group by form) s on s.form = f.id
  left join (select outreach.form, count(*) as asked, max(outreach.until) as until
               from outreach join link on outreach_id = outreach.id and revoked_at is null group by outreach.form) o
         on o.form = f.form_id
 where sees_form(f.id) or f.area_layer is null or s.answers > 0
 order by greatest(s.last_at, v.published_at) desc
"""
DRAFTS: Final = """
select d.id, d.form, f.form_id as published, d.title, d.revision, d.area_layer, d.area_codes, d.updated_at
  from form_draft d left join form f on f.id = d.form
"""
ADD: Final = """
insert into form_draft (form, title, content, account_id, area_layer, area_codes) values (%s, %s, %s, %s, %s, %s)
returning id
"""
SAVE: Final = """
update form_draft set title = %s, content = %s, revision = revision + 1, updated_at = now()
 where id = %s and revision = %s returning revision
"""
KNOWN: Final = "select id, sees_form(id) from form where form_id = %s"


@dataclass(frozen=True)
class FormRow:
    """A published form in the list.

    Attributes
    ----------
    answers, waiting : int
        Answers that the account sees, and those of them that nobody has reviewed.
    asked : int
        Links in force by which it is asked; ``until``: when the last asking ends.
    own : bool
        Whether the account may work on it, not only read what its own area's residents answered.
    """

    id: int
    form_id: str
    title: str
    area_layer: str | None
    area_codes: list[str]
    number: int
    published_at: datetime
    answers: int
    waiting: int
    last_at: datetime | None
    asked: int
    until: datetime | None
    own: bool


@dataclass(frozen=True)
class DraftRow:
    """A draft in the list. ``published``: the id of the form that it becomes a version of."""

    id: int
    form: int | None
    published: str | None
    title: str
    revision: int
    area_layer: str | None
    area_codes: list[str]
    updated_at: datetime


async def list_forms(connection: Connection) -> list[FormRow]:
    """The forms that the account sees, the liveliest first."""
    async with connection.cursor(row_factory=class_row(FormRow)) as cursor:
        return await (await cursor.execute(FORMS)).fetchall()


async def list_drafts(connection: Connection) -> list[DraftRow]:
    """The drafts that the account sees, the newest first."""
    async with connection.cursor(row_factory=class_row(DraftRow)) as cursor:
        return await (await cursor.execute(f"{DRAFTS} order by d.updated_at desc")).fetchall()


async def load_draft(connection: Connection, draft: int) -> tuple[DraftRow, Mapping[str, Any]]:
    """A draft and its content.

    Raises
    ------
    NeedleError
        ``form.draft_unknown``.
    """
    async with connection.cursor(row_factory=class_row(DraftRow)) as cursor:
        row = await (await cursor.execute(f"{DRAFTS} where d.id = %s", (draft,))).fetchone()
    found = await (await connection.execute("select content from form_draft where id = %s", (draft,))).fetchone()
    if row is None or found is None:
        raise NeedleError("form.draft_unknown")
    return row, found[0]


async def add_draft(
    connection: Connection,
    title: str,
    content: Mapping[str, Any],
    account_id: int,
    areas: tuple[str | None, Sequence[str]],
    form: int | None = None,
) -> int:
    """Keep a new draft; its id. ``areas``: layer and codes whose staff see it. The caller commits."""
    values = (form, title, Jsonb(content), account_id, areas[0], list(areas[1]))
    row = await (await connection.execute(ADD, values)).fetchone()
    assert row is not None
    return int(row[0])


async def save_draft(connection: Connection, draft: int, revision: int, title: str, content: Mapping[str, Any]) -> int:
    """Keep what was changed; the new revision. The caller commits.

    Raises
    ------
    NeedleError
        ``form.draft_unknown``; ``form.draft_changed``: somebody saved since ``revision``.
    """
    row = await (await connection.execute(SAVE, (title, Jsonb(content), draft, revision))).fetchone()
    if row is None:
        await load_draft(connection, draft)
        raise NeedleError("form.draft_changed")
    return int(row[0])


async def remove_draft(connection: Connection, draft: int) -> None:
    """Throw a draft away; one that is not there is no error. The caller commits."""
    await connection.execute("delete from form_draft where id = %s", (draft,))


async def find_form(connection: Connection, form_id: str) -> tuple[int, bool] | None:
    """A form's number and whether the account may work on it; None where no form is called so."""
    row = await (await connection.execute(KNOWN, (form_id,))).fetchone()
    return None if row is None else (int(row[0]), bool(row[1]))


async def load_newest_workbook(connection: Connection, form_id: str) -> tuple[int, bytes]:
    """The number of a form's newest version, and its workbook.

    Raises
    ------
    NeedleError
        ``form.unknown``.
    """
    asked = """
    select number, workbook from form_version v join form f on f.id = v.form where form_id = %s order by number desc limit 1
    """
    row = await (await connection.execute(asked, (form_id,))).fetchone()
    if row is None:
        raise NeedleError("form.unknown", form_id=form_id, version="-")
    return int(row[0]), bytes(row[1])
