"""Patrol coverage as a page reads it: figures of areas, days and visitors of a cell, pieces that nobody saw, a worker's day."""

from collections.abc import Mapping, Sequence, Set
from datetime import date
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from data.mirror.patrol import Bools, PatrolPicture, Rows
from data.mirror.patrol_ground import PatrolGround
from data.stores.patrols import CaseRow, CellDayRow
from geo.patrol import PIECE_M, SIGHT_M, Stop, Tracks
from geo.patrol_kernels import ONE, passed

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

SHARES: Final = {
    "streets": ("street_seen_m", "street_m"),
    "before": ("street_before_m", "street_m"),
    "buildings": ("buildings_seen", "buildings"),
    "self_found": ("self_found", "opened"),
    "answered": ("answered", "asked"),
}
COUNTS: Final = ("street_m", "street_seen_m", "buildings_seen", "opened", "closed", "overdue", "asked")
SORTS: Final = ("streets", "buildings", "last", "overdue", "opened", "self_found", "answered", "trend", "around")


def figures(rows: Rows, at: int) -> dict[str, Any]:
    """The figures of one row: shares (None: not known), counts, when somebody was last there (Unix seconds or None)."""
    shares = {name: share(rows.of(part)[at], rows.of(whole)[at]) for name, (part, whole) in SHARES.items()}
    around = float(rows.around[at])
    return {
        **shares,
        **{name: round(float(rows.of(name)[at])) for name in COUNTS},
        "buildings_all": round(float(rows.of("buildings")[at])),
        "last": int(rows.last_s[at]) or None,
        "around": None if np.isnan(around) else round(around, 4),
    }


def share(part: float, whole: float) -> float | None:
    """A quotient to four places; None where there is nothing below."""
    return round(float(part) / float(whole), 4) if whole else None


def total(picture: PatrolPicture, fits: Bools) -> dict[str, Any]:
    """The figures of some cells together."""
    cells = picture.cells
    last = np.array([cells.last_s[fits].max(initial=0)])
    return figures(Rows(cells.sums[fits].sum(axis=0, keepdims=True), last, np.array([np.nan])), 0) | {
        "cells": int(fits.sum()),
        "visited": int((cells.last_s[fits] > 0).sum()),
    }


def order_of(rows: Rows, sort: str) -> Ints:
    """Rows with anything in them, what wants attention first."""
    there = np.flatnonzero(rows.sums.any(axis=1))
    return there[np.argsort(keys(rows, sort)[there], kind="stable")]


def keys(rows: Rows, sort: str) -> Floats:
    """What rows are sorted by, ascending; what is not known comes last."""
    streets = rows.share("street_seen_m", "street_m")
    if sort in ("opened", "overdue"):
        return -rows.of(sort)
    if sort == "last":
        return rows.last_s.astype(np.float64)
    found = {
        "trend": lambda: streets - rows.share("street_before_m", "street_m"),
        "around": lambda: streets - rows.around,
    }.get(sort, lambda: rows.share(*SHARES.get(sort, SHARES["streets"])))()
    return np.nan_to_num(found, nan=np.inf)


def bounds(ground: PatrolGround, fits: Bools) -> list[float] | None:
    """West, south, east, north of the middles of some cells, in degrees; None without any."""
    if not fits.any():
        return None
    found: list[float] = [*ground.middles[fits].min(axis=0).tolist(), *ground.middles[fits].max(axis=0).tolist()]
    return found


# --- one cell ---------------------------------------------------------------------------------------------------


def gaps(picture: PatrolPicture, cell: int) -> list[list[list[float]]]:
    """The pieces of a cell's streets that nobody saw in the period, as lines of longitude and latitude."""
    ground = picture.ground
    units = slice(*ground.streets.cell_starts[cell : cell + 2].tolist())
    unseen = ground.streets.source[units][picture.seen.streets[units] != ONE] % len(ground.pieces.x)
    pieces = ground.pieces
    half = np.minimum(pieces.metres[unseen], PIECE_M) / 2
    ends = [
        np.column_stack(
            ground.plane.to_lnglat(
                pieces.x[unseen] + side * half * pieces.dx[unseen], pieces.y[unseen] + side * half * pieces.dy[unseen]
            )
        )
        for side in (-1, 1)
    ]
    lines: list[list[list[float]]] = np.stack(ends, axis=1).round(6).tolist()
    return lines


