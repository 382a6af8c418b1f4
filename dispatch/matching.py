"""Matching: who has the power over a matter in a place, is free and is there soonest; with a reason for every team.

Two ways, one answer: ``Matcher.decide`` takes one event and says why of every team; ``Matcher.decide_bulk`` takes
columns and gives columns. The arithmetic is in ``match_kernels`` and ``match_bulk``.
"""

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dispatch.match_bulk import Choices, Events, judge_bulk
from dispatch.match_columns import Ints
from dispatch.match_kernels import Judgement, free_but_for_the_way, judge
from dispatch.match_powers import PowerTable
from dispatch.match_roads import reverse, ways_to
from dispatch.match_sentences import candidate_sentence, decision_sentence
from dispatch.match_squads import plan_stops
from dispatch.match_teams import Floats, TeamColumns
from dispatch.match_values import BulkDecisions, Candidate, CandidateTable, Decision, Team, stored_candidates
from dispatch.reasons import OUTCOME_CODES
from dispatch.rule_values import LEVELS, RuleSet, level_above
from geo.atlas import Atlas, Place
from geo.roads import RoadNetwork

__all__ = ["BulkDecisions", "Candidate", "CandidateTable", "Decision", "Matcher", "Team", "candidate_sentence"]
__all__ += ["decision_sentence", "stored_candidates"]

NO_ROADS = np.empty(0)


