"""The cases behind a key figure, the most pressing first."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any, Final, cast

import numpy as np
from numpy.typing import NDArray

from data.mirror.columns import CaseMirror
from data.mirror.figures import DAY, WEEK, midnight_before

Bools = NDArray[np.bool_]
Ints = NDArray[np.int64]
NEVER: Final = np.iinfo(np.int64).max
JUDGED: Final = ("id", "reported", "due", "dispatched", "answered", "closed", "team")


@dataclass(frozen=True)
class Rule:
    """Which rows a figure counts, and their order: the smallest ``key`` first, equal ones by ``id``."""

    counts: Callable[[Any, int, int], Bools]
    key: Callable[[Any], Ints]
    newest_first: bool = False


def _open(rows: Any) -> Bools:
    return cast(Bools, rows.closed == 0)


def _late(rows: Any, now: int, _midnight: int) -> Bools:
    done = np.where(rows.answered != 0, rows.answered, rows.closed)
    return cast(Bools, (rows.closed >= now - WEEK) & (rows.due != 0) & (done > rows.due))


def _due(rows: Any) -> Ints:
    return np.where(rows.due == 0, NEVER, rows.due)


def _newest(rows: Any) -> Ints:
    return cast(Ints, -rows.reported)


RULES: Final[Mapping[str, Rule]] = {
    "latest": Rule(lambda rows, _now, _midnight: np.ones(len(rows.id), np.bool_), _newest, True),
    "today": Rule(lambda rows, now, midnight: (rows.reported >= midnight) & (rows.reported <= now), _newest, True),
    "open": Rule(lambda rows, _now, _midnight: _open(rows), _due),
    "overdue": Rule(lambda rows, now, _midnight: _open(rows) & (rows.due != 0) & (rows.due < now), _due),
    "tightest": Rule(lambda rows, now, _midnight: _open(rows) & (rows.due >= now), _due),
    "undispatched": Rule(lambda rows, _now, _midnight: _open(rows) & (rows.team == 0), _newest, True),
    "dispatched": Rule(
        lambda rows, now, _midnight: rows.dispatched >= now - DAY, lambda rows: rows.reported - rows.dispatched
    ),
    "late": Rule(_late, lambda rows: -rows.closed),
}
"""Figure -> its cases; ``late`` are the ones that the on-time share misses."""


def behind(mirror: CaseMirror, fits: Bools, figure: str, now: int, timezone: str, limit: int) -> list[int]:
    """Ids of the cases behind a figure (a key of ``RULES``) among the rows that fit, at most ``limit``.

    Raises
    ------
    KeyError
        No such figure.
    """
    rule = RULES[figure]
    rows = SimpleNamespace(**{name: getattr(mirror, name)[: len(fits)] for name in JUDGED})
    found = np.flatnonzero(fits & rule.counts(rows, now, midnight_before(now, timezone)))
    key, ids = rule.key(rows)[found], rows.id[found]
    near = np.flatnonzero(key <= np.partition(key, limit - 1)[limit - 1]) if len(key) > limit else np.arange(len(key))
    order = np.lexsort((-ids[near] if rule.newest_first else ids[near], key[near]))
    return cast(list[int], ids[near[order[:limit]]].tolist())
