"""How each case went: the moments of its moves and its row after them, as columns, one group for each course."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from data.demo.assigning import Assignment
from data.demo.courses import (
    DISPATCHES,
    LEADS_TO,
    MINUTES,
    REFUSED_FIRST,
    SHARE_OF_LIMIT,
    STARTS_CLOCK,
    TERMINAL,
    Course,
)
from data.demo.joint import NEVER, Silence, joint_moment, silence
from data.demo.lattice import Ints
from data.demo.limits import NO_CALENDAR, Clock, Floats, Longs
from data.working_states import WORKING_STATES

Flags = NDArray[np.bool_]


@dataclass(frozen=True)
class Limits:
    """The limit of each case in seconds, whether it runs round the clock, and whether the case is urgent."""

    seconds: Floats
    natural: Flags
    urgent: Flags


@dataclass(frozen=True)
class Tasks:
    """Tasks of a group: case (index within the group), team, moments (``NEVER``: not yet), outcome ("" while open)."""

    case: Ints
    team: Ints
    assigned_s: Longs
    accepted_s: Longs
    done_s: Longs
    due_s: Longs
    outcome: NDArray[np.object_]


@dataclass(frozen=True)
class Group:
    """Cases of one course. Arrays are (cases,) or (cases, moves); moments are epoch seconds.

    Attributes
    ----------
    cases : ndarray of int
        Indices of the incidents.
    states : tuple of str
        After each move.
    at, due : ndarray of int
        Of each move; ``due`` is what the move sets, ``NEVER`` where it sets none.
    team : ndarray of int
        Team that each move names or leaves on the case; -1: none.
    astray : ndarray of bool, shape (moves,)
        Whether the case is with the wrong department after the move.
    done : ndarray of int
        Moves made until the reference date.
    filed_s, dispatched_s, due_s, answered_s, closed_s : ndarray of int
        The row's moments, ``NEVER`` where empty; ``due_s`` may be ``NO_CALENDAR``.
    team_now, department_now, returns, reworks : ndarray of int
        ``department_now``: 0 the right one, 1 the wrong one, -1 none.
    tasks : Tasks
    silence : Silence or None
        The moments that a whistle sets; None where nobody whistles.
    """

    course: Course
    cases: Ints
    states: tuple[str, ...]
    at: Longs
    due: Longs
    remaining_s: Longs
    team: Ints
    astray: Flags
    done: Ints
    filed_s: Longs
    dispatched_s: Longs
    due_s: Longs
    answered_s: Longs
    closed_s: Longs
    team_now: Ints
    department_now: Ints
    returns: Ints
    reworks: Ints
    tasks: Tasks
    silence: Silence | None


def states_of(course: Course) -> tuple[str, ...]:
    """The state after each move of a course."""
    states: list[str] = []
    for move in course.moves:
        here = states[-1] if states else ""
        states.append(REFUSED_FIRST.get((here, move)) or LEADS_TO.get(move) or here)
    return tuple(states)


def moments(
    course: Course, reported_s: Longs, limits: Limits, clock: Clock, rng: np.random.Generator
) -> tuple[Longs, Longs, Longs, Silence | None]:
    """When each move happens, the deadline that it sets, what a suspension leaves of the limit, a whistle's moments."""
    n, k = len(reported_s), len(course.moves)
    at, due = np.empty((n, k), np.int64), np.full((n, k), NEVER)
    remaining_s = np.zeros(n, np.int64)
    now, deadline, started = reported_s.copy(), np.full(n, NEVER), reported_s.copy()
    share = np.clip(rng.lognormal(np.log(0.42), 0.62, n), 0.03, 4.0)
    called: Silence | None = None
    for j, move in enumerate(course.moves):
        wait = rng.lognormal(0, 0.65, n) * MINUTES.get(move, 0) * 60
        if move in SHARE_OF_LIMIT:
            wait = np.minimum(wait, SHARE_OF_LIMIT[move] * limits.seconds)
        moment = now + np.maximum(wait, 20 if j else 0).astype(np.int64)
        if called is not None:
            moment = joint_moment(course, j, called, now, moment)
        if move in ("finish", "finish_jointly"):
            moment = _worked(clock, started, share * limits.seconds, limits.natural, now)
            share = share * 0.6
        elif move == "request_extension":
            wanted = _worked(clock, started, 0.72 * limits.seconds, limits.natural, now)
            last = np.where(deadline > 0, deadline - 30, wanted)
            moment = np.maximum(np.minimum(wanted, last), now + 5)
            share = np.maximum(share, 1.0) * 0.9
        if move == "whistle":
            called = silence(moment, limits.urgent, clock)
        if move in STARTS_CLOCK or starts_with_answer(course, j):
            deadline, started = clock.advance(moment, limits.seconds, limits.natural), moment
            due[:, j] = deadline
        elif move == "approve_extension":
            more = clock.advance(np.maximum(deadline, 0), limits.seconds, limits.natural)
            deadline = np.where(deadline == NO_CALENDAR, NO_CALENDAR, more)
            due[:, j] = deadline
        elif move == "suspend":
            remaining_s = _remaining(clock, moment, deadline, limits)
            deadline = np.full(n, NEVER)
        elif move in ("resume", "resume_early"):
            deadline, started = clock.advance(moment, remaining_s.astype(float), limits.natural), moment
            due[:, j] = deadline
        elif move == "approve_return":
            deadline = np.full(n, NEVER)
        at[:, j] = now = moment
    return at, due, remaining_s, called


