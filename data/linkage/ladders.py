"""The levels of two prepared records, comparison by comparison, as `data.linkage.model` says them in SQL: for one at a time."""

from collections.abc import Callable, Mapping, Sequence
from typing import Final

from rapidfuzz.distance import Levenshtein

from data.linkage.weights import UNKNOWN

Values = Mapping[str, str | bool | None]
Ladder = Callable[[Values, Values], int]


def name_ladder(one: Values, other: Values) -> int:
    """See `data.linkage.model.NAME`."""
    a, b = one["name_folded"], other["name_folded"]
    if not isinstance(a, str) or not isinstance(b, str):
        return UNKNOWN
    if one["name"] == other["name"]:
        return 0
    if a == b:
        return 1
    if one["name_pinyin"] == other["name_pinyin"]:
        return 2
    return 3 if a[:2] == b[:2] or (a[:1] == b[:1] and a[-1:] == b[-1:]) else 4


def number_ladder(one: Values, other: Values) -> int:
    """See `data.linkage.model.ID_NUMBER`."""
    a, b = one["id_number"], other["id_number"]
    if not isinstance(a, str) or not isinstance(b, str):
        return UNKNOWN
    if a == b:
        return 0
    if one["id_valid"] and other["id_valid"]:
        return 3
    return 1 if distance(a, b) <= 2 else 2


def phone_ladder(one: Values, other: Values) -> int:
    """See `data.linkage.model.PHONE`."""
    a, b = one["phone"], other["phone"]
    if not isinstance(a, str) or not isinstance(b, str):
        return UNKNOWN
    return min(distance(a, b), 2)


def birth_ladder(one: Values, other: Values) -> int:
    """See `data.linkage.model.BIRTH_DATE`."""
    a, b = one["birth_date"], other["birth_date"]
    if not isinstance(a, str) or not isinstance(b, str):
        return UNKNOWN
    if a == b:
        return 0
    same_year = a[:4] == b[:4]
    if distance(a, b) <= 1 or a[:7] == b[:7] or a[5:] == b[5:] or (same_year and a[8:] == b[8:]):
        return 1
    return 2 if same_year else 3


def sex_ladder(one: Values, other: Values) -> int:
    """See `data.linkage.model.SEX`."""
    if one["sex"] is None or other["sex"] is None:
        return UNKNOWN
    return int(one["sex"] != other["sex"])


def address_ladder(one: Values, other: Values) -> int:
    """See `data.linkage.model.ADDRESS`."""
    if one["building"] is None or other["building"] is None:
        return UNKNOWN
    if one["building"] != other["building"]:
        return 3
    if one["room"] is None or other["room"] is None:
        return 1
    same_unit = one["unit"] is None or other["unit"] is None or one["unit"] == other["unit"]
    return 0 if one["room"] == other["room"] and same_unit else 2


def distance(one: str, other: str) -> int:
    """How many symbols must be changed, left out or put in."""
    return int(Levenshtein.distance(one.encode(), other.encode(), score_cutoff=2))


LADDERS: Final[Sequence[Ladder]] = (
    name_ladder,
    number_ladder,
    phone_ladder,
    birth_ladder,
    sex_ladder,
    address_ladder,
)
"""Those of `data.linkage.model.PERSONS`, in its order."""
