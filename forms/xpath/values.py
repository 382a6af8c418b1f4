"""Values of XPath, and how one kind becomes another: as ODK reads dates, numbers and empty answers."""

import math
import re
from dataclasses import dataclass, field
from datetime import date, datetime, time, tzinfo
from typing import Final

NUMBER: Final = re.compile(r"-?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?", re.ASCII)
DAY: Final = re.compile(r"\d{4}-\d\d-\d\d(T.*)?", re.ASCII)
EPOCH: Final = date(1970, 1, 1)


@dataclass(eq=False, slots=True)
class Node:
    """One element of a submission, or of a list of choices. ``relevant`` False: it reads as if it were empty."""

    name: str
    text: str = ""
    parent: "Node | None" = None
    children: list["Node"] = field(default_factory=list)
    relevant: bool = True

    def add(self, name: str, text: str = "") -> "Node":
        """A new child at the end."""
        child = Node(name, text, self)
        self.children.append(child)
        return child

    def value(self) -> str:
        """Its own text, or that of everything in it; empty while it does not count."""
        if not self.relevant:
            return ""
        return "".join(child.value() for child in self.children) if self.children else self.text

    def root(self) -> "Node":
        """The document that it is in."""
        node = self
        while node.parent is not None:
            node = node.parent
        return node


Value = float | str | bool | list[Node]


def to_text(value: Value) -> str:
    """A value as text: of the first node, of a number as short as it can be said."""
    if isinstance(value, list):
        return value[0].value() if value else ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return number_text(value)
    return value


def number_text(value: float) -> str:
    """A number without needless digits."""
    if math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return "Infinity" if value > 0 else "-Infinity"
    return str(int(value)) if value == int(value) and abs(value) < 1e15 else repr(value)


def to_number(value: Value, zone: tzinfo) -> float:
    """A value as number: a date is its days since 1970, what is no number is NaN."""
    if isinstance(value, bool | float):
        return float(value)
    text = to_text(value).strip()
    if DAY.fullmatch(text):
        return days(text, zone)
    return float(text) if NUMBER.fullmatch(text) else math.nan


def days(text: str, zone: tzinfo) -> float:
    """Days since 1970 of an ISO date or moment; NaN for none. A moment counts by its own zone, or the given one."""
    try:
        if "T" not in text:
            return float((date.fromisoformat(text) - EPOCH).days)
        moment = datetime.fromisoformat(text)
    except ValueError:
        return math.nan
    here = moment.replace(tzinfo=zone) if moment.tzinfo is None else moment.astimezone(zone)
    local = here.replace(tzinfo=None) - datetime.combine(EPOCH, time())
    return local.total_seconds() / 86400


def to_flag(value: Value) -> bool:
    """A value as yes or no: a number but 0, a text that is not empty, nodes if there are any."""
    if isinstance(value, float):
        return value != 0 and not math.isnan(value)
    return bool(value)
