"""A million events at once, compiled: the choice, the rule, the outcome and the way; reasons are for the single way.

Events are decided in blocks, stop by stop: first every event of the block looks up its group of teams, then every event
reads its group. Two short loops keep the processor busy where one long loop would wait for each look-up in turn (5
times slower).
"""

from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from dispatch.match_columns import Ints
from dispatch.match_kernels import (
    FREE,
    NO_CHAIN,
    NOT_ASKED,
    OUTCOME_CHOSEN,
    OUTCOME_NO_POWER,
    OUTCOME_OF_DROP,
    OUTCOME_PLACE_UNKNOWN,
    OUTSIDE,
    TOO_FAR,
    chain_at,
    is_nowhere,
    straight_s,
)
from dispatch.match_powers import PowerColumns
from dispatch.match_squads import SMALL_GROUP, Stops
from dispatch.match_teams import WHOLE_CITY, Floats

BLOCK = 1024
SLACK = 1.0 - 1e-9
"""Bounds are loosened by this much, so that rounding never drops the best."""


class Events(NamedTuple):
    """Columns of events: matter (-1 unknown), WGS84 degrees, polygon of each layer (n_layers, n)."""

    matter: Ints
    lng: Floats
    lat: Floats
    where: Ints


class Choices(NamedTuple):
    """Columns to be written, as in ``BulkDecisions``."""

    team: Ints
    outcome: NDArray[np.uint8]
    rule: Ints
    travel_s: NDArray[np.float32]


@njit(cache=True, nogil=True, forceinline=True)
def comes_before(team: int, cost: float, other_team: int, other_cost: float) -> bool:
    """Whether a team comes before another: least cost, then lowest index."""
    return bool(cost < other_cost or (cost == other_cost and team < other_team))


@njit(cache=True, nogil=True)
def look_wide(
    member: Floats, team: Ints, begin: int, end: int, floor: float, x: float, y: float, limit_s: float
) -> tuple[int, float]:
    """The best of a large group (-1: none) and its cost, looking from the event to the east and to the west."""
    best, least = -1, np.inf
    east = begin + int(np.searchsorted(member[begin:end, 0], x))
    for k, step, stop in ((east, 1, end), (east - 1, -1, begin - 1)):
        while k != stop and abs(member[k, 0] - x) * floor * SLACK <= least:
            travel_s = straight_s(member[k, 0], member[k, 1], x, y, member[k, 2])
            cost = travel_s * member[k, 3]
            if travel_s <= limit_s and (best < 0 or comes_before(team[k], cost, team[best], least)):
                best, least = k, cost
            k += step
    return best, least


class Scratch(NamedTuple):
    """Working columns of one block: row = event of the block, but ``active``, which lists the rows still undecided."""

    active: Ints
    stop: Ints
    last: Ints
    group: Ints
    best: Ints
    closest: NDArray[np.uint8]
    x: Floats
    y: Floats
    least: Floats


@njit(cache=True, nogil=True)
def open_block(
    powers: PowerColumns,
    stops: Stops,
    class_of_matter: Ints,
    events: Events,
    plane: tuple[float, float, float, float],
    begin: int,
    count: int,
    scratch: Scratch,
    out: Choices,
) -> int:
    """Find each event's stops; those that have none are decided. The number of rows left in ``active``."""
    lng0, lat0, lng_m, lat_m = plane
    matter, where, lng, lat = events.matter, events.where, events.lng, events.lat
    out_team, out_rule, out_outcome, out_travel_s = out.team, out.rule, out.outcome, out.travel_s
    active, x, y = scratch.active, scratch.x, scratch.y
    chain_from, chain_rules, of_chain = powers.chain_from, powers.chain_rules, stops.of_chain
    left = 0
    for row in range(count):
        i = begin + row
        x[row], y[row] = (lng[i] - lng0) * lng_m, (lat[i] - lat0) * lat_m
        scratch.best[row], scratch.least[row], scratch.closest[row] = -1, np.inf, NOT_ASKED
        out_team[i], out_rule[i], out_travel_s[i] = -1, -1, np.nan
        if is_nowhere(where, i, x[row], y[row]):
            out_outcome[i] = OUTCOME_PLACE_UNKNOWN
            continue
        chain = chain_at(powers, class_of_matter[matter[i]], where, i) if matter[i] >= 0 else NO_CHAIN
        if chain == NO_CHAIN or chain_from[chain] == chain_from[chain + 1]:
            out_outcome[i] = OUTCOME_NO_POWER
            continue
        out_rule[i], out_outcome[i] = chain_rules[chain_from[chain]], OUTCOME_OF_DROP[NOT_ASKED]
        scratch.stop[row], scratch.last[row] = of_chain[chain], of_chain[chain + 1]
        active[left] = row
        left += of_chain[chain] < of_chain[chain + 1]
    return left


