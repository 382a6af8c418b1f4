"""What the base tells whoever listens (NOTIFY), beside single cases: the ground changed, a great many cases changed.

A notice goes out when its transaction commits, and equal notices of one transaction go out once.
"""

from typing import Final

from data.database import Connection

GROUND_CHANNEL: Final = "needle_ground"
"""Layers, rules, matters or teams changed: workers and walls read the city anew. No payload."""

TASK_ENDED_CHANNEL: Final = "needle_task"
"""A team's open task ended: it may be free for a case that waits. No payload."""

MANY: Final = "*"
"""Payload of ``needle_case`` in place of ids: more cases changed than a notice holds; catch up by event id."""

TELL = "select pg_notify(%s, %s)"


def tell_ground(connection: Connection) -> None:
    """Tell that the city itself changed."""
    connection.execute(TELL, (GROUND_CHANNEL, ""))


def tell_many_cases(connection: Connection) -> None:
    """Tell that many cases changed at once."""
    connection.execute(TELL, ("needle_case", MANY))
