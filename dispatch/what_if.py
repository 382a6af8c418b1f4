"""What if it had been otherwise: past cases through the matching engine again, by other rules, boundaries, shifts or teams. Pure.

Each case is decided for itself by the teams at work in its hour, from their stations, by straight lines and without load: what is
compared is what was planned, not the chance of a day. A case that finds nobody at work waits until somebody comes who has the
power. Both sides are replayed alike, so that only what was changed differs.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from dispatch.match_values import BulkDecisions
from dispatch.matching import Matcher, Team
from dispatch.reasons import OUTCOME_CODES
from dispatch.rules import RuleSet
from dispatch.what_if_duty import MINUTE, Roster
from geo.atlas import Atlas

Ints = NDArray[np.int32]
Longs = NDArray[np.int64]
Floats = NDArray[np.float64]
CHUNK: Final = 50_000
OFF_DUTY: Final = OUTCOME_CODES.index("nobody_on_duty")
Tell = Callable[[int, int], None]
"""Told how many cases are done, of how many; what it raises ends the replay."""


@dataclass(frozen=True, eq=False)
class PastCases:
    """Cases as they came, and what became of them.

    Attributes
    ----------
    matter : int32 array (n,)
        Index into the matcher's matters; -1: none knows it.
    lng, lat : float64 arrays (n,)
        WGS84 degrees, NaN without a place.
    reported, due, answered : int64 arrays (n,)
        Unix seconds; 0: none.
    department : int32 array (n,)
        Who had it in the end, index into ``departments``; -1: nobody.
    team : int64 array (n,)
        Id of the team that had it, 0: none.
    departments : tuple of str
        Codes.
    """

    matter: Ints
    lng: Floats
    lat: Floats
    reported: Longs
    due: Longs
    answered: Longs
    department: Ints
    team: Longs
    departments: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.matter)


@dataclass(frozen=True, eq=False)
class Side:
    """One side of a comparison, ready to decide. ``roster``: who is at work when; None: all, always."""

    matcher: Matcher
    atlas: Atlas
    roster: Roster | None = None

    @property
    def teams(self) -> Sequence[Team]:
        """The teams, by index."""
        return self.matcher.teams


@dataclass(frozen=True, eq=False)
class Replayed:
    """What became of each case: index of its team (-1: nobody), seconds of its way and of the wait before (NaN: nobody goes)."""

    team: Ints
    travel_s: NDArray[np.float32]
    wait_s: NDArray[np.float32]

    @property
    def reach_s(self) -> Floats:
        """Seconds from the report until somebody is there; NaN where nobody goes."""
        return self.travel_s.astype(np.float64) + self.wait_s


def side_of(
    rules: RuleSet, atlas: Atlas, teams: Sequence[Team], matters: Sequence[str], roster: Roster | None = None
) -> Side:
    """A side for replays: no team with load, all on duty unless a roster says when."""
    ready = [replace(team, on_duty=True, load=0, stale=False) for team in teams]
    return Side(Matcher(rules, atlas, ready, matters=list(matters)), atlas, roster)


def replay(side: Side, cases: PastCases, tell: Tell = lambda _done, _total: None) -> Replayed:
    """Decide every case anew, in chunks, so that it can be watched and stopped."""
    total = len(cases)
    found = Replayed(
        np.full(total, -1, np.int32), np.full(total, np.nan, np.float32), np.full(total, np.nan, np.float32)
    )
    if side.roster is None:
        for start in range(0, total, CHUNK):
            rows = np.arange(start, min(start + CHUNK, total))
            settle(found, rows, decide(side, cases, rows), np.zeros(len(rows)))
            tell(int(rows[-1]) + 1, total)
        return found
    replay_by_roster(side, side.roster, cases, found, tell)
    return found


def decide(side: Side, cases: PastCases, rows: Longs) -> BulkDecisions:
    """What the engine says of some cases, by the teams that are on duty now."""
    lng, lat = cases.lng[rows], cases.lat[rows]
    return side.matcher.decide_bulk(cases.matter[rows], lng, lat, side.atlas.locate(lng, lat))


def settle(found: Replayed, rows: Longs, decided: BulkDecisions, wait_s: Floats) -> NDArray[np.bool_]:
    """Write down the cases that somebody has; whether each was one."""
    has = decided.team >= 0
    found.team[rows[has]] = decided.team[has]
    found.travel_s[rows[has]] = decided.travel_s[has]
    found.wait_s[rows[has]] = wait_s[has]
    return has


def replay_by_roster(side: Side, roster: Roster, cases: PastCases, found: Replayed, tell: Tell) -> None:
    """Decide each case by who is at work when it comes; then those that found nobody at work, as shifts begin."""
    minute = roster.minute_of_week(cases.reported)
    slot = roster.slot_of(minute)
    total, done, waits = len(cases), 0, []
    for kind in range(len(roster.at_work)):
        side.matcher.set_duty(roster.at_work[kind])
        of_kind = np.flatnonzero(roster.kind[slot] == kind)
        for start in range(0, len(of_kind), CHUNK):
            rows = of_kind[start : start + CHUNK]
            decided = decide(side, cases, rows)
            settle(found, rows, decided, np.zeros(len(rows)))
            waits.append(rows[decided.outcome == OFF_DUTY])
            done += len(rows)
            tell(done, total)
    waiting = whoever_comes(side, roster, cases, np.concatenate(waits) if waits else np.zeros(0, np.int64))
    let_wait(side, roster, cases, found, waiting, (minute, slot), lambda: tell(total, total))
    side.matcher.set_duty(np.ones(len(side.teams), np.bool_))


def whoever_comes(side: Side, roster: Roster, cases: PastCases, rows: Longs) -> Longs:
    """Of cases that found nobody at work, those that somebody can have in another hour of the week."""
    side.matcher.set_duty(np.asarray(roster.at_work.any(axis=0)))
    parts = [rows[k : k + CHUNK] for k in range(0, len(rows), CHUNK)]
    return np.concatenate([part[decide(side, cases, part).team >= 0] for part in parts] or [rows])


def let_wait(
    side: Side,
    roster: Roster,
    cases: PastCases,
    found: Replayed,
    waiting: Longs,
    came: tuple[Longs, Longs],
    breathe: Callable[[], None],
) -> None:
    """Ask for the waiting cases again at each change of the week's roster, once round; ``came``: minute and slot of each case."""
    minute, slot = came
    for ahead in range(1, len(roster.starts) + 1):
        if not len(waiting):
            return
        now = (slot[waiting] + ahead) % len(roster.starts)
        served = np.zeros(len(waiting), np.bool_)
        for kind in np.unique(roster.kind[now]).tolist():
            breathe()
            at = np.flatnonzero(roster.kind[now] == kind)
            side.matcher.set_duty(roster.at_work[kind])
            rows = waiting[at]
            wait_s = roster.minutes_until(minute[rows], now[at]).astype(np.float64) * MINUTE
            served[at] = settle(found, rows, decide(side, cases, rows), wait_s)
        waiting = waiting[~served]
