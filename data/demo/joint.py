"""Whistles in the demo's history: the moments that one sets, and what each called department has done after each move."""

from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from data.demo.courses import Course
from data.demo.limits import NO_CALENDAR, Clock, Longs

NEVER = np.int64(-(2**62))
"""A moment that is not set."""
ANSWER_H, URGENT_ANSWER_H = 4.0, 0.5
"""Hours to answer in, as in ``dispatch.commands.Protocol``: working hours, for an emergency by the clock."""
REMIND, SUPERVISE = 0.5, 2.0
"""Shares of that time after which silence is reminded of, and supervised."""
ARRIVE_H, URGENT_ARRIVE_H = 6.0, 1.0
ROUND_S = 600
LOOKED_S = 25
"""A worker looks at what is due within a minute."""
SOON = 0.4
"""Who comes in time comes within this share of what is left."""
RESPONSES = frozenset({"answer_whistle", "refuse_whistle", "release_whistle", "order_response"})


@dataclass(frozen=True)
class Silence:
    """When silence goes up a step, and when all are to be there; epoch seconds of each case."""

    remind: Longs
    answer_by: Longs
    supervise: Longs
    arrive_by: Longs

    def step(self, stage: int) -> Longs:
        """The moment that ends a stage of silence."""
        return (self.remind, self.answer_by, self.supervise)[stage]


@dataclass(frozen=True)
class Part:
    """How a called department stands: its state as in ``whistle_party``, and the moves (index) that made it so."""

    state: str = "called"
    answered: int | None = None
    arrived: int | None = None
    finished: int | None = None


@dataclass(frozen=True)
class Standing:
    """How a whistle stands after some moves; ``told``: who was late was reminded."""

    blown: int
    parts: tuple[Part, ...]
    stage: int = 0
    told: bool = False
    finished: int | None = None
    ended: int | None = None

    def those(self, *states: str) -> list[int]:
        """The called departments in one of the states."""
        return [k for k, part in enumerate(self.parts) if part.state in states]

    @property
    def silent(self) -> list[int]:
        """Who has not answered, or whose refusal nobody has ruled on."""
        return self.those("called", "refused")

    @property
    def absent(self) -> list[int]:
        """Who answered and is not there yet."""
        return [k for k in self.those("answered") if self.parts[k].arrived is None]

    @property
    def about(self) -> str:
        """What the machine would remind of."""
        return "whistle" if self.silent and self.stage < 3 else "arrival"


def silence(called: Longs, urgent: NDArray[np.bool_], clock: Clock) -> Silence:
    """The moments of whistles blown at epoch seconds ``called``; an emergency has less time, round the clock."""

    def after(hours: float, urgent_hours: float) -> Longs:
        return clock.advance(called, np.where(urgent, urgent_hours, hours) * 3600, urgent)

    arrive_by = after(ARRIVE_H, URGENT_ARRIVE_H)
    arrive_by = np.where(arrive_by == NO_CALENDAR, called + 86_400, -(-arrive_by // ROUND_S) * ROUND_S)
    steps = [after(ANSWER_H * share, URGENT_ANSWER_H * share) for share in (REMIND, 1.0, SUPERVISE)]
    unknown = np.any([step == NO_CALENDAR for step in steps], axis=0)
    remind, answer_by, supervise = (np.where(unknown, arrive_by, step) for step in steps)
    answer_by = np.minimum(answer_by, arrive_by)
    return Silence(np.minimum(remind, answer_by), answer_by, np.maximum(supervise, answer_by), arrive_by)


def joint_moment(course: Course, j: int, said: Silence, now: Longs, planned: Longs) -> Longs:
    """When move j of a whistle's course happens: as planned, but in time where nobody was reminded, else after that."""
    before, move = standing(course, j), course.moves[j]
    if before is None or before.ended is not None:
        return planned
    if move in ("remind", "supervise"):
        due = said.step(before.stage) if before.about == "whistle" else said.arrive_by
        return np.asarray(np.maximum(due, now) + LOOKED_S)
    if move in RESPONSES and before.stage < 3:
        bound = said.step(before.stage)
    elif move == "arrive" and not before.told:
        bound = said.arrive_by
    else:
        return planned
    return np.asarray(np.maximum(np.minimum(planned, now + (SOON * (bound - now)).astype(np.int64)), now + 5))


@lru_cache(maxsize=4096)
def standing(course: Course, moves: int) -> Standing | None:
    """How a course's whistle stands after so many moves; None: not blown yet."""
    found: Standing | None = None
    for j in range(min(moves, len(course.moves))):
        found = _after(course, j, found)
    return found


def _after(course: Course, j: int, before: Standing | None) -> Standing | None:
    move, who = course.moves[j], course.parties[j]
    if move == "whistle":
        return Standing(j, (Part(),) * course.called)
    if before is None or before.ended is not None:
        return before
    if move == "confirm":
        return replace(before, ended=j)
    if move in ("remind", "supervise"):
        return replace(before, stage=before.stage + 1) if before.about == "whistle" else replace(before, told=True)
    if move == "reject_joint":
        again = tuple(replace(p, state="answered", finished=None) if p.state == "finished" else p for p in before.parts)
        return replace(before, parts=again, finished=None)
    parts = tuple(_part(part, move, j) if k == who else part for k, part in enumerate(before.parts))
    return replace(before, parts=parts, finished=j if move == "finish_jointly" else before.finished)


def _part(part: Part, move: str, j: int) -> Part:
    match move:
        case "answer_whistle" | "order_response":
            return replace(part, state="answered", answered=j)
        case "refuse_whistle":
            return replace(part, state="refused")
        case "release_whistle":
            return replace(part, state="released")
        case "arrive":
            return replace(part, arrived=j)
        case _:
            return replace(part, state="finished", finished=j)
