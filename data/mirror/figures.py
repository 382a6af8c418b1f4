"""Key figures, hours by channel and ranking of areas, counted over the mirror in one pass: milliseconds a million cases.

Times are whole Unix seconds, as the mirror keeps them.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

import numpy as np
from numba import njit
from numpy.typing import NDArray

from data.mirror.columns import CaseMirror

HOUR: Final = 3_600
DAY: Final = 24 * HOUR
WEEK: Final = 7 * DAY
HOURS: Final = 24
RANKED: Final = 10

TODAY, OPEN, OVERDUE, URGENT, UNDISPATCHED, CLOSED_TODAY, JUDGED, ON_TIME, TIGHTEST, TOOK = range(10)


@dataclass(frozen=True)
class Figures:
    """Key figures of a moment.

    Attributes
    ----------
    today : int
        Reported since the city's midnight.
    open, overdue, urgent : int
        Cases not closed; of them past their deadline; of them urgent.
    undispatched : int
        Open cases that no team has yet.
    tightest : int or None
        The nearest deadline of an open case that is still ahead, Unix seconds.
    dispatch_s : float or None
        Median seconds from report to dispatch, of the dispatches of the last 24 hours.
    on_time : float or None
        Share (0..1), of the cases closed within the last 7 days, of those that met their deadline. The handling clock stops
        when the department confirms the work, not when the case is closed.
    closed_today : int
        Closed since the city's midnight.
    """

    today: int
    open: int
    overdue: int
    urgent: int
    undispatched: int
    tightest: int | None
    dispatch_s: float | None
    on_time: float | None
    closed_today: int


@dataclass(frozen=True)
class Hours:
    """Reports of the 24 hours up to now. ``start``: Unix seconds of the first full hour; ``counts``: 24 numbers a channel."""

    start: int
    counts: dict[str, list[int]]


@dataclass(frozen=True)
class Summary:
    """What a wall shows in numbers. ``ranking``: (area code, open cases, overdue of them), the fullest first."""

    figures: Figures
    hours: Hours
    ranking: list[tuple[str, int, int]]


def midnight_before(now: int, timezone: str) -> int:
    """The city's last midnight, in Unix seconds."""
    local = datetime.fromtimestamp(now, ZoneInfo(timezone))
    return int(local.replace(hour=0, minute=0, second=0, microsecond=0).timestamp())


def summarise(
    mirror: CaseMirror, fits: NDArray[np.bool_], now: int, timezone: str, layer: str, ranked: int = RANKED
) -> Summary:
    """Count everything a wall shows in numbers over the rows that fit.

    Parameters
    ----------
    mirror : CaseMirror
    fits : NDArray[bool]
        Shape (mirror.count,), as ``data.mirror.where.matching`` gives it.
    now : int
        Unix seconds.
    timezone, layer : str
        The city's time zone; the layer whose areas are ranked.
    ranked : int
        At most so many areas.
    """
    count = len(fits)
    start = now - now % HOUR - (HOURS - 1) * HOUR
    codes = mirror.area_codes.get(layer, ())
    area = mirror.areas[layer][:count] if codes else np.full(count, -1, np.int32)
    tally = np.zeros(TOOK + 1, np.int64)
    took = np.empty(count, np.int32)
    hours = np.zeros((len(mirror.channels), HOURS), np.int64)
    areas = np.zeros((len(codes), 2), np.int64)
    _count(
        fits,
        area,
        mirror.urgent[:count],
        mirror.team[:count],
        mirror.channel[:count],
        mirror.reported[:count],
        mirror.due[:count],
        mirror.dispatched[:count],
        mirror.answered[:count],
        mirror.closed[:count],
        (now, midnight_before(now, timezone), start),
        tally,
        took,
        hours,
        areas,
    )
    return Summary(
        figures=_figures(tally, took[: tally[TOOK]]),
        hours=Hours(start, {c: row.tolist() for c, row in zip(mirror.channels, hours, strict=True) if row.any()}),
        ranking=_ranking(codes, areas, ranked),
    )


@njit(cache=True, nogil=True)
def _count(
    fits: NDArray[np.bool_],
    area: NDArray[np.int32],
    urgent: NDArray[np.bool_],
    team: NDArray[np.int32],
    channel: NDArray[np.uint8],
    reported: NDArray[np.int64],
    due: NDArray[np.int64],
    dispatched: NDArray[np.int64],
    answered: NDArray[np.int64],
    closed: NDArray[np.int64],
    moments: tuple[int, int, int],
    tally: NDArray[np.int64],
    took: NDArray[np.int32],
    hours: NDArray[np.int64],
    areas: NDArray[np.int64],
) -> None:
    """One pass over all rows; 0 stands for a moment that has not come. Fills the last four."""
    now, midnight, start = moments
    for i in range(len(fits)):
        if not fits[i]:
            continue
        if start <= reported[i] <= now:
            hours[channel[i], (reported[i] - start) // 3_600] += 1
        if midnight <= reported[i] <= now:
            tally[TODAY] += 1
        if dispatched[i] >= now - DAY:
            took[tally[TOOK]] = dispatched[i] - reported[i]
            tally[TOOK] += 1
        if closed[i] == 0:
            late = due[i] != 0 and due[i] < now
            tally[OPEN] += 1
            tally[OVERDUE] += late
            tally[URGENT] += urgent[i]
            tally[UNDISPATCHED] += team[i] == 0
            if due[i] >= now and (tally[TIGHTEST] == 0 or due[i] < tally[TIGHTEST]):
                tally[TIGHTEST] = due[i]
            if area[i] >= 0:
                areas[area[i], 0] += 1
                areas[area[i], 1] += late
            continue
        tally[CLOSED_TODAY] += closed[i] >= midnight
        if closed[i] >= now - WEEK and due[i] != 0:
            done = answered[i] if answered[i] != 0 else closed[i]
            tally[JUDGED] += 1
            tally[ON_TIME] += done <= due[i]


def _figures(tally: NDArray[np.int64], took: NDArray[np.int32]) -> Figures:
    today, opened, overdue, urgent, undispatched, closed_today, judged, on_time, tightest, _ = tally.tolist()
    return Figures(
        today=today,
        open=opened,
        overdue=overdue,
        urgent=urgent,
        undispatched=undispatched,
        tightest=tightest or None,
        dispatch_s=float(np.median(took)) if len(took) else None,
        on_time=on_time / judged if judged else None,
        closed_today=closed_today,
    )


def _ranking(codes: Any, areas: NDArray[np.int64], ranked: int) -> list[tuple[str, int, int]]:
    rows = sorted((-opened, codes[i], overdue) for i, (opened, overdue) in enumerate(areas.tolist()) if opened)
    return [(code, -less, overdue) for less, code, overdue in rows[:ranked]]
