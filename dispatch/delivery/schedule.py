"""When an undelivered message is tried again, and when it is given up. Source: Standard Webhooks 1.0, "Deliverability"."""

from datetime import datetime, timedelta
from typing import Final

PAUSES: Final = tuple(
    timedelta(seconds=seconds)
    for seconds in (5, 30, 5 * 60, 30 * 60, 2 * 3600, 5 * 3600, 10 * 3600, 14 * 3600, 20 * 3600, 24 * 3600)
)
"""The pause after the first, second, … failed try: about three days in all."""


def next_try(tries: int, now: datetime, asked_for: timedelta | None = None) -> datetime | None:
    """When to try again after ``tries`` failed tries; None: give up, loudly.

    ``asked_for``: the receiver's own wish (``Retry-After``); it lengthens a pause, never shortens it.
    """
    if tries > len(PAUSES):
        return None
    return now + max(PAUSES[tries - 1], asked_for or timedelta(0))
