"""A Chinese address taken apart: areas, street and number, estate, building, unit, floor, room, and where beside it.

Levels follow GB/T 39609-2020 and kin (行政区划, 街巷院落, 建筑门楼, 单元户室). The grammar is a row of patterns, each of which
may take the front of what is left, in the order in which addresses are written. It knows no names: which of two 朝阳区
is meant is for a gazetteer of one city to say. Nothing is dropped: what no pattern takes stands in ``rest``.
"""

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

LEVELS: Final = (
    "province", "city", "county", "town", "community", "road", "number", "estate", "building", "unit", "floor", "room",
)  # fmt: skip
"""From wide to narrow."""
HAN: Final = r"[\u4e00-\u9fff]"
DIGITS: Final = r"[0-9〇零一二两三四五六七八九十百]"
ROAD_END: Final = r"(?:大街|大道|胡同|公路|路|街道|街|道|巷|里(?=[0-9甲乙]))"
PLAIN: Final = rf"(?:(?!{ROAD_END}(?!社区|村|街道)){HAN})"
"""A character that does not begin the end of a road's name."""
NUMBER: Final = rf"(?:附|甲|乙|丙|丁)?{DIGITS}+(?:[-—]{DIGITS}+)?"

PATTERNS: Final[Mapping[str, re.Pattern[str]]] = {
    "province": re.compile(rf"{HAN}{{2,7}}?(?:省|自治区|特别行政区)|(?:北京|上海|天津|重庆)市"),
    "city": re.compile(rf"{PLAIN}{{2,8}}?(?:市|自治州|地区|盟)(?!场|民)"),
    "county": re.compile(rf"{PLAIN}{{1,7}}?(?:(?<![社小园校景库])区|县|旗|市(?!场|民))(?!{NUMBER}(?:号楼|栋|幢))"),
    "town": re.compile(rf"{HAN}{{1,8}}?(?:街道(?:办事处|办)?|镇|乡|苏木)(?!{NUMBER})"),
    "community": re.compile(rf"{PLAIN}{{1,9}}?(?:社区(?:居委会)?|居委会|嘎查|村(?![委路民])(?:民委员会)?)"),
    "road": re.compile(
        rf"{HAN}{{1,10}}?{ROAD_END}(?:与|和|、){HAN}{{1,10}}?{ROAD_END}(?:交叉口|交汇处|口)"
        rf"|[{HAN[1:-1]}A-Za-z]{{1,10}}?{ROAD_END}(?!口)|{DIGITS}+(?:村民小组|组)"
    ),
    "number": re.compile(rf"{NUMBER}(?:号院|号之{DIGITS}|弄|支弄|号(?!楼)|院)"),
    "estate": re.compile(r"(?:(?!相对).)*?"),
    "building": re.compile(rf"(?:[A-Za-z]?{NUMBER}|[A-Za-z]|[东南西北])(?:号楼|栋|幢|座|排|区|号(?=[0-9]))"),
    "unit": re.compile(rf"(?:{DIGITS}+|[A-Za-z甲乙丙丁])单元"),
    "floor": re.compile(rf"(?:地下|负|-)?{DIGITS}+(?:楼|层|F)"),
    "room": re.compile(rf"[A-Za-z]?{DIGITS}+(?:室|号|户|房)?"),
    "beside": re.compile(
        r"(?:[东南西北]{1,2}(?:侧|边|面)?|往[东南西北])?[0-9]+米.*|(?:对面|附近|旁边?|门口|[东南西北]{1,2}侧).*"
    ),
}
NEEDED: Final = ("road", "number")
NARROW: Final = ("building", "unit", "floor", "room", "beside")


@dataclass(frozen=True)
class Address:
    """An address by its levels; ``""`` where it says nothing.

    Attributes
    ----------
    province, city, county, town, community, road, number, estate, building, unit, floor, room : str
        As written, in the order of ``LEVELS``; ``road`` is a street, a crossing or a village's group.
    beside : str
        Where beside that, 东北侧100米.
    rest : str
        What no level took.
    """

    province: str = ""
    city: str = ""
    county: str = ""
    town: str = ""
    community: str = ""
    road: str = ""
    number: str = ""
    estate: str = ""
    building: str = ""
    unit: str = ""
    floor: str = ""
    room: str = ""
    beside: str = ""
    rest: str = ""

    def level(self, name: str) -> str:
        """What it says at a level."""
        return str(getattr(self, name))


def plain_text(text: str) -> str:
    """One spelling: half-width letters and digits, no blanks, no commas or brackets, capital letters."""
    return re.sub(r"[\s,，。;；()（）]", "", unicodedata.normalize("NFKC", text)).upper()


def parse(text: str) -> Address:
    """Take an address apart."""
    left = plain_text(text)
    found: dict[str, str] = {}
    for level in LEVELS[:7]:
        left = _take(level, left, found)
    if found.get("number", "").endswith("院"):
        left = left.removeprefix("内")
    at = _where_narrow_begins(left)
    estate, left = left[:at], left[at:]
    for level in NARROW:
        left = _take(level, left, found)
    return Address(**found, estate=estate, rest=left)


def _take(level: str, left: str, found: dict[str, str]) -> str:
    match = PATTERNS[level].match(left)
    if match is None or not match[0]:
        return left
    found[level] = match[0]
    return left[match.end() :]


def _where_narrow_begins(text: str) -> int:
    """Where an estate's or a building's name ends: from there on only building, unit, floor, room and what is beside follow."""
    for at in range(len(text) + 1):
        left: str = text[at:]
        taken: dict[str, str] = {}
        for level in NARROW:
            left = _take(level, left, taken)
        if not left:
            return at
    return len(text)


def finest_common(asked: Address, found: Address) -> str:
    """The narrowest level at which two addresses say the same; ``""``: none.

    All wider levels that both say must agree, and street and number may not be said by one alone: 3号楼 of another street
    is another building.
    """
    common = ""
    for level in LEVELS:
        one, other = asked.level(level), found.level(level)
        if one != other and ((one and other) or level in NEEDED):
            break
        if one and other:
            common = level
    return common
