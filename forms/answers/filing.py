"""File answers: opened, judged, kept in their typed tables once, their senders told; what nobody can file is parked.

First the base database, in one transaction, then the mailbox, in another: killed between the two, the next courier does the same
again, which changes nothing. A mail is taken out last.
"""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, tzinfo
from typing import Final, Protocol
from zoneinfo import ZoneInfo

import structlog

from data.database import AsyncPool
from data.portal.courier_side import CourierSide, Mail, Outcome
from data.stores import answer_filing, parked_letters
from data.stores.answer_edits import find_by_mail
from data.stores.answer_filing import AskedLink, Attachment, NewAnswer
from data.stores.forms import AskedForm
from data.stores.parked_letters import LetterToPark
from data.stores.public import load_city
from data.stores.reading import reading
from forms.answers.claims import say
from forms.answers.judging import Faulty, Good, judge, named_files, problem_as_json
from forms.answers.replies import answer_reply, receipt_of
from forms.answers.versions import Versions
from forms.keys import KeyRing
from forms.letters import Answer, Enclosed, LetterError, read_letter
from forms.sealing import SealError, mail_id_of, open_letter, reply_key_of, seal_reply
from forms.xlsform.submission import Finding
from geo.errors import NeedleError

UNOPENED: Final = {"letter.unreadable": "unreadable", "letter.invalid": "invalid"}
"""What the mailbox says of a mail to whose sender nothing can be sealed."""

MOST_PARKED: Final = 5_000
"""More than these stay in the mailbox: a flood of noise does not fill the base database."""

log = structlog.get_logger("answers")


class FileRoom(Protocol):
    """Where files of answers are checked and kept."""

    async def keep_file(self, file: Enclosed) -> Attachment:
        """Tell what a file is by its content, clean and keep it; ``answer.file_type``, ``photo.…`` for what is not taken."""


@dataclass
class Arrival:
    """An answer on its way: what is known of it so far. ``replaces``: the answer that it edits; ``trouble``: why it is parked."""

    mail: Mail
    letter: Answer | None = None
    trouble: NeedleError | None = None
    link: AskedLink | None = None
    asked: AskedForm | None = None
    replaces: int | None = None
    verdict: Good | Faulty | None = None
    attachments: list[Attachment] = field(default_factory=list)

    @property
    def received_at(self) -> datetime:
        """When the portal took it in, in UTC."""
        return datetime.fromtimestamp(self.mail.received_at, UTC)

    @property
    def is_good(self) -> bool:
        """Whether it can be filed."""
        return self.trouble is None and isinstance(self.verdict, Good)

    @property
    def is_given_back(self) -> bool:
        """Whether its sender has to write anew, and may use the link once more for that; an edit was no use of it."""
        is_faulty = self.trouble is None and isinstance(self.verdict, Faulty)
        was_use = self.mail.link_id is not None and self.mail.replaces is None
        return was_use and (is_faulty or self.letter is None)


