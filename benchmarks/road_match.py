"""The nearest team by road for every event of a city, from tables made beforehand; beside SciPy's Dijkstra and k-d tree."""

from time import perf_counter

import numpy as np
from scipy.sparse import csr_array
from scipy.sparse.csgraph import dijkstra
from scipy.spatial import cKDTree

from benchmarks.city import make_roads
from benchmarks.problem import Ints, Problem, make_problem
from benchmarks.result import Progress, Result, Size, seconds
from geo.roads import NearestTeams, RoadNetwork

BAR = "<= 1 s for the million events after a precompute of <= 10 s, answers equal to SciPy's Dijkstra"


def run(size: Size, progress: Progress) -> Result:
    """Builds network and tables, matches all events, refreshes a group; SciPy does the same."""
    problem = make_problem(size, progress)
    roads = make_roads(size)
    network = RoadNetwork.build(roads.lines[:200], roads.speed_kmh[:200], roads.oneway[:200], problem.atlas.plane)
    NearestTeams.build(network, [np.zeros(1, np.int32)], np.zeros(1, np.int32))  # compiles
    network.snap([116.4], [39.9])
    progress("building the network", 0.2)
    start = perf_counter()
    network = RoadNetwork.build(roads.lines, roads.speed_kmh, roads.oneway, problem.atlas.plane)
    groups, nodes = _groups(problem), network.snap(problem.city.teams.lng, problem.city.teams.lat)
    tables = NearestTeams.build(
        network, groups, nodes, lambda done: progress("tables of nearest teams", 0.2 + 0.4 * done)
    )
    precompute_s = perf_counter() - start
    progress("matching", 0.7)
    where = problem.atlas.locate(problem.city.events.lng, problem.city.events.lat)
    group = np.where(where[2] >= 0, problem.department * problem.districts + where[2], -1).astype(np.int32)
    events = problem.city.events
    match_s = seconds(lambda: tables.match(group, network.snap(events.lng, events.lat)))
    refresh_s = seconds(lambda: tables.refresh(0, groups[0], nodes))
    progress("SciPy", 0.8)
    peer = _scipy(problem, network, tables, groups, nodes, group)
    peer["ratio"] = peer["match_s"] / match_s
    met = match_s <= 1.0 and precompute_s <= 10.0 and peer["identical"] == 1.0
    ours = {"match_s": match_s, "precompute_s": precompute_s, "refresh_ms": refresh_s * 1e3}
    return Result("road_match", BAR, met, ours, {"SciPy csgraph + cKDTree": peer})


def _groups(problem: Problem) -> list[Ints]:
    """The teams of each group that may act."""
    count = int(problem.city.teams.department.max() + 1) * problem.districts
    return [np.flatnonzero(problem.team_group == g).astype(np.int32) for g in range(count)]


def _scipy(
    problem: Problem, network: RoadNetwork, tables: NearestTeams, groups: list[Ints], nodes: Ints, group: Ints
) -> dict[str, float]:
    """SciPy's times for the same work, and whether every event is reached in the same seconds."""
    graph = csr_array((network.seconds, network.head, network.first))
    travel_s = np.full((len(groups), len(network.x)), np.inf, np.float32)
    start = perf_counter()
    for g, teams in enumerate(groups):
        if len(teams) > 0:
            travel_s[g] = dijkstra(graph, indices=nodes[teams], min_only=True)
    precompute_s = perf_counter() - start
    tree = cKDTree(np.stack([network.x, network.y], 1))
    start = perf_counter()
    snapped = tree.query(np.stack([problem.x, problem.y], 1))[1]
    theirs = travel_s[group, snapped]
    match_s = perf_counter() - start
    events = problem.city.events
    _, ours = tables.match(group, network.snap(events.lng, events.lat))
    same = bool(np.allclose(ours, np.where(group >= 0, theirs, np.inf), rtol=1e-6))
    return {"match_s": match_s, "precompute_s": precompute_s, "identical": float(same)}
