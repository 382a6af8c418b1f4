"""Names of people and bodies, as registers write them: characters, variant forms, pinyin, initials.

A name is compared in levels, and the level is kept: the same characters; the same but for variant forms (own table: 锺 and
钟, 堃 and 坤, traditional forms); the same sound (pinyin, surnames as surnames are read; weak: many names sound alike). No
level is proof of a person: records are never merged on a name alone.
"""

import csv
import re
import unicodedata
from collections.abc import Iterable, Mapping
from enum import IntEnum
from functools import cache, lru_cache
from itertools import product
from pathlib import Path
from typing import Final

TABLES: Final = Path(__file__).with_name("tables")
SEPARATORS: Final = re.compile(r"[\s·•・‧∙⋅.\-‐-―'’]")
HAN: Final = re.compile(r"[\u4e00-\u9fff]+")


class NameLevel(IntEnum):
    """How alike two names are, weakest first."""

    DIFFERENT = 0
    PINYIN = 1
    VARIANT = 2
    SAME = 3


@cache
def variants() -> dict[int, str]:
    """Forms of characters that registers mix, to the one they are compared as; for `str.translate`.

    后 and 後 are two surnames, and stay apart.
    """
    with (TABLES / "name_variants.csv").open(encoding="utf-8", newline="") as file:
        return {ord(row["form"]): row["folded"] for row in csv.DictReader(file)}


@cache
def surname_readings() -> dict[str, tuple[str, ...]]:
    """Surnames that are read otherwise than the character mostly is, and those of two characters: readings, likeliest first."""
    with (TABLES / "surname_readings.csv").open(encoding="utf-8", newline="") as file:
        return {row["surname"]: tuple(row["readings"].split("|")) for row in csv.DictReader(file)}


def normalise(name: str) -> str:
    """A name without what is no part of it: half width, no spaces, no dots (阿依古丽·买买提), Latin letters in upper case."""
    return name if HAN.fullmatch(name) else SEPARATORS.sub("", unicodedata.normalize("NFKC", name)).upper()


def fold(name: str) -> str:
    """A normalised name with every character in the form that its variants are compared as."""
    return normalise(name).translate(variants())


@cache
def character_readings() -> Mapping[int, str]:
    """Characters' readings with their tones, the commonest first."""
    # The package reads its words too, which takes half a second: not at every start of every process.
    from pypinyin.constants import PINYIN_DICT

    return PINYIN_DICT


@lru_cache(maxsize=65_536)
def syllable(character: str) -> str:
    """The commonest reading of a character without its tone; other characters as they are, in lower case."""
    toned = character_readings().get(ord(character))
    if toned is None:
        return character.lower()
    bare = unicodedata.normalize("NFD", toned.split(",")[0]).replace("u\u0308", "v")
    return "".join(c for c in bare if not unicodedata.combining(c))


def surname(name: str) -> str:
    """The surname that a normalised name begins with: two characters where that is one (欧阳), else one."""
    return name[:2] if len(name) > 2 and name[:2] in surname_readings() else name[:1]


def readings(name: str) -> list[str]:
    """Every pinyin of a name, likeliest first, syllables apart by a space: surnames may have several (翟: zhai, di)."""
    plain = normalise(name)
    first = surname(plain)
    rest = [syllable(c) for c in plain[len(first) :]]
    heads = surname_readings().get(first) or tuple(map(syllable, first))
    return [" ".join([head, *rest]) for head in heads]


def pinyin(name: str) -> str:
    """The likeliest pinyin of a folded name in one word: zhangsan."""
    return next(iter(readings(name)), "").replace(" ", "")


def initials(name: str) -> list[str]:
    """First letters of the syllables, of every reading: 曾小贤 gives zxx, 欧阳修 gives oyx."""
    return list(dict.fromkeys("".join(part[0] for part in reading.split()) for reading in readings(name)))


def name_level(one: str, other: str) -> NameLevel:
    """How alike two names are."""
    if normalise(one) == normalise(other):
        return NameLevel.SAME
    if fold(one) == fold(other):
        return NameLevel.VARIANT
    same_sound = any(a == b for a, b in product(spoken(one), spoken(other)))
    return NameLevel.PINYIN if same_sound else NameLevel.DIFFERENT


def spoken(name: str) -> Iterable[str]:
    """Every pinyin of a name in one word, variants folded first."""
    return (reading.replace(" ", "") for reading in readings(fold(name)))
