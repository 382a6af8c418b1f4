"""The order of one field of the texts: Chinese by the pinyin of its characters, in a million rows as fast as numbers."""

from bisect import bisect_right
from collections.abc import Iterator, Mapping
from itertools import groupby
from typing import Final

import numpy as np
from numpy.typing import NDArray

from data.mirror.texts import ROW_END, Texts

Keys = NDArray[np.int64]

WIDTH: Final = 40
"""Characters that the first sorting looks at; rows alike so far stay in the order of their rows."""
CHARACTERS_A_WORD: Final = 4
GAP: Final = 1 << 32
"""Between the keys of neighbours, so that later rows fit between them."""
ROWS_A_PART: Final = 1 << 16
HIGHEST_CHARACTER: Final = 0x11_0000
FIRST_UNKNOWN: Final = 0xD000
"""Places of known characters end below; a character that the database never ordered comes after all of them."""


class _Places(dict[int, int]):
    """Code point -> place, for ``str.translate``."""

    def __missing__(self, _point: int) -> int:
        return FIRST_UNKNOWN


class TextOrder:
    """Sort keys of one field (0 number, 1 title, 2 address), kept up with the texts' new rows."""

    def __init__(self, texts: Texts, field: int, characters: Mapping[str, int]) -> None:
        self.texts, self.field = texts, field
        self.places = _Places({ord(character): place for character, place in characters.items()})
        self._keys: Keys = np.zeros(0, np.int64)
        self._order = np.zeros(0, np.int64)

    def keys(self) -> Keys:
        """Keys by row, shape (texts.count,): the smaller, the earlier. Rows added since the last call are placed first."""
        missing = self.texts.count - len(self._keys)
        if missing > max(1000, len(self._keys) // 20):
            self._sort()
        elif missing:
            self._place(range(len(self._keys), self.texts.count))
        return self._keys

    def sort_key(self, row: int) -> str:
        """A row's field with every character replaced by its place: compares as the field is ordered."""
        return self.texts.fields(row)[self.field].translate(self.places)

    def _sort(self) -> None:
        words = np.concatenate([*self._words(), np.zeros((0, WIDTH // CHARACTERS_A_WORD), np.uint64)])
        self._order = np.lexsort(words.T[::-1])
        same = np.zeros(len(words), np.bool_)
        same[1:] = (words[self._order[1:]] == words[self._order[:-1]]).all(axis=1)
        self._keys = np.empty(len(words), np.int64)
        self._keys[self._order] = np.cumsum(~same) * GAP

    def _words(self) -> Iterator[NDArray[np.uint64]]:
        """The first characters of each row as numbers that compare like them, shape (rows, words), a part at a time."""
        table = np.full(HIGHEST_CHARACTER, FIRST_UNKNOWN, np.uint16)
        table[list(self.places)] = list(self.places.values())
        texts = self.texts
        for start in range(0, texts.count, ROWS_A_PART):
            stop = min(start + ROWS_A_PART, texts.count)
            raw = texts.buffer[texts.starts[start] : texts.starts[stop]].tobytes()
            points = np.frombuffer(raw.decode().encode("utf-32-le"), np.uint32)
            ends = np.flatnonzero(points <= ord(ROW_END)).reshape(-1, 3)
            begins = np.concatenate(([-1], ends.ravel()[:-1])).reshape(-1, 3)[:, self.field] + 1
            at = begins[:, None] + np.arange(WIDTH)
            inside = at < ends[:, self.field][:, None]
            places = np.where(inside, table[points[np.minimum(at, len(points) - 1)]], 0)
            yield np.ascontiguousarray(places.astype(">u2")).view(">u8").astype(np.uint64)

    def _place(self, rows: range) -> None:
        """Put new rows between the old ones: those that fall between the same two share the gap."""
        wanted = sorted((bisect_right(self._order, key, key=self.sort_key), key, row) for row, key in self._said(rows))
        keys = np.concatenate((self._keys, np.zeros(len(rows), np.int64)))
        for position, group in groupby(wanted, key=lambda item: item[0]):
            together = list(group)
            low = int(keys[self._order[position - 1]]) if position else 0
            high = int(keys[self._order[position]]) if position < len(self._order) else low + GAP * (len(together) + 1)
            for number, (_, _, row) in enumerate(together, start=1):
                keys[row] = low + (high - low) * number // (len(together) + 1)
        self._order = np.insert(self._order, [position for position, _, _ in wanted], [row for _, _, row in wanted])
        self._keys = keys

    def _said(self, rows: range) -> Iterator[tuple[int, str]]:
        return ((row, self.sort_key(row)) for row in rows)
