"""How the demo's grid workers walk: along the streets of their community, day by day, each in their own way. Pure."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Final

import numpy as np
import shapely
from numpy.typing import NDArray

from data.demo.rhythm import BEIJING
from geo.plane import LocalPlane
from geo.street_network import cut_at_crossings

Floats = NDArray[np.float64]

ROUNDS: Final = ((time(8, 40), time(10, 20)), (time(14, 30), time(16, 0)))
EVERY_S: Final = 25.0
NOISE_M: Final = 4.0
STOP_EACH_M: Final = 550.0


@dataclass(frozen=True, slots=True)
class Walker:
    """A worker's way of working.

    Attributes
    ----------
    seed : int
    diligence : float
        Share of the rounds that are walked, 0 to 1; ``drift``: how much more at the end of the history than at its beginning.
    habit : float
        How much streets walked before are preferred to new ones, 0 to 1.
    """

    seed: int
    diligence: float
    drift: float
    habit: float


class Streets:
    """The streets of a community as a graph to walk on, metres in a plane."""

    def __init__(self, lines: NDArray[np.object_], plane: LocalPlane) -> None:
        self.plane = plane
        pieces, _ = cut_at_crossings(lines)
        self.ways = [np.column_stack(plane.to_xy(*shapely.get_coordinates(piece).T)) for piece in pieces]
        self.at: dict[tuple[int, int], list[tuple[int, bool]]] = {}
        for number, way in enumerate(self.ways):
            self.at.setdefault(node(way[0]), []).append((number, True))
            self.at.setdefault(node(way[-1]), []).append((number, False))
        self.walked = np.zeros(len(self.ways))


def node(point: Floats) -> tuple[int, int]:
    """A crossing, known to a decimetre."""
    return round(float(point[0]) * 10), round(float(point[1]) * 10)


def walk(streets: Streets, walker: Walker, day: date, share: float) -> Iterator[tuple[datetime, float, float, float]]:
    """A day's places: moment, longitude, latitude, accuracy in metres. ``share``: of the history, 0 at its beginning."""
    rng = np.random.default_rng([walker.seed, day.toordinal()])
    for begins, ends in ROUNDS:
        if rng.random() > walker.diligence + walker.drift * (share - 0.5):
            continue
        at = datetime.combine(day, begins, BEIJING) + timedelta(minutes=float(rng.uniform(-8, 20)))
        until = datetime.combine(day, ends, BEIJING) + timedelta(minutes=float(rng.uniform(-30, 10)))
        for moment, x, y in steps(streets, walker, rng, at, until):
            x, y = (float(value + rng.normal(0, NOISE_M)) for value in (x, y))
            lng, lat = streets.plane.to_lnglat(x, y)
            yield moment, lng, lat, float(np.clip(rng.lognormal(2.1, 0.4), 3, 45))


def steps(
    streets: Streets, walker: Walker, rng: np.random.Generator, at: datetime, until: datetime
) -> Iterator[tuple[datetime, float, float]]:
    """Where a walker is every ``EVERY_S`` seconds: along one street after the other, now and then standing."""
    here = list(streets.at)[int(rng.integers(len(streets.at)))]
    speed, left = float(rng.uniform(1.0, 1.5)), 0.0
    while at < until:
        number, forward = chosen(streets, walker, rng, here)
        way = streets.ways[number] if forward else streets.ways[number][::-1]
        streets.walked[number] += 1
        line = shapely.LineString(way)
        while left < line.length and at < until:
            point = line.interpolate(left)
            yield at, point.x, point.y
            left, at = left + speed * EVERY_S, at + timedelta(seconds=EVERY_S)
            if rng.random() < speed * EVERY_S / STOP_EACH_M:
                stood = at + timedelta(minutes=float(rng.uniform(3, 9)))
                while at < min(stood, until):
                    yield at, point.x, point.y
                    at += timedelta(seconds=60)
        left, here = max(0.0, left - line.length), node(way[-1])


def chosen(streets: Streets, walker: Walker, rng: np.random.Generator, here: tuple[int, int]) -> tuple[int, bool]:
    """The street to go on by: known ones for who has habits, else those that were walked least."""
    ways = streets.at[here]
    walked = np.array([streets.walked[number] for number, _ in ways])
    weight = np.where(rng.random() < walker.habit, 1.0 + walked, 1.0 / (1.0 + walked) ** 2)
    return ways[int(rng.choice(len(ways), p=weight / weight.sum()))]
