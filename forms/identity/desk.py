"""The desk where identity is taken: a letter in, a reply out, a check begun or ended in between. The courier's side.

Everything done under a mail's id is done once however often it is tried. No reply tells whether the registry knows somebody.
"""

import hmac
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

import orjson
import structlog

from data.database import AsyncPool
from data.stores import identity_checks as checks
from data.stores import identity_purposes as purposes
from data.stores import identity_references as references
from data.stores.identity_checks import AsyncConnection, CheckRow, NewCheck
from data.stores.identity_purposes import NoticeRow, Purpose
from data.stores.public import load_city
from data.stores.reading import reading
from forms.identity.consent import Given, check_given, receipt_of
from forms.identity.letters import DOCUMENT, IdentityLetter
from forms.identity.liveness import challenge
from forms.identity.retention import CODE_KEPT
from forms.identity.vault import Vault
from forms.identity.visiting import Visitor, qr_rows, seal_visitor
from forms.identity.ways import Demand, Standing, Way, needs_guardian, read_demand, standing, ways_of
from forms.sealing import mail_id_of, reply_key_of, seal_reply
from geo.errors import NeedleError

FAILURES_COUNT_FOR: Final = timedelta(hours=24)
VISIT_WITHIN: Final = timedelta(days=3)
MOST_TYPED: Final = 3
MOST_CODES: Final = 5
"""Messages to one person within the hours in which failures count: whoever knows their number must not flood them."""
AT_ONCE: Final = 100

log = structlog.get_logger("identity")


@dataclass(frozen=True, slots=True)
class About:
    """Whom a letter is about.

    Attributes
    ----------
    phone : str or None
        Where a code may go, never one from the letter itself.
    name, id_number : str
        What a worker compares with the document: as the letter says it, or the list of who was asked.
    """

    subject: str
    demand: Demand
    submission: int | None = None
    entity: int | None = None
    phone: str | None = None
    name: str = ""
    id_number: str = ""


@dataclass(frozen=True, slots=True)
class Faces:
    """What is open for faces: the purpose, its notice, the model whose threshold is measured."""

    purpose: Purpose
    notice: NoticeRow
    model: str


