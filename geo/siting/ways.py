"""Ways from places to demands: by road where there is a network, else by the straight line."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from geo.plane import LocalPlane
from geo.roads import RoadNetwork
from geo.siting.problem import Breathe

Floats = NDArray[np.float64]
EVERY: Final = 16
"""Searches between two breaths."""


def ways_by_road(roads: RoadNetwork, places: Floats, demands: Floats, breathe: Breathe = lambda: None) -> Floats:
    """Seconds from each place to each demand, shape (demands, places), infinite where no road leads.

    ``places`` and ``demands``: WGS84 degrees, longitude first, shape (n, 2).
    """
    seconds = np.empty((len(demands), len(places)))
    for at, (lng, lat) in enumerate(places.tolist()):
        if at % EVERY == 0:
            breathe()
        seconds[:, at] = roads.travel_times(lng, lat, demands[:, 0], demands[:, 1])
    return seconds


def straight_ways(plane: LocalPlane, places: Floats, demands: Floats, pace: Floats) -> Floats:
    """The same along straight lines; ``pace``: seconds a metre from each place, detours included."""
    (x, y), (to_x, to_y) = plane.to_xy(places[:, 0], places[:, 1]), plane.to_xy(demands[:, 0], demands[:, 1])
    return np.asarray(np.hypot(to_x[:, None] - x, to_y[:, None] - y) * pace)
