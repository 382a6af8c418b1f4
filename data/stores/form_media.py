"""The files that forms show: of drafts, as an account sees them, and of versions, for whoever fills them in."""

from collections.abc import Mapping
from typing import Any, Final

from psycopg import AsyncConnection
from psycopg.types.json import Jsonb

from geo.errors import NeedleError

Connection = AsyncConnection[tuple[Any, ...]]
Media = dict[str, dict[str, Any]]

NEWEST: Final = """
select media from form_version v join form f on f.id = v.form where form_id = %s order by number desc limit 1
"""


async def load_draft_media(connection: Connection, draft: int) -> Media:
    """Files of a draft by name; ``form.draft_unknown``."""
    row = await (await connection.execute("select media from form_draft where id = %s", (draft,))).fetchone()
    if row is None:
        raise NeedleError("form.draft_unknown")
    return dict(row[0])


async def save_draft_media(connection: Connection, draft: int, media: Mapping[str, Any]) -> None:
    """Keep which files a draft has. The caller commits."""
    await connection.execute("update form_draft set media = %s where id = %s", (Jsonb(media), draft))


async def load_version_media(connection: Connection, version_id: int) -> Media:
    """Files of a version by name; none where there is no such version."""
    row = await (await connection.execute("select media from form_version where id = %s", (version_id,))).fetchone()
    return dict(row[0]) if row else {}


async def load_newest_media(connection: Connection, form_id: str) -> Media:
    """Files of a form's newest version by name."""
    row = await (await connection.execute(NEWEST, (form_id,))).fetchone()
    return dict(row[0]) if row else {}
