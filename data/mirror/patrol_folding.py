"""Folding: the places of workers on duty become bits of what they saw, by day and cell, before the places are forgotten."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from data.database import Connection
from data.mirror.patrol_ground import PatrolGround
from data.stores.patrols import Due, add_seen, read_places, take_due
from geo.patrol import Seen, Sights, seen_by, tracks_of

MOST: Final = 400
"""Duties a transaction: a phone whose duty is being folded waits for its end."""
DAYS: Final = 1 << 20
EPOCH: Final = date(1970, 1, 1)


def fold(connection: Connection, ground: PatrolGround) -> int:
    """Fold everything that is due, a few hundred duties at a time; how many duties that was."""
    total = 0
    while True:
        with connection.transaction():
            due = take_due(connection, MOST)
            if due:
                add_seen(connection, rows_of(ground, due, read_places(connection, due)), due)
        total += len(due)
        if len(due) < MOST:
            return total


def rows_of(ground: PatrolGround, due: list[Due], places: NDArray[Any]) -> Iterator[tuple[Any, ...]]:
    """What the places of duties show, as rows of ``data.stores.patrols.COLUMNS``."""
    x, y = ground.plane.to_xy(places["lng"], places["lat"])
    key = places["nth"].astype(np.int64) * DAYS + places["day"]
    keys, tracks = tracks_of(key, x, y, places["at_s"], places["accuracy_m"])
    streets, buildings = seen_by(ground.streets, tracks), seen_by(ground.buildings, tracks)
    size = len(ground.codes)
    ids = [seen.track * size + seen.cell for seen in (streets, buildings)]
    wanted = np.unique(np.concatenate(ids))
    last = np.zeros(len(wanted))
    for seen, own in ((streets, ids[0]), (buildings, ids[1])):
        np.maximum.at(last, np.searchsorted(wanted, own), seen.last_s)
    texts = (
        bits_of(streets, ids[0], wanted, ground.streets, size),
        bits_of(buildings, ids[1], wanted, ground.buildings, size),
    )
    for at, street, building, last_s in zip(wanted.tolist(), *texts, last.tolist(), strict=True):
        track, cell = divmod(at, size)
        nth, day = divmod(int(keys[track]), DAYS)
        yield (
            EPOCH + timedelta(days=day),
            due[nth - 1].account_id,
            ground.codes[cell],
            int(ground.street_ground[cell]),
            street,
            int(ground.building_ground[cell]),
            building,
            datetime.fromtimestamp(last_s, UTC),
        )


def bits_of(seen: Seen, own: NDArray[np.int64], wanted: NDArray[np.int64], sights: Sights, cells: int) -> Iterator[str]:
    """The characters of each wanted row; zeros where nothing of this kind was seen in the cell."""
    text = seen.bits.tobytes().decode()
    known = {key: text[a:b] for key, (a, b) in zip(own.tolist(), pairwise(seen.offsets.tolist()), strict=True)}
    units = np.diff(sights.cell_starts)
    for key in wanted.tolist():
        yield known.get(key) or "0" * int(units[key % cells])
