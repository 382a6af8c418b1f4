"""Forms as field workers meet them: which there are to fill in, in their newest versions, under the account's own policies."""

from dataclasses import dataclass
from typing import Any, Final

import psycopg
from psycopg.rows import class_row

AsyncConnection = psycopg.AsyncConnection[tuple[Any, ...]]

#: A form of the whole city is everybody's to fill in, whoever may read its answers.
MINE: Final = "(form.area_layer is null or sees_form(form.id))"
FORMS: Final = f"""
select distinct on (form.id) v.id, form.form_id, form.title, v.version, v.digest,
       (v.itemsets is not null or v.media <> '{{}}') as has_files
  from form join form_version v on v.form = form.id
 where {MINE} and (%(form)s::text is null or form.form_id = %(form)s)
 order by form.id, v.number desc
"""
FILES: Final = (
    f"select v.xform, v.itemsets, v.media from form_version v join form on form.id = v.form where v.id = %s and {MINE}"
)
ASKED: Final = f"""
select exists (select from form where form_id = %s and {MINE})
"""


@dataclass(frozen=True, slots=True)
class FieldForm:
    """A version to fill in. ``digest``: MD5 of the XForm; ``has_files``: choices or pictures belong to it."""

    id: int
    form_id: str
    title: str
    version: str
    digest: str
    has_files: bool


@dataclass(frozen=True, slots=True)
class FieldFiles:
    """What belongs to a version: its XForm, its choices from outside, the files that it shows (by name: digest, type, bytes)."""

    xform: str
    itemsets: str | None
    media: dict[str, dict[str, Any]]


async def load_field_forms(connection: AsyncConnection, form_id: str | None = None) -> list[FieldForm]:
    """Every form that this account may fill in, or only one."""
    async with connection.cursor(row_factory=class_row(FieldForm)) as cursor:
        return await (await cursor.execute(FORMS, {"form": form_id})).fetchall()


async def load_field_files(connection: AsyncConnection, version_id: int) -> FieldFiles | None:
    """What belongs to a version; None where this account has no such form."""
    async with connection.cursor(row_factory=class_row(FieldFiles)) as cursor:
        return await (await cursor.execute(FILES, (version_id,))).fetchone()


async def may_fill_in(connection: AsyncConnection, form_id: str) -> bool:
    """Whether this account may fill in a form."""
    row = await (await connection.execute(ASKED, (form_id,))).fetchone()
    return row == (True,)
