"""Which forms residents are being asked: what the portal has to show."""

from dataclasses import dataclass
from typing import Any, Final

import psycopg
from psycopg.rows import class_row

AsyncConnection = psycopg.AsyncConnection[tuple[Any, ...]]

OPEN: Final = """
select distinct on (form.id) form_version.id, form.form_id as form, form_version.number, form_version.version, form.title,
       md5(form_version.media::text) as mark
  from form join form_version on form_version.form = form.id
 where exists (select from outreach where outreach.form = form.form_id and until > now())
 order by form.id, form_version.number desc
"""
XFORM: Final = "select xform from form_version where id = %s"


@dataclass(frozen=True, slots=True)
class OpenForm:
    """The newest version of a form that somebody is asked; ``id``: the version's number in the database.

    ``mark``: of the files that it shows, which may be others when the same form is published again.
    """

    id: int
    form: str
    number: int
    version: str
    title: str
    mark: str


async def load_open_forms(connection: AsyncConnection) -> list[OpenForm]:
    """Forms with askings that are not over, each in its newest version."""
    async with connection.cursor(row_factory=class_row(OpenForm)) as cursor:
        return await (await cursor.execute(OPEN)).fetchall()


async def load_xform(connection: AsyncConnection, version_id: int) -> str:
    """The XForm of a version."""
    row = await (await connection.execute(XFORM, (version_id,))).fetchone()
    assert row is not None
    return str(row[0])