class IdentityDesk:
    """Takes identity letters and answers them."""

    def __init__(
        self, base: AsyncPool, vault: Vault, clock: Callable[[], datetime] = lambda: datetime.now(UTC)
    ) -> None:
        self.base, self.vault, self.clock = base, vault, clock

    async def take(self, mail_id: str, letter: IdentityLetter) -> bytes:
        """Do what a letter asks; the reply, sealed to its sender."""
        async with reading(self.base) as connection:
            try:
                reply = await self._done(connection, mail_id, letter)
            except NeedleError as error:
                if error.entry.http_status >= 500:
                    raise
                reply = {"state": "refused", "problem": error.as_dict()}
        return self.sealed(mail_id, reply_key_of(letter.code), reply)

    @staticmethod
    def sealed(mail_id: str, reply_key: bytes, reply: dict[str, Any]) -> bytes:
        """A reply as the phone opens it."""
        return seal_reply(orjson.dumps({"v": 1, "kind": "identity", **reply}), reply_key, mail_id)

    async def tell(self) -> list[tuple[str, bytes, int]]:
        """Replies of checks that have ended: mail, sealed, check. ``told`` marks them once they lie in the mailbox."""
        async with reading(self.base) as connection:
            rows = await checks.load_untold(connection, AT_ONCE)
        return [(row.mail_id, self.sealed(row.mail_id, row.reply_key, row.reply), row.id) for row in rows]

    async def told(self, ids: list[int]) -> None:
        """These replies lie in the mailbox."""
        async with reading(self.base) as connection:
            await checks.mark_told(connection, ids)

    async def _done(self, connection: AsyncConnection, mail_id: str, letter: IdentityLetter) -> dict[str, Any]:
        about = await self._about(connection, letter)
        if letter.step == "withdraw":
            await self._check_pass(connection, letter, about)
            return await self._withdraw(connection, mail_id, about)
        if letter.step == "proof":
            return await self._prove(connection, mail_id, letter, about)
        return await self._begin(connection, mail_id, letter, about)

    async def _about(self, connection: AsyncConnection, letter: IdentityLetter) -> About:
        """Whom it is about.

        Raises
        ------
        NeedleError
            ``identity.unknown``: no such answer is filed.
        """
        if letter.person is not None:
            name, number = letter.person.name, letter.person.id_number
            found = await checks.find_person(connection, number, name)
            if found is None:
                # The same stranger is the same subject, so that failures end alike whether somebody is known or not.
                return About(
                    f"stranger:{self.vault.mark(f'{number} {name}'.encode())}", "any", None, None, None, name, number
                )
            return About(f"entity:{found[1]}", "any", None, found[0], found[2], name, number)
        asked = await checks.load_asked_of(connection, mail_id_of(letter.of))
        if asked is None:
            raise NeedleError("identity.unknown")
        subject = f"person:{asked.target}" if asked.kind == "person" else f"answer:{asked.submission}"
        return About(subject, read_demand(asked.demand), asked.submission, None, asked.phone, asked.name or "")

    async def _left(
        self, connection: AsyncConnection, about: About, faces: Faces | None, more: tuple[Way, ...] = ()
    ) -> Standing:
        """What is left after the failures of a day, and ``more`` that are not written down yet."""
        failed = [*more, *await checks.failures(connection, about.subject, self.clock() - FAILURES_COUNT_FOR)]
        return standing(ways_of(about.demand, is_face_open=faces is not None), failed)

    async def _begin(
        self, connection: AsyncConnection, mail_id: str, letter: IdentityLetter, about: About
    ) -> dict[str, Any]:
        known = await checks.load_check(connection, mail_id)
        if known is not None:
            return known.reply
        faces = await open_faces(connection)
        left = await self._left(connection, about, faces)
        if letter.way not in left.ways:
            return {"state": "not_offered", "ways": list(left.ways), "left": dict(left.left)}
        new = await self._new(connection, mail_id, letter, about, faces)
        if new is None:
            return {"state": "no_phone", "ways": [way for way in left.ways if way != "sms"]}
        return (await checks.begin(connection, new)).reply

    async def _new(
        self, connection: AsyncConnection, mail_id: str, letter: IdentityLetter, about: About, faces: Faces | None
    ) -> NewCheck | None:
        """The check that begins; None: a code is asked for and nobody knows where to send it."""
        if letter.way == "face":
            assert faces is not None
            return await self._face(connection, mail_id, letter, about, faces)
        if letter.way == "worker":
            return self._visit(mail_id, letter, about)
        if about.phone is None and about.submission is not None:
            return None
        if await checks.count_codes(connection, about.subject, self.clock() - FAILURES_COUNT_FOR) >= MOST_CODES:
            raise NeedleError("identity.codes_used", most=MOST_CODES)
        return self._code(mail_id, letter, about)

    async def _face(
        self, connection: AsyncConnection, mail_id: str, letter: IdentityLetter, about: About, faces: Faces
    ) -> NewCheck:
        now, today = self.clock(), await self._today(connection)
        check_given(letter.given, faces.notice.version, today)
        assert letter.given is not None
        receipt = receipt_of("consent", mail_id)
        guardian = self._guardian(letter.given, today, mail_id)
        given = references.NewConsent(
            faces.purpose.id,
            faces.notice.version,
            about.subject,
            guardian,
            letter.keeps,
            "portal",
            mail_id,
            receipt,
            now,
        )
        consent = await references.keep_consent(connection, given)
        reference = await references.find_reference(connection, about.subject, faces.purpose.id, faces.model)
        asked = challenge(secrets.randbelow(6))
        until = now + CODE_KEPT
        reply = {"state": "asked", "way": "face", "asked": asked, "receipt": receipt, "until": until.timestamp()}
        return NewCheck(
            mail_id, reply_key_of(letter.code), about.submission, about.entity, about.subject, "face", until,
            {**reply, "needs_document": needs_document(about, reference)}, faces.purpose.id, consent, asked,
        )  # fmt: skip

    def _guardian(self, given: Given, today: date, mail_id: str) -> bytes | None:
        return (
            self.vault.seal(given.guardian.encode(), f"guardian:{mail_id}")
            if needs_guardian(given.born, today)
            else None
        )

    def _visit(self, mail_id: str, letter: IdentityLetter, about: About) -> NewCheck:
        code, until = f"{secrets.randbelow(10**8):08d}", self.clock() + VISIT_WITHIN
        reply = {"state": "asked", "way": "worker", "code": code, "qr": qr_rows(code), "until": until.timestamp()}
        return NewCheck(
            mail_id, reply_key_of(letter.code), about.submission, about.entity, about.subject, "worker", until, reply,
            code_hash=checks.hash_of(code), sealed=seal_visitor(self.vault, Visitor(about.name, about.id_number), mail_id),
        )  # fmt: skip

    def _code(self, mail_id: str, letter: IdentityLetter, about: About) -> NewCheck:
        """A code by message; to a stranger nothing is sent and nothing else is said."""
        code, until = f"{secrets.randbelow(10**6):06d}", self.clock() + CODE_KEPT
        tail = about.phone[-4:] if about.phone and about.submission is not None else ""
        reply = {"state": "asked", "way": "sms", "tail": tail, "until": until.timestamp()}
        phone = self.vault.seal(about.phone.encode(), f"phone:{mail_id}") if about.phone else None
        return NewCheck(
            mail_id, reply_key_of(letter.code), about.submission, about.entity, about.subject, "sms", until, reply,
            phone=phone, sealed=self.vault.seal(code.encode(), f"code:{mail_id}"),
        )  # fmt: skip

    async def _prove(
        self, connection: AsyncConnection, mail_id: str, letter: IdentityLetter, about: About
    ) -> dict[str, Any]:
        check = await checks.load_check(connection, mail_id_of(letter.begun)) if letter.begun else None
        if check is None or check.way != letter.way or check.way == "worker":
            raise NeedleError("identity.unknown")
        if check.mail_id == mail_id and check.state != "asked":
            return check.reply if check.state != "waiting" else {"state": "waiting"}
        if check.state != "asked" or check.expires_at <= self.clock():
            raise NeedleError("identity.unknown")
        if check.way == "sms":
            return await self._typed(connection, mail_id, letter, check, about)
        return await self._hand_in(connection, mail_id, letter, check)

    async def _typed(
        self, connection: AsyncConnection, mail_id: str, letter: IdentityLetter, check: CheckRow, about: About
    ) -> dict[str, Any]:
        assert check.sealed is not None
        code = self.vault.open(check.sealed, f"code:{check.begun_id}").decode()
        is_new = check.mail_id != mail_id
        tries = check.tries + is_new
        if is_new:
            await checks.answer_as(connection, check.id, mail_id, reply_key_of(letter.code))
        if hmac.compare_digest(code.encode(), letter.typed.encode()) and not check.subject.startswith("stranger:"):
            token = secrets.token_urlsafe(24)
            reply = {"state": "passed", "way": "sms", "pass": token}
            await checks.finish(connection, check, "passed", reply, token=token)
            return reply
        if tries < MOST_TYPED:
            return {"state": "again", "way": "sms", "left": MOST_TYPED - tries}
        left = await self._left(connection, about, await open_faces(connection), ("sms",))
        ending: dict[str, Any] = {"state": "failed", "way": "sms", "ways": left.least_failed}
        await checks.finish(connection, check, "failed", ending)
        return ending

    async def _hand_in(
        self, connection: AsyncConnection, mail_id: str, letter: IdentityLetter, check: CheckRow
    ) -> dict[str, Any]:
        wanted = {"front", *check.asked} | ({DOCUMENT} if check.reply.get("needs_document") else set())
        pictures = [(name.split("-")[0], content) for name, content in letter.frames]
        missing = sorted(wanted - {step for step, _ in pictures})
        if missing:
            return {"state": "again", "way": "face", "missing": missing}
        sealed = self.vault.seal_pictures(pictures, f"frames:{check.begun_id}")
        await checks.hand_in(connection, check.id, mail_id, reply_key_of(letter.code), sealed)
        return {"state": "waiting", "way": "face"}

    async def _check_pass(self, connection: AsyncConnection, letter: IdentityLetter, about: About) -> None:
        """Who holds the answer's code may take back; who only names a person shows the pass of a check."""
        if letter.person is None:
            return
        shown = await checks.find_pass(connection, letter.typed)
        if shown is None or shown.subject != about.subject:
            raise NeedleError("identity.unknown")

    async def _withdraw(self, connection: AsyncConnection, mail_id: str, about: About) -> dict[str, Any]:
        """Take the consent back: what rests on it is deleted at once, what was done before stays lawful."""
        receipt = receipt_of("deletion", mail_id)
        await references.withdraw(connection, about.subject)
        stopped = await checks.stop(connection, about.subject)
        gone = await references.delete_references(connection, "withdrawn", receipt, subject=about.subject)
        return {"state": "withdrawn", "receipt": receipt, "deleted": gone + stopped}

    async def _today(self, connection: AsyncConnection) -> date:
        """The city's day, by which somebody's age counts."""
        city = await load_city(connection)
        return self.clock().astimezone(ZoneInfo(city.timezone) if city is not None else UTC).date()


def needs_document(about: About, reference: references.ReferenceRow | None) -> bool:
    """Whether a photographed document comes with the frames: for an answer whose sender no template is kept of.

    Whoever names a person by their number might photograph any document: then only a template counts that an official kept, and
    the question is the same whether there is one or not.
    """
    return reference is None and about.submission is not None


async def open_faces(connection: AsyncConnection) -> Faces | None:
    """What is open for faces now; None: no purpose, no notice, or no measured threshold."""
    purpose = await purposes.load_open(connection)
    if purpose is None:
        return None
    notice = await purposes.load_notice(connection, purpose.id)
    calibration = await purposes.load_calibration(connection)
    return Faces(purpose, notice, calibration.model) if notice is not None and calibration is not None else None
