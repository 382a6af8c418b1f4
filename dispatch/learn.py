"""Learning a routing table from history: who had such matters in such places, and how well that would have foretold.

The table backs off from the particular to the general: category in area, category, reason (the group of categories),
and the department that has most. A split by area stands only on evidence. Accuracy is always that of a table learned
from the months *before* the month it is tested on.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd

from geo.errors import NeedleError

NEEDED = ("category", "department", "reported_at")
MAJORITY = "majority"


@dataclass(frozen=True)
class Thresholds:
    """How much evidence a line of the table needs.

    Attributes
    ----------
    category : int
        Events of a category before its own line stands; fewer: its reason's line.
    area : int
        Events of a category in one area before the area gets a line of its own.
    area_share : float
        Share that the area's department (or, of the same department, its queue) must have there; and it must differ
        from the category's.
    """

    category: int = 1
    area: int = 10
    area_share: float = 0.5


@dataclass(frozen=True)
class Routing:
    """One line of the table: events of this kind go to the department (and its queue).

    ``by`` says what the line is about: ``category_area``, ``category``, ``reason`` or ``majority``; ``key`` is the
    category or the reason, ``area`` the area's code. ``support`` events stand behind it, of which ``share`` had this
    department.
    """

    by: str
    key: str
    area: str | None
    department: str
    queue: str | None
    support: int
    share: float


@dataclass(frozen=True)
class MonthAccuracy:
    """A month kept back: how often a table learned from the months before had the department and the queue right.

    ``covered`` events were foretold by a line of their category; the others by a more general one.
    """

    month: str
    learned_from: int
    tested: int
    covered: int
    department_right: int
    queue_right: int

    @property
    def share(self) -> float:
        """Share of all tested events whose department was right."""
        return self.department_right / self.tested

    @property
    def queue_share(self) -> float:
        """Share of all tested events whose queue was right."""
        return self.queue_right / self.tested


@dataclass(frozen=True)
class DepartmentAccuracy:
    """One department over all months kept back: events it had, those foretold for it, and those both."""

    department: str
    had: int
    foretold: int
    right: int


@dataclass(frozen=True)
class Proposal:
    """What history proposes, for a person to accept: the table learned from all of it, and how well such tables did."""

    routings: tuple[Routing, ...]
    months: tuple[MonthAccuracy, ...]
    departments: tuple[DepartmentAccuracy, ...]


def learn_routing(history: pd.DataFrame, held_back: int = 1, thresholds: Thresholds = Thresholds()) -> Proposal:
    """Propose a routing table from history.

    Parameters
    ----------
    history : DataFrame
        One row an event: ``category`` (known at intake), ``department`` that had it in the end, ``reported_at``
        (datetime); optional ``area`` (code), ``queue`` and ``reason`` (group of categories, known at intake). Rows
        without category, department or time teach nothing and are left out.
    held_back : int
        Number of last months to test on, each with a table learned from the months before it.

    Raises
    ------
    NeedleError
        ``rules.history_columns`` when a needed column is missing, ``rules.history_short`` when no month is left to
        learn from.
    """
    events = clean_history(history)
    months = sorted(events["month"].unique())
    if len(months) < 2:
        raise NeedleError("rules.history_short", months=len(months))
    tested = []
    for month in months[max(1, len(months) - held_back) :]:
        before, now = events[events["month"] < month], events[events["month"] == month]
        tested.append((month, len(before), foretell(learn_table(before, thresholds), now)))
    return Proposal(
        routings=tuple(learn_table(events, thresholds)),
        months=tuple(month_accuracy(*of_month) for of_month in tested),
        departments=department_accuracy(pd.concat([told for _, _, told in tested])),
    )


def clean_history(history: pd.DataFrame) -> pd.DataFrame:
    """The rows that teach something, as text columns, with their month."""
    missing = [column for column in NEEDED if column not in history]
    if missing:
        raise NeedleError("rules.history_columns", columns=", ".join(missing))
    whole = history[history[list(NEEDED)].notna().all(axis=1)]
    events = pd.DataFrame(
        {column: text_column(whole, column) for column in ("category", "department", "queue", "area", "reason")}
    )
    events["month"] = pd.to_datetime(whole["reported_at"]).dt.strftime("%Y-%m").to_numpy()
    return events[(events["category"] != "") & (events["department"] != "")]


def text_column(frame: pd.DataFrame, column: str) -> pd.Series:
    """A column as trimmed texts, blank where missing."""
    if column not in frame:
        return pd.Series("", index=frame.index, dtype=object)
    return frame[column].astype(object).where(frame[column].notna(), "").astype(str).str.strip()


def learn_table(events: pd.DataFrame, thresholds: Thresholds) -> list[Routing]:
    """The lines of the table, from the particular to the general."""
    by_category = favourites(events, ["category"])
    by_category = by_category[by_category["support"] >= thresholds.category]
    by_area = favourites(events[events["area"] != ""], ["category", "area"])
    by_area = by_area[has_own_way(by_area, by_category.set_index("category"), thresholds)]
    by_reason = favourites(events[events["reason"] != ""], ["reason"])
    everything = favourites(events.assign(all=MAJORITY), ["all"])
    return [
        *lines("category_area", by_area, "category"),
        *lines("category", by_category, "category"),
        *lines("reason", by_reason, "reason"),
        *lines(MAJORITY, everything, "all"),
    ]


def has_own_way(by_area: pd.DataFrame, by_category: pd.DataFrame, thresholds: Thresholds) -> pd.Series:
    """Which areas have, on enough evidence, another department than the category has, or another queue of it."""
    department = by_area["category"].map(by_category["department"])
    queue = by_area["category"].map(by_category["queue"])
    other_department = (by_area["department"] != department) & (by_area["share"] >= thresholds.area_share)
    other_queue = (by_area["department"] == department) & (by_area["queue"] != queue)
    other_queue &= by_area["queue_share"] >= thresholds.area_share
    return (by_area["support"] >= thresholds.area) & (other_department | other_queue)


def favourites(events: pd.DataFrame, keys: list[str]) -> pd.DataFrame:
    """For each key the department with most events (ties: first by name), its busiest queue, support and shares."""
    counts = events.groupby([*keys, "department"], as_index=False).size()
    support = counts.groupby(keys)["size"].transform("sum")
    counts = counts.assign(support=support, share=counts["size"] / support)
    best = counts.sort_values("size", ascending=False, kind="stable").drop_duplicates(keys).sort_values(keys)
    queues = events.groupby([*keys, "department", "queue"], as_index=False).size()
    queues = queues.sort_values("size", ascending=False, kind="stable").drop_duplicates([*keys, "department"])
    best = best.merge(queues.rename(columns={"size": "queued"}), on=[*keys, "department"], how="left")
    return best.assign(queue_share=best["queued"] / best["support"])


def lines(by: str, table: pd.DataFrame, key: str) -> list[Routing]:
    """Rows of favourites as lines."""
    areas = table["area"] if "area" in table else [None] * len(table)
    columns = (table[key], areas, table["department"], table["queue"], table["support"], table["share"])
    return [Routing(by, k, a, d, q or None, int(n), float(s)) for k, a, d, q, n, s in zip(*columns, strict=True)]


def foretell(table: Sequence[Routing], events: pd.DataFrame) -> pd.DataFrame:
    """What a table says of events: columns ``by``, ``told`` (department), ``told_queue`` beside the true ones."""
    known = {(line.by, line.key, line.area): line for line in table}
    unique = events[["category", "area", "reason"]].drop_duplicates()
    found = [first_line(known, *row) for row in unique.itertuples(index=False)]
    told = unique.assign(
        by=[line.by for line in found],
        told=[line.department for line in found],
        told_queue=[line.queue or "" for line in found],
    )
    return events.merge(told, on=["category", "area", "reason"], how="left")


def first_line(known: dict[tuple[str, str, str | None], Routing], category: str, area: str, reason: str) -> Routing:
    """The most particular line for an event."""
    asked: list[tuple[str, str, str | None]] = [
        ("category_area", category, area),
        ("category", category, None),
        ("reason", reason, None),
        (MAJORITY, MAJORITY, None),
    ]
    return next(known[key] for key in asked if key in known)


def month_accuracy(month: str, learned_from: int, told: pd.DataFrame) -> MonthAccuracy:
    """How well a month was foretold; a queue is right only together with its department."""
    right = told["told"] == told["department"]
    return MonthAccuracy(
        month=month,
        learned_from=learned_from,
        tested=len(told),
        covered=int(told["by"].isin(["category", "category_area"]).sum()),
        department_right=int(right.sum()),
        queue_right=int((right & (told["told_queue"] == told["queue"])).sum()),
    )


def department_accuracy(told: pd.DataFrame) -> tuple[DepartmentAccuracy, ...]:
    """How well each department was foretold, the busiest first."""
    had = told["department"].value_counts()
    foretold = told["told"].value_counts()
    right = told.loc[told["told"] == told["department"], "department"].value_counts()
    names = sorted(set(had.index) | set(foretold.index), key=lambda name: (-had.get(name, 0), name))
    return tuple(
        DepartmentAccuracy(name, int(had.get(name, 0)), int(foretold.get(name, 0)), int(right.get(name, 0)))
        for name in names
    )
