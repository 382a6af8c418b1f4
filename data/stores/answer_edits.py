"""Answers that their senders edited: what an answer said before stays beside it, with who sent it and when.

An answer keeps its id, its first moment and its receipt; an edit puts what it says now in the typed tables, in place of that.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import psycopg
from psycopg.rows import class_row
from psycopg.sql import SQL, Identifier

AsyncConnection = psycopg.AsyncConnection[tuple[Any, ...]]

BY_MAIL: Final = """
select id from form_submission where link_id = %(link)s and mail_id = %(mail)s
union all
select s.id from form_earlier e join form_submission s on s.id = e.submission_id
 where s.link_id = %(link)s and e.mail_id = %(mail)s
"""
BY_INSTANCE: Final = """
select id from form_submission where form = %(form)s and instance_id = %(instance)s and account_id = %(account)s
union all
select s.id from form_earlier e join form_submission s on s.id = e.submission_id
 where e.form = %(form)s and e.instance_id = %(instance)s and s.account_id = %(account)s
"""
#: Of these instances: what is kept already, in whatever edit.
KNOWN: Final = """
select instance_id, id from form_submission where form = %(form)s and instance_id = any (%(instances)s)
union all
select instance_id, submission_id from form_earlier where form = %(form)s and instance_id = any (%(instances)s)
"""
LOCK: Final = "select from form_submission where id = %s for no key update"
SET_ASIDE: Final = """
insert into form_earlier (submission_id, form, version_id, instance_id, xml, mail_id, account_id, review, received_at)
select id, form, version_id, instance_id, xml, mail_id, account_id, review, coalesce(edited_at, received_at)
  from form_submission where id = %s
"""
#: Where it is from is its link's place again, until the new answer names another.
EDIT: Final = """
update form_submission s set version_id = %(version)s, instance_id = %(instance)s, xml = %(xml)s, mail_id = %(mail)s,
       account_id = %(account)s, review = 'received', edits = edits + 1, edited_at = %(at)s,
       geom = link.geom, areas = coalesce(link.areas, '{}')
  from (select 1) as one left join link on link.id = %(link)s where s.id = %(id)s
"""
EARLIER: Final = """
select v.xform, e.xml, e.received_at, e.review, e.account_id
  from form_earlier e join form_version v on v.id = e.version_id where e.submission_id = %(answer)s
union all
select v.xform, s.xml, s.edited_at, s.review, s.account_id
  from form_submission s join form_version v on v.id = s.version_id where s.id = %(answer)s and s.edits > 0
 order by 3
"""
WORKERS: Final = "select id, name from account where id = any (%s)"


@dataclass(frozen=True, slots=True)
class Edition:
    """What an answer said at a time. ``account_id``: the worker who filled it in, None: a resident."""

    xform: str
    xml: str
    received_at: datetime
    review: str
    account_id: int | None


async def find_by_mail(connection: AsyncConnection, link_id: int, mail_id: str) -> int | None:
    """The answer that came by a link in a mail, whether it was edited since or not."""
    row = await (await connection.execute(BY_MAIL, {"link": link_id, "mail": mail_id})).fetchone()
    return None if row is None else int(row[0])


async def find_by_instance(connection: AsyncConnection, form: int, instance_id: str, account_id: int) -> int | None:
    """The answer that a field worker's program knows by an id, whether it was edited since or not."""
    asked = {"form": form, "instance": instance_id, "account": account_id}
    row = await (await connection.execute(BY_INSTANCE, asked)).fetchone()
    return None if row is None else int(row[0])


async def known_instances(connection: AsyncConnection, form: int, instances: Sequence[str]) -> dict[str, int]:
    """Answers by the ids of their instances, of what they say now and of what they said."""
    asked = {"form": form, "instances": list(instances)}
    return dict(await (await connection.execute(KNOWN, asked)).fetchall())


async def set_aside(connection: AsyncConnection, answer: int, root: str, new: Mapping[str, Any]) -> None:
    """Keep what an answer says as what it said, and empty its tables for what it says now. The caller commits.

    Parameters
    ----------
    root : str
        The form's own table in the schema ``answers``.
    new : mapping
        ``version instance xml mail account at link`` of the edit.
    """
    await connection.execute(LOCK, (answer,))
    await connection.execute(SET_ASIDE, (answer,))
    await connection.execute(EDIT, {**new, "id": answer})
    await connection.execute(
        SQL("delete from {} where submission_id = %s").format(Identifier("answers", root)), (answer,)
    )


async def load_editions(connection: AsyncConnection, answer: int) -> list[Edition]:
    """What an answer said, the first first, and what it says now; empty for one that was never edited."""
    async with connection.cursor(row_factory=class_row(Edition)) as cursor:
        return await (await cursor.execute(EARLIER, {"answer": answer})).fetchall()


async def load_workers(connection: AsyncConnection, editions: Sequence[Edition]) -> dict[int, str]:
    """Names of who filled them in, by account; asked as the owner, for staff reads no accounts."""
    ids = [each.account_id for each in editions if each.account_id is not None]
    return dict(await (await connection.execute(WORKERS, (ids,))).fetchall()) if ids else {}
