"""Numbers that check themselves: 公民身份号码 (GB 11643), 统一社会信用代码 (GB 32100), 组织机构代码 (GB 11714).

The check rules are those of the standards. Beyond them as little is refused as possible: a citizen keeps the place code of
the first issue for life, also when that county is long gone or did not yet exist at birth, and residents from Hong Kong,
Macau and Taiwan (81, 82, 83) and foreign permanent residents (9) carry numbers of the same build.
"""

import re
import unicodedata
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray

Texts = NDArray[np.object_]
Flags = NDArray[np.bool_]

CITIZEN_WEIGHTS: Final = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
CITIZEN_SYMBOLS: Final = "10X98765432"
CREDIT_SYMBOLS: Final = "0123456789ABCDEFGHJKLMNPQRTUWXY"
CREDIT_WEIGHTS: Final = (1, 3, 9, 27, 19, 26, 16, 17, 20, 29, 25, 13, 8, 24, 10, 30, 28)
ORGANISATION_WEIGHTS: Final = (3, 7, 9, 10, 5, 8, 4, 2)
PROVINCES: Final = frozenset(
    str(region * 10 + province)
    for region, provinces in {
        1: (1, 2, 3, 4, 5),
        2: (1, 2, 3),
        3: (1, 2, 3, 4, 5, 6, 7),
        4: (1, 2, 3, 4, 5, 6),
        5: (0, 1, 2, 3, 4),
        6: (1, 2, 3, 4, 5),
        7: (1,),
        8: (1, 2, 3),
    }.items()
    for province in provinces
)
"""First two digits (GB/T 2260), and 81 to 83 of the residence cards for Hong Kong, Macau and Taiwan."""
FOREIGN: Final = "9"
"""First digit of the number on a foreigner's permanent residence card of 2023."""

FILLING: Final = re.compile(r"[\s\-‐-―·]")
CITIZEN_FORM: Final = re.compile(r"[0-9]{17}[0-9X]")
OLD_FORM: Final = re.compile(r"[0-9]{15}")
CREDIT_FORM: Final = re.compile(f"[1-9ANY][{CREDIT_SYMBOLS}]{{17}}")
ORGANISATION_FORM: Final = re.compile(r"[0-9A-Z]{8}[0-9X]")


class Fault(StrEnum):
    """Why a number cannot be right."""

    LENGTH = "length"
    SYMBOL = "symbol"
    PLACE = "place"
    DATE = "date"
    CHECK = "check"


@dataclass(frozen=True)
class Citizen:
    """What a citizen's number says: the place of its first issue (GB/T 2260), the birth date, the sex."""

    place: str
    birth_date: date
    sex: Literal["male", "female"]


def clean(text: str) -> str:
    """A number as typed, in the form that is checked: half width, upper case, without spaces and dashes."""
    if text.isalnum() and text.isascii():
        return text.upper()
    return FILLING.sub("", unicodedata.normalize("NFKC", text)).upper()


def citizen_check(digits: str) -> str:
    """The check symbol of the first seventeen digits (GB 11643, ISO 7064 MOD 11-2)."""
    return CITIZEN_SYMBOLS[sum(int(d) * w for d, w in zip(digits[:17], CITIZEN_WEIGHTS, strict=True)) % 11]


def modern(number: str) -> str:
    """A fifteen-digit number of before 1999 in eighteen: all of them are of births in 19..; others come back as they are."""
    if not OLD_FORM.fullmatch(number):
        return number
    body = f"{number[:6]}19{number[6:]}"
    return body + citizen_check(body)


def citizen_fault(text: str, today: date) -> Fault | None:
    """What is wrong with a citizen's number, or None. Fifteen digits are read as `modern` reads them; ``today`` bounds births."""
    number = modern(clean(text))
    if len(number) != 18:
        return Fault.LENGTH
    if not CITIZEN_FORM.fullmatch(number):
        return Fault.SYMBOL
    if number[:2] not in PROVINCES and number[0] != FOREIGN:
        return Fault.PLACE
    born = birth_date(number)
    if born is None or born > today:
        return Fault.DATE
    return None if citizen_check(number) == number[17] else Fault.CHECK


