"""The problem that the matching benchmarks share: every event's cell, jurisdiction and nearest team with the power.

A team may act if it has the matter's department, works in the event's district, is on duty and has capacity; all teams are
equally fast and without load, so that the cheapest is the nearest and peers can answer in plain geometry.
"""

import os
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import count

import numpy as np
from numpy.typing import NDArray

from benchmarks.city import DEPARTMENTS, MATTERS, City, make_city
from benchmarks.result import Progress, Size
from dispatch.matching import Matcher, Team
from dispatch.rules import Rule, RuleSet
from geo.atlas import Atlas

CORES = 2
_cpus = count()


def _pin() -> None:
    """Gives a thread a core of its own: some virtual machines pack threads onto one otherwise."""
    mine = sorted(os.sched_getaffinity(0))
    os.sched_setaffinity(0, {mine[next(_cpus) % len(mine)]})


CREW = ThreadPoolExecutor(CORES, initializer=_pin)
Ints = NDArray[np.int32]
Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Answers:
    """For each event the index of its cell, jurisdiction and team, -1 for none."""

    cell: Ints
    jurisdiction: Ints
    team: Ints

    def equal(self, other: "Answers") -> bool:
        """Whether each event has the same answers."""
        pairs = ((self.cell, other.cell), (self.jurisdiction, other.jurisdiction), (self.team, other.team))
        return all(np.array_equal(a, b) for a, b in pairs)


@dataclass(frozen=True, eq=False)
class Problem:
    """A city with everything prepared that a running system would have prepared: indexes, tables, trees.

    ``x, y`` (events) and ``team_x, team_y`` are metres in the atlas's plane. ``team_group`` and a department times the number of
    districts plus a district name a group of teams; -1: the team may not act.
    """

    city: City
    atlas: Atlas
    matcher: Matcher
    x: Floats
    y: Floats
    department: Ints
    district_of: Ints
    team_x: Floats
    team_y: Floats
    team_group: Ints

    @property
    def districts(self) -> int:
        """How many districts there are."""
        return len(self.city.districts)

    def solve(self) -> Answers:
        """Our answer: locate, then match; each of the two cores takes half of the events."""
        cuts = np.linspace(0, len(self.x), CORES + 1).astype(int)
        parts = list(CREW.map(self._solve_part, cuts[:-1], cuts[1:]))
        return Answers(*(np.concatenate(columns) for columns in zip(*parts, strict=True)))

    def _solve_part(self, begin: int, end: int) -> tuple[Ints, Ints, Ints]:
        events = self.city.events
        lng, lat, matter = events.lng[begin:end], events.lat[begin:end], events.matter[begin:end]
        where = self.atlas.locate(lng, lat)
        return where[0], where[1], self.matcher.decide_bulk(matter, lng, lat, where).team


def make_problem(size: Size, progress: Progress) -> Problem:
    """The problem of a size."""
    progress("building the city", 0.0)
    city = make_city(size)
    atlas = Atlas.build(
        [city.cells, city.jurisdictions, city.districts], lambda what, d: progress(f"indexing {what}", d)
    )
    codes = city.districts.codes
    plane, teams = atlas.plane, city.teams
    x, y = plane.to_xy(city.events.lng, city.events.lat)
    team_x, team_y = plane.to_xy(teams.lng, teams.lat)
    may_act = teams.on_duty & (teams.capacity > 0)
    return Problem(
        city=city,
        atlas=atlas,
        matcher=Matcher(make_rules(), atlas, make_teams(city), MATTERS),
        x=x,
        y=y,
        department=(city.events.matter % len(DEPARTMENTS)).astype(np.int32),
        district_of=np.array([codes.index(str(p)) for p in city.jurisdictions.parents], np.int32),
        team_x=team_x,
        team_y=team_y,
        team_group=np.where(may_act, teams.department * len(codes) + teams.district, -1).astype(np.int32),
    )


def make_rules() -> RuleSet:
    """One rule a department: its matters, everywhere."""
    step = len(DEPARTMENTS)
    rules = [Rule(f"rule {d}", MATTERS[k::step], ("*",), d, "district") for k, d in enumerate(DEPARTMENTS)]
    return RuleSet(tuple(rules), "")


def make_teams(city: City) -> list[Team]:
    """The city's teams as matching knows them."""
    t = city.teams
    return [
        Team(
            id=k,
            code=f"T{k}",
            name=f"T{k}",
            department=DEPARTMENTS[t.department[k]],
            scope_layer="district",
            scope_code=city.districts.codes[t.district[k]],
            skills=frozenset(),
            capacity=int(t.capacity[k]),
            speed_kmh=30.0,
            lng=float(t.lng[k]),
            lat=float(t.lat[k]),
            position_at=None,
            on_duty=bool(t.on_duty[k]),
            load=0,
        )
        for k in range(len(t.lng))
    ]
