"""The courier: the only one that goes between the zones, and the government's side sends it.

It fetches sealed mail, opens it, checks it again, hands it to the ordinary intake, and writes back what is sealed to that one
resident. A mail stays in the mailbox until what it asked for is done, and everything done under a mail's id is done once however
often it is tried: so a courier killed anywhere loses nothing and does nothing twice.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Any, Final, Protocol

import structlog

from data.database import AsyncPool
from data.portal.courier_side import CourierSide, Mail
from data.stores import parked_letters, residents
from data.stores.answer_filing import Attachment
from data.stores.reading import reading
from forms import replies
from forms.answers.filing import MOST_PARKED, AnswerDesk, to_park
from forms.identity.desk import IdentityDesk
from forms.identity.letters import IdentityLetter
from forms.identity.vault import open_vault
from forms.keys import KeyRing
from forms.letters import Enclosed, Letter, LetterError, Report, Unsolved, read_letter
from forms.mine.desk import MineDesk
from forms.mine.letters import MineLetter
from forms.sealing import SealError, mail_id_of, open_letter, reply_key_of, seal_reply
from geo.errors import NeedleError

CHANNEL: Final = "snap"
AT_ONCE: Final = 500
AGAIN_AT_ONCE: Final = 50
ANSWER: Final = "answer"
STORIES: Final = 200
EVERYTHING_EVERY_S: Final = 60.0
AWAY: Final = ("database.unreachable", "portal.not_ready")
"""Not the mail's fault: everything waits until it is over."""

ANSWERS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "case.reopen_late": "late",
        "case.reopens_used_up": "used_up",
        "case.illegal_transition": "not_closed",
    }
)
"""Why a case is not taken up again, as its reporter is told (``unsolved.…`` of the residents' words)."""

log = structlog.get_logger("courier")


class Office(Protocol):
    """The government's ordinary ways in, which this room may not import: somebody hands them to the courier."""

    async def keep_photo(self, photo: bytes) -> str:
        """Check and keep a photo; its digest."""

    async def file(self, report: dict[str, Any]) -> int:
        """Take a report in (the wire format of the intake); its id once it is stored for good, the same for the same key."""

    async def reopen(self, case_id: int, words: str, mail_id: str) -> None:
        """Reopen a closed case for its reporter, keeping ``mail`` in the event."""

    async def keep_file(self, file: Enclosed) -> Attachment:
        """Check and keep a file of an answer."""


@dataclass
class Allowance:
    """At most so many mails a minute, whatever lies in the mailbox: a flood there never reaches the base database."""

    per_minute: float
    clock: Callable[[], float] = time.monotonic
    left: float = field(init=False)
    at: float = field(init=False)

    def __post_init__(self) -> None:
        self.left, self.at = self.burst, self.clock()

    @property
    def burst(self) -> float:
        """The most that may be taken at once: ten seconds' worth, one at least."""
        return max(1.0, self.per_minute / 6)

    def take(self, at_most: int) -> int:
        """How many may be taken now."""
        now = self.clock()
        self.left = min(self.burst, self.left + (now - self.at) * self.per_minute / 60)
        self.at = now
        return min(at_most, int(self.left))

    def used(self, count: int) -> None:
        """So many were taken."""
        self.left -= count


