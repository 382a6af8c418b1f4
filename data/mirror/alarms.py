"""Which cases sound an alarm on the wall: urgent ones that came lately, and those that have just passed their deadline."""

from collections.abc import Set
from dataclasses import dataclass
from typing import Final

import numpy as np
from numba import njit
from numpy.typing import NDArray

from data.mirror.columns import CaseMirror
from geo.errors import NeedleError

URGENT_S: Final = 24 * 3_600
"""An urgent case sounds for a day after its report, unless it is closed or acknowledged before."""
OVERDUE_S: Final = 3_600
"""A missed deadline sounds for an hour."""
URGENT, OVERDUE = "urgent", "overdue"
CAUSES: Final = (URGENT, OVERDUE)


@dataclass(frozen=True)
class Alarm:
    """One alarm. ``cause``: urgent or overdue; ``since``: Unix seconds, of the report or of the missed deadline."""

    case_id: int
    cause: str
    since: int


def alarms(mirror: CaseMirror, acknowledged: Set[tuple[int, str]], now: int) -> list[Alarm]:
    """Every alarm that nobody has acknowledged, the newest first. ``acknowledged``: (case id, cause)."""
    count = mirror.count
    rows, causes = _alarming(
        mirror.urgent[:count], mirror.reported[:count], mirror.due[:count], mirror.closed[:count], now
    )
    since = np.where(causes == 0, mirror.reported[rows], mirror.due[rows])
    found = zip(mirror.id[rows].tolist(), causes.tolist(), since.tolist(), strict=True)
    sounding = [Alarm(case_id, CAUSES[k], at) for case_id, k, at in found if (case_id, CAUSES[k]) not in acknowledged]
    return sorted(sounding, key=lambda alarm: (-alarm.since, alarm.case_id, alarm.cause))


def causes_of(mirror: CaseMirror, case_id: int, now: int) -> list[str]:
    """What an open case may be sounding, acknowledged or not.

    Raises
    ------
    NeedleError
        ``case.unknown``.
    """
    row = int(mirror.row_of(np.array([case_id], np.int64))[0])
    if row < 0:
        raise NeedleError("case.unknown", case_id=case_id)
    if mirror.closed[row]:
        return []
    return [URGENT] * bool(mirror.urgent[row]) + [OVERDUE] * bool(0 < mirror.due[row] < now)


@njit(cache=True, nogil=True)
def _alarming(
    urgent: NDArray[np.bool_],
    reported: NDArray[np.int64],
    due: NDArray[np.int64],
    closed: NDArray[np.int64],
    now: int,
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Rows with an alarm and its cause as an index into ``CAUSES``; a row may come twice."""
    rows, causes = [], []
    for i in range(len(closed)):
        if closed[i] != 0:
            continue
        if urgent[i] and reported[i] >= now - URGENT_S:
            rows.append(i)
            causes.append(0)
        if due[i] != 0 and now - OVERDUE_S <= due[i] < now:
            rows.append(i)
            causes.append(1)
    return np.array(rows, dtype=np.int64), np.array(causes, dtype=np.int64)
