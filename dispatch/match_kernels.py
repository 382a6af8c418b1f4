"""The arithmetic of matching, compiled: one event with every reason, and a million events with the choice only.

Both ways share ``chain_at``, ``drop_out`` and the same order of operations, so that they agree to the last bit: the
first rule of the chain that has a free team wins; of its free teams the least cost, then the lowest index.
"""

from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from dispatch.match_columns import Ints
from dispatch.match_powers import PowerColumns
from dispatch.match_teams import WHOLE_CITY, Floats, RuleArrays, TeamArrays
from dispatch.reasons import CANDIDATE_CODES, OUTCOME_CODES

CHOSEN, TIED, SLOWER, BUSIER, STALE, LATER = range(6)
TOO_FAR, FULL, OFF_DUTY, UNSKILLED, OUTSIDE, NO_POWER = range(6, len(CANDIDATE_CODES))
FREE = TIED
NOT_ASKED = 255
OUTCOME_CHOSEN, OUTCOME_NO_POWER, OUTCOME_PLACE_UNKNOWN = range(3)
OUTCOME_OF_DROP = np.zeros(256, dtype=np.uint8)
OUTCOME_OF_DROP[TOO_FAR] = OUTCOME_CODES.index("all_too_far")
OUTCOME_OF_DROP[FULL] = OUTCOME_CODES.index("all_at_capacity")
OUTCOME_OF_DROP[OFF_DUTY] = OUTCOME_CODES.index("nobody_on_duty")
OUTCOME_OF_DROP[UNSKILLED] = OUTCOME_CODES.index("nobody_with_skill")
OUTCOME_OF_DROP[OUTSIDE] = OUTCOME_CODES.index("nobody_in_scope")
OUTCOME_OF_DROP[NOT_ASKED] = OUTCOME_CODES.index("no_team")

WITNESSES = 3
WITNESS_RADIUS_M = 1000.0
NO_CHAIN = -1


@njit(cache=True, nogil=True, forceinline=True)
def is_nowhere(where: Ints, i: int, x: float, y: float) -> bool:
    """Whether the place is unknown: no coordinate, or outside every layer."""
    if np.isnan(x) or np.isnan(y):
        return True
    for layer in range(where.shape[0]):
        if where[layer, i] >= 0:
            return False
    return bool(where.shape[0] > 0)


@njit(cache=True, nogil=True, forceinline=True)
def chain_at(powers: PowerColumns, matter_class: int, where: Ints, i: int) -> int:
    """The chain of rules for a class of matters at event ``i``'s place."""
    if matter_class < 0:
        return NO_CHAIN
    address = powers.block[matter_class]
    for dim in range(powers.dims_from[matter_class], powers.dims_from[matter_class + 1]):
        polygon = where[powers.dim_layer[dim], i]
        address += powers.dim_stride[dim] * powers.number[powers.dim_offset[dim] + polygon + 1]
    return int(powers.table[address])


@njit(cache=True, nogil=True, forceinline=True)
def covers(teams: TeamArrays, team: int, where: Ints, i: int) -> bool:
    """Whether the place is in the team's scope."""
    layer = teams.scope_layer[team]
    return bool(layer == WHOLE_CITY or where[layer, i] == teams.scope_polygon[team])


@njit(cache=True, nogil=True, forceinline=True)
def drop_out(rules: RuleArrays, teams: TeamArrays, rule: int, team: int, where: Ints, i: int, travel_s: float) -> int:
    """Where the team drops out under the rule: the first thing it fails, or ``FREE``."""
    if not covers(teams, team, where, i):
        return OUTSIDE
    if not teams.skills[rules.skill[rule], team]:
        return UNSKILLED
    if not teams.on_duty[team]:
        return OFF_DUTY
    if teams.is_full[team]:
        return FULL
    if travel_s > rules.limit_s[rule] or travel_s == np.inf:
        return TOO_FAR
    return FREE


@njit(cache=True, nogil=True, forceinline=True)
def straight_s(x1: float, y1: float, x2: float, y2: float, pace: float) -> float:
    """Seconds from one place to another along the straight line, detour included."""
    return float(np.sqrt((x1 - x2) * (x1 - x2) + (y1 - y2) * (y1 - y2)) * pace)


@njit(cache=True, nogil=True, forceinline=True)
def why_not_first(teams: TeamArrays, team: int, winner: int, travel_s: Floats, cost_s: Floats) -> int:
    """Why a free team under the winning rule was chosen or passed over."""
    if team == winner:
        return CHOSEN
    if cost_s[team] == cost_s[winner]:
        return TIED
    if teams.is_stale[team]:
        return STALE
    return SLOWER if travel_s[team] > travel_s[winner] else BUSIER


@njit(cache=True, nogil=True, forceinline=True)
def add_witnesses(
    teams: TeamArrays, where: Ints, x: float, y: float, reason: NDArray[np.uint8], travel_s: Floats
) -> None:
    """Mark the nearest teams on duty right there that nobody asked: they see it and have no power over it."""
    nearest = np.full(WITNESSES, -1, dtype=np.int64)
    square = np.full(WITNESSES, WITNESS_RADIUS_M * WITNESS_RADIUS_M)
    for team in range(len(reason)):
        d2 = (teams.x[team] - x) * (teams.x[team] - x) + (teams.y[team] - y) * (teams.y[team] - y)
        if (
            d2 >= square[-1]
            or reason[team] != NOT_ASKED
            or not teams.on_duty[team]
            or not covers(teams, team, where, 0)
        ):
            continue
        place = WITNESSES - 1
        while place > 0 and square[place - 1] > d2:
            square[place], nearest[place] = square[place - 1], nearest[place - 1]
            place -= 1
        square[place], nearest[place] = d2, team
    for k in range(WITNESSES):
        team = nearest[k]
        if team >= 0:
            reason[team] = NO_POWER
            travel_s[team] = straight_s(teams.x[team], teams.y[team], x, y, teams.pace[team])


