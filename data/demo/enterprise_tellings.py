"""What several registers say of the same enterprises: records with gaps, slips, short names and old addresses, and the truth.

How often each kind of error occurs is stated here (``RATES``). Chains have shops of one name in many buildings, so that a name
alone tells nothing. Pure: the same seed gives the same records.
"""

import random
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from data.linkage.id_numbers import CREDIT_SYMBOLS, credit_check

WORDS: Final = re.findall("..", "安宁望河鑫源福满佳和永昌瑞祥金桥同心惠民春晖文华新月长青吉祥天成广源合顺明德和泰")
SECOND: Final = "达通盛隆兴茂丰康利泰"
TRADES: Final = (
    *("餐饮管理", "商贸", "便利店", "五金经营部", "口腔门诊", "房地产经纪"),
    *("物流", "美容美发", "科技", "文化传播", "装饰工程", "药房"),
)
FORMS: Final = ("有限公司", "有限责任公司", "股份有限公司", "（个体工商户）", "")
SURNAMES: Final = "王李张刘陈杨赵黄周吴徐孙马朱胡郭何高林罗"
CHAINED: Final = 0.15
"""Share of enterprises that are a chain's shop: of its name and its representative, with a code and an address of their own."""
APART: Final = 45
"""A chain's next shop is so many doors on: in another street."""
RATES: Final[Mapping[str, float]] = {
    "code missing": 0.35,
    "code with a slip": 0.02,
    "name short": 0.20,
    "name with the city": 0.20,
    "name of a sign over the door": 0.03,
    "telephone missing": 0.30,
    "telephone is another": 0.15,
    "representative missing": 0.40,
    "representative has changed": 0.05,
    "address missing": 0.10,
    "address is the former one": 0.08,
    "room missing": 0.30,
}
"""Share of the records."""


@dataclass(frozen=True)
class Shop:
    """An enterprise as it is."""

    name: str
    form: str
    credit_code: str
    phone: str
    legal_person: str
    building: str
    room: str


def enterprise_tellings(count: int, seed: int) -> tuple[pd.DataFrame, NDArray[np.int64]]:
    """Records of so many enterprises, each of one to four registers, in random order, and which each is of.

    Columns as `data.linkage.enterprises.COLUMNS`; ids are "e" and a number; what is missing is None.
    """
    dice = random.Random(seed)
    shops = [shop(dice, at) for at in range(count)]
    for at in range(APART, count):
        if dice.random() < CHAINED:
            chain = shops[at - APART]
            shops[at] = replace(shops[at], name=chain.name, form=chain.form, legal_person=chain.legal_person)
    whose = [at for at in range(count) for _ in range(dice.randint(1, 4))]
    dice.shuffle(whose)
    rows = [{"id": f"e{number}", **told(dice, shops[at])} for number, at in enumerate(whose)]
    return pd.DataFrame(rows, dtype=object), np.array(whose, np.int64)


def shop(dice: random.Random, at: int) -> Shop:
    """A new one."""
    name = dice.choice(WORDS) + dice.choice(SECOND) + dice.choice(SECOND) + dice.choice(TRADES)
    body = "9211" + f"{110100 + dice.randrange(20):06d}"[2:] + "".join(dice.choices(CREDIT_SYMBOLS, k=9))
    body = body.ljust(17, "0")[:17]
    return Shop(
        name,
        dice.choice(FORMS),
        body + credit_check(body),
        f"1{dice.choice('35789')}{dice.randrange(10**9):09d}",
        dice.choice(SURNAMES) + "".join(dice.choices("伟芳娜敏静强磊军洋勇艳杰涛明超秀霞平刚桂", k=2)),
        f"和平路{1 + at // 40}号{1 + at // 8 % 5}号楼",
        f"{1 + at % 8}0{1 + at % 4}",
    )


def told(dice: random.Random, one: Shop) -> dict[str, str | None]:
    """What a register says of it."""

    def happens(what: str) -> bool:
        return dice.random() < RATES[what]

    name = one.name if happens("name short") else one.name + one.form
    name = f"安宁市望河区{name}" if happens("name with the city") else name
    code: str | None = slipped(dice, one.credit_code) if happens("code with a slip") else one.credit_code
    phone = f"139{dice.randrange(10**8):08d}" if happens("telephone is another") else one.phone
    legal = dice.choice(SURNAMES) + "新任" if happens("representative has changed") else one.legal_person
    moved = happens("address is the former one")
    building = f"旧城街{dice.randint(1, 900)}号1号楼" if moved else one.building
    gone = happens("address missing")
    return {
        "name": one.name[:2] + "小店" if happens("name of a sign over the door") else name,
        "credit_code": None if happens("code missing") else code,
        "phone": None if happens("telephone missing") else phone,
        "legal_person": None if happens("representative missing") else legal,
        "building": None if gone else building,
        "unit": None,
        "room": None if gone or happens("room missing") else one.room,
    }


def slipped(dice: random.Random, code: str) -> str:
    """A code with one symbol mistyped."""
    at = dice.randrange(8, 17)
    other = dice.choice([symbol for symbol in CREDIT_SYMBOLS if symbol != code[at]])
    return code[:at] + other + code[at + 1 :]
