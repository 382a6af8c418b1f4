"""Patrol coverage of a period by unit cell and wider area: what was seen, when last, cases, trend, neighbours; drawn on tiles."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Final

import numpy as np
from numpy.typing import NDArray

from data.mirror.columns import CaseMirror
from data.mirror.coverage import EVERYTHING, Scope, encode
from data.mirror.ground import Tile, rectangle
from data.mirror.patrol_ground import CELL, PatrolGround
from data.stores.patrols import SeenRow
from geo.mvt import BUFFER, OMIT
from geo.patrol import Sights
from geo.patrol_kernels import ZERO

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]
Bits = NDArray[np.uint8]

DAY_S: Final = 86_400
SELF_FOUND: Final = frozenset({"grid", "sensor", "staff"})
"""Channels by which the government finds out by itself; everything else is somebody's complaint."""
SUMS: Final = (
    "street_m",
    "street_seen_m",
    "street_before_m",
    "buildings",
    "buildings_seen",
    "opened",
    "closed",
    "overdue",
    "self_found",
    "asked",
    "answered",
)
"""What is added up over cells. ``street_before_m``: seen in the period before; ``asked``: recipients of the newest asking."""
NUMBERS: Final = ("s", "b", "v", "o", "c", "d", "f", "k", "t", "n")
"""Of a feature: streets and buildings seen (thousandths), days since somebody was there, cases opened, closed and overdue, the
share that was found and not complained of, the share of the asked that answered, streets against the period before and against
the neighbours (thousandths more or less). Left out: not known."""


@dataclass(frozen=True, eq=False)
class SeenCells:
    """What was seen in a period: a character 0 or 1 a unit, and when somebody was last in each cell (Unix seconds, 0: never)."""

    streets: Bits
    buildings: Bits
    last_s: Ints


def seen_cells(ground: PatrolGround, streets: Sequence[SeenRow], buildings: Sequence[SeenRow]) -> SeenCells:
    """What rows of the store say on today's ground; of cells that changed since only that somebody was there."""
    last = np.zeros(len(ground.codes), np.int64)
    marked = [
        _marked(ground, sights, sums, rows, last)
        for sights, sums, rows in (
            (ground.streets, ground.street_ground, streets),
            (ground.buildings, ground.building_ground, buildings),
        )
    ]
    return SeenCells(marked[0], marked[1], last)


def _marked(ground: PatrolGround, sights: Sights, sums: Ints, rows: Iterable[SeenRow], last: Ints) -> Bits:
    bits = np.full(len(sights.cell_of), ZERO, np.uint8)
    starts = sights.cell_starts.tolist()
    for row in rows:
        at = ground.number.get(row.cell)
        if at is None:
            continue
        last[at] = max(last[at], row.last_s)
        if sums[at] == row.ground and len(row.bits) == starts[at + 1] - starts[at]:
            bits[starts[at] : starts[at + 1]] = np.frombuffer(row.bits.encode(), np.uint8)
    return bits


@dataclass(frozen=True, slots=True)
class Period:
    """Whole local days, ``first`` to ``last``; in Unix seconds ``start`` to ``end`` (without it)."""

    first: date
    last: date
    start: int
    end: int

    @property
    def days(self) -> int:
        """How many."""
        return (self.last - self.first).days + 1


@dataclass(frozen=True, eq=False)
class CaseCounts:
    """Cases of a period by cell: opened and closed in it, overdue now, opened by the government's own finding."""

    opened: Ints
    closed: Ints
    overdue: Ints
    self_found: Ints


def case_counts(mirror: CaseMirror, ground: PatrolGround, period: Period, now: int) -> CaseCounts:
    """Counted over the mirror; the caller holds its lock where another thread may patch it."""
    count = mirror.count
    own = np.array([ground.number.get(code, -1) for code in mirror.cells] + [-1], np.int64)
    cell = own[mirror.cell[:count]]
    reported, closed, due = mirror.reported[:count], mirror.closed[:count], mirror.due[:count]
    opened = (reported >= period.start) & (reported < period.end)
    found = np.array([code in SELF_FOUND for code in mirror.channels] + [False])[mirror.channel[:count]]
    is_open = np.array([state not in ENDED for state in mirror.states] + [False])[mirror.state[:count]]
    kinds = (
        opened,
        (closed >= period.start) & (closed < period.end),
        is_open & (due > 0) & (due < now),
        opened & found,
    )
    return CaseCounts(
        *(np.bincount(cell[fits & (cell >= 0)], minlength=len(ground.codes)).astype(np.int64) for fits in kinds)
    )


ENDED: Final = frozenset({"closed", "forced_closed", "rejected", "void", "merged"})


@dataclass(frozen=True, eq=False)
class Rows:
    """Areas of a layer: ``sums`` has shape (n, len(SUMS)); ``around``: the share of streets seen by the neighbours, NaN: none."""

    sums: Floats
    last_s: Ints
    around: Floats

    def of(self, name: str) -> Floats:
        """A sum by name."""
        found: Floats = self.sums[:, SUMS.index(name)]
        return found

    def share(self, part: str, whole: str) -> Floats:
        """A share of sums, NaN where there is nothing to share."""
        return ratio(self.of(part), self.of(whole))