def daily(ground: PatrolGround, cell: int, rows: Sequence[CellDayRow], days: Sequence[date]) -> list[dict[str, Any]]:
    """Of each day the share of a cell's streets that was seen, and by whom (ids of accounts)."""
    found = []
    for day in days:
        own = [row for row in rows if row.day == day]
        found.append(
            {
                "day": day.isoformat(),
                "share": seen_share(ground, cell, [row.streets for row in own if fits(ground, cell, row)]),
                "by": sorted({row.account_id for row in own}),
            }
        )
    return found


def visitors(ground: PatrolGround, cell: int, rows: Sequence[CellDayRow], names: Mapping[int, str]) -> list[Any]:
    """Who was in a cell: on how many days, which share of its streets, when last; whoever saw most first."""
    found = []
    for account in {row.account_id for row in rows if row.account_id in names}:
        own = [row for row in rows if row.account_id == account]
        saw = seen_share(ground, cell, [row.streets for row in own if fits(ground, cell, row)])
        last = max(row.last_at for row in own).timestamp()
        found.append({"account": account, "name": names[account], "days": len(own), "share": saw, "last": round(last)})
    return sorted(found, key=lambda one: (-(one["share"] or 0), one["account"]))


def fits(ground: PatrolGround, cell: int, row: CellDayRow) -> bool:
    """Whether a row's bits are of today's streets."""
    return row.street_ground == int(ground.street_ground[cell])


def seen_share(ground: PatrolGround, cell: int, texts: Sequence[str]) -> float | None:
    """The share of a cell's streets that any of some rows of bits saw; None where the cell has no street."""
    a, b = ground.streets.cell_starts[cell : cell + 2].tolist()
    weight = ground.streets.weight[a:b]
    together = np.zeros(b - a, np.bool_)
    for text in texts:
        if len(text) == b - a:
            together |= np.frombuffer(text.encode(), np.uint8) == ONE
    return share(float(weight[together].sum()), float(weight.sum()))


# --- a worker's day ---------------------------------------------------------------------------------------------


def track_as_json(ground: PatrolGround, tracks: Tracks) -> list[list[float]]:
    """A track: seconds, longitude, latitude, and 1 where a straight way leads here."""
    lng, lat = ground.plane.to_lnglat(tracks.places[:, 0], tracks.places[:, 1])
    rows = zip(tracks.places[:, 2].tolist(), lng.tolist(), lat.tolist(), tracks.joined.tolist(), strict=True)
    return [[round(at), round(x, 6), round(y, 6), int(straight)] for at, x, y, straight in rows]


def stop_as_json(ground: PatrolGround, stop: Stop) -> dict[str, Any]:
    """A stop in degrees."""
    lng, lat = ground.plane.to_lnglat(stop.x, stop.y)
    return {"at": [round(lng, 6), round(lat, 6)], "from": round(stop.from_s), "to": round(stop.to_s)}


def walked_m(tracks: Tracks) -> float:
    """How far a track goes in straight ways, metres."""
    steps = np.diff(tracks.places[:, :2], axis=0)
    return float(np.hypot(steps[:, 0], steps[:, 1])[tracks.joined[1:]].sum())


def cases_on_way(ground: PatrolGround, tracks: Tracks, rows: Sequence[CaseRow], own: Set[int]) -> list[dict[str, Any]]:
    """The cases that the worker found (``own``), and the open ones that the track came within sight of, in order of time."""
    points = np.array([(row.lng, row.lat) for row in rows], np.float64).reshape(-1, 2)
    places = np.column_stack(ground.plane.to_xy(points[:, 0], points[:, 1]))
    moments = passed(tracks.places, tracks.joined, places, SIGHT_M).tolist()
    told = [
        {
            "id": row.id,
            "number": row.number,
            "title": row.title or "",
            "at": [row.lng, row.lat],
            "when": round(row.reported_at.timestamp() if row.id in own else at),
            "found": row.id in own,
        }
        for row, at in zip(rows, moments, strict=True)
        if row.id in own or at == at
    ]
    return sorted(told, key=lambda one: (one["when"], one["id"]))
