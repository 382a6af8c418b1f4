"""Teams in groups for the bulk way: what each chain of rules may choose from, place by place, as the teams stand now.

A squad is what a rule asks: the teams of one department, with one skill. Its teams whose scopes lie in one layer are a
part of the squad, and those of one polygon are a group; of a group only the free teams are kept. A chain of rules then
is a list of stops, each a part to look into: the event's polygon in the part's layer is the group.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from dispatch.match_columns import Ints, flat, starts
from dispatch.match_kernels import FREE, FULL, OFF_DUTY, OUTSIDE, UNSKILLED
from dispatch.match_powers import PowerColumns
from dispatch.match_teams import WHOLE_CITY, Floats, RuleArrays, TeamArrays

SMALL_GROUP = 24
"""Groups up to this size are read through, larger ones from the event outwards until none can be better."""


class Stops(NamedTuple):
    """Chains of rules as lists of stops, and the groups of teams they lead to.

    Attributes
    ----------
    of_chain : int32 (n_chains + 1,)
        Which stops belong to a chain.
    rule : int32 (n_stops,)
    ends_rule : bool (n_stops,)
        The last stop of its rule: who was found by now wins.
    layer, groups : int32 (n_stops,)
        Layer of the part (``WHOLE_CITY``: its only group), and where its polygons begin among the groups.
    floor : float64 (n_stops,)
        The least seconds of cost a metre among the part's free teams.
    limit_s : float64 (n_stops,)
        Of the rule.
    group_from : int32
        Where the free teams of a group begin; they end where the next begins.
    group_drop : uint8
        How far the team of the group got that got farthest, travel aside.
    team : int32 (n_members,)
        Index of the team.
    member : float64 (n_members, 4)
        Its x, y, pace and weight.
    """

    of_chain: Ints
    rule: Ints
    ends_rule: NDArray[np.bool_]
    layer: Ints
    groups: Ints
    floor: Floats
    limit_s: Floats
    group_from: Ints
    group_drop: NDArray[np.uint8]
    team: Ints
    member: Floats


class Part(NamedTuple):
    """Teams of a squad with their scope in one layer: the free ones by group, and where each group begins."""

    layer: int
    free: Ints
    group_from: Ints
    group_drop: NDArray[np.uint8]


def plan_stops(powers: PowerColumns, rules: RuleArrays, teams: TeamArrays, layer_sizes: list[int]) -> Stops:
    """Group the teams as they stand and lay out each chain's stops."""
    keys = list(zip(rules.department.tolist(), rules.skill.tolist(), strict=True))
    parts: list[Part] = []
    parts_of: dict[tuple[int, int], range] = {}
    for key in dict.fromkeys(keys):
        begin = len(parts)
        parts += split_squad(teams, *key, layer_sizes)
        parts_of[key] = range(begin, len(parts))
    asked = [(int(rule), parts_of[keys[rule]]) for rule in powers.chain_rules]
    stops = [(rule, part, part == of_rule[-1]) for rule, of_rule in asked for part in of_rule]
    rule = np.array([rule for rule, _, _ in stops], dtype=np.int32)
    part = np.array([part for _, part, _ in stops], dtype=np.int32)
    begin_of = starts(len(part.free) for part in parts)
    team = flat(part.free for part in parts)
    return Stops(
        of_chain=starts(len(of_rule) for _, of_rule in asked)[powers.chain_from],
        rule=rule,
        ends_rule=np.array([ends for _, _, ends in stops], dtype=np.bool_),
        layer=np.array([part.layer for part in parts], dtype=np.int32)[part],
        groups=starts(len(part.group_from) for part in parts)[part],
        floor=np.array([least_pace(teams, part.free) for part in parts])[part],
        limit_s=rules.limit_s[rule],
        group_from=flat(
            [*(part.group_from + begin for part, begin in zip(parts, begin_of, strict=False)), begin_of[-1:]]
        ),
        group_drop=np.concatenate([np.empty(0, dtype=np.uint8), *(part.group_drop for part in parts)]),
        team=team,
        member=np.stack([teams.x[team], teams.y[team], teams.pace[team], teams.weight[team]], axis=1),
    )


def split_squad(teams: TeamArrays, department: int, skill: int, layer_sizes: list[int]) -> list[Part]:
    """The parts of a squad, the whole city first."""
    members = np.nonzero(teams.department == department)[0]
    drop = np.full(len(members), FREE, dtype=np.uint8)
    drop[teams.is_full[members]] = FULL
    drop[~teams.on_duty[members]] = OFF_DUTY
    drop[~teams.skills[skill, members]] = UNSKILLED
    layers = np.unique(teams.scope_layer[members]).tolist()
    in_layers = [teams.scope_layer[members] == layer for layer in layers]
    sizes = [1 if layer == WHOLE_CITY else layer_sizes[layer] for layer in layers]
    return [
        make_part(teams, layer, members[inside], drop[inside], size)
        for layer, inside, size in zip(layers, in_layers, sizes, strict=True)
    ]


def make_part(teams: TeamArrays, layer: int, members: NDArray[np.int64], drop: NDArray[np.uint8], size: int) -> Part:
    """A part from its teams and how far each got; ``size`` is the number of its layer's polygons."""
    polygon = np.zeros(len(members), dtype=np.int32) if layer == WHOLE_CITY else teams.scope_polygon[members]
    group_drop = np.full(size, OUTSIDE, dtype=np.uint8)
    np.minimum.at(group_drop, polygon[polygon >= 0], drop[polygon >= 0])
    is_free = (drop == FREE) & (polygon >= 0)
    free, polygon = members[is_free].astype(np.int32), polygon[is_free]
    is_large = np.bincount(polygon, minlength=size)[polygon] > SMALL_GROUP
    order = np.lexsort(
        (free, np.where(is_large, teams.x[free], 0.0), polygon)
    )  # large: from west to east; else by index
    group_from = np.searchsorted(polygon[order], np.arange(size)).astype(np.int32)
    return Part(layer, free[order], group_from, group_drop)


def least_pace(teams: TeamArrays, free: Ints) -> float:
    """The least seconds of cost a metre among teams, infinite of none."""
    return float(np.min(teams.pace[free] * teams.weight[free], initial=np.inf))