def starts_with_answer(course: Course, j: int) -> bool:
    """The lead answers a whistle for a case that no department has: its clock starts."""
    leads = course.parties[j] == 0 and course.moves[j] in ("answer_whistle", "order_response")
    return leads and not DISPATCHES & set(course.moves[:j])


def _worked(clock: Clock, started: Longs, seconds: Floats, natural: Flags, now: Longs) -> Longs:
    """When work that began at `started` is done; a little after `now` at the earliest."""
    done = clock.advance(started, seconds, natural)
    done = np.where(done == NO_CALENDAR, started + seconds.astype(np.int64), done)
    return np.asarray(np.maximum(done, now + 90 + (seconds * 0.02).astype(np.int64)))


def _remaining(clock: Clock, at: Longs, deadline: Longs, limits: Limits) -> Longs:
    """What is left of the limit: natural or working seconds."""
    worked = clock.work_done(np.maximum(deadline, at)) - clock.work_done(at)
    left = np.where(limits.natural, deadline - at, worked)
    return np.asarray(np.clip(left, 0, None), np.int64)


def unfold(
    course: Course,
    cases: Ints,
    reported_s: Longs,
    limits: Limits,
    right: Assignment,
    wrong: Assignment,
    clock: Clock,
    halt: Ints,
    reference_s: int,
    rng: np.random.Generator,
) -> Group:
    """Lead cases along their course to the reference date, or to the move where they halt, and fold their rows."""
    at, due, remaining_s, called = moments(course, reported_s[cases], limits, clock, rng)
    done = np.minimum((at <= reference_s).sum(axis=1), halt).astype(np.int32)
    n, k = at.shape
    row = _Row(n, right.team[cases], wrong.team[cases], wrong.candidates[cases, 0], right.candidates[cases, 0])
    team, astray = np.full((n, k), -1, np.int32), np.zeros(k, bool)
    states = states_of(course)
    for j in range(k):
        row.step(j, states[j], j < done, at, due[:, j], course)
        team[:, j], astray[j] = row.carried, row.is_astray
    return Group(
        course,
        cases,
        states,
        at,
        due,
        remaining_s,
        team,
        astray,
        done,
        row.filed,
        row.dispatched,
        row.due,
        row.answered,
        row.closed,
        row.team,
        row.department,
        row.returns,
        row.reworks,
        row.tasks(),
        called,
    )