@njit(cache=True, nogil=True)
def look_up(stops: Stops, where: Ints, begin: int, left: int, scratch: Scratch) -> None:
    """The group at each active row's stop, -1 where the place is outside the layer."""
    layer_of, groups = stops.layer, stops.groups
    active, stop_of, group_of = scratch.active, scratch.stop, scratch.group
    for a in range(left):
        row = active[a]
        stop = stop_of[row]
        layer = layer_of[stop]
        polygon = 0 if layer == WHOLE_CITY else where[layer, begin + row]
        group_of[row] = groups[stop] + polygon if polygon >= 0 else -1


@njit(cache=True, nogil=True)
def read_groups(stops: Stops, left: int, scratch: Scratch) -> None:
    """The best so far of each active row after its stop, and how far the teams got."""
    group_from, group_drop, member, team = stops.group_from, stops.group_drop, stops.member, stops.team
    limit_of, floor = stops.limit_s, stops.floor
    active, stop_of, group_of = scratch.active, scratch.stop, scratch.group
    best_of, least_of, closest, xs, ys = scratch.best, scratch.least, scratch.closest, scratch.x, scratch.y
    for a in range(left):
        row = active[a]
        group = group_of[row]
        closest[row] = min(closest[row], group_drop[group] if group >= 0 else OUTSIDE)
        begin, end = (group_from[group], group_from[group + 1]) if group >= 0 else (0, 0)
        x, y, limit_s = xs[row], ys[row], limit_of[stop_of[row]]
        best, least = -1, np.inf
        if end - begin > SMALL_GROUP:
            best, least = look_wide(member, team, begin, end, floor[stop_of[row]], x, y, limit_s)
        else:
            for k in range(begin, end):
                travel_s = straight_s(member[k, 0], member[k, 1], x, y, member[k, 2])
                cost = travel_s * member[k, 3]
                if cost < least and travel_s <= limit_s:
                    best, least = k, cost
        if best >= 0 and comes_before(team[best], least, team[best_of[row]], least_of[row]):
            best_of[row], least_of[row] = best, least


@njit(cache=True, nogil=True)
def settle(stops: Stops, begin: int, left: int, scratch: Scratch, out: Choices) -> int:
    """Write down the rows that are decided after this stop; the number of rows left in ``active``."""
    active, stop_of, best_of = scratch.active, scratch.stop, scratch.best
    out_team, out_rule, out_outcome, out_travel_s = out.team, out.rule, out.outcome, out.travel_s
    ends_rule, rule, team, member = stops.ends_rule, stops.rule, stops.team, stops.member
    kept = 0
    for a in range(left):
        row = active[a]
        i, stop, best = begin + row, stop_of[row], best_of[row]
        if best >= 0 and ends_rule[stop]:
            out_team[i], out_rule[i], out_outcome[i] = team[best], rule[stop], OUTCOME_CHOSEN
            way = straight_s(member[best, 0], member[best, 1], scratch.x[row], scratch.y[row], member[best, 2])
            out_travel_s[i] = way
        elif stop + 1 < scratch.last[row]:
            stop_of[row] = stop + 1
            active[kept] = row
            kept += 1
        else:
            closest = scratch.closest[row]
            out_outcome[i] = OUTCOME_OF_DROP[TOO_FAR if closest == FREE else closest]
    return kept


@njit(cache=True, nogil=True)
def new_scratch() -> Scratch:
    """Room for one block."""
    ints = np.empty((5, BLOCK), dtype=np.int32)
    floats = np.empty((3, BLOCK))
    closest = np.empty(BLOCK, dtype=np.uint8)
    return Scratch(ints[0], ints[1], ints[2], ints[3], ints[4], closest, floats[0], floats[1], floats[2])


@njit(cache=True, nogil=True)
def judge_bulk(
    powers: PowerColumns,
    stops: Stops,
    class_of_matter: Ints,
    events: Events,
    plane: tuple[float, float, float, float],
    out: Choices,
) -> None:
    """Decide events, writing ``out``.

    Parameters
    ----------
    class_of_matter : int32
        The class of each of the matcher's matters.
    plane : tuple
        lng0, lat0, metres to a degree of longitude and of latitude.
    """
    scratch = new_scratch()
    n = len(events.matter)
    for begin in range(0, n, BLOCK):
        count = min(BLOCK, n - begin)
        left = open_block(powers, stops, class_of_matter, events, plane, begin, count, scratch, out)
        while left > 0:
            look_up(stops, events.where, begin, left, scratch)
            read_groups(stops, left, scratch)
            left = settle(stops, begin, left, scratch, out)
