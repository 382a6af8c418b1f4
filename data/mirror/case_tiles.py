"""Tiles of the cases from the mirror: marks near by, counted hexagons farther out.

Layers and properties (integers unless said otherwise; minutes are Unix minutes):

* ``case`` (zoom ``POINTS_FROM`` and deeper): points, id = case id; ``s`` state (text), ``t`` tone (index into ``TONES``), ``u``
  urgent 0/1, ``r`` reported, ``d`` due (0: none), ``c`` closed 0/1, ``e`` closed at (closed ones only), ``m`` matter id,
  ``h`` channel (text). At most ``MOST`` a tile, the most pressing; farther out than ``EXACT_FROM`` the minutes of closed
  cases are cut to ``COARSE_MIN``, which halves the tile. Tiles of a stretch of time also say how a case came to its tone,
  in minutes from ``r``: ``p`` dispatched, ``a`` answered, ``k`` changed last (open ones), each left out where it never was;
* ``more``: one point in the middle, ``n``: how many were left out;
* ``hex`` and ``hexpoint`` (above): H3 cells as polygons and their centres; ``n`` open, ``o`` overdue,
  ``u`` urgent and open, ``a`` all.
"""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from data.mirror.columns import CaseMirror, Rows
from data.mirror.hexes import LEVEL_OF_ZOOM
from data.mirror.marks import MarkLines, by_code
from data.mirror.places import Places
from data.mirror.pyramid import ALL, OPEN, OVERDUE, URGENT, Counts, Pyramid
from geo.mvt import BUFFER, EXTENT, POLYGONS, Texts, encode_points, encode_shapes

Tile = tuple[int, int, int]
Bools = NDArray[np.bool_]

POINTS_FROM: Final = 12
EXACT_FROM: Final = 14
COARSE_MIN: Final = 15
MOST: Final = 10_000
MINUTE_S: Final = 60


class CaseTiles:
    """What tiles of a mirror are made of; follows it. Making one for a million cases takes about a second."""

    def __init__(self, mirror: CaseMirror, now: int) -> None:
        self.mirror = mirror
        self.lines = MarkLines(mirror)
        self.places = Places(mirror)
        self.pyramid = Pyramid(mirror, now)
        self._known: tuple[tuple[str, ...], tuple[str, ...], tuple[int, ...]] = ((), (), ())
        self._words, self._tones, self._matters = Texts.of(()), by_code(()), by_code(())

    def version(self, tile: Tile, now: int) -> str:
        """Changes whenever the tile may look different: with its cases, and where it counts them when more are overdue."""
        late = f"-{self._advance(now)}" if tile[0] < POINTS_FROM else ""
        return self.places.version_of(*tile) + late

    def points(self, tile: Tile, fits: Bools | None = None, *, course: bool = False) -> bytes:
        """The marks of a tile; of the rows that fit (shape (count,)) where that is said.

        ``course``: with what the picture of an earlier moment needs.
        """
        rows = self.places.in_tile(*tile)
        if fits is not None:
            rows = rows[rows < len(fits)]
            rows = rows[fits[rows]]
        left_out = len(rows) - MOST
        if left_out > 0:
            rows = self.lines.most_pressing(rows, MOST)
        return self._marks(tile, rows, course) + (_more(tile, left_out) if left_out > 0 else b"")

    def hexes(self, tile: Tile, now: int, counts: Counts | None = None) -> bytes:
        """The hexagons of a tile, from the pyramid or from a filter's ``counts`` of the tile's level."""
        level = LEVEL_OF_ZOOM[tile[0]]
        self._advance(now)
        counts = self.pyramid.counts[level] if counts is None else counts
        outlines = self.pyramid.hexes.outlines(level)
        counts = counts[: len(outlines.x)]
        filled = np.zeros(len(outlines.x), np.bool_)
        filled[: len(counts)] = counts[:, ALL] > 0
        drawn = np.flatnonzero(filled & outlines.touching(*tile, BUFFER / EXTENT))
        cells = encode_shapes("hex", POLYGONS, tile, outlines.shapes, drawn, numbers=_numbers(counts[drawn]))
        centred = np.flatnonzero(filled & outlines.centred(*tile))
        return cells + encode_points(
            "hexpoint", tile, outlines.x[centred], outlines.y[centred], numbers=_numbers(counts[centred])
        )

    def of_filter(self, zoom: int, fits: Bools) -> Counts:
        """The counts that ``hexes`` takes for a filter."""
        return self.pyramid.of_filter(LEVEL_OF_ZOOM[zoom], fits)

    def _advance(self, now: int) -> int:
        """Let whole minutes pass, so that far-out tiles change once a minute at most; how often they have by the clock."""
        self.pyramid.advance(now - now % MINUTE_S)
        return self.pyramid.turns

    def _marks(self, tile: Tile, rows: Rows, course: bool) -> bytes:
        self._learn()
        coarse = COARSE_MIN if tile[0] < EXACT_FROM else 1
        x, y, ids, numbers, texts = self.lines.read(rows, self._tones, self._matters, coarse, course=course)
        return encode_points("case", tile, x, y, ids, numbers, texts, self._words)

    def _learn(self) -> None:
        """Words of states, then of channels, and the numbers of states and matters, when there are new ones."""
        known = (self.mirror.states, self.mirror.channels, self.mirror.matters)
        if known != self._known:
            self._known = known
            self._words = Texts.of([*known[0], *known[1]])
            self._tones, self._matters = by_code(self.mirror.tones), by_code(known[2])


def _more(tile: Tile, count: int) -> bytes:
    zoom, column, row = tile
    side = 1 << (32 - zoom)
    x, y = (np.array([at * side + side // 2], np.uint32) for at in (column, row))
    return encode_points("more", tile, x, y, numbers={"n": np.array([count])})


def _numbers(counts: Counts) -> dict[str, NDArray[np.int64]]:
    return {"n": counts[:, OPEN], "o": counts[:, OVERDUE], "u": counts[:, URGENT], "a": counts[:, ALL]}
