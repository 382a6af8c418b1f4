"""A table of events as columns: what each row says, and what is wrong with it. Pure; nothing is dropped."""

from collections import Counter
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from data.importers.columns import Texts, fingerprint, moments, numbers, texts, verbatim
from data.profile_model import ChannelSource, EventSource
from geo.crs import parse_crs
from geo.locating import points_of


@dataclass(frozen=True, eq=False)
class EventTable:
    """Columns of n events, row for row as in the file.

    Attributes
    ----------
    rows : list of dict
        Each row verbatim.
    key, channel, category, major, title, address, department, queue : object arrays (n,)
        Texts, ``None`` where the row says nothing; ``key`` and ``channel`` are always there.
    reported_at, due_at, closed_at : Series of UTC timestamps (n,)
        NaT where unknown.
    closed : bool array (n,)
    x, y : float arrays (n,)
        As recorded, in the table's own coordinate system.
    lng, lat : float arrays (n,)
        WGS84 degrees, NaN where the location is unknown.
    location_problem : object array (n,)
        Error code of the location (``coordinate.…``), ``""`` for a real one.
    problems : list of tuple of str, length n
        Other error codes (``event.…``).
    """

    rows: list[dict[str, Any]]
    key: Texts
    channel: Texts
    category: Texts
    major: Texts
    title: Texts
    address: Texts
    department: Texts
    queue: Texts
    reported_at: "pd.Series[pd.Timestamp]"
    due_at: "pd.Series[pd.Timestamp]"
    closed_at: "pd.Series[pd.Timestamp]"
    closed: NDArray[np.bool_]
    x: NDArray[np.float64]
    y: NDArray[np.float64]
    lng: NDArray[np.float64]
    lat: NDArray[np.float64]
    location_problem: Texts
    problems: list[tuple[str, ...]]

    def __len__(self) -> int:
        return len(self.rows)

    def problem_counts(self) -> Counter[str]:
        """How many rows have each problem, those of the location included."""
        counts = Counter(code for row in self.problems for code in row)
        counts.update(str(code) for code in self.location_problem if code)
        return counts


def read_events(table: pd.DataFrame, source: EventSource, channels: tuple[ChannelSource, ...] = ()) -> EventTable:
    """Read a table by its source's columns.

    A row without a key gets the fingerprint of its content. Points on the geocoder's default spot have no location.

    Raises
    ------
    NeedleError
        ``coordinate.range``, ``coordinate.swapped``, ``crs.contradicted`` when no point at all agrees with the declared
        coordinate system.
    """
    columns, zone = source.columns, source.time.zone
    rows = verbatim(table)
    when = {
        name: moments(table, getattr(columns, name), source.time.format, zone)
        for name in ("reported_at", "due_at", "closed_at")
    }
    status = texts(table, columns.status)
    closed = is_closed(status, source, when["closed_at"])
    key = texts(table, columns.key)
    x, y = numbers(table, columns.x), numbers(table, columns.y)
    points = points_of(x, y, parse_crs(source.crs, "[events] crs"), source.file)
    lng, lat = points.good_coordinates()
    return EventTable(
        rows=rows,
        key=np.array([k or fingerprint(row) for k, row in zip(key, rows, strict=True)], dtype=object),
        channel=channel_codes(texts(table, columns.channel), source.channel, channels),
        category=texts(table, columns.category),
        major=texts(table, columns.major),
        title=texts(table, columns.title),
        address=texts(table, columns.address),
        department=texts(table, columns.department),
        queue=texts(table, columns.queue),
        closed=closed,
        x=x,
        y=y,
        lng=lng,
        lat=lat,
        location_problem=points.problem,
        problems=row_problems(key, status, source, when, closed),
        **when,
    )


def is_closed(status: Texts, source: EventSource, closed_at: "pd.Series[pd.Timestamp]") -> NDArray[np.bool_]:
    """Whether each event is closed: by its status where that is known, else by whether it has a closing time."""
    known = dict.fromkeys(source.status.closed, True) | dict.fromkeys(source.status.open, False)
    has_time = closed_at.notna().tolist()
    return np.array([known.get(s, t) if s else t for s, t in zip(status, has_time, strict=True)], dtype=bool)


def channel_codes(said: Texts, default: str, channels: tuple[ChannelSource, ...]) -> Texts:
    """The channel of each row by what its channel column says, the default where that is unknown."""
    codes = {value: channel.code for channel in channels for value in channel.values}
    return np.array([codes.get(value, default) for value in said], dtype=object)


def row_problems(
    key: Texts,
    status: Texts,
    source: EventSource,
    when: "dict[str, pd.Series[pd.Timestamp]]",
    closed: NDArray[np.bool_],
) -> list[tuple[str, ...]]:
    """The problem codes of each row, except those of its location."""
    opened, ended = when["reported_at"], when["closed_at"]
    known = {*source.status.open, *source.status.closed}
    asks_status = source.columns.status is not None
    masks = {
        "event.key_missing": np.array([k is None for k in key], dtype=bool),
        "event.key_repeated": np.asarray(pd.Series(key).notna() & pd.Series(key).duplicated(), dtype=bool),
        "event.time_invalid": np.asarray(opened.isna(), dtype=bool),
        "event.status_unknown": np.array([asks_status and s not in known for s in status], dtype=bool),
        "event.closed_before_opened": np.asarray(ended < opened, dtype=bool),
        "event.closed_without_time": closed & np.asarray(ended.isna(), dtype=bool),
    }
    return [tuple(code for code, mask in masks.items() if mask[i]) for i in range(len(key))]