class AnswerDesk:
    """Files answers of a mailbox in a base database."""

    def __init__(self, mailbox: CourierSide, base: AsyncPool, files: FileRoom, keys: KeyRing) -> None:
        self.mailbox, self.base, self.files, self.keys = mailbox, base, files, keys
        self.versions = Versions()

    async def deliver(self, mails: Sequence[Mail]) -> None:
        """File what can be filed, send back what must be corrected, park the rest; each mail is taken out then.

        Raises
        ------
        NeedleError
            ``database.unreachable``; ``portal.not_ready`` before a city is loaded. The mails stay.
        """
        if not mails:
            return
        arrivals = await asyncio.to_thread(lambda: [opened(mail, self.keys) for mail in mails])
        zone = await self._look_up(arrivals)
        await asyncio.to_thread(look_over_all, arrivals, zone)
        for arrival in arrivals:
            await self._keep_files(arrival, zone)
        arrivals = await self._without_too_many(arrivals)
        receipts = await self._file(arrivals)
        await self.mailbox.settle([outcome_of(arrival, receipts) for arrival in arrivals])

    async def _look_up(self, arrivals: Sequence[Arrival]) -> tzinfo:
        """Find each one's link and form; the city's zone."""
        async with reading(self.base) as connection:
            city = await load_city(connection)
            if city is None:
                raise NeedleError("portal.not_ready")
            ids = [a.mail.link_id for a in arrivals if a.mail.link_id is not None]
            links = await answer_filing.load_asked_links(connection, ids)
            for arrival in arrivals:
                if arrival.letter is not None:
                    await self._find_form(connection, arrival, links)
        return ZoneInfo(city.timezone)

    async def _find_form(
        self, connection: answer_filing.AsyncConnection, arrival: Arrival, links: Mapping[int, AskedLink]
    ) -> None:
        letter, mail = arrival.letter, arrival.mail
        assert letter is not None
        try:
            arrival.link = links.get(mail.link_id or 0)
            if arrival.link is None:
                raise NeedleError("letter.link_unknown", link=mail.link_id)
            if arrival.link.form != letter.form:
                raise NeedleError("letter.other_form", link=mail.link_id, asked=arrival.link.form, form=letter.form)
            arrival.asked = await self.versions.find(connection, letter.form, letter.version)
            arrival.replaces = await replaced(connection, mail, letter)
        except NeedleError as error:
            arrival.trouble = error

    async def _keep_files(self, arrival: Arrival, zone: tzinfo) -> None:
        """Keep the files of a good answer, then read it again with their digests."""
        letter, asked = arrival.letter, arrival.asked
        if not arrival.is_good or letter is None or asked is None or not letter.files:
            return
        wrong = []
        for file in letter.files:
            try:
                arrival.attachments.append(await self.files.keep_file(file))
            except NeedleError as error:
                if error.entry.http_status >= 500:
                    raise
                wrong.append(file.name)
        if wrong:
            named = named_files(asked.xform, letter.instance)
            places = [place for place, name in named.items() if name in wrong] or [f"/{wrong[0]}"]
            arrival.verdict = Faulty(tuple(Finding(place, "file_type") for place in places))
        else:
            look_over(arrival, zone, {each.name: each.digest for each in arrival.attachments})

    async def _without_too_many(self, arrivals: list[Arrival]) -> list[Arrival]:
        """Without those that would be parked where too many are: they stay in the mailbox."""
        parked = [arrival for arrival in arrivals if arrival.trouble and not arrival.mail.is_parked]
        if not parked:
            return arrivals
        async with reading(self.base) as connection:
            if await parked_letters.count_parked(connection, MOST_PARKED) < MOST_PARKED:
                return arrivals
        for arrival in parked:
            await self.mailbox.put_back(arrival.mail.id)
        return [arrival for arrival in arrivals if arrival not in parked]

    async def _file(self, arrivals: Sequence[Arrival]) -> dict[str, str]:
        """All that the base database learns, in one transaction; one that it refuses is parked and the others are filed."""
        try:
            return await self._write(arrivals)
        except NeedleError as error:
            if error.code != "letter.unstorable":
                raise
            if len(arrivals) == 1:
                arrivals[0].trouble = error
                return await self._write(arrivals)
        return {mail: receipt for each in arrivals for mail, receipt in (await self._file([each])).items()}

    async def _write(self, arrivals: Sequence[Arrival]) -> dict[str, str]:
        """The receipts of what is filed, by mail."""
        receipts: dict[str, str] = {}
        async with answer_filing.writing(self.base) as connection:
            good = [a for a in arrivals if a.is_good]
            for asked in {a.asked.id: a.asked for a in good if a.asked is not None}.values():
                mine = [a for a in good if a.asked is not None and a.asked.id == asked.id]
                new = {a.mail.id: new_answer(a) for a in mine}
                known = await answer_filing.keep_answers(connection, asked, list(new.values()))
                receipts |= {mail: known[one.instance_id] for mail, one in new.items()}
                await say(connection, asked, [(new[a.mail.id], a.link) for a in mine])
                links = {a.link.id: a.link for a in mine if a.link is not None}
                await answer_filing.announce(connection, asked.form_id, list(links.values()))
            back = [(a.mail.id, a.mail.link_id, a.received_at) for a in arrivals if a.is_given_back]
            await answer_filing.give_back(connection, [(m, link, at) for m, link, at in back if link is not None])
            await parked_letters.park(connection, [to_park(a.mail, a.trouble) for a in arrivals if a.trouble])
            await parked_letters.settle(connection, [a.mail.id for a in arrivals if not a.trouble])
        return receipts


