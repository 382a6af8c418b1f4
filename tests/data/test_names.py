"""Names as registers write them: surnames read as surnames, variant forms, what never counts as the same."""

import csv

import pytest
from hypothesis import given
from hypothesis import strategies as st

from data.linkage.names import (
    TABLES,
    NameLevel,
    fold,
    initials,
    name_level,
    normalise,
    pinyin,
    readings,
    surname,
    variants,
)

SURNAMES = [
    ("单雄信", "shanxiongxin"),
    ("仇英", "qiuying"),
    ("曾国藩", "zengguofan"),
    ("任正", "renzheng"),
    ("解缙", "xiejin"),
    ("查理", "zhali"),
    ("区大", "ouda"),
    ("朴明", "piaoming"),
    ("缪明", "miaoming"),
    ("员明", "yunming"),
    ("召明", "shaoming"),
    ("洗明", "xianming"),
    ("种明", "chongming"),
    ("折明", "sheming"),
    ("秘明", "biming"),
    ("繁明", "poming"),
    ("重明", "chongming"),
    ("佴明", "naiming"),
    ("句明", "gouming"),
    ("尉迟恭", "yuchigong"),
    ("万俟明", "moqiming"),
    ("澹台明", "tantaiming"),
    ("欧阳修", "ouyangxiu"),
    ("吕布", "lvbu"),
    ("", ""),
]


@pytest.mark.parametrize(("name", "spoken"), SURNAMES)
def test_a_surname_is_read_as_one(name: str, spoken: str) -> None:
    assert pinyin(name) == spoken


@pytest.mark.parametrize(
    ("one", "other", "level"),
    [
        ("张伟", "张 伟", NameLevel.SAME),
        ("阿依古丽·买买提", "阿依古丽•买买提", NameLevel.SAME),
        ("ＬＩ Ｗｅｉ", "li wei", NameLevel.SAME),
        ("張偉", "张伟", NameLevel.VARIANT),
        ("锺堃", "钟坤", NameLevel.VARIANT),
        ("肖喆", "萧哲", NameLevel.VARIANT),
        ("付代兰", "傅戴蓝", NameLevel.VARIANT),
        ("闫甯", "阎寗", NameLevel.VARIANT),
        ("张伟", "章维", NameLevel.PINYIN),
        ("翟明", "狄明", NameLevel.PINYIN),  # 翟 is also read di
        ("后羿", "後羿", NameLevel.PINYIN),  # two surnames, though one is called the other's traditional form
        ("张伟", "张炜炜", NameLevel.DIFFERENT),
        ("淼", "水", NameLevel.DIFFERENT),
        ("媄", "水", NameLevel.DIFFERENT),
        ("曾小贤", "层小贤", NameLevel.DIFFERENT),
    ],
)
def test_names_are_alike_in_levels(one: str, other: str, level: NameLevel) -> None:
    assert name_level(one, other) == name_level(other, one) == level


def test_initials_follow_every_reading() -> None:
    assert initials("曾小贤") == ["zxx"]
    assert set(initials("翟天临")) == {"ztl", "dtl"}
    assert initials("万俟明") == ["mqm"]
    assert readings("乐嘉") == ["yue jia", "le jia"]


def test_rare_characters_beyond_the_first_plane_stay() -> None:
    assert normalise("张𬱖") == "张𬱖"
    assert surname("欧阳娜娜") == "欧阳"
    assert surname("欧阳") == "欧"


def test_no_folded_form_folds_again() -> None:
    """One look is enough, and the table holds no form twice."""
    with (TABLES / "name_variants.csv").open(encoding="utf-8") as file:
        forms = [row["form"] for row in csv.DictReader(file)]
    assert len(forms) == len(set(forms)) == len(variants())
    assert all(fold(folded) == folded for folded in variants().values())


names = st.text("张章伟维锺钟堃坤欧阳翟狄肖萧·• ab", max_size=6)


@given(names, names)
def test_the_level_does_not_depend_on_the_order(one: str, other: str) -> None:
    assert name_level(one, other) == name_level(other, one)
    assert name_level(one, one) == NameLevel.SAME
