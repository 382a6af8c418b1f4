"""The desk where a resident's own record is shown and corrected: a letter in, a sealed packet out. The courier's side.

What is done under a mail's id is done once however often the mail is tried; the packet is made anew each time. It is sealed to a
key of that one browser, then once more as a reply to the letter's code, and is taken out of the mailbox within the hour.
"""

import base64
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final, cast
from zoneinfo import ZoneInfo

import orjson

from data.database import AsyncPool
from data.portal.courier_side import CourierSide
from data.registry.claims import Claim, NewClaim, Source
from data.registry.fields import fields_of
from data.registry.golden import why
from data.stores import identity_references as references
from data.stores import resident_requests as requests
from data.stores.identity_checks import AsyncConnection, Pass, find_pass, stop
from data.stores.public import load_city
from data.stores.reading import reading
from data.stores.registry_access import Read, note_reads
from data.stores.registry_claims import add_claims
from data.stores.registry_entities import load_claims, load_entities
from data.stores.registry_reading import load_building_names
from data.stores.registry_relations import load_relations
from data.stores.registry_withdrawals import withdraw_consent
from forms.identity.consent import receipt_of
from forms.identity.ways import Way
from forms.mine.letters import MineLetter
from forms.mine.packet import Held, may_correct, packet_of, proof_of_correction
from forms.sealing import reply_key_of, seal_packet, seal_reply
from geo.errors import NeedleError

PASS_HOLDS: Final = timedelta(minutes=30)
PACKETS_LIE: Final = timedelta(minutes=40)
READERS_SHOWN: Final = 200
CLEARED_AT_ONCE: Final = 500
FACE: Final = "face"
"""In place of a consent's mark: the one to one's face being compared."""
READS_AS: Final = "mine"
LABEL: Final = "本人更正"


@dataclass(frozen=True, slots=True)
class Asker:
    """Who asks, as an identification showed: the root of their record, None where nothing is held; how long that is good."""

    root: int | None
    way: Way
    until: datetime


class MineDesk:
    """Takes letters about residents' own records and answers them."""

    def __init__(
        self, mailbox: CourierSide, base: AsyncPool, clock: Callable[[], datetime] = lambda: datetime.now(UTC)
    ) -> None:
        self.mailbox, self.base, self.clock = mailbox, base, clock

    async def take(self, mail_id: str, letter: MineLetter) -> bytes:
        """Do what a letter asks; the reply, sealed to its sender."""
        reply: dict[str, Any]
        try:
            async with reading(self.base) as connection:
                asker = await asker_of(connection, letter.shown)
                done = await self._done(connection, mail_id, letter, asker)
                packet = await self._packet(connection, asker)
            sealed = seal_packet(orjson.dumps(packet), letter.to, mail_id)
            reply = {"state": "open", "packet": base64.b64encode(sealed).decode(), **done}
        except NeedleError as error:
            if error.entry.http_status >= 500:
                raise
            state = "over" if error.code == "mine.pass_over" else "refused"
            reply = {"state": state, "problem": error.as_dict()}
        return seal_reply(orjson.dumps({"v": 1, "kind": "mine", **reply}), reply_key_of(letter.code), mail_id)

    async def clear_away(self) -> int:
        """Take old packets out of the mailbox; how many."""
        async with reading(self.base) as connection:
            mails = await requests.load_to_clear(connection, self.clock() - PACKETS_LIE, CLEARED_AT_ONCE)
        if mails:
            await self.mailbox.take_back(mails)
            async with reading(self.base) as connection:
                await requests.mark_cleared(connection, mails)
        return len(mails)

    async def _done(
        self, connection: AsyncConnection, mail_id: str, letter: MineLetter, asker: Asker
    ) -> dict[str, Any]:
        """Do it once; what is said of it besides the packet."""
        is_new = await requests.keep_request(connection, mail_id, asker.root, letter.step, asker.way)
        if asker.root is None:
            return {"did": "look"}
        if letter.step == "look":
            if is_new:
                await self._note(connection, asker.root)
            return {"did": "look"}
        if letter.step == "correct":
            if is_new:
                await correct(connection, asker.root, mail_id, letter, asker.way, self.clock())
            return {"did": "correct"}
        receipt = receipt_of("withdrawal", mail_id)
        gone = await take_back(connection, asker.root, letter.consent, receipt) if is_new else 0
        return {"did": "withdraw", "receipt": receipt, "erased": gone}

    async def _note(self, connection: AsyncConnection, root: int) -> None:
        """Write down that the resident looked, as every other reading."""
        claims = await load_claims(connection, root)
        fields = sorted({claim.field for claim in claims if claim.is_live})
        await note_reads(connection, [Read(root, "resident", "", READS_AS, tuple(fields))])

    async def _packet(self, connection: AsyncConnection, asker: Asker) -> dict[str, Any]:
        now = self.clock()
        city = await load_city(connection)
        today = now.astimezone(ZoneInfo(city.timezone) if city is not None else UTC).date()
        held = None if asker.root is None else await held_of(connection, asker.root)
        return packet_of(held, asker.way, asker.until, now, today)


