"""Who may file reports: a channel's system by its key, a person by their session. Looked up once and then kept for moments."""

import time
from collections.abc import Sequence
from typing import Final, cast

from starlette.types import Scope

from dashboard.accounts import Account, require
from dashboard.rates import Rates
from data.database import AsyncPool
from data.stores.channel_keys import ChannelKey, find_key
from data.stores.reading import reading
from dispatch.intake import IncomingReport
from geo.errors import NeedleError

BEARER: Final = b"Bearer "
#: A revoked key opens nothing after this long.
KEPT_SECONDS: Final = 5.0
KEPT_KEYS: Final = 1_000


class ReportDoor:
    """The keys that were shown lately, by the very bytes of their header: a look into a dictionary costs less than a hash."""

    def __init__(self, pool: AsyncPool) -> None:
        self.pool = pool
        self.rates = Rates()
        self._kept: dict[bytes, tuple[float, ChannelKey | None]] = {}

    async def sender(self, scope: Scope) -> ChannelKey | None:
        """The key that a request shows; None for a person's session that may report.

        Raises
        ------
        NeedleError
            ``report.key_required``, ``account.forbidden``.
        """
        for name, value in scope["headers"]:
            if name == b"authorization":
                return await self._key(value)
        account = scope.get("state", {}).get("account")
        if account is None:
            raise NeedleError("report.key_required")
        require(cast(Account, account), "report.write")
        return None

    async def _key(self, header: bytes) -> ChannelKey:
        until, key = self._kept.get(header, (0.0, None))
        if time.monotonic() >= until:
            key = await self._find(header)
            if len(self._kept) >= KEPT_KEYS:
                self._kept.clear()
            self._kept[header] = (time.monotonic() + KEPT_SECONDS, key)
        if key is None:
            raise NeedleError("report.key_required")
        return key

    async def _find(self, header: bytes) -> ChannelKey | None:
        if not header.startswith(BEARER):
            return None
        async with reading(self.pool) as connection:
            return await find_key(connection, header.removeprefix(BEARER).decode("latin-1"))

    def admit(self, key: ChannelKey | None, reports: Sequence[IncomingReport]) -> None:
        """Hold a key's reports against its channel and its rate.

        Raises
        ------
        NeedleError
            ``report.key_channel``, ``report.key_rate``.
        """
        if key is None:
            return
        for report in reports:
            if report.key[0] != key.channel:
                raise NeedleError("report.key_channel", own=key.channel, channel=report.key[0])
        if not self.rates.allows(key.id, key.per_minute, len(reports)):
            raise NeedleError("report.key_rate", per_minute=key.per_minute)
