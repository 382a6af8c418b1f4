"""Definitions of indicators: what is above the line, what below, whether a period means what fell due or what was opened in it.

The table is ``definitions.csv``. A definition is never changed: another way of counting is another code or the next version, so
that a printed figure can be counted again. ``source``: ``cases`` are counted over the cases (``data.mirror.judging``); ``books``
need what is kept elsewhere (call-backs, missed reports) and are computed from counts that somebody brings.
"""

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from enum import StrEnum
from functools import cache
from importlib.resources import files
from types import MappingProxyType
from typing import Final

from data.mirror.judging import QUANTITIES

HUNDRED: Final = Decimal(100)


class Basis(StrEnum):
    """Which cases a period means. ``due``: whose deadline lies in it (应处置、应结案); ``opened``: reported in it."""

    DUE = "due"
    OPENED = "opened"


@dataclass(frozen=True)
class Definition:
    """One line of the table.

    Attributes
    ----------
    numerator, denominator : str
        Quantities of ``data.mirror.judging`` where ``source`` is ``cases``.
    basis : Basis or None
        None: either; who asks says which.
    better : int
        1: higher is better, -1: lower, 0: neither.
    """

    code: str
    version: int
    source: str
    basis: Basis | None
    numerator: str
    denominator: str
    better: int
    zh: str
    en: str
    note_zh: str
    note_en: str

    def over(self, asked: Basis) -> Basis:
        """The basis it is counted on when somebody asks for one."""
        return self.basis or asked

    def rate(self, counts: Mapping[str, float | Decimal | int]) -> "Rate":
        """The rate of some counts by quantity."""
        return Rate(Decimal(str(counts[self.numerator])), Decimal(str(counts[self.denominator])))


@dataclass(frozen=True)
class Rate:
    """A share, with what it is made of."""

    numerator: Decimal
    denominator: Decimal

    @property
    def value(self) -> Decimal | None:
        """0..1; None where nothing is below the line: a blank, and no zero."""
        return self.numerator / self.denominator if self.denominator else None

    def percent(self, digits: int = 2) -> Decimal | None:
        """In per cent, half rounded up as reports print it."""
        return None if self.value is None else rounded(self.value * HUNDRED, digits)


def rounded(value: Decimal, digits: int) -> Decimal:
    """Half up, as a person rounds."""
    return value.quantize(Decimal(1).scaleb(-digits), ROUND_HALF_UP)


BETTER: Final = {"higher": 1, "lower": -1, "neutral": 0}


@cache
def definitions() -> Mapping[str, Definition]:
    """The table by code, in its order."""
    text = files("dashboard.indicators").joinpath("definitions.csv").read_text(encoding="utf-8")
    rows = csv.DictReader(text.splitlines())
    return MappingProxyType({row["code"]: _definition(row) for row in rows})


def _definition(row: Mapping[str, str]) -> Definition:
    basis = None if row["basis"] == "either" else Basis(row["basis"])
    plain = {
        name: row[name] for name in ("code", "source", "numerator", "denominator", "zh", "en", "note_zh", "note_en")
    }
    return Definition(version=int(row["version"]), basis=basis, better=BETTER[row["direction"]], **plain)


@cache
def counted() -> tuple[Definition, ...]:
    """Those that are counted over the cases."""
    found = tuple(one for one in definitions().values() if one.source == "cases")
    assert all({one.numerator, one.denominator} <= set(QUANTITIES) for one in found), (
        "the table names unknown quantities"
    )
    return found
