"""A department's work in lists: what it must sign for, handle, confirm, and what it asked for. Pure."""

from collections.abc import Mapping
from typing import Final

import numpy as np
from numpy.typing import NDArray

from data.mirror.columns import CaseMirror

Rows = NDArray[np.int64]
JOINT: Final = "joint"
LISTS: Final[Mapping[str, tuple[str, ...]]] = {
    "sign": ("dispatched",),
    "handle": ("signed", "handling", "rework"),
    "confirm": ("handled",),
    JOINT: ("whistled", "responding", "whistle_refused"),
    "returns": ("return_requested", "ruling"),
    "extensions": ("extension_requested", "suspended"),
}
"""List -> the states whose cases stand in it, in the order of the work."""


def work_lists(mirror: CaseMirror, rows: Rows, code: str, now: int) -> dict[str, tuple[Rows, int]]:
    """The open cases that a department leads or helps on, by list: its rows in the order given, and how many are overdue.

    Parameters
    ----------
    mirror : CaseMirror
    rows : NDArray[int64]
        Rows of the mirror, of open cases.
    code : str
        The department. Joint work is there for whoever helps, too; the other lists hold what it leads.
    now : int
        Unix seconds.
    """
    leads = np.array([known == code for known in mirror.departments] + [False])[mirror.department[rows]]
    due = mirror.due[rows]
    late = (due != 0) & (due < now)
    found = {}
    for key, states in LISTS.items():
        here = np.array([state in states for state in mirror.states])[mirror.state[rows]]
        here &= leads | (key == JOINT)
        found[key] = (rows[here], int(late[here].sum()))
    return found
