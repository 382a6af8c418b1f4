"""Identity as this installation has it: the process that compares, codes by this installation's messengers."""

import asyncio
from collections.abc import Sequence
from datetime import UTC, date, datetime
from functools import partial
from typing import Final

import structlog

from dashboard.postroom import messengers
from data.database import AsyncPool
from data.settings import Settings
from data.stores import identity_checks as checks
from data.stores import identity_references as references
from data.stores.links import Recipient
from data.stores.reading import reading
from dispatch.clock import china_calendar, weekday_calendar
from forms.courier import patiently
from forms.identity.messages import SUBJECT, text
from forms.identity.retention import filing
from forms.identity.vault import Vault, open_vault
from forms.identity.worker import FaceWorker, bench_of, clear_away
from forms.messengers.protocol import Message, Messenger, Outcome
from forms.messengers.settings import read_settings
from geo.errors import NeedleError

PAUSE_S: Final = 0.5
CLEAR_EVERY_S: Final = 30.0

log = structlog.get_logger("identity")


async def run_worker(settings: Settings, base: AsyncPool, model: str, detector: str) -> None:
    """Compare, send codes and clear away for good."""
    vault = open_vault(settings.home / "secrets")
    async with bench_of(settings.home, model, detector) as bench:
        await asyncio.gather(
            patiently(FaceWorker(base, vault, bench), PAUSE_S),
            patiently(partial(send_codes, settings, base, vault), PAUSE_S),
            patiently(partial(keep_house, base), CLEAR_EVERY_S),
        )


async def keep_house(base: AsyncPool) -> None:
    """Delete what is past its time, and count: at 100,000 stored faces the filing becomes a task with its last day."""
    now = datetime.now(UTC)
    await clear_away(base, now)
    async with reading(base) as connection:
        found = filing(await references.count_stored(connection), now.date(), is_workday)
        if found.level == "file":
            await references.open_duty(connection, "file", {"stored": found.stored}, found.due_on)


def is_workday(day: date) -> bool:
    """Whether a day counts among working days; by the week's days alone in a year whose holidays are not known yet."""
    try:
        return china_calendar(day)
    except NeedleError:
        return weekday_calendar(day)


async def send_codes(settings: Settings, base: AsyncPool, vault: Vault) -> int:
    """Send the codes that wait; where no gateway is, they stay for ``needle identity codes``. Each once; how many."""
    async with messengers(settings, read_settings(settings.home)) as ways, reading(base) as connection:
        waiting = await checks.claim_unsent(connection, 20)
        for row in waiting:
            await checks.mark_sent(connection, row.id)
            if row.phone is not None and row.sealed is not None:
                phone = vault.open(row.phone, f"phone:{row.begun_id}").decode()
                code = vault.open(row.sealed, f"code:{row.begun_id}").decode()
                await send_one(ways, row.id, phone, code)
    return len(waiting)


async def send_one(ways: Sequence[Messenger], number: int, phone: str, code: str) -> None:
    """Send one code by the first way that reaches the number; neither stands in any log."""
    to = Recipient("", phone, None, "zh")
    for way in ways:
        address = way.address(to)
        if address is not None:
            message = Message(f"identity-{number}", address, "", "zh", SUBJECT, text(code), "", "")
            found = await way.send(message)
            if found.outcome is not Outcome.SENT:
                log.warning("code not sent", check=number, channel=way.channel, outcome=found.outcome.value)
            return
