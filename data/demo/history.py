"""The two months before the reference date: what happened, how each case went, and who dealt with it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np
from numpy.typing import NDArray

from data.demo.assigning import Assigner, Assignment
from data.demo.city import DemoCity
from data.demo.courses import COURSES, LOST, LOST_REFUSED, MERGED, MINUTES, TERMINAL, Course
from data.demo.incidents import Incidents, draw_incidents
from data.demo.lattice import Ints
from data.demo.limits import Clock, MatterLike, limit_seconds, make_clock
from data.demo.powers import HABITS, POWERS, power_of
from data.demo.unfolding import Group, Limits, states_of, unfold
from data.demo.whereabouts import Whereabouts, locate

MERGED_SHARE = 0.75
"""Of the duplicates: the others nobody noticed, and they go their own way."""


@dataclass(frozen=True, eq=False)
class History:
    """Everything that the rows are made of."""

    city: DemoCity
    incidents: Incidents
    whereabouts: Whereabouts
    course: Ints
    halt: Ints
    courses: tuple[Course, ...]
    limits: Limits
    matter_names: tuple[str, ...]
    assigner: Assigner
    right: Assignment
    wrong: Assignment
    clock: Clock
    reference_s: int


def make_history(city: DemoCity, matters: Sequence[MatterLike], reference: datetime) -> History:
    """The history of a city up to an aware reference date: same city, same date, same history."""
    reference_s = int(reference.timestamp())
    incidents, whereabouts = locate(city, draw_incidents(city, reference_s))
    rng = np.random.default_rng([city.size.seed, 90, reference_s])
    assigner = Assigner(city)
    dispatched_s = incidents.reported_s + 420
    right = assigner.assign(incidents, whereabouts, dispatched_s)
    wrong = assigner.assign(incidents, whereabouts, dispatched_s, shift=3)
    first = reference.date() - timedelta(days=city.size.days + 3)
    course = choose_courses(incidents, right, reference_s, rng)
    limits = limits_of(incidents, matters)
    halt = pin_states(incidents, limits, course, reference_s, max(1, city.size.cases // 8000))
    return History(
        city,
        incidents,
        whereabouts,
        course,
        halt,
        (*COURSES, MERGED, LOST, LOST_REFUSED),
        limits,
        matter_names(matters),
        assigner,
        right,
        wrong,
        make_clock(first, city.size.days + 400),
        reference_s,
    )


def choose_courses(incidents: Incidents, right: Assignment, reference_s: int, rng: np.random.Generator) -> Ints:
    """Which course each case takes (index into ``History.courses``)."""
    share = np.array([course.share for course in COURSES])
    course = rng.choice(len(COURSES), len(incidents.habit), p=share / share.sum())
    astray = np.array([c.astray for c in COURSES])
    # An urgent case of the street office has no other department that could be mistaken for it.
    course = np.where(astray[course] & (right.team < 0), 0, course)
    # Nor does a street whistle for itself.
    whistles = np.array([c.whistles for c in COURSES])
    course = np.where(whistles[course] & is_streets_own(incidents), 0, course)
    merged = (incidents.main >= 0) & (rng.random(len(course)) < MERGED_SHARE)
    course = np.where(merged, len(COURSES), course)
    lost = ~np.isfinite(incidents.lng)
    old = incidents.reported_s < reference_s - 6 * 3600
    return np.where(lost, np.where(old, len(COURSES) + 2, len(COURSES) + 1), course).astype(np.int32)


def is_streets_own(incidents: Incidents) -> NDArray[np.bool_]:
    """No department of the district has the power: the street office deals with it."""
    return np.array([power_of(habit.key) is None for habit in HABITS])[incidents.habit]


NO_HALT = 99
BY_LIMIT = frozenset({"finish", "finish_jointly", "request_extension"})
SHARE_OF_WORK, REST = 0.8, 4.5
"""Of the limit, for work whose end is to be past; a working hour of it passes in so many hours."""
MARGIN, JOINT_MARGIN = 2.5, 1.9
"""Times the usual minutes, so that nearly every case that is pinned has got there; whistles are to be fresh."""


def pin_states(incidents: Incidents, limits: Limits, course: Ints, reference_s: int, each: int) -> Ints:
    """Some recent cases stay where they are, so that an operator finds every open state; changes ``course`` of those.

    Returns
    -------
    ndarray of int
        Moves after which each case halts, ``NO_HALT`` for nearly all.
    """
    halt = np.full(len(course), NO_HALT, np.int32)
    free = np.isfinite(incidents.lng) & (incidents.main < 0) & ~is_streets_own(incidents)
    work = limits.seconds / 60 * SHARE_OF_WORK * np.where(limits.natural, 1, REST)
    for (_, step), (k, moves) in pins().items():
        made = COURSES[k].moves[:moves]
        minutes = sum(MINUTES.get(move, 0) for move in made) + work * len(BY_LIMIT.intersection(made))
        old_enough = free & (
            incidents.reported_s < reference_s - 60 * (20 + (JOINT_MARGIN if step else MARGIN) * minutes)
        )
        chosen = np.flatnonzero(old_enough)[-(max(1, each // 3) if step else each) :]
        course[chosen], halt[chosen], free[chosen] = k, moves, False
    return halt


def pins() -> dict[tuple[str, str], tuple[int, int]]:
    """For each open state, and each step of a whistle, a course that leads there, and after how many moves."""
    found: dict[tuple[str, str], tuple[int, int]] = {}
    for k, way in enumerate(COURSES):
        joint = False
        for j, (move, state) in enumerate(zip(way.moves, states_of(way), strict=True)):
            joint = (joint or move == "whistle") and move != "confirm"
            if state not in TERMINAL:
                found.setdefault((state, move if joint else ""), (k, j + 1))
    return found


def limits_of(incidents: Incidents, matters: Sequence[MatterLike]) -> Limits:
    """The limit of each case: that of its matter."""
    known = {matter.key: matter for matter in matters}
    table = [limit_seconds(known[habit.key].limit) for habit in HABITS]
    urgent = [is_urgent(habit.key, known[habit.key].limit.unit) for habit in HABITS]
    seconds, natural = np.array([s for s, _ in table]), np.array([r for _, r in table])
    return Limits(seconds[incidents.habit], natural[incidents.habit], np.array(urgent)[incidents.habit])


def is_urgent(key: str, unit: str) -> bool:
    """A matter is urgent by the unit of its limit or by the rule that gives the power."""
    power = power_of(key)
    return unit.startswith("urgent") or (power is not None and POWERS[power].urgent)


def matter_names(matters: Sequence[MatterLike]) -> tuple[str, ...]:
    """Chinese name of each habit's matter."""
    known = {matter.key: matter.name_zh for matter in matters}
    return tuple(known[habit.key] for habit in HABITS)


def history_groups(history: History, members: Ints) -> list[Group]:
    """The members' cases led along their courses, one group a course."""
    groups = []
    for k, course in enumerate(history.courses):
        cases = members[history.course[members] == k]
        if not len(cases):
            continue
        whole = history.limits
        limits = Limits(whole.seconds[cases], whole.natural[cases], whole.urgent[cases])
        rng = np.random.default_rng([history.city.size.seed, 91, int(cases[0]), k])
        groups.append(
            unfold(
                course,
                cases,
                history.incidents.reported_s,
                limits,
                history.right,
                history.wrong,
                history.clock,
                history.halt[cases],
                history.reference_s,
                rng,
            )
        )
    return groups
