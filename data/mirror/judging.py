"""What indicators count: verdicts on each case of the mirror, as bits, found in one pass; and their counts by group.

A number on the page of indicators and the list of cases behind it come from the same bits (``Where.judged``), so that they
cannot differ. All of it is what is known now: a case that was returned last month and is done today is both.
"""

from typing import Any, Final

import numpy as np
from numba import njit
from numpy.typing import NDArray

from data.mirror.columns import CaseMirror

Bits = NDArray[np.uint32]

QUANTITIES: Final = (
    "reported",
    "accepted",
    "valid",
    "dispatched",
    "one_department",
    "returned",
    "owed",
    "disposed",
    "in_time",
    "late",
    "todo_late",
    "closed",
    "closed_in_time",
    "closed_late",
    "extended",
    "reworked",
    "not_closed",
)
"""Verdict k is bit k.

* reported: every case. accepted: taken on (受理), and not merged into another. valid: accepted and filed (立案).
* dispatched: valid, and a department has it (派遣).
* one_department: dispatched, and no second department was needed. returned: valid, and a department gave it back once or more.
* owed: valid and with a deadline (应处置, 应结案). disposed: owed, and the department confirmed the work (处置, 批转).
* in_time, late: disposed by its deadline, after it. todo_late: owed, not disposed, past its deadline (超期待处置).
* closed: owed and closed. closed_in_time, closed_late: closed, and disposed in time or late.
* extended: owed, and its deadline was moved (延期). reworked: owed, and done again after a check (返工).
* not_closed: neither closed nor refused nor merged.
"""
BIT: Final = {name: 1 << k for k, name in enumerate(QUANTITIES)}

UNTAKEN: Final = frozenset({"draft", "reported", "verifying_info", "rejected", "merged"})
"""States of a case that was not accepted, or counts with another."""
UNFILED: Final = UNTAKEN | {"accepted", "void"}
"""States of a case that was not filed, or counts with another."""
CLOSED: Final = frozenset({"closed", "forced_closed"})


def verdicts(mirror: CaseMirror, now: int) -> Bits:
    """The verdicts on every row at a moment (Unix seconds); shape (mirror.count,)."""
    count = mirror.count
    taken = np.array([state not in UNTAKEN for state in mirror.states], np.bool_)
    filed = np.array([state not in UNFILED for state in mirror.states], np.bool_)
    closed = np.array([state in CLOSED for state in mirror.states], np.bool_)
    bits = _judge(
        mirror.state[:count],
        taken,
        filed,
        closed,
        mirror.due[:count],
        mirror.dispatched[:count],
        mirror.answered[:count],
        mirror.closed[:count],
        mirror.returns[:count],
        mirror.reworks[:count],
        now,
    )
    extended = mirror.row_of(np.fromiter(mirror.extended, np.int64, len(mirror.extended)))
    extended = extended[(extended >= 0) & (extended < count)]
    bits[extended[bits[extended] & BIT["owed"] != 0]] |= np.uint32(BIT["extended"])
    return bits


def judged(bits: Bits, wanted: frozenset[str]) -> NDArray[np.bool_]:
    """Which rows have every wanted verdict."""
    mask = np.uint32(sum(BIT[name] for name in wanted))
    found: NDArray[np.bool_] = (bits & mask) == mask
    return found


def tally(bits: Bits, fits: NDArray[np.bool_], group: NDArray[Any], groups: int) -> NDArray[np.int64]:
    """Count the verdicts on the rows that fit, by group.

    Parameters
    ----------
    group : NDArray of int, shape (n,)
        The group of each row, -1 for none.
    groups : int

    Returns
    -------
    NDArray[int64]
        Shape (groups, len(QUANTITIES)).
    """
    counts = np.zeros((groups, len(QUANTITIES)), np.int64)
    if groups:
        _tally(bits, fits, group, counts)
    return counts


@njit(cache=True, nogil=True)
def _judge(
    state: NDArray[np.uint8],
    taken: NDArray[np.bool_],
    filed: NDArray[np.bool_],
    closed_state: NDArray[np.bool_],
    due: NDArray[np.int64],
    dispatched: NDArray[np.int64],
    answered: NDArray[np.int64],
    closed: NDArray[np.int64],
    returns: NDArray[np.int16],
    reworks: NDArray[np.int16],
    now: int,
) -> Bits:
    """Every verdict but ``extended``; 0 stands for a moment that has not come. Bits in the order of ``QUANTITIES``."""
    bits = np.empty(len(state), np.uint32)
    for i in range(len(state)):
        valid = filed[state[i]]
        sent = valid and dispatched[i] != 0
        owed = valid and due[i] != 0
        shut = owed and closed_state[state[i]]
        done = answered[i] if answered[i] != 0 else (closed[i] if shut else 0)
        disposed = owed and done != 0
        soon = disposed and done <= due[i]
        found = 1 | taken[state[i]] << 1 | valid << 2 | sent << 3
        found |= (sent and returns[i] == 0) << 4
        found |= (valid and returns[i] > 0) << 5
        found |= owed << 6 | disposed << 7 | soon << 8
        found |= (disposed and not soon) << 9
        found |= (owed and not disposed and due[i] < now) << 10
        found |= shut << 11 | (shut and soon) << 12 | (shut and not soon) << 13
        found |= (owed and reworks[i] > 0) << 15
        found |= (closed[i] == 0) << 16
        bits[i] = found
    return bits


@njit(cache=True, nogil=True)
def _tally(bits: Bits, fits: NDArray[np.bool_], group: NDArray[Any], counts: NDArray[np.int64]) -> None:
    kinds = counts.shape[1]
    for i in range(len(bits)):
        g = group[i]
        if g < 0 or not fits[i]:
            continue
        found = bits[i]
        for k in range(kinds):
            counts[g, k] += (found >> k) & 1
