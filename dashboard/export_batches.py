"""What an export is made of: batches of cases as columns, codes from the mirror, words and points from the database.

A batch is whole columns, not rows, so that a million cases cost array operations and no object a case.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from dashboard.view_models.desk_columns import Column, Namer
from data.database import Connection
from data.mirror.columns import CaseMirror
from data.stores import desk as store

BATCH: Final = 20_000
#: Column of a table -> vocabulary of the mirror.
CODED: Final = {"state": "states", "channel": "channels", "matter": "matters", "department": "departments"}
Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Names:
    """A column of few different texts: ``words[codes]``, None where a code is -1."""

    codes: NDArray[np.int64]
    words: Sequence[str]

    def texts(self) -> list[str | None]:
        """A text a case."""
        table: NDArray[np.object_] = np.array([*self.words, None], object)
        found: list[str | None] = table[self.codes].tolist()
        return found


#: Names, texts, flags (bool), times (int64, Unix seconds, 0: none), numbers (NaN: none).
Values = Names | list[str | None] | NDArray[Any]


@dataclass(frozen=True)
class Batch:
    """Some cases. ``columns`` run parallel to the table's; ``lng`` and ``lat`` are degrees, NaN without a place."""

    ids: list[int]
    lng: Floats
    lat: Floats
    columns: list[Values]


def batches(
    connection: Connection, mirror: CaseMirror, rows: NDArray[np.int64], columns: Sequence[Column], name: Namer
) -> Iterator[Batch]:
    """The cases in these rows of a mirror, in their order, ``BATCH`` at a time.

    Codes are as the mirror has them when their batch is read; the words come over a connection of a thread of its own.
    """
    named = Vocabularies(mirror, name)
    for start in range(0, len(rows), BATCH):
        part = rows[start : start + BATCH]
        ids: list[int] = mirror.id[part].tolist()
        words, lng, lat = store.read_words(connection, ids)
        with mirror.lock:
            found = [_column(mirror, part, column.key, named, words, lng, lat) for column in columns]
        yield Batch(ids, lng, lat, found)


class Vocabularies:
    """The names behind a mirror's indexes, looked up once: indexes stay, and only new ones are asked for."""

    def __init__(self, mirror: CaseMirror, name: Namer) -> None:
        self.mirror, self.name = mirror, name
        self.known: dict[str, list[str]] = {}

    def of(self, facet: str, values: Sequence[Any]) -> list[str]:
        """The name of every value of a vocabulary."""
        known = self.known.setdefault(facet, [])
        known += [self.name(facet, value) for value in values[len(known) :]]
        return known

    def teams(self, team: NDArray[np.int32]) -> Names:
        """Teams are named by their ids: those of a batch are few."""
        ids, codes = np.unique(team, return_inverse=True)
        return Names(np.where(team == 0, -1, codes), [self.name("team", int(number)) for number in ids])


def _column(
    mirror: CaseMirror,
    rows: NDArray[np.int64],
    key: str,
    named: Vocabularies,
    words: Mapping[str, list[str | None]],
    lng: Floats,
    lat: Floats,
) -> Values:
    layer = key.removeprefix("area:")
    if key in words:
        return words[key]
    if key in ("lng", "lat"):
        return lng if key == "lng" else lat
    if key in CODED:
        return Names(getattr(mirror, key)[rows].astype(np.int64), named.of(key, getattr(mirror, CODED[key])))
    if key == "team":
        return named.teams(mirror.team[rows])
    if key == "cell":
        return Names(mirror.cell[rows].astype(np.int64), mirror.cells)
    if layer != key:
        if layer not in mirror.areas:
            return Names(np.full(len(rows), -1, np.int64), ())
        return Names(mirror.areas[layer][rows].astype(np.int64), named.of(key, mirror.area_codes[layer]))
    column: NDArray[Any] = getattr(mirror, key)[rows]
    return column
