"""The ordinary ways in, handed to the courier: it lives in ``forms``, which may not import ``dispatch``."""

import asyncio
from datetime import UTC, datetime
from functools import partial
from typing import Any, Final

from anyio import to_thread

from dashboard.attachments import AttachmentRoom, attachment_room
from dashboard.postroom import send_round
from data.cluster import ensure_database
from data.database import AsyncPool, open_pool
from data.portal.courier_side import CourierSide
from data.portal.links_courier import LinksCourierSide
from data.portal.mailbox import courier_url
from data.settings import Settings
from data.stores.answer_filing import Attachment
from data.stores.photos import PhotoFolder, PhotoRow, save_photo
from data.stores.reading import reading
from dispatch.casework import CaseDesk
from dispatch.commands import Command
from dispatch.intake import Intake, check_report
from dispatch.photos import read_photo
from forms.answers.papers import FormPapers
from forms.courier import CHANNEL, Allowance, Courier, go_round, patiently
from forms.identity.paper import IdentityPaper
from forms.keys import KeyRing
from forms.letters import Enclosed
from forms.links.publishing import LinkRounds
from forms.publishing import Publisher
from geo.errors import NeedleError

PAUSE_S: Final = 1.0
MESSAGES_PAUSE_S: Final = 5.0
TURN_S: Final = 2.0


class Mailroom:
    """Takes what residents sent into the base database as any channel's would be: ``forms.courier.Office``."""

    def __init__(self, pool: AsyncPool, intake: Intake, photos: PhotoFolder, attachments: AttachmentRoom) -> None:
        self.pool, self.intake, self.photos, self.attachments = pool, intake, photos, attachments
        self.desk = CaseDesk(pool)

    async def keep_photo(self, photo: bytes) -> str:
        """Check, clean and keep a photo; its digest."""
        found = await to_thread.run_sync(read_photo, photo)
        await to_thread.run_sync(self.photos.keep, found.digest, found.content)
        size = (len(found.content), found.width, found.height)
        row = PhotoRow(found.digest, *size, found.taken_at, found.lng, found.lat, CHANNEL)
        async with reading(self.pool) as connection:
            await save_photo(connection, row)
        return found.digest

    async def file(self, report: dict[str, Any]) -> int:
        """Check and store a report; the same key again gives the id it had; ``portal.not_ready`` before a city is loaded."""
        datums = await self.intake.datums()
        if CHANNEL not in datums:
            raise NeedleError("portal.not_ready")
        receipt = await self.intake.receive(check_report(report, datums))
        return receipt.id

    async def keep_file(self, file: Enclosed) -> Attachment:
        """Check, clean and keep a file of an answer."""
        return await self.attachments.keep_file(file)

    async def reopen(self, case_id: int, words: str, mail_id: str) -> None:
        """Reopen a case for its reporter."""
        command = Command("reopen", "resident", words, {"mail": mail_id})
        await self.desk.give(case_id, command, datetime.now(UTC))


async def run_courier(settings: Settings, keys: KeyRing, per_minute: float) -> None:
    """Go between the zones for good; a second courier waits until the first is gone."""
    base_url = await asyncio.to_thread(ensure_database, settings)
    mailbox_url = await asyncio.to_thread(courier_url, settings)
    async with open_pool(base_url, size=6) as base, open_pool(mailbox_url, size=6) as pool, Intake(base) as intake:
        mailbox = CourierSide(pool)
        office = Mailroom(base, intake, PhotoFolder(settings.home / "photos"), attachment_room(settings.home))
        courier = Courier(mailbox, base, office, keys, Allowance(per_minute))
        while True:
            async with mailbox.alone() as is_alone:
                if is_alone:
                    publish = patiently(Publisher(mailbox, base), PAUSE_S)
                    links = patiently(LinkRounds(LinksCourierSide(pool), base), PAUSE_S)
                    papers = patiently(
                        FormPapers(mailbox, LinksCourierSide(pool), base, office.attachments.folder), PAUSE_S
                    )
                    messages = patiently(partial(send_round, settings, base), MESSAGES_PAUSE_S)
                    identity = patiently(IdentityPaper(mailbox, base), PAUSE_S)
                    await asyncio.gather(go_round(courier, PAUSE_S), publish, links, papers, messages, identity)
            await asyncio.sleep(TURN_S)
