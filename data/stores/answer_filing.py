"""What was answered, filed in bulk: many submissions of one version in one transaction, each once, with whom they came from."""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import orjson
import psycopg
from psycopg.rows import class_row

from data.database import AsyncPool
from data.forms_layout import Column, FormTable, Kind, of_version
from data.forms_schema import fill_in, insert
from data.stores import answer_edits
from data.stores.form_answers import Answers, flatten, sent
from data.stores.forms import COLUMNS, TABLES, VERSION_COLUMNS, AskedForm, Layout
from data.stores.reading import reading
from geo.errors import NeedleError

AsyncConnection = psycopg.AsyncConnection[tuple[Any, ...]]

CHANNEL: Final = "needle_answer"
#: A notice holds 8,000 bytes.
NOTICE: Final = 100

ASKED: Final = f"""
select {VERSION_COLUMNS}, v.xform, v.itemsets, v.purposes
  from form_version v join form f on f.id = v.form
 where f.form_id = %s and v.version = %s
"""
LINKS: Final = """
select link.id, outreach.form, link.kind, link.target,
       case link.kind when 'building' then link.target else link.areas ->> 'building' end as building
  from link join outreach on outreach.id = outreach_id where link.id = any (%s)
"""
SUBMISSIONS: Final = """
insert into form_submission (form, version_id, instance_id, xml, link_id, mail_id, receipt, account_id, received_at)
select %s, %s, instance_id, xml, link_id, mail_id, receipt, account_id, received_at
  from unnest(%s::text[], %s::text[], %s::bigint[], %s::text[], %s::text[], %s::integer[], %s::timestamptz[])
       as one (instance_id, xml, link_id, mail_id, receipt, account_id, received_at)
 where not exists (select from form_earlier where form = %s and form_earlier.instance_id = one.instance_id)
on conflict do nothing returning id, instance_id
"""
RECEIPTS: Final = "select id, coalesce(receipt, '') from form_submission where id = any (%s)"
BINDINGS: Final = "select path, field from form_binding where form = %s"
ATTACH: Final = """
insert into form_attachment (submission_id, name, digest, media_type, bytes) values (%s, %s, %s, %s, %s)
on conflict do nothing
"""
#: Whether the portal's use was counted here already or is brought later: it counts no more.
GIVE_BACK: Final = """
with back as (
    insert into link_use (mail_id, link_id, at, given_back)
    select mail_id, link_id, at, true from unnest(%(mails)s::text[], %(links)s::bigint[], %(moments)s::timestamptz[])
           as use (mail_id, link_id, at) join link on link.id = link_id
    on conflict (mail_id) do update set given_back = true where not link_use.given_back
    returning link_id, xmax <> 0 as was_counted),
uncounted as (select link_id, count(*)::integer as uses from back where was_counted group by link_id)
update link set uses = greatest(link.uses - uncounted.uses, 0),
       used_at = (select max(at) from link_use
                   where link_use.link_id = link.id and not given_back and mail_id <> all (%(mails)s))
  from uncounted where link.id = uncounted.link_id
"""


@dataclass(frozen=True, slots=True)
class AskedLink:
    """Who was asked. ``building``: code of the building, None where none is known."""

    id: int
    form: str
    kind: str
    target: str
    building: str | None


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file that is kept already: its name in the answer, SHA-256, type told from its content, size."""

    name: str
    digest: str
    media_type: str
    bytes: int


@dataclass(frozen=True, slots=True)
class NewAnswer:
    """A good submission. ``receipt``: 12 letters for the resident; ``account_id``: the field worker, who needs none.

    ``replaces``: id of the answer that it is an edit of.
    """

    instance_id: str
    xml: str
    root: str
    answers: Answers
    received_at: datetime
    link_id: int | None = None
    mail_id: str | None = None
    receipt: str | None = None
    account_id: int | None = None
    attachments: tuple[Attachment, ...] = ()
    replaces: int | None = None


@asynccontextmanager
async def writing(pool: AsyncPool) -> AsyncIterator[AsyncConnection]:
    """A connection for one transaction that files answers.

    Raises
    ------
    NeedleError
        ``letter.unstorable`` where the database refuses what is written, ``database.unreachable``.
    """
    try:
        async with reading(pool) as connection:
            yield connection
    except (psycopg.DataError, psycopg.IntegrityError) as error:
        raise NeedleError("letter.unstorable", reason=str(error).splitlines()[0]) from error


async def load_asked(connection: AsyncConnection, form_id: str, version: str) -> AskedForm | None:
    """A version by the author's name of it; None where it was never published."""
    async with connection.cursor(row_factory=class_row(AskedForm)) as cursor:
        return await (await cursor.execute(ASKED, (form_id, version))).fetchone()


async def load_asked_links(connection: AsyncConnection, ids: Sequence[int]) -> dict[int, AskedLink]:
    """Links by number; one that the base database does not know is absent."""
    async with connection.cursor(row_factory=class_row(AskedLink)) as cursor:
        return {row.id: row for row in await (await cursor.execute(LINKS, (list(ids),))).fetchall()}


async def load_bindings(connection: AsyncConnection, form: int) -> dict[str, str]:
    """Fields of the registry by the paths of a form's questions."""
    return dict(await (await connection.execute(BINDINGS, (form,))).fetchall())


async def load_layout(connection: AsyncConnection, form: int) -> Layout:
    """Where a form's answers lie now."""
    tables = tuple(FormTable(*row) for row in await (await connection.execute(TABLES, (form,))).fetchall())
    rows = await (await connection.execute(COLUMNS, (form,))).fetchall()
    return Layout(tables, tuple(Column(s, p, n, Kind(k), tuple(c), *rest) for s, p, n, k, c, *rest in rows))


