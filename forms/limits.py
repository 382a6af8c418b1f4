"""How fast somebody may write, without knowing who: devices and addresses are counted under pseudonyms of one day.

The key of the pseudonyms lives in this process's memory and is thrown away at midnight (UTC) and with the process, so that what
is stored with a mail leads back to nobody.
"""

import hashlib
import hmac
import ipaddress
import os
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

DAY_S: Final = 86_400
MOST_BUCKETS: Final = 200_000
SIZE: Final = 8


@dataclass
class Pseudonyms:
    """Names for addresses and devices, other ones every day."""

    clock: Callable[[], float] = time.time
    day: int = -1
    key: bytes = b""

    def name(self, what: str) -> bytes:
        """Eight bytes that stand for ``what`` today."""
        today = int(self.clock() // DAY_S)
        if today != self.day:
            self.day, self.key = today, os.urandom(32)
        return hmac.digest(self.key, what.encode(), hashlib.sha256)[:SIZE]

    def address(self, host: str) -> bytes:
        """The pseudonym of a network address; of IPv6, that of its /64, which one household has."""
        try:
            found = ipaddress.ip_address(host)
        except ValueError:
            return self.name(f"address {host}")
        network = ipaddress.ip_network((found, 64 if found.version == 6 else 32), strict=False)
        return self.name(f"address {network}")


@dataclass
class Buckets:
    """One bucket a name, filled steadily, emptied by each use; full it holds one minute's allowance."""

    per_minute: float
    clock: Callable[[], float] = time.monotonic
    buckets: dict[bytes, tuple[float, float]] = field(default_factory=dict)

    def allows(self, name: bytes) -> bool:
        """Whether ``name`` may act once more now; it has acted then."""
        now = self.clock()
        filled, at = self.buckets.get(name, (self.per_minute, now))
        filled = min(self.per_minute, filled + (now - at) * self.per_minute / 60)
        if len(self.buckets) >= MOST_BUCKETS:
            self._forget_full(now)
        self.buckets[name] = (filled - 1 if filled >= 1 else filled, now)
        return filled >= 1

    def is_dry(self, name: bytes) -> bool:
        """Whether ``name`` may not act now; it has not acted."""
        filled, at = self.buckets.get(name, (self.per_minute, self.clock()))
        return filled + (self.clock() - at) * self.per_minute / 60 < 1

    def _forget_full(self, now: float) -> None:
        """Buckets that are full again say nothing."""
        self.buckets = {
            name: (filled, at)
            for name, (filled, at) in self.buckets.items()
            if filled + (now - at) * self.per_minute / 60 < self.per_minute
        }