async def replaced(connection: answer_filing.AsyncConnection, mail: Mail, letter: Answer) -> int | None:
    """The answer that a letter edits: who holds its code may, by the same link.

    Raises
    ------
    NeedleError
        ``letter.nothing_to_replace`` where it was never filed; ``letter.invalid`` where the letter says another than the mail,
        which was therefore not counted as a use.
    """
    earlier = None if letter.replaces is None else mail_id_of(letter.replaces)
    if mail.replaces is not None and mail.replaces != earlier:
        raise NeedleError("letter.invalid", part="replaces")
    if earlier is None or mail.link_id is None:
        return None
    found = await find_by_mail(connection, mail.link_id, earlier)
    if found is None:
        raise NeedleError("letter.nothing_to_replace")
    return found


def opened(mail: Mail, keys: KeyRing) -> Arrival:
    """A mail, opened and read."""
    try:
        return Arrival(mail, open_mail(mail, keys))
    except NeedleError as error:
        log.warning("unreadable", mail=mail.id, problem=error.code)
        return Arrival(mail, trouble=error)


def open_mail(mail: Mail, keys: KeyRing) -> Answer:
    """Open and read an answer.

    Raises
    ------
    NeedleError
        ``letter.unreadable``, ``letter.invalid``.
    """
    key = keys.keys.get(mail.key_id)
    try:
        if key is None:
            raise SealError
        letter = read_letter(open_letter(mail.sealed, key, mail.id, mail.kind), mail.kind, mail.id)
    except SealError as error:
        raise NeedleError("letter.unreadable", key_id=mail.key_id) from error
    except LetterError as error:
        raise NeedleError("letter.invalid", part=str(error)) from error
    assert isinstance(letter, Answer)
    return letter


def look_over_all(arrivals: Sequence[Arrival], zone: tzinfo) -> None:
    """Judge answers, one after the other."""
    for arrival in arrivals:
        look_over(arrival, zone)


def look_over(arrival: Arrival, zone: tzinfo, digests: Mapping[str, str] | None = None) -> None:
    """Judge an answer. Whatever goes wrong with one is its own matter: it never stops the others."""
    letter, asked = arrival.letter, arrival.asked
    if arrival.trouble is not None or letter is None or asked is None:
        return
    known = digests if digests is not None else {file.name: file.name for file in letter.files}
    try:
        arrival.verdict = judge(asked.xform, letter.instance, arrival.received_at.astimezone(zone), known)
    except NeedleError as error:
        arrival.trouble = error
    except Exception as error:
        log.exception("judging failed", mail=arrival.mail.id, form=letter.form)
        arrival.trouble = NeedleError("letter.invalid", part=type(error).__name__)


def new_answer(arrival: Arrival) -> NewAnswer:
    """A good answer as it is kept. One without an id of its own is known by its mail's."""
    letter, verdict, mail = arrival.letter, arrival.verdict, arrival.mail
    assert letter is not None
    assert isinstance(verdict, Good)
    return NewAnswer(
        verdict.instance_id or f"mail:{mail.id}",
        letter.instance,
        verdict.root,
        verdict.answers,
        arrival.received_at,
        mail.link_id,
        mail.id,
        receipt_of(mail.id),
        attachments=tuple(arrival.attachments),
        replaces=arrival.replaces,
    )


def outcome_of(arrival: Arrival, receipts: Mapping[str, str]) -> Outcome:
    """What becomes of a mail in the mailbox."""
    letter, mail, asked = arrival.letter, arrival.mail, arrival.asked
    if letter is None:
        code = arrival.trouble.code if arrival.trouble is not None else ""
        return Outcome(mail.id, None, UNOPENED[code], arrival.is_given_back)
    state = "parked" if arrival.trouble else "filed" if isinstance(arrival.verdict, Good) else "rejected"
    findings = arrival.verdict.findings if state == "rejected" and isinstance(arrival.verdict, Faulty) else ()
    problems = [problem_as_json(asked.xform, finding, letter.language) for finding in findings] if asked else []
    title = asked.title if asked is not None else ""
    plain = answer_reply(
        state, receipts.get(mail.id, receipt_of(mail.id)), letter.form, title, mail.received_at, problems
    )
    return Outcome(mail.id, seal_reply(plain, reply_key_of(letter.code), mail.id), None, arrival.is_given_back)


def to_park(mail: Mail, trouble: NeedleError) -> LetterToPark:
    """A letter with what is wrong with it."""
    received_at = datetime.fromtimestamp(mail.received_at, UTC)
    detail = {name: str(value)[:300] for name, value in trouble.context.items()}
    return LetterToPark(mail.id, mail.kind, mail.key_id, mail.link_id, mail.sealed, received_at, trouble.code, detail)
