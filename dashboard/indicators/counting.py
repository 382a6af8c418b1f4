"""Counting indicators over the mirror: of a period, by area, department, team, matter or channel, over a run of periods. Pure."""

from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from dashboard.indicators import scores
from dashboard.indicators.definitions import Basis, Definition, Rate, counted
from data.mirror.columns import CaseMirror
from data.mirror.facets import FIELDS
from data.mirror.judging import QUANTITIES, tally, verdicts
from data.mirror.where import Where, matching
from geo.errors import NeedleError
from geo.stats.rates import wilson

Longs = NDArray[np.int64]
Counts = dict[str, int]
FEW: Final = 30
"""Fewer cases than this below the line: the rate is shown and takes no place in a league."""
TEAMS: Final = "team"


@dataclass(frozen=True)
class Asked:
    """What is counted: a stretch of time (Unix seconds, the end exclusive), how it is meant, until when it is known.

    ``now``: a deadline that has not come yet does not count as due.
    """

    start: int
    end: int
    basis: Basis
    now: int

    @property
    def due_end(self) -> int:
        """Up to when deadlines count."""
        return min(self.end, self.now)


@dataclass(frozen=True)
class Tally:
    """Counts by quantity of the same stretch of time under both readings; ``asked``: that of the basis asked for."""

    opened: Counts
    asked: Counts

    def counts(self, definition: Definition) -> Counts:
        """The counts that a definition is computed from."""
        return self.opened if definition.basis is Basis.OPENED else self.asked

    def rate(self, definition: Definition) -> Rate:
        """A definition's rate."""
        return definition.rate(self.counts(definition))


@dataclass(frozen=True)
class Line:
    """A row of a league table."""

    code: Any
    tally: Tally


@dataclass(frozen=True)
class Counting:
    """The mirror's verdicts at one moment, under a filter."""

    mirror: CaseMirror
    bits: NDArray[np.uint32]
    fits: NDArray[np.bool_]

    @classmethod
    def of(cls, mirror: CaseMirror, where: Where, now: int) -> "Counting":
        """Of the cases of a filter, whatever stretch of time it names."""
        plain = replace(
            where, reported_from=None, reported_to=None, due_from=None, due_to=None, judged=frozenset(), text=None
        )
        return cls(mirror, verdicts(mirror, now), matching(mirror, plain, now))

    def total(self, asked: Asked) -> Tally:
        """All together."""
        return self._tallies(asked, np.zeros(len(self.fits), np.int64), 1)[0]

    def run(self, stretches: list[Asked]) -> list[Tally]:
        """One tally a stretch of time; stretches follow each other without a gap."""
        starts = np.array([one.start for one in stretches], np.int64)
        whole = Asked(stretches[0].start, stretches[-1].end, stretches[0].basis, stretches[0].now)
        opened, asked = (
            self._counted(fits, np.searchsorted(starts, moments, "right") - 1, len(starts))
            for fits, moments in self._readings(whole)
        )
        return [Tally(*pair) for pair in zip(opened, asked, strict=True)]

    def league(self, asked: Asked, by: str) -> list[Line]:
        """One row for each area, department, … that has a case; raises ``desk.unknown_column``."""
        codes, group = grouped(self.mirror, by, len(self.fits))
        tallies = self._tallies(asked, group, len(codes))
        return [
            Line(code, one)
            for code, one in zip(codes, tallies, strict=True)
            if one.opened["reported"] or one.asked["reported"]
        ]

    def _tallies(self, asked: Asked, group: NDArray[Any], groups: int) -> list[Tally]:
        opened, due = (self._counted(fits, group, groups) for fits, _ in self._readings(asked))
        return [Tally(*pair) for pair in zip(opened, due, strict=True)]

    def _readings(self, asked: Asked) -> list[tuple[NDArray[np.bool_], Longs]]:
        """Which cases lie in the stretch, and by which moment: as reported, and as asked."""
        reported, due = self.mirror.reported[: len(self.fits)], self.mirror.due[: len(self.fits)]
        opened = (self.fits & (reported >= asked.start) & (reported < asked.end), reported)
        if asked.basis is Basis.OPENED:
            return [opened, opened]
        return [opened, (self.fits & (due >= asked.start) & (due < asked.due_end) & (due != 0), due)]

    def _counted(self, fits: NDArray[np.bool_], group: NDArray[Any], groups: int) -> list[Counts]:
        counts = tally(self.bits, fits, group, groups)
        return [dict(zip(QUANTITIES, row, strict=True)) for row in counts.tolist()]


def grouped(mirror: CaseMirror, by: str, count: int) -> tuple[tuple[Any, ...], NDArray[Any]]:
    """The codes of a grouping, and each row's place among them, -1 for none.

    Parameters
    ----------
    by : str
        ``area:<layer>``, ``department``, ``team``, ``major``, ``matter`` or ``channel``.
    """
    layer = by.removeprefix("area:")
    if layer != by and layer in mirror.areas:
        return mirror.area_codes[layer], mirror.areas[layer][:count]
    if by == TEAMS:
        teams, place = np.unique(mirror.team[:count], return_inverse=True)
        return tuple(teams.tolist()), np.where(mirror.team[:count] == 0, -1, place)
    if by == "major":
        majors = tuple(dict.fromkeys(mirror.majors))
        place = np.array([majors.index(major) for major in mirror.majors], np.int64)
        return majors, place[mirror.matter[:count]]
    if by in FIELDS and by != "state":
        return getattr(mirror, FIELDS[by]), getattr(mirror, by)[:count]
    raise NeedleError("desk.unknown_column", column=by)


def intervals(tallies: list[Tally], definition: Definition) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Wilson's 95 % intervals of a definition's rate, one a tally; NaN where nothing is below the line."""
    counts = [one.counts(definition) for one in tallies]
    above = np.array([one[definition.numerator] for one in counts], np.int64)
    below = np.array([one[definition.denominator] for one in counts], np.int64)
    return wilson(np.minimum(above, below), below)


SCORES: Final = ("comp_dept", "comp_jinniu_digital")
_DEFINED: Final = {one.code: one for one in counted()}


def score_code(by: str) -> str:
    """The composite score of a grouping: departments have one of their own."""
    return SCORES[0] if by == "department" else SCORES[1]


def score(one: Tally, code: str) -> float | None:
    """A composite score of a tally; None while nothing fell due.

    Raises
    ------
    KeyError
        There is no such score.
    """
    names = {
        "comp_dept": ("close_rate", "ontime_dispose_rate", "rework_rate"),
        "comp_jinniu_digital": (
            "dispose_rate", "ontime_dispose_rate", "rework_rate", "overtime_todo_rate", "extension_rate",
        ),
    }[code]  # fmt: skip
    rates = [one.rate(_DEFINED[name]).value for name in names]
    known = [rate for rate in rates if rate is not None]
    if len(known) < len(rates):
        return None
    if code == "comp_dept":
        return float(scores.department(one.opened["valid"], known[0], known[1], known[2]))
    return float(scores.jinniu_digital(*known))
