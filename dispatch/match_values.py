"""What matching works on and answers with: teams, candidates, decisions; frozen values."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dispatch.reasons import CANDIDATE_CODES

FREE_CODES = CANDIDATE_CODES.index("position_stale")
"""Reasons up to this one are of teams that were free under the winning rule."""


@dataclass(frozen=True)
class Team:
    """A team as it stands at one moment.

    Attributes
    ----------
    id : int
    code, name : str
    department : str
        Department code.
    scope_layer, scope_code : str or None
        The area in which the team works; both None: the whole city.
    skills : frozenset of str
    capacity : int
        Open tasks at once; with ``load >= capacity`` the team gets no more.
    speed_kmh : float
        Above 0; used where there is no road network.
    lng, lat : float
        WGS84 degrees: the position when fresh, else the base.
    position_at : aware datetime or None
        When the position was sent; None: none is known, the base counts.
    on_duty : bool
    load : int
        Open tasks now.
    stale : bool
        A position is known but too old, so ``lng, lat`` are the base.
    """

    id: int
    code: str
    name: str
    department: str
    scope_layer: str | None
    scope_code: str | None
    skills: frozenset[str]
    capacity: int
    speed_kmh: float
    lng: float
    lat: float
    position_at: datetime | None
    on_duty: bool
    load: int = 0
    stale: bool = False


@dataclass(frozen=True)
class Candidate:
    """One team that was looked at, and the reason why it was chosen or passed over (a code of ``reasons.csv``).

    ``travel_s`` and ``cost_s`` are seconds; infinite where no way leads there. ``cost_s`` is travel time with load
    counted in: ``travel_s * (1 + load / capacity)``. ``load`` and ``capacity`` are those of the moment of the decision.
    """

    team_id: int
    reason: str
    travel_s: float
    cost_s: float
    load: int
    capacity: int


@dataclass(frozen=True, eq=False)
class CandidateTable:
    """Candidates as columns, by index of the team: what a decision keeps, since most are never read.

    Attributes
    ----------
    team_id : int64 array (n,)
    reason : uint8 array (n,)
        Index into ``CANDIDATE_CODES``.
    travel_s, cost_s : float64 arrays (n,)
    load, capacity : int32 arrays (n,)
    """

    team_id: NDArray[np.int64]
    reason: NDArray[np.uint8]
    travel_s: NDArray[np.float64]
    cost_s: NDArray[np.float64]
    load: NDArray[np.int32]
    capacity: NDArray[np.int32]

    def rows(self) -> tuple[Candidate, ...]:
        """The same as values: the chosen, then free teams by cost, then the others by how far they got."""
        stage = np.where(self.reason == 0, -1, np.where(self.reason <= FREE_CODES, 0, self.reason.astype(np.int64)))
        order = np.lexsort((self.cost_s, stage))
        columns = (self.team_id, self.travel_s, self.cost_s, self.load, self.capacity)
        team_id, travel_s, cost_s, load, capacity = (column[order].tolist() for column in columns)
        reason = [CANDIDATE_CODES[code] for code in self.reason[order].tolist()]
        return tuple(map(Candidate, team_id, reason, travel_s, cost_s, load, capacity))


@dataclass(frozen=True)
class Decision:
    """Who gets one event, and why; finding nobody is a decision too.

    Attributes
    ----------
    outcome : str
        A code of kind ``outcome``: ``chosen``, or why nobody was found.
    rule : str or None
        Name of the rule under which the team acts; when nobody was found, of the first rule asked; None: no rule held.
    team_id : int or None
    department : str or None
        Of the rule: who has the power.
    goes_up_to : str or None
        The level that rules when nobody was found; None when a team was.
    urgent : bool
        The rule calls for urgency.
    travel_s : float or None
        Seconds of the chosen team's way.
    table : CandidateTable
        Every team of the departments with the power and the nearest few that are right there without it.
    """

    outcome: str
    rule: str | None
    team_id: int | None
    department: str | None
    goes_up_to: str | None
    urgent: bool
    travel_s: float | None
    table: CandidateTable

    @cached_property
    def candidates(self) -> tuple[Candidate, ...]:
        """Every team looked at exactly once: the chosen first, then free ones by cost, then those that dropped out."""
        return self.table.rows()

    def candidates_json(self) -> list[dict[str, object]]:
        """Compact rows for the column ``decision.candidates``: times in whole seconds, null where no way leads."""
        return [
            {
                "team": c.team_id,
                "reason": c.reason,
                "travel_s": seconds(c.travel_s),
                "cost_s": seconds(c.cost_s),
                "load": c.load,
                "capacity": c.capacity,
            }
            for c in self.candidates
        ]


def seconds(value: float) -> int | None:
    """Whole seconds, None where infinite."""
    return round(value) if np.isfinite(value) else None


def stored_candidates(rows: Sequence[Mapping[str, Any]]) -> tuple[Candidate, ...]:
    """Candidates as they were stored by ``Decision.candidates_json``."""
    return tuple(
        Candidate(
            row["team"], row["reason"], endless(row["travel_s"]), endless(row["cost_s"]), row["load"], row["capacity"]
        )
        for row in rows
    )


def endless(value: float | None) -> float:
    """Seconds as stored, infinite where none are."""
    return float("inf") if value is None else float(value)


@dataclass(frozen=True, eq=False)
class BulkDecisions:
    """Decisions as columns, one row an event.

    Attributes
    ----------
    team : int32 array (n,)
        Index into the matcher's teams; -1: nobody.
    outcome : uint8 array (n,)
        Index into ``OUTCOME_CODES``.
    rule : int32 array (n,)
        Index into the rule set's rules, as ``Decision.rule``; -1: none held.
    travel_s : float32 array (n,)
        Seconds; NaN where nobody goes.
    """

    team: NDArray[np.int32]
    outcome: NDArray[np.uint8]
    rule: NDArray[np.int32]
    travel_s: NDArray[np.float32]
