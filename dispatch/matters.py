"""What a case may be about: 管理部件和事项, the matters of both editions, with filing conditions and limits.

A matter's key is ``edition:kind:code`` (``2026:event:09006``): 事项 01-05 repeat the codes of the 部件, so that a
code alone is ambiguous. Old cases keep their edition; ``successors`` only says what a matter is called today.
"""

import csv
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from itertools import groupby
from types import MappingProxyType

from dispatch.clock import Limit
from geo.errors import NeedleError

SCHEMES: Mapping[str, str] = MappingProxyType({"2026": "GB/T 47678.5", "2013": "GB/T 30428.2"})
DEFAULT_LIMIT = Limit(5, "work_day")
"""For a matter of no known major class that has no filing condition."""


@dataclass(frozen=True, slots=True)
class FilingCondition:
    """立案条件: when a matter is filed, what closes it, and how long that may take."""

    number: int
    condition: str
    closing_action: str
    limit: Limit


@dataclass(frozen=True, slots=True)
class Matter:
    """A kind of component (部件) or event (事项) of one edition of one scheme."""

    scheme: str
    edition: str
    kind: str
    code: str
    major_code: str
    major_name: str
    name_zh: str
    name_en: str
    conditions: tuple[FilingCondition, ...] = ()

    @property
    def key(self) -> str:
        """``edition:kind:code``."""
        return f"{self.edition}:{self.kind}:{self.code}"

    @property
    def limit(self) -> Limit:
        """The limit of the first filing condition, else of the major class, else ``DEFAULT_LIMIT``."""
        if self.conditions:
            return self.conditions[0].limit
        return major_limits().get((self.edition, self.kind, self.major_code), DEFAULT_LIMIT)

    def limit_of(self, number: object) -> tuple[Limit, int | None]:
        """The limit of a filing condition and its number; for None ``limit``, with the first condition's number.

        Raises
        ------
        NeedleError
            ``case.condition_unknown``.
        """
        if number is None:
            return self.limit, self.conditions[0].number if self.conditions else None
        for condition in self.conditions:
            if condition.number == number:
                return condition.limit, condition.number
        raise NeedleError("case.condition_unknown", condition=number, matter=self.key)


UNCLASSIFIED = Matter("Needle", "needle", "event", "unclassified", "00", "待归类", "待归类事项", "Not classified yet")
"""What a report is about whose matter nobody knows: its case waits for a person to classify it."""


@dataclass(frozen=True, slots=True)
class Succession:
    """One step of the crosswalk from the edition of 2013 to that of 2026.

    ``relation`` is same, renamed, moved, nearest, removed, unknown or new; the missing side is None.
    """

    old: str | None
    new: str | None
    relation: str


@cache
def matters() -> Mapping[str, Matter]:
    """Every matter of the project's own tables by its key, both editions."""
    conditions = _conditions()
    names = {(r["edition"], r["kind"], r["major_code"]): r["name_zh"] for r in table_rows("majors.csv")}
    found = [_matter(r, names, conditions) for r in table_rows("matters.csv")]
    return MappingProxyType({m.key: m for m in found})


@cache
def major_limits() -> Mapping[tuple[str, str, str], Limit]:
    """The commonest limit that is not urgent, by (edition, kind, major class)."""
    rows = table_rows("majors.csv")
    return {(r["edition"], r["kind"], r["major_code"]): _limit(r) for r in rows}


@cache
def crosswalk() -> tuple[Succession, ...]:
    """All known steps from the edition of 2013 to that of 2026."""
    return tuple(Succession(r["from"] or None, r["to"] or None, r["relation"]) for r in table_rows("crosswalk.csv"))


def successors(key: str) -> tuple[str, ...]:
    """The keys of 2026 that took over from a key of 2013; empty when the matter was removed."""
    return tuple(step.new for step in crosswalk() if step.old == key and step.new is not None)


def _matter(
    row: Mapping[str, str],
    major_names: Mapping[tuple[str, str, str], str],
    conditions: Mapping[tuple[str, str, str], tuple[FilingCondition, ...]],
) -> Matter:
    edition, kind, code, major = row["edition"], row["kind"], row["code"], row["major_code"]
    return Matter(
        scheme=SCHEMES[edition],
        edition=edition,
        kind=kind,
        code=code,
        major_code=major,
        major_name=major_names[edition, kind, major],
        name_zh=row["name_zh"],
        name_en=row["name_en"],
        conditions=conditions.get((edition, kind, code), ()),
    )


def _conditions() -> Mapping[tuple[str, str, str], tuple[FilingCondition, ...]]:
    rows = table_rows("filing_conditions.csv")
    return {key: _condition_list(group) for key, group in groupby(rows, lambda r: (r["edition"], r["kind"], r["code"]))}


def _condition_list(rows: Iterable[Mapping[str, str]]) -> tuple[FilingCondition, ...]:
    return tuple(FilingCondition(int(r["number"]), r["condition"], r["closing_action"], _limit(r)) for r in rows)


def _limit(row: Mapping[str, str]) -> Limit:
    return Limit(float(row["limit_value"]), row["limit_unit"])


def table_rows(name: str) -> list[dict[str, str]]:
    """The rows of one of the project's own tables."""
    text = files("dispatch").joinpath("tables", name).read_text(encoding="utf-8")
    return list(csv.DictReader(text.splitlines()))