class Matcher:
    """The rules of a city and its teams as they stand now, ready to decide.

    Parameters
    ----------
    ruleset : RuleSet
    atlas : Atlas
        Gives the layers that rules and scopes name, and the plane in which distances are measured.
    teams : iterable of Team
        Their order breaks ties: the lower index wins.
    matters : sequence of str
        Matter keys; ``decide_bulk`` takes indices into this.
    roads : RoadNetwork, optional
        Free teams are ranked by their way on it (crossing to crossing, one-way streets minded); teams that drop out for
        another reason keep the straight line, as all do without a network. Every event then costs a search, some tenths
        of a millisecond, in bulk too.
    """

    def __init__(
        self,
        ruleset: RuleSet,
        atlas: Atlas,
        teams: Iterable[Team],
        matters: Sequence[str] = (),
        roads: RoadNetwork | None = None,
    ) -> None:
        self.turned = None if roads is None else reverse(roads)
        self.ruleset = ruleset
        self.matters = tuple(matters)
        self.plane = atlas.plane
        self.layer_sizes = [len(layer) for layer in atlas.layers]
        self.powers = PowerTable(ruleset, atlas.layers)
        self.columns = TeamColumns(teams, ruleset, atlas.layers, atlas.plane)
        for matter in self.matters:
            self.powers.add(matter)
        self.power_columns = self.powers.columns()
        self.goes_up = self.levels_above()
        self.class_of_matter = np.array([self.powers.class_of[m] for m in self.matters], dtype=np.int32)
        self.where = np.empty((len(atlas.layers), 1), dtype=np.int32)

    @property
    def teams(self) -> Sequence[Team]:
        """The teams as they stand, by index."""
        return self.columns.teams

    def update_team(self, team: Team) -> None:
        """Take a team's new state (load, duty, position, skills, scope) in microseconds.

        Raises
        ------
        KeyError
            No team of that id was there from the start.
        ValueError
            The team changed its department, which needs a new matcher.
        """
        self.columns.update(team)

    def set_duty(self, on_duty: NDArray[np.bool_]) -> None:
        """Put every team on or off duty at once, bool (n_teams,); ``teams`` keep saying what they said."""
        self.columns.arrays.on_duty[:] = on_duty

    def decide(self, matter_key: str, lng: float, lat: float, place: Place) -> Decision:
        """Decide one event.

        Parameters
        ----------
        matter_key : str
            Need not be among ``matters``.
        lng, lat : float
            WGS84 degrees.
        place : Place
            What ``atlas.locate_one`` says of the point.
        """
        return self.decision(self.judge(self.matter_class(matter_key), lng, lat, place.indices))

    def judge(self, matter_class: int, lng: float, lat: float, indices: Sequence[int]) -> Judgement:
        """One event's decision in numbers."""
        x, y = self.plane.to_xy(lng, lat)
        self.where[:, 0] = indices
        event = (self.power_columns, self.columns.rules, self.columns.arrays, matter_class, self.where, x, y)
        return judge(*event, NO_ROADS if self.turned is None else self.road_s(event, lng, lat))

    def road_s(self, event: tuple[Any, ...], lng: float, lat: float) -> Floats:
        """Seconds by road of the teams that are free but for their way; NaN of the others."""
        assert self.turned is not None
        free, teams = free_but_for_the_way(*event), self.columns.teams
        seconds = np.full(len(teams), np.nan)
        seconds[free] = ways_to(self.turned, lng, lat, [teams[i] for i in free])
        return seconds

    def decide_bulk(self, matter: Ints, lng: Floats, lat: Floats, where: Ints) -> BulkDecisions:
        """Decide many events by the teams as they stand: each as ``decide`` would, none counting as load for the next.

        Parameters
        ----------
        matter : int32 (n,)
            Index into ``matters``; -1: a matter that no rule knows.
        lng, lat : float64 (n,)
            WGS84 degrees.
        where : int32 (n_layers, n)
            What ``atlas.locate`` says of the points.
        """
        n, columns, plane = len(matter), self.columns, self.plane
        if self.turned is not None:
            return self.decide_by_road(matter, lng, lat, where)
        out = Choices(np.empty(n, np.int32), np.empty(n, np.uint8), np.empty(n, np.int32), np.empty(n, np.float32))
        events = Events(
            np.require(matter, np.int32, ["C", "W"]),
            np.require(lng, np.float64, ["C", "W"]),
            np.require(lat, np.float64, ["C", "W"]),
            np.require(where, np.int32, ["C", "W"]),
        )
        stops = plan_stops(self.power_columns, columns.rules, columns.arrays, self.layer_sizes)
        frame = (plane.lng0, plane.lat0, plane.lng_m, plane.lat_m)
        judge_bulk(self.power_columns, stops, self.class_of_matter, events, frame, out)
        return BulkDecisions(*out)

    def decide_by_road(self, matter: Ints, lng: Floats, lat: Floats, where: Ints) -> BulkDecisions:
        """``decide_bulk`` with a road network: one search a event."""
        found = [
            self.judge(
                int(self.class_of_matter[m]) if m >= 0 else -1, float(lng[i]), float(lat[i]), where[:, i].tolist()
            )
            for i, m in enumerate(matter)
        ]
        return BulkDecisions(
            team=np.array([f.winner for f in found], dtype=np.int32),
            outcome=np.array([f.outcome for f in found], dtype=np.uint8),
            rule=np.array([f.rule for f in found], dtype=np.int32),
            travel_s=np.array([self.way_s(f) for f in found], dtype=np.float32),
        )

    def way_s(self, found: Judgement) -> float:
        """Seconds of the chosen team's way, NaN when there is none."""
        return float(found.travel_s[np.searchsorted(found.team, found.winner)]) if found.winner >= 0 else np.nan

    def matter_class(self, matter_key: str) -> int:
        """The class of a matter, compiled when it is seen first."""
        known = self.powers.class_of.get(matter_key)
        if known is not None:
            return known
        if self.powers.add(matter_key):
            self.power_columns = self.powers.columns()
            self.goes_up = self.levels_above()
        return self.powers.class_of[matter_key]

    def levels_above(self) -> list[str]:
        """For each chain of rules the level that rules when it finds nobody: above the highest level that was asked."""
        rules = self.ruleset.rules
        levels = [[level_above(rules[i].level) for i in chain] for chain in self.powers.chains]
        return [max(of_chain, key=LEVELS.index, default="city") for of_chain in levels]

    def decision(self, found: Judgement) -> Decision:
        """A judgement in the words of the city."""
        rule = self.ruleset.rules[found.rule] if found.rule >= 0 else None
        is_chosen = found.winner >= 0
        return Decision(
            outcome=OUTCOME_CODES[found.outcome],
            rule=rule.name if rule else None,
            team_id=self.columns.teams[found.winner].id if is_chosen else None,
            department=rule.department if rule else None,
            goes_up_to=None if is_chosen else (self.goes_up[found.chain] if found.chain >= 0 else "city"),
            urgent=rule.urgent if rule else False,
            travel_s=self.way_s(found) if is_chosen else None,
            table=self.table(found),
        )

    def table(self, found: Judgement) -> CandidateTable:
        """The candidates of a judgement, with their load as it is now."""
        columns, team = self.columns, found.team
        load, capacity = columns.load[team], columns.capacity[team]
        return CandidateTable(columns.ids[team], found.reason, found.travel_s, found.cost_s, load, capacity)
