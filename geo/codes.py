"""Codes of places: 12-digit areas and the 15-character unit grid cells inside their communities.

An area code is read in five segments: 2 digits province, 2 city, 2 county (GB/T 2260), 3 township-level (GB/T 10114), 3
village-level (rule of the National Bureau of Statistics). Trailing zeros mean "the whole of the level above". A cell
code (单元网格编码, GB/T 30428.1 and GB/T 47678.3) is a community's 12 digits and a serial of 3, never used again.

What a code says of its place is its *form*; whether such a place exists is not decided here. 98-99.9 % of the places
in the national list are of the kind that their code says, so a kind is derived from the code and exceptions are kept
beside it.
"""

import re
from dataclasses import dataclass
from enum import StrEnum

from geo.errors import NeedleError

PROVINCES = frozenset(
    f"{region}{number}"
    for region, provinces in ((1, 5), (2, 3), (3, 7), (4, 6), (5, 4), (6, 5))
    for number in range(1, provinces + 1)
) | {"50", "71", "81", "82"}
"""GB/T 2260: six regions of numbered provinces, 重庆, 台湾, 香港 and 澳门."""
MUNICIPALITIES = frozenset(("11", "12", "31", "50"))
"""北京, 天津, 上海, 重庆: their counties hang on the province; their city segment (01 市辖区, 02 县) is no place."""

SEGMENTS = ((0, 2), (2, 4), (4, 6), (6, 9), (9, 12))
SERIALS = 999


class Level(StrEnum):
    """How deep in the tree of areas a code stands, widest first."""

    PROVINCE = "province"
    CITY = "city"
    COUNTY = "county"
    TOWNSHIP = "township"
    VILLAGE = "village"


class Kind(StrEnum):
    """What an area is, by the range of its segment; ``OTHER`` for ranges without a meaning."""

    PROVINCE = "province"
    CITY = "city"
    COUNTY = "county"
    SUBDISTRICT = "subdistrict"  # 街道
    TOWN = "town"  # 镇
    TOWNSHIP = "township"  # 乡, 民族乡, 苏木
    TOWNSHIP_LIKE = "township_like"  # 开发区, 园区, 农林牧渔场
    COMMUNITY = "community"  # 居委会, 社区
    VILLAGE = "village"  # 村委会
    COMMUNITY_LIKE = "community_like"  # 类似居委会
    VIRTUAL_COMMUNITY = "virtual_community"  # 虚拟社区
    VILLAGE_LIKE = "village_like"  # 类似村委会, 生活区
    OTHER = "other"


LEVELS = tuple(Level)
TOWNSHIP_KINDS = (
    (1, 99, Kind.SUBDISTRICT),
    (100, 199, Kind.TOWN),
    (200, 399, Kind.TOWNSHIP),
    (400, 599, Kind.TOWNSHIP_LIKE),
)
VILLAGE_KINDS = (
    (498, 498, Kind.VIRTUAL_COMMUNITY),
    (1, 199, Kind.COMMUNITY),
    (200, 399, Kind.VILLAGE),
    (400, 499, Kind.COMMUNITY_LIKE),
    (500, 599, Kind.VILLAGE_LIKE),
)


@dataclass(frozen=True)
class CellCode:
    """A unit grid cell: the community's 12 characters and the serial inside it."""

    community: str
    serial: str

    def __str__(self) -> str:
        return self.community + self.serial


def is_area_code(text: str) -> bool:
    """Whether ``text`` has the form of a 12-digit area code: a known province, and no segment under an empty one.

    The county segment alone may be empty above a town: 东莞, 中山, 儋州 and 嘉峪关 have no counties.
    """
    if not re.fullmatch(r"[0-9]{12}", text) or text[:2] not in PROVINCES:
        return False
    _, city, county, township, village = (int(text[a:b]) > 0 for a, b in SEGMENTS)
    return (city or not (county or township)) and (township or not village)


def parse_area_code(text: str) -> str:
    """The code itself, padded from its usual short forms of 2, 4, 6 or 9 digits.

    Raises
    ------
    NeedleError
        ``code.area``.
    """
    code = text.strip()
    if len(code) in (2, 4, 6, 9):
        code = code.ljust(12, "0")
    if not is_area_code(code):
        raise NeedleError("code.area", text=text)
    return code


def level_of(code: str) -> Level:
    """The level of a 12-digit code: that of its last segment that is not empty."""
    code = parse_area_code(code)
    deepest = max(i for i, (a, b) in enumerate(SEGMENTS) if int(code[a:b]) > 0)
    return LEVELS[deepest]


def kind_of(code: str) -> Kind:
    """What kind of area a 12-digit code names, by the range of its last segment."""
    level = level_of(code)
    if level is Level.TOWNSHIP:
        return kind_in(TOWNSHIP_KINDS, int(code[6:9]))
    if level is Level.VILLAGE:
        return kind_in(VILLAGE_KINDS, int(code[9:12]))
    return Kind(level.value)


def kind_in(ranges: tuple[tuple[int, int, Kind], ...], number: int) -> Kind:
    """The kind of the first range that holds the number."""
    return next((kind for first, last, kind in ranges if first <= number <= last), Kind.OTHER)


def parent_of(code: str) -> str | None:
    """The code of the area above, None for a province; a municipality's counties belong to it directly."""
    code = parse_area_code(code)
    level = level_of(code)
    if level is Level.PROVINCE:
        return None
    start, _ = SEGMENTS[LEVELS.index(level)]
    if level is Level.COUNTY and code[:2] in MUNICIPALITIES:
        start = 2
    return code[:start].ljust(12, "0")


def is_cell_code(text: str) -> bool:
    """Whether ``text`` has the form of a unit grid cell's code: 15 digits or capital letters."""
    return re.fullmatch(r"[0-9A-Z]{15}", text) is not None


def parse_cell_code(text: str) -> CellCode:
    """Split a cell code into community and serial.

    Raises
    ------
    NeedleError
        ``code.cell``.
    """
    if not is_cell_code(text):
        raise NeedleError("code.cell", text=text)
    return CellCode(text[:12], text[12:])


def make_cell_code(community: str, serial: int) -> str:
    """The code of the ``serial``-th cell (1 to 999) of a community.

    Raises
    ------
    NeedleError
        ``code.area`` for a code that is none, or not of village level; ``code.serial``.
    """
    code = parse_area_code(community)
    if level_of(code) is not Level.VILLAGE:
        raise NeedleError("code.area", text=community)
    if not 1 <= serial <= SERIALS:
        raise NeedleError("code.serial", serial=serial, community=community)
    return f"{code}{serial:03d}"
