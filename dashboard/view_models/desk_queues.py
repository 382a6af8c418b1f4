"""The queues of a dispatch desk: filters that somebody works through from the top, the most urgent first. Pure."""

from collections.abc import Collection, Iterable, Mapping
from typing import Final

from data.mirror.where import Where
from dispatch.states import states

STATES: Final[Mapping[str, tuple[str, ...]]] = {
    "intake": ("reported", "verifying_info", "accepted"),
    "dispatch": ("filed", "returned", "reopened", "ruling"),
    "requests": ("return_requested", "extension_requested"),
    "joint": ("whistled", "responding", "whistle_refused"),
    "check": ("answered", "checking", "pending_close"),
}
"""Queue -> the states of its cases."""
JUDGES: Final[Mapping[str, str]] = {"appeal_timeout": "dispatcher", "back_appeal": "operator"}
"""The last move of an appeal against a delay -> who judges next."""


def queues(
    roles: Iterable[str], appeals: Collection[tuple[int, str]] = (), to_confirm: Collection[int] = ()
) -> dict[str, Where]:
    """Every queue as a filter, in the order in which the desk shows them.

    ``mine``: what waits for one of these roles, for a street the given joint work that it must confirm; left out while there is
    none, or for who only looks on. ``appeals``: those of the given appeals
    (case, its last move) that one of the roles judges; left out while there are none.
    """
    wanted = frozenset(roles)
    judged = frozenset(case for case, move in appeals if JUDGES[move] in wanted)
    waiting = frozenset(code for code, state in states().items() if state.waits_for & wanted and not state.terminal)
    mine = (
        Where(states=waiting, open=True) if waiting else Where(ids=frozenset(to_confirm if "street" in wanted else ()))
    )
    return {
        **({"mine": mine} if mine.states or mine.ids else {}),
        **{name: Where(states=frozenset(codes), open=True) for name, codes in STATES.items()},
        **({"appeals": Where(ids=judged)} if judged else {}),
        "late": Where(open=True, overdue=True),
        "open": Where(open=True),
    }


def waiting_in(found: Mapping[str, Where], by_state: Mapping[str, int], late: int) -> dict[str, int]:
    """How many cases stand in each queue, from the open cases counted by state and those past their deadline."""
    return {
        key: len(where.ids) or late
        if where.overdue or where.ids
        else sum(n for state, n in by_state.items() if state in (where.states or by_state))
        for key, where in found.items()
    }
