"""Teams as columns that change in place: a worker sees thousands of changes of load, duty and position a minute."""

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from dispatch.match_columns import Ints, starts
from dispatch.match_values import Team
from dispatch.rule_values import RuleSet
from geo.layers import Layer
from geo.plane import LocalPlane

DETOUR = 1.3
"""Ways in a city are about this much longer than the straight line."""
WHOLE_CITY = -1
NOWHERE = -2

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]


class TeamArrays(NamedTuple):
    """Columns of teams, in the form in which the kernels take them; row = index of the team.

    Attributes
    ----------
    x, y : float64 (n,)
        Metres in the city's plane.
    pace : float64 (n,)
        Seconds a metre of straight line, detour included.
    weight : float64 (n,)
        What load makes of travel time: 1 + load / capacity.
    department : int32 (n,)
    scope_layer, scope_polygon : int32 (n,)
        ``WHOLE_CITY``, or the layer and its polygon (``NOWHERE`` where the city lacks it).
    on_duty, is_full, is_stale : bool (n,)
    skills : bool (1 + n_skills, n)
        Row 0 is "no skill asked for", the others are the skills that rules ask for.
    """

    x: Floats
    y: Floats
    pace: Floats
    weight: Floats
    department: Ints
    scope_layer: Ints
    scope_polygon: Ints
    on_duty: Flags
    is_full: Flags
    is_stale: Flags
    skills: Flags


class RuleArrays(NamedTuple):
    """Columns of rules, and each department's teams; row = index of the rule.

    Attributes
    ----------
    department, skill : int32 (n_rules,)
        Index of the department and row of ``TeamArrays.skills``.
    limit_s : float64 (n_rules,)
        Longest allowed way, infinite where any.
    teams_from : int32 (n_departments + 1,)
    teams : int32 (n_teams,)
        Teams of a department, by index.
    """

    department: Ints
    skill: Ints
    limit_s: Floats
    teams_from: Ints
    teams: Ints


class TeamColumns:
    """Keeps the columns of a fixed list of teams, and the columns of the rules that refer to them."""

    def __init__(self, teams: Iterable[Team], ruleset: RuleSet, layers: Sequence[Layer], plane: LocalPlane) -> None:
        self.teams = list(teams)
        self.plane = plane
        self.index = {team.id: i for i, team in enumerate(self.teams)}
        self.ids = np.array([team.id for team in self.teams], dtype=np.int64)
        self.load = np.array([team.load for team in self.teams], dtype=np.int32)
        self.capacity = np.array([team.capacity for team in self.teams], dtype=np.int32)
        self.departments = numbering(
            [team.department for team in self.teams] + [rule.department for rule in ruleset.rules]
        )
        self.skill_rows = {skill: i for i, skill in numbered_skills(ruleset)}
        self.scopes = {
            (layer.name, code): (i, j) for i, layer in enumerate(layers) for j, code in enumerate(layer.codes)
        }
        self.arrays = empty_arrays(len(self.teams), 1 + len(self.skill_rows))
        for i, team in enumerate(self.teams):
            self.write(i, team)
        self.rules = self.rule_arrays(ruleset)

    def update(self, team: Team) -> None:
        """Take a team's new state; its id must be known and its department is fixed."""
        i = self.index[team.id]
        if team.department != self.teams[i].department:
            raise ValueError(f"team {team.code} changed its department: build a new matcher")
        self.write(i, team)

    def write(self, i: int, team: Team) -> None:
        """Write one row."""
        arrays = self.arrays
        self.teams[i] = team
        self.load[i], self.capacity[i] = team.load, team.capacity
        arrays.x[i], arrays.y[i] = self.plane.to_xy(team.lng, team.lat)
        arrays.pace[i] = DETOUR / (team.speed_kmh / 3.6)
        arrays.is_full[i] = team.load >= team.capacity
        arrays.weight[i] = 1.0 + team.load / team.capacity if team.capacity > 0 else 1.0
        arrays.department[i] = self.departments[team.department]
        arrays.scope_layer[i], arrays.scope_polygon[i] = self.scope(team)
        arrays.on_duty[i], arrays.is_stale[i] = team.on_duty, team.stale
        for skill, row in self.skill_rows.items():
            arrays.skills[row, i] = skill in team.skills

    def scope(self, team: Team) -> tuple[int, int]:
        """(layer, polygon) of a team's scope."""
        if team.scope_layer is None or team.scope_code is None:
            return WHOLE_CITY, WHOLE_CITY
        return self.scopes.get((team.scope_layer, team.scope_code), (0, NOWHERE))

    def rule_arrays(self, ruleset: RuleSet) -> RuleArrays:
        """The columns of the rules."""
        rules = ruleset.rules
        limits = [60.0 * rule.max_travel_minutes if rule.max_travel_minutes else np.inf for rule in rules]
        department = self.arrays.department
        return RuleArrays(
            department=np.array([self.departments[rule.department] for rule in rules], dtype=np.int32),
            skill=np.array([self.skill_rows.get(rule.skill or "", 0) for rule in rules], dtype=np.int32),
            limit_s=np.array(limits, dtype=np.float64),
            teams_from=starts(np.bincount(department, minlength=len(self.departments))),
            teams=np.argsort(department, kind="stable").astype(np.int32),
        )


def numbering(names: Iterable[str]) -> Mapping[str, int]:
    """Each name once, numbered as they come."""
    return {name: i for i, name in enumerate(dict.fromkeys(names))}


def numbered_skills(ruleset: RuleSet) -> list[tuple[int, str]]:
    """The skills that rules ask for, from row 1."""
    return list(enumerate(dict.fromkeys(rule.skill for rule in ruleset.rules if rule.skill), 1))


def empty_arrays(n: int, skill_rows: int) -> TeamArrays:
    """Columns to be written row by row; nobody's skill is the one that all have."""
    skills = np.zeros((skill_rows, n), dtype=np.bool_)
    skills[0] = True
    return TeamArrays(
        x=np.zeros(n),
        y=np.zeros(n),
        pace=np.zeros(n),
        weight=np.zeros(n),
        department=np.zeros(n, dtype=np.int32),
        scope_layer=np.zeros(n, dtype=np.int32),
        scope_polygon=np.zeros(n, dtype=np.int32),
        on_duty=np.zeros(n, dtype=np.bool_),
        is_full=np.zeros(n, dtype=np.bool_),
        is_stale=np.zeros(n, dtype=np.bool_),
        skills=skills,
    )
