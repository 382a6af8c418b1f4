"""The postman as this installation has it: messengers from its file, the portal's address, the city's clock."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Final
from zoneinfo import ZoneInfo

from data.database import AsyncPool
from data.settings import Settings
from data.stores.outbox_messages import load_zone
from data.stores.reading import reading
from dispatch.delivery.addresses import guarded_client, networks
from forms.links.tokens import link_secret
from forms.messengers.email import Email
from forms.messengers.postman import Letterhead, Postman
from forms.messengers.protocol import Messenger, Spool
from forms.messengers.settings import MessengerSettings, read_settings
from forms.messengers.sms import Sms

GATEWAY_PATIENCE_S: Final = 15.0


async def letterhead(settings: Settings, base: AsyncPool) -> Letterhead:
    """What every message of this installation needs."""
    async with reading(base) as connection:
        zone = await load_zone(connection)
    return Letterhead(link_secret(settings.home / "secrets"), settings.residents_address, ZoneInfo(zone))


@asynccontextmanager
async def messengers(settings: Settings, found: MessengerSettings) -> AsyncIterator[Sequence[Messenger]]:
    """The ways of sending, the first that reaches somebody first; the spool where none is configured.

    The gateway's address is in a file that people edit: calls to it are guarded as calls to departments' systems are.
    """
    async with guarded_client(networks(settings.outgoing_networks), GATEWAY_PATIENCE_S) as client:
        ways: list[Messenger] = []
        if found.gateway is not None:
            ways.append(Sms(found.gateway, client))
        if found.mail_server is not None:
            ways.append(Email(found.mail_server))
        yield ways or [Spool()]


async def send_round(settings: Settings, base: AsyncPool) -> int:
    """One round with the settings as they are now, so that an edited file needs no restart; how many were tried."""
    found = read_settings(settings.home)
    async with messengers(settings, found) as ways:
        return await Postman(base, ways, await letterhead(settings, base), found.quiet)()
