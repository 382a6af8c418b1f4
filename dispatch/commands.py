"""Commands on a case, and the bounds within which a city lets it be moved.

Values only; ``protocol.decide`` judges them.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from dispatch.clock import Limit, WorkingTime

FOUR_WORKING_HOURS = Limit(4, "work_hour")
HALF_AN_HOUR = Limit(0.5, "urgent_hour")


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
    """A city's working time, how often a case may be bounced, extended, suspended and reopened, and how long it may wait.

    A case waits ``max_wait`` for a team before it goes up a level. A whistle is answered within ``whistle_answer`` (an
    emergency within ``whistle_answer_urgent``); silence is reminded after ``remind_share`` of that, told to the level above
    at its end, supervised after ``supervise_share``. A deadline is reminded of when ``warn_share`` of its time is used up
    (the yellow light). Reporters may reopen for ``reopen_within`` after the closing, at most ``max_reopens`` times.
    """

    hours: WorkingTime = field(default_factory=WorkingTime)
    max_returns: int = 2
    max_extensions: int = 2
    max_suspensions: int = 1
    max_suspension: timedelta = timedelta(days=365)
    max_wait: timedelta = timedelta(minutes=30)
    max_wait_urgent: timedelta = timedelta(minutes=10)
    whistle_answer: Limit = FOUR_WORKING_HOURS
    whistle_answer_urgent: Limit = HALF_AN_HOUR
    remind_share: float = 0.5
    supervise_share: float = 2.0
    warn_share: float = 0.8
    reopen_within: timedelta = timedelta(days=15)
    max_reopens: int = 3
