"""Answers of field workers: judged and filed as residents' are, by the same tables, once by their instance's id."""

import asyncio
import xml.etree.ElementTree as ET
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Final
from zoneinfo import ZoneInfo

from data.database import AsyncPool
from data.stores import answer_filing
from data.stores.answer_edits import find_by_instance
from data.stores.answer_filing import Attachment, NewAnswer
from data.stores.field_forms import may_fill_in
from data.stores.forms import AskedForm
from data.stores.public import load_city
from data.stores.reading import reading, scoped
from forms.answers.claims import say
from forms.answers.filing import FileRoom
from forms.answers.judging import Faulty, Good, judge, problem_as_json
from forms.answers.versions import Versions
from forms.letters import Enclosed
from forms.xlsform.submission import parse_xml
from forms.xlsform.xform import local
from geo.errors import NeedleError

MOST_TOLD: Final = 5
"""Reasons in one answer: it is read on a phone."""


class FieldDesk:
    """Files what field workers' programs send."""

    def __init__(self, base: AsyncPool, files: FileRoom) -> None:
        self.base, self.files = base, files
        self.versions = Versions()

    async def file(self, account_id: int, text: str, files: Sequence[Enclosed]) -> AskedForm:
        """File a submission with the files that came with it; the form. Sent again, it changes nothing but adds files.

        One that names another (OpenRosa's ``deprecatedID``) of the same account is an edit of it.

        Raises
        ------
        NeedleError
            ``form.submission_broken``, ``letter.form_unknown`` also for one that this account may not fill in,
            ``answer.faulty`` with reasons, ``answer.file_type``, ``photo.…``, ``letter.unstorable``.
        """
        root = await asyncio.to_thread(parse_xml, text)
        form_id, version = root.get("id") or "", root.get("version") or ""
        async with scoped(self.base, account_id) as connection:
            if not await may_fill_in(connection, form_id):
                raise NeedleError("letter.form_unknown", form=form_id, version=version or "-")
        async with reading(self.base) as connection:
            asked = await self.versions.find(connection, form_id, version)
            city = await load_city(connection)
        now = datetime.now(UTC)
        zone = ZoneInfo(city.timezone) if city is not None else UTC
        await asyncio.to_thread(judged, asked, text, now.astimezone(zone), ())
        kept = [await self.files.keep_file(file) for file in files]
        good = await asyncio.to_thread(judged, asked, text, now.astimezone(zone), kept)
        new = NewAnswer(
            good.instance_id, text, good.root, good.answers, now, account_id=account_id, attachments=tuple(kept)
        )
        await self._keep(asked, new, edited_of(root))
        return asked

    async def _keep(self, asked: AskedForm, new: NewAnswer, edited: str) -> None:
        async with answer_filing.writing(self.base) as connection:
            if edited and new.account_id is not None:
                earlier = await find_by_instance(connection, asked.form, edited, new.account_id)
                new = replace(new, replaces=earlier)
            await answer_filing.keep_answers(connection, asked, [new])
            await say(connection, asked, [(new, None)])
            await answer_filing.announce(connection, asked.form_id, [])


def edited_of(root: ET.Element) -> str:
    """The instance that a submission is an edit of; empty: of none."""
    return next((each.text or "" for each in root.iter() if local(each) == "deprecatedID"), "").strip()


def judged(asked: AskedForm, text: str, at: datetime, kept: Sequence[Attachment]) -> Good:
    """A submission that may be filed; files may come later.

    Raises
    ------
    NeedleError
        ``answer.faulty``; ``form.…``; ``letter.invalid`` for one without an id, which could not be told from another.
    """
    verdict = judge(asked.xform, text, at, {each.name: each.digest for each in kept}, whole=False)
    if isinstance(verdict, Faulty):
        problems = [problem_as_json(asked.xform, finding, "zh") for finding in verdict.findings[:MOST_TOLD]]
        said = {
            language: "; ".join(f"{p['label']}: {p[f'message_{language}']}" for p in problems)
            for language in ("zh", "en")
        }
        raise NeedleError("answer.faulty", problems_zh=said["zh"], problems_en=said["en"])
    if not verdict.instance_id:
        raise NeedleError("letter.invalid", part="instanceID")
    return verdict
