"""Ranking by road: the way goes along streets and in their direction, and both ways of deciding agree."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import shapely

from dispatch.matching import Matcher, Team
from dispatch.reasons import OUTCOME_CODES
from dispatch.rules import Rule, RuleSet
from geo.atlas import Atlas
from geo.layers import Layer
from geo.roads import RoadNetwork
from geo.street_network import build_roads

MATTER = "2026:event:09006"
RULE = Rule("街面秩序", ("2026:event:09*",), ("*",), "cg", "street")
TEAM = Team(1, "T1", "一队", "cg", None, None, frozenset(), 4, 36.0, 116.402, 39.900, None, True)
EVENT = (116.401, 39.900)


@pytest.fixture(scope="module")
def atlas() -> Atlas:
    polygons = np.array([shapely.box(116.39, 39.89, 116.42, 39.92)], dtype=object)
    return Atlas.build([Layer("street", ("1",), ("一街",), (None,), polygons)])


def street(*points: tuple[float, float]) -> shapely.LineString:
    return shapely.LineString(points)


def decide(atlas: Atlas, roads: RoadNetwork | None, teams: list[Team], rule: Rule = RULE) -> Any:
    return Matcher(RuleSet((rule,), ""), atlas, teams, roads=roads).decide(MATTER, *EVENT, atlas.locate_one(*EVENT))


def test_a_one_way_street_makes_the_near_team_far(atlas: Atlas) -> None:
    lines = [
        street((116.401, 39.900), (116.402, 39.900)),  # leads away from the event
        street((116.402, 39.900), (116.402, 39.910), (116.401, 39.910), (116.401, 39.900)),
        street((116.398, 39.900), (116.401, 39.900)),
    ]
    roads = RoadNetwork.build(np.array(lines, dtype=object), [36.0] * 3, [True, False, False], atlas.plane)
    near, far = TEAM, replace(TEAM, id=2, lng=116.398)
    assert decide(atlas, None, [near, far]).team_id == 1
    decision = decide(atlas, roads, [near, far])
    assert (decision.team_id, decision.candidates[1].reason) == (2, "slower")
    assert decision.travel_s == pytest.approx(0.003 * atlas.plane.lng_m / 10, rel=1e-6)
    assert decision.candidates[1].travel_s > 200
    limited = replace(RULE, max_travel_minutes=1.0)
    assert [c.reason for c in decide(atlas, roads, [near, far], limited).candidates] == ["chosen", "too_far"]


def test_a_team_that_no_road_leads_to_the_event_is_too_far(atlas: Atlas) -> None:
    lines = [street((116.401, 39.900), (116.4015, 39.900)), street((116.402, 39.900), (116.403, 39.900))]
    roads = RoadNetwork.build(np.array(lines, dtype=object), [36.0] * 2, [False] * 2, atlas.plane)
    decision = decide(atlas, roads, [TEAM])
    assert (decision.outcome, decision.candidates[0].reason) == ("all_too_far", "too_far")
    assert decision.candidates_json()[0]["travel_s"] is None


@pytest.mark.parametrize("seed", range(8))
def test_one_by_one_and_in_bulk_agree_by_road(random_city: Callable[[int], Any], seed: int) -> None:
    city, rng = random_city(seed), np.random.default_rng(seed)
    west, south, east, north = city.atlas.bounds
    lng, lat = np.linspace(west, east, 12), np.linspace(south, north, 12)
    across = [street((lng[i], y), (lng[i + 1], y)) for i in range(11) for y in lat]
    along = [street((x, lat[i]), (x, lat[i + 1])) for i in range(11) for x in lng]
    lines = np.array(across + along, dtype=object)
    roads = RoadNetwork.build(lines, rng.choice([18.0, 36.0], len(lines)), rng.random(len(lines)) < 0.3)
    matcher = Matcher(city.ruleset, city.atlas, city.teams, matters=city.matters, roads=roads)
    bulk = matcher.decide_bulk(city.matter, city.lng, city.lat, city.atlas.locate(city.lng, city.lat))
    for i in np.flatnonzero(city.matter >= 0):
        place = city.atlas.locate_one(city.lng[i], city.lat[i])
        one = matcher.decide(city.matters[city.matter[i]], city.lng[i], city.lat[i], place)
        assert OUTCOME_CODES[bulk.outcome[i]] == one.outcome
        assert (city.teams[bulk.team[i]].id if bulk.team[i] >= 0 else None) == one.team_id
        assert np.isnan(bulk.travel_s[i]) if one.travel_s is None else bulk.travel_s[i] == np.float32(one.travel_s)


def test_streets_meet_at_the_vertices_they_share(atlas: Atlas) -> None:
    lines = [
        street((116.400, 39.900), (116.401, 39.900), (116.402, 39.900)),
        street((116.401, 39.899), (116.401, 39.900), (116.401, 39.901)),
        street((116.410, 39.900), (116.411, 39.900)),  # an island
        street((116.402, 39.900), (116.403, 39.900)),  # a one-way street that nobody comes back from
    ]
    flags = np.array([False, False, False, True])
    roads = build_roads(np.array(lines, dtype=object), np.full(4, 36.0), flags, atlas.plane)
    assert (len(roads.x), len(roads.head)) == (5, 8)
    seconds = roads.travel_times(116.400, 39.900, [116.401, 116.402, 116.411], [39.901, 39.900, 39.900])
    across, up = 0.001 * atlas.plane.lng_m / 10, 0.001 * atlas.plane.lat_m / 10
    assert seconds == pytest.approx([across + up, 2 * across, 2 * across])
