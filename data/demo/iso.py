"""Moments of the demo's history as text: ISO 8601, many at once."""

import numpy as np

from data.demo.joint import NEVER
from data.demo.limits import NO_CALENDAR, UTC_OFFSET_S, Longs

Texts = list[str]


def local_iso(seconds: Longs) -> Texts:
    """Epoch seconds as ``2026-11-24T10:00:00+08:00``."""
    shifted = (seconds + UTC_OFFSET_S).astype("datetime64[s]")
    return [text + "+08:00" for text in np.datetime_as_string(shifted, unit="s").tolist()]


def utc_iso(seconds: Longs) -> Texts:
    """Epoch seconds as ``2026-11-24T02:00:00Z``."""
    return [text + "Z" for text in np.datetime_as_string(seconds.astype("datetime64[s]"), unit="s").tolist()]


def deadlines(due: Longs) -> Texts:
    """``"due_at":…`` of each case; null with the reason where no calendar reaches that far."""
    iso = local_iso(np.maximum(due, 0))
    unknown = (due == NO_CALENDAR) | (due == NEVER)
    return [
        '"due_at":null,"due_problem":"clock.no_calendar"' if nobody else f'"due_at":"{text}"'
        for text, nobody in zip(iso, unknown.tolist(), strict=True)
    ]
