"""Siting as a job: cases as demand, stations or cells' middles as places, ways by road where there are roads."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

import h3.api.numpy_int as h3
import numpy as np
from numpy.typing import NDArray

from dashboard.whatif.asked import invalid
from dashboard.whatif.runs import Order, Run, past_of
from data.mirror.hexes import ancestors
from data.stores.teams import TeamRow
from dispatch.match_teams import DETOUR
from dispatch.what_if import PastCases
from geo.atlas import Atlas
from geo.errors import NeedleError
from geo.roads import RoadNetwork
from geo.siting.covering import fewest_for, most_within
from geo.siting.p_median import nearest_in_mean
from geo.siting.problem import Breathe, Problem, Sited
from geo.siting.ways import straight_ways, ways_by_road

Floats = NDArray[np.float64]
Longs = NDArray[np.int64]
AIMS: Final = ("mean", "most", "fewest")
PLACES: Final = ("cells", "stations")
MOST_TEAMS: Final = 40
MOST_DEMANDS: Final = 1_500
MOST_PLACES: Final = 300
FINEST: Final = 9
COARSEST: Final = 5
USUAL_KMH: Final = 30.0
KMH: Final = 3.6


@dataclass(frozen=True)
class Wanted:
    """What is sought: the ``k`` places of least mean way (``mean``) or most cases within ``limit_min`` (``most``), or how many
    places reach a ``share`` of the cases within it (``fewest``); for a ``department``, beside its teams unless ``anew``."""

    aim: str
    k: int
    limit_min: int
    share: float
    department: str
    places: str
    anew: bool


def read_wanted(said: Mapping[str, Any]) -> Wanted:
    """Read what the page sends.

    Raises
    ------
    NeedleError
        ``what_if.invalid``.
    """
    aim, places, department = said.get("aim"), said.get("places", "cells"), said.get("department")
    k, limit_min, share = said.get("k", 1), said.get("limit_min", 30), said.get("share", 0.9)
    checks = {
        "aim": aim in AIMS,
        "places": places in PLACES,
        "department": isinstance(department, str) and bool(department),
        "k": isinstance(k, int) and 1 <= k <= MOST_TEAMS,
        "limit_min": isinstance(limit_min, int) and 1 <= limit_min <= 240,
        "share": isinstance(share, int | float) and 0 < share <= 1,
    }
    for field, fits in checks.items():
        if not fits:
            raise invalid(field)
    return Wanted(
        str(aim), int(k), int(limit_min), float(share), str(department), str(places), said.get("anew") is True
    )


def siting_of(
    order: Order, teams: tuple[TeamRow, ...], wanted: Wanted, roads: Callable[[], RoadNetwork | None], place_layer: str
) -> Callable[[Run], None]:
    """What the job does; ``teams``: after the changes of the page; each place is named by its area of ``place_layer``."""

    def work(job: Run) -> None:
        job.tell(0, 4)
        cases, hexes = past_of(order)
        demands, weight, resolution = demand_of(cases, hexes, wanted.department)
        own = [team for team in teams if team.department == wanted.department]
        places = cells_middles(hexes, resolution) if wanted.places == "cells" else stations(teams)
        if not len(weight):
            raise NeedleError("what_if.no_cases")
        if not own and not len(places):
            raise NeedleError("what_if.nobody_left")
        job.tell(1, 4)
        network = roads()
        job.tell(2, 4)
        made = Ways(order, network, lambda: job.tell(2, 4))
        problem = problem_of(made, places, demands, weight, () if wanted.anew else own, usual_speed(own))
        job.tell(3, 4)
        found = solve(problem, wanted, lambda: job.tell(3, 4))
        job.tell(4, 4)
        areas = areas_of(order.stage.atlas, place_layer, places[list(found.chosen)])
        job.answer = answer_as_json(found, problem, places, areas, own, by_road=network is not None)

    return work


@dataclass(frozen=True)
class Ways:
    """How ways are found."""

    order: Order
    roads: RoadNetwork | None
    breathe: Breathe

    def between(self, places: Floats, demands: Floats, speed_kmh: Floats) -> Floats:
        """Seconds, shape (demands, places)."""
        if self.roads is not None:
            return ways_by_road(self.roads, places, demands, self.breathe)
        return straight_ways(self.order.stage.atlas.plane, places, demands, DETOUR / (speed_kmh / KMH))


def solve(problem: Problem, wanted: Wanted, breathe: Breathe) -> Sited:
    """The choice."""
    if wanted.aim == "mean":
        return nearest_in_mean(problem, wanted.k, breathe)
    limit_s = wanted.limit_min * 60.0
    if wanted.aim == "most":
        return most_within(problem, wanted.k, limit_s)
    return fewest_for(problem, wanted.share, limit_s)


def problem_of(
    ways: Ways, places: Floats, demands: Floats, weight: Longs, own: "tuple[TeamRow, ...] | list[TeamRow]", kmh: float
) -> Problem:
    """Ways from every place and from whoever is there already."""
    seconds = ways.between(places, demands, np.full(len(places), kmh))
    now = np.full(len(demands), np.inf)
    if own:
        bases = np.array([team.base for team in own])
        now = ways.between(bases, demands, np.array([team.speed_kmh for team in own])).min(axis=1)
    return Problem.of(seconds, weight, now)


def usual_speed(own: list[TeamRow]) -> float:
    """The speed of a new team: the median of its department's."""
    return float(np.median([team.speed_kmh for team in own])) if own else USUAL_KMH


