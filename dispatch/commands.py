"""Commands on a case, and the bounds within which a city lets it be moved.

Values only; ``protocol.decide`` judges them.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from dispatch.clock import WorkingTime


@dataclass(frozen=True, slots=True)
class Command:
    """What somebody wants done with a case: an action of the state table, who asks, why, and what it needs to know.

    ``actor`` is ``role:name`` (``department:cg01``, ``team:17``, ``operator:li``) or a bare ``system`` or ``resident``.
    """

    action: str
    actor: str
    reason: str | None = None
    data: Mapping[str, Any] = field(default_factory=dict)

    @property
    def role(self) -> str:
        """The kind of actor."""
        return self.actor.partition(":")[0]

    @property
    def name(self) -> str:
        """Who of that kind; empty for ``system`` and an unnamed resident."""
        return self.actor.partition(":")[2]


@dataclass(frozen=True, slots=True)
class Protocol:
    """A city's working time, how often a case may be bounced, extended and suspended, and how long it may wait for a team
    before it goes up a level."""

    hours: WorkingTime = field(default_factory=WorkingTime)
    max_returns: int = 2
    max_extensions: int = 2
    max_suspensions: int = 1
    max_suspension: timedelta = timedelta(days=365)
    max_wait: timedelta = timedelta(minutes=30)
    max_wait_urgent: timedelta = timedelta(minutes=10)