class _Row:
    """The fold of a group, move by move. `carried`: the team as if nothing were cut at the reference date."""

    def __init__(self, n: int, right: Ints, wrong: Ints, wrong_fallback: Ints, right_fallback: Ints) -> None:
        self.right, self.wrong = right, wrong
        self.right_sure = np.where(right >= 0, right, right_fallback)
        self.wrong_sure = np.where(wrong >= 0, wrong, wrong_fallback)
        self.carried: Ints = np.full(n, -1, np.int32)
        self.is_astray = False
        self.filed, self.dispatched, self.due = (np.full(n, NEVER) for _ in range(3))
        self.answered, self.closed = (np.full(n, NEVER) for _ in range(2))
        self.team, self.department = np.full(n, -1, np.int32), np.full(n, -1, np.int32)
        self.returns, self.reworks = np.zeros(n, np.int32), np.zeros(n, np.int32)
        self.open_team: Ints = np.full(n, -1, np.int32)
        self.open_at, self.open_accepted, self.open_due = (np.full(n, NEVER) for _ in range(3))
        self.parts: list[Tasks] = []

    def step(self, j: int, state: str, happened: Flags, moments: Longs, due: Longs, course: Course) -> None:
        """Move j, for the cases where it happened."""
        move, at = course.moves[j], moments[:, j]
        self._carry(j, course)
        self.team = np.where(happened, self.carried, self.team)
        if move == "file":
            self.filed = np.where(happened, at, self.filed)
        elif move == "send_back":
            self.filed = np.where(happened, NEVER, self.filed)
        if move in DISPATCHES:
            self.dispatched = np.where(happened, at, self.dispatched)
        if move in DISPATCHES or starts_with_answer(course, j):
            self.department = np.where(happened, int(self.is_astray), self.department).astype(np.int32)
        if move in ("approve_return", "suspend"):
            self.due = np.where(happened, NEVER, self.due)
        self.due = np.where(happened & (due != NEVER), due, self.due)
        if move == "approve_return":
            self.returns += happened
            self.department = np.where(happened, -1, self.department).astype(np.int32)
        if move in ("rework", "fail_check"):
            self.reworks += happened
        if move == "confirm":
            done = moments[:, j - 1] if course.whistles else at  # joint work counts from the lead's report
            self.answered = np.where(happened, done, self.answered)
        elif move in ("rework", "fail_check", "reopen"):
            self.answered = np.where(happened, NEVER, self.answered)
        if state in TERMINAL:
            self.closed = np.where(happened, at, self.closed)
        elif move == "reopen":
            self.closed = np.where(happened, NEVER, self.closed)
        self._task(move, state, happened, at)

    def _carry(self, j: int, course: Course) -> None:
        """The team that the case has after move j."""
        move = course.moves[j]
        if move in DISPATCHES:
            self.is_astray = course.astray and move == "dispatch"
            self.carried = (self.wrong if self.is_astray else self.right).copy()
        elif move == "assign":
            self.carried = self.wrong_sure if self.is_astray else self.right_sure
        elif move in ("approve_return", "hand_back", "reopen"):
            self.carried = np.full_like(self.carried, -1)

    def _task(self, move: str, state: str, happened: Flags, at: Longs) -> None:
        """Close and open tasks so that one is open exactly while a team works on the case."""
        holds: Ints = np.where(
            happened & (state in WORKING_STATES), self.team, np.where(happened, -1, self.open_team)
        ).astype(np.int32)
        ended = happened & (self.open_team >= 0) & (holds != self.open_team)
        if ended.any():
            outcome = "done" if move in ("finish", "finish_jointly") else "returned"
            said = np.where(holds[ended] >= 0, "reassigned", outcome).astype(object)
            self._emit(ended, at, said)
        begun = happened & (holds >= 0) & (holds != self.open_team)
        self.open_at = np.where(begun, at, self.open_at)
        self.open_due = np.where(begun, self.due, self.open_due)
        self.open_accepted = np.where(begun, NEVER, self.open_accepted)
        if move in ("sign", "assign", "resume_work"):
            fresh = happened & (holds >= 0) & (self.open_accepted == NEVER)
            self.open_accepted = np.where(fresh, at, self.open_accepted)
        self.open_team = holds

    def _emit(self, which: Flags, done: Longs | None, outcome: NDArray[np.object_]) -> None:
        here = np.flatnonzero(which).astype(np.int32)
        finished = np.full(len(here), NEVER) if done is None else done[here]
        self.parts.append(
            Tasks(
                here,
                self.open_team[here],
                self.open_at[here],
                self.open_accepted[here],
                finished,
                self.open_due[here],
                outcome,
            )
        )

    def tasks(self) -> Tasks:
        """All tasks of the group, those still open last."""
        still = self.open_team >= 0
        self._emit(still, None, np.full(int(still.sum()), "", object))
        columns = zip(
            *((t.case, t.team, t.assigned_s, t.accepted_s, t.done_s, t.due_s, t.outcome) for t in self.parts),
            strict=True,
        )
        return Tasks(*(np.concatenate(column) for column in columns))