def demand_of(cases: PastCases, hexes: Longs, department: str) -> tuple[Floats, Longs, int]:
    """A department's cases gathered by hexagon, at their middle: places (n, 2), cases (n,), and the resolution.

    The finest resolution of at most ``MOST_DEMANDS`` cells.
    """
    code = cases.departments.index(department) if department in cases.departments else -2
    chosen = (hexes != 0) & (cases.department == code)
    for resolution in range(FINEST, COARSEST - 1, -1):
        index, at = np.unique(ancestors(hexes[chosen], resolution), return_inverse=True)
        if len(index) <= MOST_DEMANDS:
            break
    weight = np.bincount(at, minlength=len(index))
    middle = [np.bincount(at, one[chosen], minlength=len(index)) / weight for one in (cases.lng, cases.lat)]
    return np.column_stack(middle), weight.astype(np.int64), resolution


def cells_middles(hexes: Longs, resolution: int) -> Floats:
    """The middles of the hexagons with cases, of the finest resolution that makes at most ``MOST_PLACES``."""
    seen = np.unique(hexes[hexes != 0])
    for coarse in range(resolution, COARSEST - 1, -1):
        index = np.unique(ancestors(seen, coarse))
        if len(index) <= MOST_PLACES:
            break
    return np.array(list(map(h3.cell_to_latlng, index.tolist())), np.float64).reshape(-1, 2)[:, ::-1]


def stations(teams: tuple[TeamRow, ...]) -> Floats:
    """The stations that there are, each once, at most ``MOST_PLACES``."""
    return np.array(sorted({team.base for team in teams})[:MOST_PLACES], np.float64).reshape(-1, 2)


def areas_of(atlas: Atlas, layer: str, places: Floats) -> list[str]:
    """The name of the area of a layer that each place (longitude, latitude) lies in; empty outside."""
    at = next((k for k, one in enumerate(atlas.layers) if one.name == layer), None)
    if at is None:
        return [""] * len(places)
    where, names = atlas.locate(places[:, 0], places[:, 1])[at], atlas.layers[at].names
    return [names[area] if area >= 0 else "" for area in where.tolist()]


def answer_as_json(
    found: Sited, problem: Problem, places: Floats, areas: list[str], own: list[TeamRow], *, by_road: bool
) -> dict[str, Any]:
    """The choice as the page draws it, each place with the cases that are nearest to it."""
    columns = np.column_stack((problem.now_s, problem.seconds[:, list(found.chosen)]))
    nearest = columns.argmin(axis=1)
    served = np.bincount(nearest, problem.weight, minlength=columns.shape[1])
    return {
        "chosen": [
            {
                "at": [round(one, 6) for one in places[place].tolist()],
                "area": areas[k - 1],
                "cases": int(served[k]),
                "like": nearest_team(places[place], own),
            }
            for k, place in enumerate(found.chosen, 1)
        ],
        "value": float(found.value),
        "before": float(found.before),
        "bound": float(found.bound),
        "gap": float(found.gap),
        "proved": found.proved,
        "reached": found.reached,
        "by_road": by_road,
        "demands": len(problem.weight),
        "places": problem.places,
        "cases": problem.cases,
        "teams": len(own),
    }


def nearest_team(place: Floats, own: list[TeamRow]) -> int | None:
    """The team of the department that a new one there is like: the nearest; None where it has none."""
    away = [np.hypot(*(np.array(team.base) - place)) for team in own]
    return own[int(np.argmin(away))].id if own else None
