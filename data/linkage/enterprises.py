"""How two records of enterprises are compared: by 统一社会信用代码, name, telephone, legal representative and address.

Never put together on a name alone, as persons are not: a chain has many shops of one name. Two valid codes that differ are two
enterprises; a branch (分公司) has a code of its own (GB 32100).
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import date
from typing import Final

import pandas as pd

from data.linkage.id_numbers import clean, credit_fault
from data.linkage.ladders import Ladder, Values, address_ladder, distance, phone_ladder
from data.linkage.model import ADDRESS, PHONE, REST, Comparison, Level, Model, either_missing
from data.linkage.names import normalise
from data.linkage.preparing import by_value, part_of, phone_of, place_of, worked
from data.linkage.weights import UNKNOWN

COLUMNS: Final = ("id", "name", "credit_code", "phone", "legal_person", "building", "unit", "room")
"""What a record may say. ``building`` is the address down to the building (楼栋)."""
REGION: Final = re.compile(r"^(?:.{2,3}省|.{2,6}自治区)?(?:.{2,3}市)?(?:.{1,3}[区县])?")
NOTE: Final = re.compile(r"[(（][^)）]*[)）]")
FORM: Final = re.compile(r"(有限责任公司|股份有限公司|有限公司|公司|个体工商户)$")
SHORTEST_CORE: Final = 3
"""What is left of a name without place and legal form says something from so many characters on."""

NAME: Final = Comparison(
    "name",
    either_missing("name"),
    (
        Level("same", "name_l = name_r", "名称相同", "same name", True, "name", ("name",), 0.95),
        Level(
            "core",
            "core_l = core_r",
            "字号相同（地名、组织形式不同）",
            "same name but for place and legal form",
            True,
        ),
        Level("near", "substr(core_l, 1, 2) = substr(core_r, 1, 2)", "字号前两字相同", "names begin alike", False),
        Level("different", REST, "名称不同", "different names", False),
    ),
    corroborates=False,
)
CREDIT_CODE: Final = Comparison(
    "credit_code",
    either_missing("credit_code"),
    (
        Level(
            "same",
            "credit_code_l = credit_code_r",
            "统一社会信用代码相同",
            "same credit code",
            True,
            None,
            ("credit_code",),
            0.001,
        ),
        Level(
            "slip",
            "not (code_valid_l and code_valid_r) and levenshtein(credit_code_l, credit_code_r) <= 2",
            "统一社会信用代码疑似笔误（校验位不符）",
            "credit code mistyped (its check digit is wrong)",
            True,
            chance=1e-7,
        ),
        Level(
            "unsure",
            "not (code_valid_l and code_valid_r)",
            "统一社会信用代码不同，其一校验位不符",
            "different credit codes, one of them faulty",
            False,
        ),
        Level("different", REST, "统一社会信用代码不同且均有效", "different credit codes, both valid", False),
    ),
)
LEGAL_PERSON: Final = Comparison(
    "legal_person",
    either_missing("legal_person"),
    (
        Level("same", "legal_person_l = legal_person_r", "法定代表人相同", "same legal representative", True),
        Level("different", REST, "法定代表人不同", "different legal representatives", False),
    ),
    corroborates=False,
)
"""A chain's shops have one representative, as they have one name: together they are not enough."""
PLACE: Final = replace(ADDRESS, levels=(replace(ADDRESS.levels[0], counted=("building", "room")), *ADDRESS.levels[1:]))
"""Shops seldom say a unit: how often they agree is counted without it."""
ENTERPRISES: Final = Model(
    (NAME, CREDIT_CODE, PHONE, LEGAL_PERSON, PLACE),
    (("credit_code",), ("phone",), ("name", "building"), ("core", "building"), ("core", "legal_person")),
    (("credit_code",), ("name", "building")),
    "credit_code",
    "code_valid",
)
"""Enterprises, of the columns that `prepare_enterprises` gives."""


def prepare_enterprises(records: pd.DataFrame, _today: date) -> pd.DataFrame:
    """The frame that is compared, a row a record in the same order, with missing values as None.

    Columns: unique_id, name, core (the name without place and legal form), credit_code, code_valid, phone, legal_person,
    building, unit, room.
    """
    column = {name: records[name] if name in records else pd.Series(None, records.index, "str") for name in COLUMNS}
    codes = by_value(column["credit_code"], clean)
    valid = by_value(codes, lambda code: "" if credit_fault(code) else "1").notna()
    made = {name: by_value(column[said], work) for name, (said, work) in WORKS.items()}
    prepared = {"unique_id": column["id"].astype("str"), **made, "credit_code": codes, "code_valid": valid}
    return pd.DataFrame(prepared).reset_index(drop=True)


def prepare_enterprise(record: Mapping[str, str | None], _today: date) -> Values:
    """One record, as `prepare_enterprises` gives its row."""
    code = worked(record.get("credit_code") or None, clean)
    made = {name: worked(record.get(said) or None, work) for name, (said, work) in WORKS.items()}
    valid = code is not None and credit_fault(code) is None
    return {"unique_id": record["id"], **made, "credit_code": code, "code_valid": valid}


def core_of(name: str) -> str:
    """What tells a name from others: without its place, legal form and notes in brackets, where enough is left."""
    plain = normalise(NOTE.sub("", name))
    bare = FORM.sub("", plain)
    core = REGION.sub("", bare)
    return next((text for text in (core, bare) if len(text) >= SHORTEST_CORE), plain)


WORKS: Final[Mapping[str, tuple[str, Callable[[str], str]]]] = {
    "name": ("name", normalise),
    "core": ("name", core_of),
    "phone": ("phone", phone_of),
    "legal_person": ("legal_person", normalise),
    "building": ("building", place_of),
    "unit": ("unit", part_of),
    "room": ("room", part_of),
}
"""Each prepared column: what it is made of, and how."""


def name_ladder(one: Values, other: Values) -> int:
    """See `NAME`."""
    a, b = one["name"], other["name"]
    if not isinstance(a, str) or not isinstance(b, str):
        return UNKNOWN
    if a == b:
        return 0
    first, second = str(one["core"]), str(other["core"])
    return 1 if first == second else 2 if first[:2] == second[:2] else 3


def code_ladder(one: Values, other: Values) -> int:
    """See `CREDIT_CODE`."""
    a, b = one["credit_code"], other["credit_code"]
    if not isinstance(a, str) or not isinstance(b, str):
        return UNKNOWN
    if a == b:
        return 0
    if one["code_valid"] and other["code_valid"]:
        return 3
    return 1 if distance(a, b) <= 2 else 2


def legal_ladder(one: Values, other: Values) -> int:
    """See `LEGAL_PERSON`."""
    if one["legal_person"] is None or other["legal_person"] is None:
        return UNKNOWN
    return int(one["legal_person"] != other["legal_person"])


LADDERS: Final[Sequence[Ladder]] = (name_ladder, code_ladder, phone_ladder, legal_ladder, address_ladder)
