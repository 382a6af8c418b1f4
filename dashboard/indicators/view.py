"""Counted indicators as the page and the report show them: plain values in one language. Pure."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from dashboard.i18n import Words
from dashboard.indicators.counting import FEW, Asked, Line, Tally, intervals, score, score_code
from dashboard.indicators.definitions import Definition, counted, definitions
from dashboard.indicators.periods import Period
from dashboard.indicators.scores import rating

VARIANTS: Final = frozenset({"rework_rate_disposed"})
"""Another way of counting what another indicator counts: listed among the definitions, no card of its own."""
Namer = Callable[[str, Any], str]


@dataclass(frozen=True)
class Counted:
    """Everything that was counted for one look at the page."""

    period: Period
    asked: Asked
    by: str
    total: Tally
    run: list[tuple[Period, Tally]]
    lines: list[Line]

    @property
    def before(self) -> Tally | None:
        """The period before."""
        return self.run[-2][1] if len(self.run) > 1 else None


def rank(lines: list[Line], definition: Definition) -> list[int]:
    """The order of a league table by a definition: the best first, by the nearer end of each interval; too few cases last.

    Ordering by the end of the interval that speaks against a row keeps a row of a few cases from leading by luck.
    """
    low, high = intervals([line.tally for line in lines], definition)
    below = np.array([line.tally.counts(definition)[definition.denominator] for line in lines], np.int64)
    key = np.nan_to_num(-low if definition.better >= 0 else high, nan=9.0)
    return sorted(range(len(lines)), key=lambda k: (below[k] < FEW, key[k], -below[k], str(lines[k].code)))


def definition_as_json(one: Definition, say: Words) -> dict[str, Any]:
    """A definition with its words."""
    return {
        "code": one.code,
        "version": one.version,
        "source": one.source,
        "basis": one.basis,
        "numerator": one.numerator,
        "denominator": one.denominator,
        "better": one.better,
        "variant": one.code in VARIANTS,
        "name": say.pick(one.zh, one.en),
        "note": say.pick(one.note_zh, one.note_en),
    }


def cells(tallies: list[Tally]) -> list[list[list[float | int | None]]]:
    """For each tally and each counted definition: above and below the line, and the interval of the rate."""
    columns = []
    for one in counted():
        low, high = intervals(tallies, one)
        pairs = [(t.counts(one)[one.numerator], t.counts(one)[one.denominator]) for t in tallies]
        ends = zip(low.round(5).tolist(), high.round(5).tolist(), strict=True)
        columns.append(
            [
                [above, below, *(ends_ if below else (None, None))]
                for (above, below), ends_ in zip(pairs, ends, strict=True)
            ]
        )
    return [list(row) for row in zip(*columns, strict=True)]


def line_as_json(line: Line, row: list[Any], by: str, name: Namer, code: str) -> dict[str, Any]:
    """A row of the league table."""
    value = score(line.tally, code)
    owed = line.tally.asked["owed"]
    return {
        "code": line.code,
        "name": name(by, line.code),
        "cells": row,
        "reported": line.tally.opened["reported"],
        "score": None if value is None or owed < FEW else round(value, 2),
        "rating": None if value is None or owed < FEW else rating(value),
    }


def as_json(found: Counted, say: Words, name: Namer, by_choices: list[dict[str, str]]) -> dict[str, Any]:
    """The page's numbers."""
    whole = cells([tally for _, tally in found.run])
    code = score_code(found.by)
    rows = cells([line.tally for line in found.lines]) if found.lines else []
    value = score(found.total, code)
    return {
        "period": {
            "key": found.period.key,
            "kind": found.period.kind,
            "from": found.asked.start,
            "to": found.asked.end,
        },
        "due_to": found.asked.due_end,
        "basis": found.asked.basis,
        "by": found.by,
        "choices": by_choices,
        "few": FEW,
        "definitions": [definition_as_json(one, say) for one in counted()],
        "elsewhere": [definition_as_json(one, say) for one in definitions().values() if one.source != "cases"],
        "score": {"code": code, "value": None if value is None else round(value, 2), "rating": value and rating(value)},
        "total": whole[-1],
        "reported": found.total.opened["reported"],
        "run": [{"key": period.key, "cells": row} for (period, _), row in zip(found.run, whole, strict=True)],
        "rows": [line_as_json(line, row, found.by, name, code) for line, row in zip(found.lines, rows, strict=True)],
    }