def ratio(part: Floats, whole: Floats) -> Floats:
    """A quotient, NaN where there is nothing below."""
    return np.where(whole > 0, part / np.where(whole > 0, whole, 1.0), np.nan)


@dataclass(eq=False)
class PatrolPicture:
    """Patrol coverage of a period.

    Attributes
    ----------
    cells : Rows
        Of all unit cells.
    seen : SeenCells
        Piece by piece.
    """

    ground: PatrolGround
    period: Period
    seen: SeenCells
    cells: Rows
    _levels: dict[tuple[str, Scope], Rows] = field(default_factory=dict)

    def mask(self, scope: Scope) -> Bools:
        """The cells of a scope."""
        fits = np.full(len(self.ground.codes), not scope.own)
        for layer, code in scope.own:
            fits |= self._inside(layer, code)
        return fits & self._inside(*scope.chosen) if scope.chosen else fits

    def _inside(self, layer: str, code: str) -> Bools:
        ground = self.ground
        inside = np.zeros(len(ground.codes), np.bool_)
        if layer == CELL:
            inside[[at for at in [ground.number.get(code, -1)] if at >= 0]] = True
        elif code in ground.names.get(layer, []):
            inside |= ground.areas[layer] == ground.names[layer].index(code)
        return inside

    def rows(self, layer: str, scope: Scope = EVERYTHING) -> Rows:
        """Areas of a layer by the cells of a scope in them; kept."""
        key = (layer, scope)
        if key not in self._levels:
            self._levels[key] = self._added_up(layer, self.mask(scope))
        return self._levels[key]

    def _added_up(self, layer: str, fits: Bools) -> Rows:
        ground, cells = self.ground, self.cells
        if layer == CELL:
            blank = np.where(fits, cells.last_s, 0)
            return Rows(np.where(fits[:, None], cells.sums, 0.0), blank, cells.around)
        group, size = ground.areas[layer], len(ground.names[layer])
        fits = fits & (group >= 0)
        sums = [np.bincount(group[fits], weights=column[fits], minlength=size) for column in cells.sums.T]
        last = np.zeros(size, np.int64)
        np.maximum.at(last, group[fits], cells.last_s[fits])
        return Rows(np.stack(sums, axis=1), last, np.full(size, np.nan))

    def codes(self, layer: str) -> list[str]:
        """Codes of a layer's rows."""
        return self.ground.codes if layer == CELL else self.ground.names[layer]

    def draw(self, tile: Tile, layer: str, scope: Scope, now: int) -> bytes:
        """The areas of a layer on a tile, with their numbers; empty bytes where it shows none."""
        ground, rows = self.ground, self.rows(layer, scope)
        drawn = ground.ground.layer("cell" if layer == CELL else "area")
        found = drawn.tree.touching(*rectangle(tile, BUFFER))
        at = ground.shapes[layer][found]
        fits = at >= 0
        fits[fits] = rows.sums[at[fits]].any(axis=1)
        return encode(layer, drawn, tile, found[fits], feature_numbers(rows, at[fits], now))


def picture_of(
    ground: PatrolGround,
    period: Period,
    seen: SeenCells,
    before: SeenCells,
    cases: CaseCounts,
    asked: Mapping[str, tuple[int, int]],
) -> PatrolPicture:
    """A period's picture. ``before``: what was seen in the one before; ``asked``: by cell, how many were asked and answered."""
    streets, buildings = ground.streets, ground.buildings
    told = np.array([asked.get(code, (0, 0)) for code in ground.codes], np.float64).reshape(-1, 2)
    columns = (
        streets.whole,
        streets.seen_weight(seen.streets),
        streets.seen_weight(before.streets),
        buildings.whole,
        buildings.seen_weight(seen.buildings),
        cases.opened,
        cases.closed,
        cases.overdue,
        cases.self_found,
        told[:, 0],
        told[:, 1],
    )
    sums = np.stack([np.asarray(column, np.float64) for column in columns], axis=1)
    around = ratio(ground.around.sums(sums[:, 1]), ground.around.sums(sums[:, 0]))
    return PatrolPicture(ground, period, seen, Rows(sums, seen.last_s, around))


def feature_numbers(rows: Rows, at: Ints, now: int) -> dict[str, Ints]:
    """What features say (``NUMBERS``), of the rows ``at``."""
    part = Rows(rows.sums[at], rows.last_s[at], rows.around[at])
    streets = part.share("street_seen_m", "street_m")
    days = np.where(part.last_s > 0, (now - part.last_s) // DAY_S, OMIT)
    columns = (
        thousandths(streets),
        thousandths(part.share("buildings_seen", "buildings")),
        days.astype(np.int64),
        *(part.of(name).astype(np.int64) for name in ("opened", "closed", "overdue")),
        thousandths(part.share("self_found", "opened")),
        thousandths(part.share("answered", "asked")),
        thousandths(streets - part.share("street_before_m", "street_m")),
        thousandths(streets - part.around),
    )
    return dict(zip(NUMBERS, columns, strict=True))


def thousandths(values: Floats) -> Ints:
    """Shares in thousandths; ``OMIT`` for NaN."""
    known = np.isfinite(values)
    return np.where(known, np.round(np.where(known, values, 0.0) * 1000).astype(np.int64), OMIT)
