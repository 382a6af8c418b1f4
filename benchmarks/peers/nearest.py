"""The nearest team with the power, by SciPy: one k-d tree a group, events sorted by group."""

from typing import Any

import numpy as np
from scipy.spatial import cKDTree

from benchmarks.problem import Ints, Problem


def group_trees(problem: Problem) -> dict[int, tuple[Any, Ints]]:
    """The trees of all groups that have a team: what a running system would keep."""
    xy = np.stack([problem.team_x, problem.team_y], 1)
    trees: dict[int, tuple[Any, Ints]] = {}
    for group in np.unique(problem.team_group[problem.team_group >= 0]):
        members = np.flatnonzero(problem.team_group == group).astype(np.int32)
        trees[int(group)] = (cKDTree(xy[members]), members)
    return trees


def nearest_teams(problem: Problem, trees: dict[int, tuple[Any, Ints]], jurisdiction: Ints) -> Ints:
    """The nearest team of each event's group, -1 where the group has none."""
    xy = np.stack([problem.x, problem.y], 1)
    group = problem.department * problem.districts + problem.district_of[jurisdiction]
    order = np.argsort(group, kind="stable")
    cuts = np.searchsorted(group[order], np.arange(problem.districts * 10 + 1))
    team = np.full(len(group), -1, np.int32)
    for g, (tree, members) in trees.items():
        events = order[cuts[g] : cuts[g + 1]]
        if len(events) > 0:
            team[events] = members[tree.query(xy[events])[1]]
    return team
