"""Names of the demo city's people: surnames as common as they are in the country, given names as their generation gave them."""

import csv
from functools import cache
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

Texts = NDArray[np.str_]
Ints = NDArray[np.int64]
Flags = NDArray[np.bool_]

GENERATIONS: Final = (1968, 1988, 2006)
"""First birth years of the second to the fourth generation of `GIVEN`."""
GIVEN: Final[dict[bool, tuple[str, str, str, str]]] = {
    True: (
        "国建华德明文志永福玉金春庆忠义树荣海清荣宝山林生富贵祥根兴发仁义礼智信长成世振学光胜东民新军卫平安喜顺",
        "伟强军勇磊涛杰斌刚峰波辉超鹏飞建国志明海涛永华文俊东晓宏建林兵毅亮健凯洪军旭龙江宁川振宇晨立新春雷鸣",
        "浩宇杰鑫俊豪磊凯翔鹏帆博文天佑志远哲涛晨阳嘉伟子轩家豪明泽宇航思成旭东瑞晓龙世杰昊然文博一鸣睿子涵喆堃",
        "梓浩宇轩子沐宸奕辰泽铭亦诺睿宇航皓轩一诺俊熙景行知行嘉懿宸星予安书言昊天霖翊逸航铄煜城祐祺承屿",
    ),
    False: (
        "秀英桂兰玉珍淑华凤英素兰春梅翠花金莲菊香爱云霞芳美珠月娥秀荣惠琴贞芬巧玲宝凤彩霞瑞芝桃红清莲素芬",
        "丽敏静艳娟芳燕霞玲红梅萍娜琴英莉丹晓华秀云海燕雪梅洁玉婷晓燕文娟春燕小红建华淑慧倩颖琳蓉波蕾晶璐",
        "婷雪倩颖琳欣怡佳梦瑶思雨晓雯诗涵雅婧悦莹璐瑶静怡嘉欣子涵文静慧敏雨桐宁宁艺彤可欣若曦晗佳琪蕊薇妍钰",
        "梓涵诗语沐子萱一诺欣妍可馨雨桐语汐若溪悦宁安然芷晴苡沫昕玥艺霏知夏瑾瑜清禾书瑶云舒佳妤熙婉念恩糖朵",
    ),
}
SINGLE: Final = (0.10, 0.34, 0.16, 0.05)
"""How many have a given name of one character, by generation."""
STEEPNESS: Final = 14.0
"""The larger, the more evenly given names are spread; their commonness falls as one over the rank plus this."""
DOTTED_FIRST: Final = (
    *("阿依古丽", "买买提", "艾合买提", "古丽娜尔", "热依汗", "吐尔逊"),
    *("帕提古丽", "艾山江", "阿卜杜拉", "努尔兰", "巴哈古丽", "库尔班"),
)
DOTTED_LAST: Final = ("买买提", "吐尔逊", "艾力", "依明", "玉素甫", "卡德尔", "赛买提", "热合曼", "托合提")
DOTTED: Final = 0.004


@cache
def surnames() -> tuple[Texts, NDArray[np.float64]]:
    """Surnames and how probable each is."""
    with Path(__file__).with_name("family_names.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    weights = np.array([float(row["permille"]) for row in rows])
    return np.array([row["surname"] for row in rows]), weights / weights.sum()


def draw_surnames(count: int, rng: np.random.Generator) -> Texts:
    """Surnames of unrelated people."""
    names, weights = surnames()
    return np.asarray(names[rng.choice(len(names), count, p=weights)])


def draw_given(born: Ints, male: Flags, rng: np.random.Generator) -> Texts:
    """Given names of people born in these years."""
    generation = np.searchsorted(GENERATIONS, born, side="right")
    given = np.zeros(len(born), "U2")
    for sex, by_generation in GIVEN.items():
        for number, characters in enumerate(by_generation):
            these = np.flatnonzero((male == sex) & (generation == number))
            given[these] = draw_characters(characters, SINGLE[number], len(these), rng)
    return given


def draw_characters(characters: str, single: float, count: int, rng: np.random.Generator) -> Texts:
    """One or two characters each, the first ones of the list more often."""
    pool = np.array(list(dict.fromkeys(characters)))
    weights = 1 / (np.arange(len(pool)) + STEEPNESS)
    first, second = (pool[rng.choice(len(pool), count, p=weights / weights.sum())] for _ in range(2))
    return np.asarray(np.where(rng.random(count) < single, first, np.strings.add(first, second)))


def draw_dotted(count: int, rng: np.random.Generator) -> Texts:
    """Names of two parts with a dot between, as several peoples of the north-west write them."""
    first, last = (np.array(parts)[rng.integers(len(parts), size=count)] for parts in (DOTTED_FIRST, DOTTED_LAST))
    return np.strings.add(np.strings.add(first, "·"), last)
