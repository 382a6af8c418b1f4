"""Ways by road: how long each team needs to an event, one-way streets minded."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from dispatch.match_teams import Floats
from dispatch.match_values import Team
from geo.roads import RoadNetwork


def reverse(roads: RoadNetwork) -> RoadNetwork:
    """The same network with every arc turned round: times *from* a place in it are times *to* the place in the other."""
    tail = np.repeat(np.arange(len(roads.x), dtype=np.int32), np.diff(roads.first))
    order = np.argsort(roads.head, kind="stable")
    first = np.searchsorted(roads.head[order], np.arange(len(roads.x) + 1)).astype(np.int32)
    return replace(roads, first=first, head=tail[order], seconds=roads.seconds[order])


def ways_to(turned: RoadNetwork, lng: float, lat: float, teams: Sequence[Team]) -> Floats:
    """Seconds of each team's way to a place (WGS84 degrees), infinite where no road leads; ``turned`` by ``reverse``."""
    if not teams:
        return np.empty(0)
    return turned.travel_times(lng, lat, [team.lng for team in teams], [team.lat for team in teams])
