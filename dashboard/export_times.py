"""Moments as the city's clock shows them, many at once."""

from datetime import datetime
from functools import lru_cache
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

QUARTER_S = 900
"""Clocks are set at quarters of an hour: within one an offset stays what it is."""


def local_texts(seconds: NDArray[np.int64], zone: ZoneInfo, *, iso: bool = False) -> list[str | None]:
    """Unix seconds (0: none) as ``2026-11-24 09:02:03``, or as ISO 8601 with the offset."""
    quarters, of = np.unique(seconds // QUARTER_S, return_inverse=True)
    offsets = np.array([offset_s(int(quarter), zone) for quarter in quarters.tolist()], np.int64)[of]
    texts = np.datetime_as_string((seconds + offsets).astype("datetime64[s]"), unit="s").tolist()
    if not iso:
        return [text[:10] + " " + text[11:] if at else None for text, at in zip(texts, seconds.tolist(), strict=True)]
    ends = {int(offset): _written(int(offset)) for offset in np.unique(offsets)}
    moments = zip(texts, offsets.tolist(), seconds.tolist(), strict=True)
    return [text + ends[offset] if at else None for text, offset, at in moments]


@lru_cache(maxsize=1 << 16)
def offset_s(quarter: int, zone: ZoneInfo) -> int:
    """Seconds that a zone is ahead of UTC in a quarter of an hour."""
    ahead = datetime.fromtimestamp(quarter * QUARTER_S, zone).utcoffset()
    return 0 if ahead is None else int(ahead.total_seconds())


def _written(offset: int) -> str:
    minutes = abs(offset) // 60
    return f"{'-' if offset < 0 else '+'}{minutes // 60:02d}:{minutes % 60:02d}"