async def asker_of(connection: AsyncConnection, shown: str) -> Asker:
    """Who shows a pass.

    Raises
    ------
    NeedleError
        ``mine.pass_over``: nobody, or no longer; or an identification that was about an answer, and names no record.
    """
    found: Pass | None = await find_pass(connection, shown) if shown else None
    if found is None or (found.entity_id is None and not found.subject.startswith("stranger:")):
        raise NeedleError("mine.pass_over")
    root = None
    if found.entity_id is not None:
        (entity,) = await load_entities(connection, [found.entity_id])
        if entity.root != entity.id:
            (entity,) = await load_entities(connection, [entity.root])
        root = None if entity.erased_at is not None else entity.id
    return Asker(root, cast("Way", found.way), found.at + PASS_HOLDS)


async def held_of(connection: AsyncConnection, root: int) -> Held:
    """Everything that is held of a root."""
    (entity,) = await load_entities(connection, [root])
    claims = await load_claims(connection, root)
    numbers = sorted({root, *(claim.entity for claim in claims)})
    codes = sorted({str(claim.value) for claim in claims if claim.field == "building" and claim.value})
    return Held(
        entity,
        claims,
        await load_relations(connection, root),
        await requests.load_readers(connection, numbers, READERS_SHOWN),
        await load_building_names(connection, codes),
        await references.load_kept(connection, await subjects_of(connection, root)),
    )


async def take_back(connection: AsyncConnection, root: int, consent: str, receipt: str) -> int:
    """Erase what rests on a consent, or the templates of the face; how many things."""
    if consent != FACE:
        return await withdraw_consent(connection, root, consent, f"resident:{receipt}")
    gone = 0
    for subject in await subjects_of(connection, root):
        await references.withdraw(connection, subject)
        await stop(connection, subject)
        gone += await references.delete_references(connection, "withdrawn", receipt, subject=subject)
    return gone


async def subjects_of(connection: AsyncConnection, root: int) -> list[str]:
    """As whom a person's face is kept: under their code, and those of what was merged into it."""
    return [f"entity:{code}" for code in await requests.load_codes(connection, root)]


async def correct(
    connection: AsyncConnection, root: int, mail_id: str, letter: MineLetter, way: Way, now: datetime
) -> None:
    """Add what a resident says of a field as a claim of their own, for the purposes that the value so far was held for.

    It rests on a consent of its own, so that they can take it back.

    Raises
    ------
    NeedleError
        ``mine.not_held``; ``registry.value_invalid``.
    """
    field = fields_of("person").get(letter.field)
    claims: list[Claim] = await load_claims(connection, root)
    winner = why(field, claims).winner if field is not None else None
    if field is None or winner is None or not may_correct(field, winner):
        raise NeedleError("mine.not_held")
    source = Source("resident", mail_id, LABEL, winner.source.purposes, f"mine:{mail_id}")
    claim = NewClaim(field.name, letter.value, now, proof_of_correction(field.name, way))
    if not await add_claims(connection, source, {root: [claim]}):
        raise NeedleError("registry.value_invalid", field=field.zh, field_en=field.en, type=field.type)