async def keep_answers(connection: AsyncConnection, asked: AskedForm, new: Sequence[NewAnswer]) -> dict[str, str]:
    """Keep submissions of one version in its tables; what was kept before stays as it is. The caller commits.

    Returns
    -------
    dict
        The receipt of each by its instance's id: of the first that came, and of an edit that of the answer.
    """
    first = {one.instance_id: one for one in reversed(new)}
    begun = await _begin(connection, asked, [one for one in first.values() if one.replaces is None])
    await _keep_rows(connection, asked, [(number, first[instance]) for instance, number in begun.items()])
    ids = await answer_edits.known_instances(connection, asked.form, list(first))
    late = {ids[each]: first[each].attachments for each in ids.keys() - begun.keys() if first[each].attachments}
    for one in sorted((one for one in first.values() if one.instance_id not in ids), key=lambda one: one.received_at):
        ids[one.instance_id] = await _edit(connection, asked, one)
    await _keep_files(connection, ids, new)
    await _fill_in_late(connection, asked, late)
    receipts: dict[int, str] = dict(await (await connection.execute(RECEIPTS, (list(ids.values()),))).fetchall())
    return {instance: receipts[number] for instance, number in ids.items()}


async def _begin(connection: AsyncConnection, asked: AskedForm, new: Sequence[NewAnswer]) -> dict[str, int]:
    """Ids of submissions that nobody knew, now or as what an answer said, by instance."""
    if not new:
        return {}
    rows = [(n.instance_id, n.xml, n.link_id, n.mail_id, n.receipt, n.account_id, n.received_at) for n in new]
    columns = [list(column) for column in zip(*rows, strict=True)]
    found = await (await connection.execute(SUBMISSIONS, (asked.form, asked.id, *columns, asked.form))).fetchall()
    return {instance: number for number, instance in found}


async def _edit(connection: AsyncConnection, asked: AskedForm, new: NewAnswer) -> int:
    """Put an edit in the place of what an answer said; the answer's id."""
    assert new.replaces is not None, "an edit is of an answer"
    root = (await load_layout(connection, asked.form)).tables[0].name
    told = {"version": asked.id, "instance": new.instance_id, "xml": new.xml, "mail": new.mail_id}
    told |= {"account": new.account_id, "at": new.received_at, "link": new.link_id}
    await answer_edits.set_aside(connection, new.replaces, root, told)
    await _keep_rows(connection, asked, [(new.replaces, new)])
    return new.replaces


async def _keep_rows(connection: AsyncConnection, asked: AskedForm, new: Sequence[tuple[int, NewAnswer]]) -> None:
    """The typed rows of new submissions, table by table: parents before children."""
    if not new:
        return
    layout = await load_layout(connection, asked.form)
    own = of_version(layout.columns, asked.number)
    rows = [(number, row) for number, one in new for row in flatten(one.root, one.answers)]
    async with connection.cursor() as cursor:
        for table in layout.tables:
            columns = [column for column in own if column.sheet == table.path]
            values = [
                (number, r.row_no, r.parent_row, r.ordinal, *(sent(r.values.get(c.path), c) for c in columns))
                for number, r in rows
                if r.sheet == table.path
            ]
            if values:
                await cursor.executemany(insert(table.name, columns), values)


async def _keep_files(connection: AsyncConnection, ids: Mapping[str, int], new: Sequence[NewAnswer]) -> None:
    """The files' rows, of new submissions and of those that were there."""
    files = [
        (ids[one.instance_id], each.name, each.digest, each.media_type, each.bytes)
        for one in new
        for each in one.attachments
        if one.instance_id in ids
    ]
    if files:
        async with connection.cursor() as cursor:
            await cursor.executemany(ATTACH, files)


async def _fill_in_late(
    connection: AsyncConnection, asked: AskedForm, late: Mapping[int, Sequence[Attachment]]
) -> None:
    """Write the digests of files that came after their submission, where its answers still have the files' names."""
    if not late:
        return
    layout = await load_layout(connection, asked.form)
    named = {table.path: table.name for table in layout.tables}
    rows = [(each.digest, number, each.name) for number, files in late.items() for each in files]
    async with connection.cursor() as cursor:
        for column in of_version(layout.columns, asked.number):
            if column.kind is Kind.DIGEST:
                await cursor.executemany(fill_in(named[column.sheet], column.name), rows)


async def announce(connection: AsyncConnection, form_id: str, links: Sequence[AskedLink]) -> None:
    """Tell whoever listens on ``needle_answer``, when the transaction ends: {"form", "links": [ids], "buildings": [codes]}."""
    for start in range(0, max(1, len(links)), NOTICE):
        some = links[start : start + NOTICE]
        told = {
            "form": form_id,
            "links": [link.id for link in some],
            "buildings": sorted({link.building for link in some if link.building}),
        }
        await connection.execute("select pg_notify(%s, %s)", (CHANNEL, orjson.dumps(told).decode()))


async def give_back(connection: AsyncConnection, uses: Sequence[tuple[str, int, datetime]]) -> None:
    """Uses (mail, link, when) whose answers were rejected count no more; a second time changes nothing."""
    if uses:
        mails, links, moments = (list(column) for column in zip(*uses, strict=True))
        await connection.execute(GIVE_BACK, {"mails": mails, "links": links, "moments": moments})