class Courier:
    """One round after the other between a mailbox and a base database."""

    def __init__(
        self, mailbox: CourierSide, base: AsyncPool, office: Office, keys: KeyRing, allowance: Allowance
    ) -> None:
        self.mailbox, self.base, self.office, self.keys, self.allowance = mailbox, base, office, keys, allowance
        self.answers = AnswerDesk(mailbox, base, office, keys)
        self.identity = IdentityDesk(base, open_vault(keys.folder))
        self.mine = MineDesk(mailbox, base)
        self.everything_at = 0.0

    async def round(self) -> int:
        """Fetch and deliver what may be fetched now, then tell residents how their cases went on; mails delivered."""
        if self.keys.look() and self.keys.keys:
            await self.mailbox.publish_key(*self.keys.newest)
        mails = await self.mailbox.fetch(self.allowance.take(AT_ONCE)) + await self._again()
        await self.answers.deliver([mail for mail in mails if mail.kind == ANSWER])
        for mail in mails:
            if mail.kind != ANSWER:
                await self._deliver(mail)
        self.allowance.used(len(mails))
        await self.tell()
        await self._tell_identity()
        await self.mine.clear_away()
        return len(mails)

    async def _again(self) -> list[Mail]:
        """Parked letters that somebody asked to try again."""
        async with reading(self.base) as connection:
            return [Mail(*row, is_parked=True) for row in await parked_letters.load_again(connection, AGAIN_AT_ONCE)]

    async def _deliver(self, mail: Mail) -> None:
        try:
            letter = self._open(mail)
            if isinstance(letter, IdentityLetter):
                await self.mailbox.take_out(mail.id, (mail.id, await self.identity.take(mail.id, letter)))
            elif isinstance(letter, MineLetter):
                await self.mailbox.take_out(mail.id, (mail.id, await self.mine.take(mail.id, letter)))
            elif isinstance(letter, Report):
                await self._file(mail, letter)
            elif isinstance(letter, Unsolved):
                await self._reopen(mail, letter.code, letter.words)
            await self._settle(mail)
        except SealError:
            await self._refuse(mail, "unreadable", NeedleError("letter.unreadable", key_id=mail.key_id))
        except LetterError as error:
            await self._refuse(mail, "invalid", NeedleError("letter.invalid", part=str(error)))
        except NeedleError as error:
            if error.code in AWAY:
                raise
            if error.entry.http_status >= 500 and not mail.is_parked:
                log.warning("put back", mail=mail.id, problem=error.code)
                await self.mailbox.put_back(mail.id)
            else:
                await self._refuse(mail, "invalid", error)

    async def _refuse(self, mail: Mail, problem: str, why: NeedleError) -> None:
        """Park a letter that nobody can use, and say so to its sender."""
        log.warning("refused", mail=mail.id, kind=mail.kind, problem=problem, code=why.code)
        async with reading(self.base) as connection:
            is_room = await parked_letters.count_parked(connection, MOST_PARKED) < MOST_PARKED
            if is_room:
                await parked_letters.park(connection, [to_park(mail, why)])
        await (self.mailbox.refuse(mail.id, problem) if is_room else self.mailbox.put_back(mail.id))

    async def _settle(self, mail: Mail) -> None:
        if mail.is_parked:
            async with reading(self.base) as connection:
                await parked_letters.settle(connection, [mail.id])

    def _open(self, mail: Mail) -> Letter:
        key = self.keys.keys.get(mail.key_id)
        if key is None:
            raise SealError
        return read_letter(open_letter(mail.sealed, key, mail.id, mail.kind), mail.kind, mail.id)

    async def _file(self, mail: Mail, letter: Report) -> None:
        """Photos, report, memory, receipt: in this order, each harmless when repeated."""
        photos = [await self.office.keep_photo(photo) for photo in letter.photos]
        report_id = await self.office.file(wire_report(mail, letter, photos))
        reply_key = reply_key_of(letter.code)
        async with reading(self.base) as connection:
            await residents.remember(connection, mail.id, report_id, reply_key)
            known = await residents.case_of(connection, mail.id)
        is_told = known is not None and known[0] is not None
        receipt = None if is_told else (mail.id, seal_reply(replies.received(mail.received_at), reply_key, mail.id))
        await self.mailbox.take_out(mail.id, receipt)

    async def _reopen(self, mail: Mail, code: str, words: str) -> None:
        async with reading(self.base) as connection:
            known = await residents.case_of(connection, mail_id_of(code))
            if known is None or known[0] is None:
                raise LetterError("no such case")
            is_done = await residents.was_given(connection, known[0], mail.id)
        refused = None if is_done else await self._asked_again(known[0], words, mail.id)
        told = seal_reply(replies.refused(refused), reply_key_of(code), mail.id) if refused else None
        await self.mailbox.take_out(mail.id, (mail.id, told) if told else None)

    async def _asked_again(self, case_id: int, words: str, mail_id: str) -> str | None:
        """Have a case taken up again; why not, where the protocol refuses."""
        try:
            await self.office.reopen(case_id, words, mail_id)
        except NeedleError as error:
            if error.code not in ANSWERS:
                raise
            return ANSWERS[error.code]
        return None

    async def tell(self) -> int:
        """Write the stories of cases that moved; how many."""
        now = asyncio.get_running_loop().time()
        everything = now >= self.everything_at
        async with reading(self.base) as connection:
            rows = await residents.load_untold(connection, everything, STORIES)
            sealed = [(row.id, await self._sealed_story(connection, row)) for row in rows]
        if rows:
            await self.mailbox.reply(sealed)
            async with reading(self.base) as connection:
                await residents.save_told(connection, [(row.id, row.seq) for row in rows])
        if everything and len(rows) < STORIES:
            self.everything_at = now + EVERYTHING_EVERY_S
        return len(rows)

    async def _tell_identity(self) -> None:
        """Write how checks of identity went."""
        ended = await self.identity.tell()
        if ended:
            await self.mailbox.reply([(mail, sealed) for mail, sealed, _ in ended])
            await self.identity.told([check for _, _, check in ended])

    async def _sealed_story(self, connection: residents.AsyncConnection, row: residents.UntoldRow) -> bytes:
        steps, standing = await residents.load_story(connection, row.case_id)
        return seal_reply(replies.story(row, steps, standing), row.reply_key, row.id)


def wire_report(mail: Mail, letter: Report, photos: Sequence[str]) -> dict[str, Any]:
    """A report in the wire format of the intake; the mail's id is its key."""
    contact = {"name": letter.contact.name, "phone": letter.contact.phone} if letter.contact else None
    return {
        "channel": CHANNEL,
        "key": mail.id,
        "reported_at": datetime.fromtimestamp(mail.received_at, UTC).isoformat(),
        "matter": letter.matter,
        "text": letter.words or None,
        "address": letter.address or None,
        "lng": letter.lng,
        "lat": letter.lat,
        "crs": "wgs84",
        "accuracy_m": letter.accuracy_m,
        "reporter": contact,
        "photos": list(photos),
        "via": {"portal": True, "place_from": letter.source, "me_too": letter.me_too},
    }


async def go_round(courier: Courier, pause_s: float) -> None:
    """Round after round for good."""
    await patiently(lambda: courier.mailbox.publish_key(*courier.keys.newest), pause_s, once=True)
    await patiently(courier.round, pause_s)


async def patiently(work: Callable[[], Awaitable[int | None]], pause_s: float, once: bool = False) -> None:
    """Do some work again and again, with a pause when there was nothing to do; a database that is away is waited for."""
    while True:
        try:
            done = await work()
            if once:
                return
            if not done:
                await asyncio.sleep(pause_s)
        except NeedleError as error:
            log.warning("waiting", problem=error.code, reason=error.sentence("en"))
            await asyncio.sleep(max(pause_s, 1.0))
