"""Past cases replayed otherwise: as the engine decides each; what a change changes is told, with intervals that hold."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, time
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from data.stores.teams import ShiftRow, TeamRow
from dispatch.duty import on_duty
from dispatch.rules import Rule, RuleSet
from dispatch.what_if import PastCases, Side, replay, side_of
from dispatch.what_if_changes import Changes, Hours, NewTeam, Stage, side_as_is, side_with
from dispatch.what_if_compare import compare, groups_of, most_open
from dispatch.what_if_duty import roster_of
from geo.atlas import Atlas
from geo.errors import NeedleError
from geo.layers import Layer
from geo.stats.bootstrap import drawings, means, quantiles

Cities = Callable[[int], Any]
MONDAY = int(datetime(2026, 11, 2, tzinfo=UTC).timestamp())
HOUR = 3_600


def past(city: Any, reported: Any = None) -> PastCases:
    n = len(city.matter)
    random = np.random.default_rng(n)
    reported = MONDAY + random.integers(0, 30 * 24 * HOUR, n) if reported is None else reported
    departments = tuple(dict.fromkeys(team.department for team in city.teams))
    return PastCases(
        city.matter, city.lng, city.lat, reported, reported + 24 * HOUR, reported + random.integers(0, 48 * HOUR, n),
        random.integers(-1, len(departments), n).astype(np.int32), np.full(n, city.teams[0].id if city.teams else 0), departments,
    )  # fmt: skip


def side(city: Any, rules: RuleSet | None = None) -> Side:
    return side_of(rules or city.ruleset, city.atlas, city.teams, city.matters)


@given(seed=st.integers(0, 2**32 - 1))
@settings(max_examples=15, deadline=None)
def test_a_replay_decides_as_the_engine_does(random_city: Cities, seed: int) -> None:
    city, told = random_city(seed), []
    one = side(city)
    found = replay(one, past(city), lambda done, total: told.append((done, total)))
    expected = one.matcher.decide_bulk(city.matter, city.lng, city.lat, city.atlas.locate(city.lng, city.lat))
    assert found.team.tolist() == expected.team.tolist()
    assert (found.wait_s[found.team >= 0] == 0).all()
    assert told[-1] == (len(city.matter), len(city.matter))


@given(seed=st.integers(0, 2**32 - 1))
@settings(max_examples=15, deadline=None)
def test_the_same_rules_change_nothing(random_city: Cities, seed: int) -> None:
    city = random_city(seed)
    cases, sides = past(city), (side(city), side(city))
    found = compare(cases, sides, (replay(sides[0], cases), replay(sides[1], cases)))
    assert (found.moved, found.handed_over) == (0, 0)
    assert all(had == has for had, has in (load.cases for load in found.loads))
    for figure in found.figures.values():
        assert (figure.difference.value, figure.difference.low, figure.difference.high) == (0, 0, 0)
        assert figure.difference.holds_zero


@given(seed=st.integers(0, 2**32 - 1))
@settings(max_examples=15, deadline=None)
def test_without_rules_nobody_has_anything_and_loads_add_up(random_city: Cities, seed: int) -> None:
    city = random_city(seed)
    cases, sides = past(city), (side(city), side(city, replace(city.ruleset, rules=())))
    found = compare(cases, sides, (replay(sides[0], cases), replay(sides[1], cases)))
    assert found.nobody[1] == found.cases
    assert sum(load.cases[0] for load in found.loads) == found.cases - found.nobody[0] == found.moved
    assert found.both == 0
    assert set(found.figures) == {"promised", "nobody"}


def test_a_replay_stops_where_its_watcher_says_so(random_city: Cities) -> None:
    city = random_city(7)

    def stop(_done: int, _total: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        replay(side(city), past(city), stop)


# --- who is at work -----------------------------------------------------------------------------------------------

clocks = st.times().map(lambda at: at.replace(second=0, microsecond=0))
weeks = st.lists(st.builds(ShiftRow, st.integers(0, 6), clocks, clocks), max_size=4)


@given(st.lists(weeks, max_size=4), st.lists(st.integers(0, 4 * 7 * 24 * 60), min_size=1, max_size=20))
@settings(max_examples=60, deadline=None)
def test_a_roster_has_at_work_whom_the_duty_has(crews: list[list[ShiftRow]], minutes: list[int]) -> None:
    zone = ZoneInfo("Europe/Helsinki")
    roster = roster_of(crews, zone)
    # Four weeks from mid-October: the clock goes back in them.
    moments = 1_791_900_000 + np.array(minutes) * 60
    found = roster.at_work[roster.kind[roster.slot_of(roster.minute_of_week(moments))]]
    for moment, row in zip(moments.tolist(), found, strict=True):
        at = datetime.fromtimestamp(moment, UTC)
        assert row.tolist() == [on_duty(crew, at, zone) for crew in crews]


# --- a street with two squads -------------------------------------------------------------------------------------

WEST, SOUTH, KM = 116.0, 40.0, 0.0117
MATTER = "2026:event:09006"
RULES = RuleSet((Rule("一切", ("*",), ("*",), "cg", "street"),), "")


def layer_of(cuts: tuple[float, ...]) -> Layer:
    """Strips side by side, each from one cut to the next, in kilometres."""

    polygons = np.array([shapely.box(WEST + a * KM, SOUTH, WEST + b * KM, SOUTH + 0.1) for a, b in pairwise(cuts)])
    codes = tuple(str(k) for k in range(len(polygons)))
    return Layer("ward", codes, codes, (None,) * len(codes), polygons)


DAY = tuple(ShiftRow(day, time(8), time(18)) for day in range(7))


def team(number: int, km: float, ward: str | None, shifts: tuple[ShiftRow, ...] = DAY) -> TeamRow:
    layer = None if ward is None else "ward"
    base = (WEST + km * KM, SOUTH + 0.05)
    return TeamRow(number, f"T{number}", f"第{number}队", "cg", layer, ward, (), 5, 39.0, base, None, None, shifts)


def stage(*teams: TeamRow) -> Stage:
    return Stage(Atlas.build([layer_of((0, 10, 20))]), RULES, teams, (MATTER,), (1,), ZoneInfo("UTC"))


def cases_at(km: list[float], hours: list[float]) -> PastCases:
    n = len(km)
    reported = (MONDAY + np.array(hours) * HOUR).astype(np.int64)
    lng = WEST + np.array(km) * KM
    return PastCases(
        np.zeros(n, np.int32), lng, np.full(n, SOUTH + 0.05), reported, reported + 10 * HOUR, reported + 9 * HOUR,
        np.zeros(n, np.int32), np.ones(n, np.int64), ("cg",),
    )  # fmt: skip


def replayed(where: Stage, cases: PastCases, changes: Changes) -> tuple[Any, Any, Any]:
    sides = side_as_is(where), side_with(where, changes)
    replays = replay(sides[0], cases), replay(sides[1], cases)
    return replays[0], replays[1], compare(cases, sides, replays)


def test_a_case_at_night_waits_for_the_morning_and_other_hours_shorten_the_wait() -> None:
    where, cases = stage(team(1, 5, "0"), team(2, 15, "1")), cases_at([5, 5], [9, 20])
    round_the_clock = Hours("cg", tuple(range(7)), time(0), time(0))
    before, after, found = replayed(where, cases, Changes(hours=(round_the_clock,)))
    assert before.wait_s.tolist() == [0, 12 * HOUR]
    assert after.wait_s.tolist() == [0, 0]
    assert found.figures["reach"].difference.value == pytest.approx(-6 * HOUR, abs=60)
    assert found.nobody == (0, 0)


def test_who_never_works_has_nothing_however_long_somebody_waits() -> None:
    before, after, found = replayed(stage(team(1, 5, "0", ()), team(2, 15, "1")), cases_at([5, 15], [9, 9]), Changes())
    assert before.team.tolist() == after.team.tolist() == [-1, 1]
    assert found.nobody == (1, 1)


def test_a_moved_station_is_nearer_by_just_the_way() -> None:
    where, cases = stage(team(1, 2, "0"), team(2, 15, "1")), cases_at([8] * 4, [9, 10, 11, 12])
    _, _, found = replayed(where, cases, Changes(moved={1: (WEST + 8 * KM, SOUTH + 0.05)}))
    six_km = found.figures["way"].before.value
    assert six_km == pytest.approx(6_000 * 1.3 / (39 / 3.6), rel=0.01)
    assert found.figures["way"].after.value == pytest.approx(0, abs=1)
    assert not found.figures["way"].difference.holds_zero


def test_a_new_team_works_where_it_stands_and_one_that_goes_leaves_its_work() -> None:
    where, cases = stage(team(1, 5, "0"), team(2, 15, "1")), cases_at([4, 16, 16], [9, 9, 10])
    _, after, found = replayed(
        where, cases, Changes(added=(NewTeam(1, (WEST + 16 * KM, SOUTH + 0.05)),), gone=frozenset({1}))
    )
    assert found.nobody == (0, 1)
    assert after.team.tolist() == [-1, 1, 1]
    assert {load.team.id: load.cases for load in found.loads} == {1: (1, 0), 2: (2, 0), -1: (0, 2)}


def test_other_boundaries_hand_over() -> None:
    where, cases = stage(team(1, 5, "0"), team(2, 15, "1")), cases_at([12, 12, 3], [9, 10, 9])
    _, after, found = replayed(where, cases, Changes(layers=(layer_of((0, 14, 20)),)))
    assert after.team.tolist() == [0, 0, 0]
    assert (found.moved, found.handed_over) == (2, 0)


def test_deadlines_move_with_the_arrival_and_nothing_else() -> None:
    # Answered an hour before the deadline: two hours later on the way is overdue, half an hour is not.
    slow = replace(team(1, 0, None), speed_kmh=1.3)
    cases = cases_at([0, 0], [9, 9])
    for km, overdue in ((0.1, 0.0), (2.5, 1.0)):
        _, _, found = replayed(stage(slow), cases, Changes(moved={1: (WEST + km * KM, SOUTH + 0.05)}))
        assert (found.figures["overdue"].before.value, found.figures["overdue"].after.value) == (0.0, overdue)


def test_returns_are_cases_for_another_department_than_the_one_that_had_them_in_the_end() -> None:
    other = replace(team(2, 15, "1"), department="jj")
    where = stage(team(1, 5, None), other)
    wrong = RuleSet((Rule("交警管", (MATTER,), ("ward:1",), "jj", "street", exclusive=True), *RULES.rules), "")
    _, _, found = replayed(where, cases_at([5, 15], [9, 9]), Changes(rules=wrong))
    assert (found.figures["returned"].before.value, found.figures["returned"].after.value) == (0.0, 0.5)
    assert found.handed_over == 1
    assert found.likeness == (1.0, 1.0)


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        (Changes(gone=frozenset({9})), "what_if.unknown_team"),
        (Changes(gone=frozenset({1})), "what_if.nobody_left"),
        (Changes(layers=(replace(layer_of((0, 20)), name="moon"),)), "what_if.unknown_layer"),
    ],
)
def test_what_cannot_be_changed_is_refused(changes: Changes, code: str) -> None:
    with pytest.raises(NeedleError) as refused:
        side_with(stage(team(1, 5, "0")), changes)
    assert refused.value.code == code


def test_most_open_counts_what_lies_on_a_desk_at_once() -> None:
    cases = cases_at([0, 0, 0], [0, 8, 20])
    assert most_open(cases, np.array([0, 0, 0]), np.zeros(3), np.zeros(3), 2).tolist() == [2, 0]


# --- intervals ----------------------------------------------------------------------------------------------------


def test_an_interval_over_days_holds_the_mean_where_days_differ() -> None:
    random, truth, held, narrow = np.random.default_rng(1), 300.0, 0, 0
    for _ in range(120):
        day = np.repeat(np.arange(40), 25)
        value = truth + random.normal(0, 60, 40)[day] + random.normal(0, 60, 1_000)
        by_day = means(day, value, value, drawings(40))
        by_case = means(np.arange(1_000) % 400, value, value, drawings(400))
        assert by_day is not None
        assert by_case is not None
        held += by_day.before.low <= truth <= by_day.before.high
        narrow += by_case.before.low <= truth <= by_case.before.high
    assert held >= 105
    # Cases of a day hang together: whoever draws them one by one is too sure.
    assert narrow < 90


def test_a_difference_is_paired() -> None:
    random = np.random.default_rng(2)
    group, value = np.arange(500) % 50, random.exponential(600, 500)
    found = means(group, value, value - 5, drawings(50))
    assert found is not None
    assert found.difference.high - found.difference.low == pytest.approx(0, abs=1e-6)
    assert found.before.high - found.before.low > 50


def test_quantiles_are_those_of_the_cases() -> None:
    random = np.random.default_rng(3)
    group, value = np.arange(3_000) % 30, random.exponential(600, 3_000)
    found = quantiles(group, value, 2 * value, drawings(30), 0.9, np.arange(1.0, 20_000.0))
    assert found is not None
    assert found.before.value == pytest.approx(np.quantile(value, 0.9), abs=5)
    assert found.before.low < found.before.value < found.before.high < found.after.low


@pytest.mark.parametrize(("days", "said"), [(13, "cases"), (14, "days")])
def test_few_days_say_nothing_of_days(days: int, said: str) -> None:
    group, found = groups_of(np.repeat(np.arange(days) * 86_400, 100))
    assert found == said
    assert group.max() == (days - 1 if said == "days" else 399)
