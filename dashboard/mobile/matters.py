"""Initials of Chinese words (``占道经营`` is zdjy), so that a matter is found by typing four letters.

The first level of GB/T 2312 is ordered by pinyin, so that a character's code tells its initial; characters of the second level
and those that are read otherwise in these words stand in ``initials.csv``.
"""

import csv
from bisect import bisect_right
from collections.abc import Mapping, Sequence
from functools import cache
from importlib.resources import files
from typing import Any, Final

FIRST_LEVEL: Final = range(0xB0A1, 0xD7FA)
#: Where each initial begins in GB/T 2312's first level; no word begins with i, u or v.
BEGINS: Final = (
    (0xB0A1, "a"),
    (0xB0C5, "b"),
    (0xB2C1, "c"),
    (0xB4EE, "d"),
    (0xB6EA, "e"),
    (0xB7A2, "f"),
    (0xB8C1, "g"),
    (0xB9FE, "h"),
    (0xBBF7, "j"),
    (0xBFA6, "k"),
    (0xC0AC, "l"),
    (0xC2E8, "m"),
    (0xC4C3, "n"),
    (0xC5B6, "o"),
    (0xC5BE, "p"),
    (0xC6DA, "q"),
    (0xC8BB, "r"),
    (0xC8F6, "s"),
    (0xCBFA, "t"),
    (0xCDDA, "w"),
    (0xCEF4, "x"),
    (0xD1B9, "y"),
    (0xD4D1, "z"),
)


@cache
def exceptions() -> Mapping[str, str]:
    """Initials that the code does not tell, by character."""
    text = files("dashboard.mobile").joinpath("initials.csv").read_text(encoding="utf-8")
    return {row["character"]: row["initial"] for row in csv.DictReader(text.splitlines())}


def initial(character: str) -> str:
    """The initial of one character; letters and digits stand for themselves, what is unknown for nothing."""
    if character.isascii():
        return character.lower() if character.isalnum() else ""
    if character in exceptions():
        return exceptions()[character]
    code = int.from_bytes(character.encode("gb2312", "ignore"), "big")
    return BEGINS[bisect_right(BEGINS, code, key=lambda begin: begin[0]) - 1][1] if code in FIRST_LEVEL else ""


def initials(words: str) -> str:
    """The initials of all characters."""
    return "".join(map(initial, words))


def with_initials(rows: Sequence[tuple[str, str, str, str, int]]) -> list[list[Any]]:
    """Matters for a phone: key, Chinese, English, initials, major class, cases lately."""
    return [[key, zh, en, initials(zh), major, cases] for key, zh, en, major, cases in rows]
