"""Records as registers write them, made comparable: one form of every name, number, date and address.

A frame goes in with the columns of ``COLUMNS``, all text or missing; a frame comes out with the columns that the model compares.
A million records take seconds: what costs is done once a distinct value.
"""

import re
import unicodedata
from collections.abc import Callable, Mapping
from datetime import date
from typing import Final

import numpy as np
import pandas as pd

from data.linkage.id_numbers import citizen_fault, citizens_valid, clean, modern
from data.linkage.names import fold, normalise, pinyin

COLUMNS: Final = (
    *("id", "name", "id_number", "phone", "birth_date", "sex"),
    *("building", "unit", "room", "credit_code"),
)
"""What a record may say. ``building`` is the address down to the building (楼栋)."""
ONLY_DIGITS: Final = re.compile(r"[^0-9]")
ABROAD: Final = re.compile(r"^(00)?86(?=1\d{10}$)")
DAY: Final = re.compile(r"(\d{4})\D?(\d{1,2})\D?(\d{1,2})\D?")
MALE: Final = {"男", "男性", "M", "MALE", "1"}
FEMALE: Final = {"女", "女性", "F", "FEMALE", "2"}
CHINESE_DIGITS: Final = str.maketrans("〇零一二三四五六七八九", "00123456789")
ENDS: Final = re.compile(r"(号楼|楼|栋|幢|座|单元|门|室|户|房|号)$")


def prepare(records: pd.DataFrame, today: date) -> pd.DataFrame:
    """The frame that is compared, a row a record in the same order, with missing values as None.

    Columns: unique_id, name, name_folded, name_pinyin, id_number (18 symbols), id_valid, phone (11 digits where mobile),
    birth_date (yyyy-mm-dd), sex (M, F), building, unit, room, credit_code. A valid number says birth date and sex better than
    anything typed beside it, and says them where nothing is.
    """
    column = {name: records[name] if name in records else pd.Series(None, records.index, "str") for name in COLUMNS}
    folded = by_value(column["name"], fold)
    numbers = by_value(column["id_number"], number_of)
    valid = valid_numbers(numbers, today)
    certain = numbers.where(valid)
    prepared = {
        "unique_id": column["id"].astype("str"),
        "name": by_value(column["name"], normalise),
        "name_folded": folded,
        "name_pinyin": by_value(folded, pinyin),
        "id_number": numbers,
        "id_valid": valid,
        "phone": by_value(column["phone"], phone_of),
        "birth_date": by_value(certain.str[6:14], day_of).fillna(by_value(column["birth_date"], day_of)),
        "sex": by_value(certain.str[16], sex_in_number).fillna(by_value(column["sex"], sex_of)),
        "building": by_value(column["building"], place_of),
        "unit": by_value(column["unit"], part_of),
        "room": by_value(column["room"], part_of),
        "credit_code": by_value(column["credit_code"], clean),
    }
    return pd.DataFrame(prepared).reset_index(drop=True)


def prepare_one(record: Mapping[str, str | None], today: date) -> dict[str, str | bool | None]:
    """One record, as `prepare` gives its row."""
    said = {name: record.get(name) or None for name in COLUMNS}
    folded = worked(said["name"], fold)
    number = worked(said["id_number"], number_of)
    valid = number is not None and len(number) == 18 and citizen_fault(number, today) is None
    return {
        "unique_id": said["id"],
        "name": worked(said["name"], normalise),
        "name_folded": folded,
        "name_pinyin": worked(folded, pinyin),
        "id_number": number,
        "id_valid": valid,
        "phone": worked(said["phone"], phone_of),
        "birth_date": day_of(number[6:14]) if number and valid else worked(said["birth_date"], day_of),
        "sex": sex_in_number(number[16]) if number and valid else worked(said["sex"], sex_of),
        "building": worked(said["building"], place_of),
        "unit": worked(said["unit"], part_of),
        "room": worked(said["room"], part_of),
        "credit_code": worked(said["credit_code"], clean),
    }


def worked(text: str | None, work: Callable[[str], str | None]) -> str | None:
    """``work`` done to a text that is there; an empty answer is none."""
    return work(text) or None if text is not None else None


def by_value(texts: "pd.Series[str]", work: Callable[[str], str | None]) -> "pd.Series[str]":
    """``work`` done once to each distinct text; an empty answer is a missing value."""
    codes, distinct = pd.factorize(texts)
    done = pd.array([work(text) or None for text in np.asarray(distinct, object)], dtype="str")
    return pd.Series(done.take(codes, allow_fill=True), texts.index)


def valid_numbers(numbers: "pd.Series[str]", today: date) -> "pd.Series[bool]":
    """Whether each cleaned number passes every check of a citizen's number."""
    return pd.Series(citizens_valid(numbers.fillna("").to_numpy(object), today), numbers.index)


def number_of(text: str) -> str:
    """A citizen's number in eighteen symbols; what is no number stays as it is, cleaned."""
    return modern(clean(text))


def phone_of(text: str) -> str:
    """The digits of a telephone number, without the country's 86 before a mobile one."""
    digits = text if text.isdecimal() and text.isascii() else ONLY_DIGITS.sub("", unicodedata.normalize("NFKC", text))
    return ABROAD.sub("", digits)


def day_of(text: str) -> str | None:
    """A date as yyyy-mm-dd, of 1985-3-2, 19850302, 1985年3月2日; None for what is no date."""
    found = DAY.fullmatch(unicodedata.normalize("NFKC", text).strip())
    if found is None:
        return None
    try:
        return date(*map(int, found.groups())).isoformat()
    except ValueError:
        return None


def sex_of(text: str) -> str | None:
    """M or F, of the words and of the codes of GB/T 2261.1 (1, 2)."""
    word = text.strip().upper()
    return "M" if word in MALE else "F" if word in FEMALE else None


def sex_in_number(digit: str) -> str:
    """M or F, of the seventeenth digit of a citizen's number."""
    return "M" if int(digit) % 2 else "F"


def place_of(text: str) -> str:
    """An address down to the building, in one form: half width, no spaces, 栋, 幢, 座 and 楼 alike."""
    plain = re.sub(r"[\s,，.。]", "", unicodedata.normalize("NFKC", text)).upper()
    return re.sub(r"(号楼|栋|幢|座)$", "号楼", plain)


def part_of(text: str) -> str:
    """A unit or a room, as its bare number: 3单元, 三单元 and 3 alike; 0501室 and 501 alike."""
    plain = re.sub(r"\s", "", unicodedata.normalize("NFKC", text)).upper().translate(CHINESE_DIGITS)
    bare = ENDS.sub("", plain) or plain
    return bare.lstrip("0") or bare
