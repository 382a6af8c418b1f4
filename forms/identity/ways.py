"""Which ways of saying who one is a form offers, and when the other ways are offered before a failed one again. Pure.

The law wants another way that is as easy wherever a face may be shown (Order 19 of 2025, art. 10), and forbids pressing for
one (art. 12): so no setting of a form offers a face alone, the ways stand in one order, and a failure never counts
against who failed.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final, Literal, get_args

Way = Literal["face", "sms", "worker"]
Demand = Literal["none", "any", "without_face"]

WAYS: Final[tuple[Way, ...]] = get_args(Way)
DEMANDS: Final[tuple[Demand, ...]] = get_args(Demand)
MOST_FAILURES: Final = 3
ADULT_AT: Final = 14
"""Years from which somebody consents alone (PIPL art. 31, Order 19 art. 7)."""
OFFERED: Final[Mapping[Demand, tuple[Way, ...]]] = {
    "none": (),
    "any": ("face", "sms", "worker"),
    "without_face": ("sms", "worker"),
}


def read_demand(written: str) -> Demand:
    """What a form demands, as its settings say it; anything unknown is read as ``any``: it never asks less than was meant."""
    wanted = written.strip().lower().replace("-", "_")
    if not wanted:
        return "none"
    return next((demand for demand in DEMANDS if demand == wanted), "any")


def ways_of(demand: Demand, *, is_face_open: bool) -> tuple[Way, ...]:
    """The ways that a form offers; no face where no purpose is open for it."""
    return tuple(way for way in OFFERED[demand] if way != "face" or is_face_open)


@dataclass(frozen=True, slots=True)
class Standing:
    """What is left to somebody: the ways in the order in which they are shown, and how often each failed."""

    ways: tuple[Way, ...]
    failures: Mapping[Way, int]
    left: Mapping[Way, int]

    @property
    def least_failed(self) -> list[Way]:
        """The ways that are left, those that failed least first."""
        return sorted(self.ways, key=lambda way: self.failures[way])


def standing(ways: Sequence[Way], failed: Sequence[str], most: int = MOST_FAILURES) -> Standing:
    """What is offered after these failures; those of a way that is not offered here do not count.

    A way that failed ``most`` times is offered no more; a grid worker in person always is: no machine has the last word.
    """
    failures: dict[Way, int] = {way: failed.count(way) for way in ways}
    left: dict[Way, int] = {way: max(0, most - failures[way]) if way != "worker" else most for way in ways}
    return Standing(tuple(way for way in ways if left[way]), failures, left)


def age_at(born: date, day: date) -> int:
    """Full years on a day; who was born on 29 February is a year older on 1 March of other years."""
    return day.year - born.year - ((day.month, day.day) < (born.month, born.day))


def needs_guardian(born: date, day: date) -> bool:
    """Whether somebody is under 14, so that a guardian consents."""
    return age_at(born, day) < ADULT_AT