def birth_date(number: str) -> date | None:
    """The birth date within a cleaned number of eighteen, None where there is no such day."""
    try:
        return date(int(number[6:10]), int(number[10:12]), int(number[12:14]))
    except ValueError:
        return None


def citizen(text: str, today: date) -> Citizen | None:
    """What a citizen's number says; None for a faulty one."""
    if citizen_fault(text, today) is not None:
        return None
    number = modern(clean(text))
    born = birth_date(number)
    assert born is not None
    return Citizen(number[:6], born, "male" if int(number[16]) % 2 else "female")


def organisation_check(body: str) -> str:
    """The check symbol of an organisation code's eight (GB 11714; letters count from A = 10)."""
    left = 11 - sum(int(c, 36) * w for c, w in zip(body[:8], ORGANISATION_WEIGHTS, strict=True)) % 11
    return {10: "X", 11: "0"}.get(left, str(left))


def organisation_fault(text: str) -> Fault | None:
    """What is wrong with an organisation code of nine (组织机构代码, also written 12345678-9), or None."""
    code = clean(text)
    if len(code) != 9:
        return Fault.LENGTH
    if not ORGANISATION_FORM.fullmatch(code):
        return Fault.SYMBOL
    return None if organisation_check(code) == code[8] else Fault.CHECK


def credit_check(body: str) -> str:
    """The check symbol of a unified social credit code's first seventeen (GB 32100)."""
    total = sum(CREDIT_SYMBOLS.index(c) * w for c, w in zip(body[:17], CREDIT_WEIGHTS, strict=True))
    return CREDIT_SYMBOLS[-total % 31]


def credit_fault(text: str) -> Fault | None:
    """What is wrong with a unified social credit code (统一社会信用代码), or None.

    The organisation code within (symbols 9 to 17) has a check symbol of its own, but codes in force break it: it is not asked.
    """
    code = clean(text)
    if len(code) != 18:
        return Fault.LENGTH
    if not CREDIT_FORM.fullmatch(code):
        return Fault.SYMBOL
    return None if credit_check(code) == code[17] else Fault.CHECK


def citizens_valid(numbers: Texts, today: date) -> Flags:
    """`citizen_fault` is None, for many cleaned numbers of eighteen at once; "" is not valid."""
    symbols = codepoints(numbers, 18)
    digits = symbols.astype(np.int64) - ord("0")
    well_formed = ((digits[:, :17] >= 0) & (digits[:, :17] <= 9)).all(axis=1)
    well_formed &= ((digits[:, 17] >= 0) & (digits[:, 17] <= 9)) | (symbols[:, 17] == ord("X"))
    well_formed &= np.fromiter((len(n) == 18 for n in numbers), np.bool_, len(numbers))
    digits = np.where(well_formed[:, None], digits, 0)
    right = np.frombuffer(CITIZEN_SYMBOLS.encode(), np.uint8)[digits[:, :17] @ np.array(CITIZEN_WEIGHTS) % 11]
    places = np.array([str(n).zfill(2) in PROVINCES or n >= 90 for n in range(100)])
    valid = well_formed & (right == symbols[:, 17]) & places[digits[:, 0] * 10 + digits[:, 1]]
    return np.asarray(valid & dates_exist(digits[:, 6:14], today))


def codepoints(texts: Texts, width: int) -> NDArray[np.uint32]:
    """The symbols of each text, cut or filled with zeros to ``width``, shape (n, width)."""
    fixed = texts.astype(f"U{width}")
    return fixed.view(np.uint32).reshape(len(texts), width)


def dates_exist(digits: NDArray[np.int64], today: date) -> Flags:
    """Whether eight digits each (yyyymmdd) are a day not after ``today``."""
    year, month, day = (
        digits[:, s] @ 10 ** np.arange(n)[::-1] for s, n in ((slice(0, 4), 4), (slice(4, 6), 2), (slice(6, 8), 2))
    )
    leap = (year % 4 == 0) & ((year % 100 != 0) | (year % 400 == 0))
    lengths = np.array([0, 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31])
    in_year = (year >= 1) & (month >= 1) & (month <= 12)
    length = lengths[np.where(in_year, month, 0)] + ((month == 2) & leap)
    until = (today.year * 100 + today.month) * 100 + today.day
    return np.asarray(in_year & (day >= 1) & (day <= length) & ((year * 100 + month) * 100 + day <= until))
