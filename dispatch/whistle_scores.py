"""双考核: both sides of a whistle are scored. Pure, over the event log.

A street by whether its calls were justified: a call counts against it when the department refused and the centre agreed. A
department by whether it answered, arrived and finished in time. What has no time to be judged by is left out.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from data.chain import Event
from dispatch.case import Case, evolve
from dispatch.whistle import Party, Whistle


@dataclass(frozen=True, slots=True)
class Share:
    """How many of how many."""

    good: int = 0
    of: int = 0

    def plus(self, good: bool | None) -> "Share":
        """With one more judged; None: it cannot be judged yet."""
        return self if good is None else Share(self.good + good, self.of + 1)

    @property
    def share(self) -> float | None:
        """From 0 to 1; None of nothing."""
        return self.good / self.of if self.of else None


@dataclass(frozen=True, slots=True)
class StreetScore:
    """``whistles`` it blew, ``calls`` of departments that were justified."""

    whistles: int = 0
    calls: Share = Share()


@dataclass(frozen=True, slots=True)
class DepartmentScore:
    """Calls that it answered, arrived for and finished in time."""

    answered: Share = Share()
    arrived: Share = Share()
    done: Share = Share()


def whistles_of(events: Iterable[Event]) -> list[Whistle]:
    """Every whistle in one case's whole history (oldest event first), each as it ended or stands now."""
    found: dict[int, Whistle] = {}
    case: Case | None = None
    for event in events:
        case = evolve(case or Case(event.case_id), event)
        if case.whistle is not None:
            found[case.whistle.number] = case.whistle
    return list(found.values())


def score_streets(whistles: Iterable[Whistle]) -> Mapping[str, StreetScore]:
    """Each street's score."""
    scores: defaultdict[str, StreetScore] = defaultdict(StreetScore)
    for whistle in whistles:
        before = scores[whistle.street]
        calls = before.calls
        for party in whistle.parties:
            calls = calls.plus(_justified(party))
        scores[whistle.street] = StreetScore(before.whistles + 1, calls)
    return dict(scores)


def score_departments(whistles: Iterable[Whistle], now: datetime) -> Mapping[str, DepartmentScore]:
    """Each department's score; a time that is past counts as missed whether or not the department ever comes."""
    scores: defaultdict[str, DepartmentScore] = defaultdict(DepartmentScore)
    for whistle in whistles:
        for party in whistle.parties:
            if party.state == "released":
                continue
            before = scores[party.department]
            answered_at = None if party.ordered else party.refused_at or party.answered_at
            scores[party.department] = DepartmentScore(
                before.answered.plus(_in_time(answered_at, whistle.answer_by, now)),
                before.arrived.plus(_in_time(party.arrived_at, whistle.arrive_by, now)),
                before.done.plus(_in_time(party.finished_at, whistle.due_at, now)),
            )
    return dict(scores)


def _justified(party: Party) -> bool | None:
    if party.state == "released":
        return False if party.refused_at is not None else None
    return None if party.answered_at is None else True


def _in_time(at: datetime | None, by: datetime | None, now: datetime) -> bool | None:
    if by is None or (at is None and now <= by):
        return None
    return at is not None and at <= by
