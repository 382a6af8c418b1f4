"""What an entry of the registry can be found by, and what somebody who types is asking for: tokens of either.

A token begins with what it is: ``=`` a whole name, ``n`` one or two characters of a name, ``p`` the beginning of its pinyin,
``i`` of its initials, ``t`` the end of a telephone or another number, ``a`` two characters of an address.
"""

import re
import unicodedata
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

from data.linkage.names import fold, initials, readings

SHORTEST_TAIL: Final = 3
"""Fewest digits that a telephone is found by."""
NOT_IN_WORDS: Final = re.compile(r"[^0-9A-Za-z\u3400-\u9fff\U00020000-\U0003ffff]")


@dataclass(frozen=True)
class Entry:
    """What is known of one entity. ``numbers``: telephones, identity numbers, credit codes; each is found by its end."""

    code: str
    kind: str
    name: str = ""
    address: str = ""
    numbers: tuple[str, ...] = ()


def plain(text: str) -> str:
    """Half width, upper case, without spaces and signs."""
    return NOT_IN_WORDS.sub("", unicodedata.normalize("NFKC", text)).upper()


def tokens_of(entry: Entry) -> list[str]:
    """Everything that an entry can be found by."""
    name, address = fold(entry.name), plain(entry.address)
    found = [f"={name}"] if name else []
    found += [f"n{character}" for character in name]
    found += [f"n{a}{b}" for a, b in pairwise(name)]
    if name and not name.isascii():
        for spoken in (reading.replace(" ", "") for reading in readings(name)):
            found += [f"p{spoken[:end]}" for end in range(2, len(spoken) + 1)]
        for letters in initials(name):
            found += [f"i{letters[:end]}" for end in range(1, len(letters) + 1)]
    found += [f"a{a}{b}" for a, b in pairwise(address)]
    for number in map(plain, entry.numbers):
        found += [f"t{number[start:]}" for start in range(len(number) - SHORTEST_TAIL + 1)]
    return list(dict.fromkeys(found))


def tokens_asked(text: str) -> list[list[str]]:
    """What somebody asks for, word by word: any token of a word finds, rarer ones weigh more."""
    return [tokens for word in text.split() if (tokens := tokens_of_word(plain(word)))]


def tokens_of_word(word: str) -> list[str]:
    """What one typed word may mean."""
    if any(character.isdigit() for character in word) and word.isascii():
        return [f"t{word}", *(f"a{a}{b}" for a, b in pairwise(word))]
    if word.isascii():
        return [f"i{word.lower()}", f"p{word.lower()}", f"={word}", *(f"n{a}{b}" for a, b in pairwise(word))]
    name = fold(word)
    parts = [f"n{a}{b}" for a, b in pairwise(name)] or [f"n{name}"]
    return [f"={name}", *parts, *(f"a{a}{b}" for a, b in pairwise(word))]