class Judgement(NamedTuple):
    """One event's decision in numbers; the columns hold every candidate once, by index of the team."""

    outcome: int
    chain: int
    rule: int
    winner: int
    team: NDArray[np.int64]
    reason: NDArray[np.uint8]
    travel_s: Floats
    cost_s: Floats


@njit(cache=True, nogil=True, forceinline=True)
def ask_rule(
    rules: RuleArrays,
    teams: TeamArrays,
    rule: int,
    where: Ints,
    spot: tuple[float, float],
    road_s: Floats,
    is_late: bool,
    reason: NDArray[np.uint8],
    travel_s: Floats,
    cost_s: Floats,
) -> int:
    """Ask one rule's teams; the best free one, or -1. ``is_late``: an earlier rule already has a team."""
    winner = -1
    department = rules.department[rule]
    for k in range(rules.teams_from[department], rules.teams_from[department + 1]):
        team = rules.teams[k]
        if reason[team] == NOT_ASKED:
            by_road = len(road_s) > 0 and not np.isnan(road_s[team])
            straight = straight_s(teams.x[team], teams.y[team], spot[0], spot[1], teams.pace[team])
            travel_s[team] = road_s[team] if by_road else straight
            cost_s[team] = travel_s[team] * teams.weight[team]
        drop = drop_out(rules, teams, rule, team, where, 0, travel_s[team])
        if drop == FREE and is_late:
            drop = LATER
        elif drop == FREE and (winner < 0 or cost_s[team] < cost_s[winner]):
            winner = team
        reason[team] = min(reason[team], drop)
    return winner


@njit(cache=True, nogil=True)
def free_but_for_the_way(
    powers: PowerColumns, rules: RuleArrays, teams: TeamArrays, matter_class: int, where: Ints, x: float, y: float
) -> NDArray[np.int64]:
    """The teams that some rule of the event's chain leaves in, whatever their way: those whose way is worth a search."""
    is_free = np.zeros(len(teams.x), dtype=np.bool_)
    chain = NO_CHAIN if is_nowhere(where, 0, x, y) else chain_at(powers, matter_class, where, 0)
    if chain != NO_CHAIN:
        for k in range(powers.chain_from[chain], powers.chain_from[chain + 1]):
            rule = powers.chain_rules[k]
            department = rules.department[rule]
            for m in range(rules.teams_from[department], rules.teams_from[department + 1]):
                team = rules.teams[m]
                is_free[team] |= drop_out(rules, teams, rule, team, where, 0, 0.0) == FREE
    return np.nonzero(is_free)[0]


@njit(cache=True, nogil=True)
def judge(
    powers: PowerColumns,
    rules: RuleArrays,
    teams: TeamArrays,
    matter_class: int,
    where: Ints,
    x: float,
    y: float,
    road_s: Floats,
) -> Judgement:
    """Decide one event and say of every team of the departments with the power why.

    Parameters
    ----------
    where : int32 (n_layers, 1)
    x, y : float
        Metres in the city's plane.
    road_s : float64 (n_teams,) or (0,)
        Seconds of each team's way by road; straight line with detour where it is NaN, or everywhere when empty.
    """
    n = len(teams.x)
    reason = np.full(n, NOT_ASKED, dtype=np.uint8)
    travel_s, cost_s = np.full(n, np.inf), np.full(n, np.inf)
    is_lost = is_nowhere(where, 0, x, y)
    chain = NO_CHAIN if is_lost else chain_at(powers, matter_class, where, 0)
    winner, won_rule = -1, -1
    first, last = (powers.chain_from[chain], powers.chain_from[chain + 1]) if chain != NO_CHAIN else (0, 0)
    for k in range(first, last):
        rule = powers.chain_rules[k]
        found = ask_rule(rules, teams, rule, where, (x, y), road_s, winner >= 0, reason, travel_s, cost_s)
        if found >= 0:
            winner, won_rule = found, rule
    outcome = OUTCOME_PLACE_UNKNOWN if is_lost else OUTCOME_NO_POWER
    if winner >= 0:
        outcome = OUTCOME_CHOSEN
        for team in range(n):
            if reason[team] == FREE:
                reason[team] = why_not_first(teams, team, winner, travel_s, cost_s)
    elif last > first:
        outcome, won_rule = OUTCOME_OF_DROP[closest(reason)], powers.chain_rules[first]
    if not is_lost:
        add_witnesses(teams, where, x, y, reason, travel_s)
    asked = np.nonzero(reason != NOT_ASKED)[0]
    return Judgement(outcome, chain, won_rule, winner, asked, reason[asked], travel_s[asked], cost_s[asked])


@njit(cache=True, nogil=True, forceinline=True)
def closest(reason: NDArray[np.uint8]) -> int:
    """How far the team got that got farthest."""
    best = NOT_ASKED
    for code in reason:
        best = min(best, code)
    return best
