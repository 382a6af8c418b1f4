"""How fast somebody may ask: one bucket a key, filled steadily, emptied by each request."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field


@dataclass
class Rates:
    """Buckets of one process. A full bucket holds one minute's allowance."""

    clock: Callable[[], float] = time.monotonic
    buckets: dict[int, tuple[float, float]] = field(default_factory=dict)

    def allows(self, key: int, per_minute: int, times: int = 1) -> bool:
        """Whether ``key`` may ask so often now; it has asked then. More than a minute's allowance at once is never allowed."""
        now = self.clock()
        filled, at = self.buckets.get(key, (float(per_minute), now))
        filled = min(float(per_minute), filled + (now - at) * per_minute / 60)
        self.buckets[key] = (filled - times if filled >= times else filled, now)
        return filled >= times
