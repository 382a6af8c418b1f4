"""How two records of persons are compared: Splink's settings, made for Chinese data.

Only functions that DuckDB and Spark share stand in the SQL (levenshtein on digits, substr, right), so the same settings run on
both. Every comparison is a ladder of levels, strongest first, each with the words that a person reads as evidence.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final


@dataclass(frozen=True)
class Level:
    """One rung of a comparison.

    Attributes
    ----------
    name, sql, label_zh, label_en : str
        Its condition (``…_l``, ``…_r``), and the words for it.
    agrees : bool
        Whether it speaks for the same person.
    by_frequency : str, optional
        Column whose rare values say more.
    counted : tuple of str
        Columns whose equality it is: how often records agree on them is counted over all pairs, not sampled.
    chance : float, optional
        With ``counted``: which share of the pairs that agree are of different persons. Without: how probable the level is between
        different persons, where that is too rare to be met in a sample.
    """

    name: str
    sql: str
    label_zh: str
    label_en: str
    agrees: bool
    by_frequency: str | None = None
    counted: tuple[str, ...] = ()
    chance: float | None = None


@dataclass(frozen=True)
class Comparison:
    """One ladder over one or several columns. ``unknown``: when nothing can be said. The last level holds whatever is left."""

    name: str
    unknown: str
    levels: tuple[Level, ...]
    corroborates: bool = True
    """Whether agreement counts as evidence beyond the name."""
    personal: bool = False
    """Whether it tells members of one household apart."""


def either_missing(column: str) -> str:
    """SQL: one of the two records does not say."""
    return f"{column}_l is null or {column}_r is null"


LEAST_CHANCE: Final = 1e-10
"""Nothing is held for less probable between different persons, however few agree."""
REST: Final = "ELSE"
NAME: Final = Comparison(
    "name",
    either_missing("name_folded"),
    (
        Level("same", "name_l = name_r", "姓名相同", "same name", True, "name_folded", ("name",), 0.95),
        Level("variant", "name_folded_l = name_folded_r", "姓名为异体字", "name in variant forms", True),
        Level("pinyin", "name_pinyin_l = name_pinyin_r", "姓名同音", "names sound alike", True),
        Level(
            "near",
            "substr(name_folded_l, 1, 2) = substr(name_folded_r, 1, 2) or (substr(name_folded_l, 1, 1) = "
            "substr(name_folded_r, 1, 1) and right(name_folded_l, 1) = right(name_folded_r, 1))",
            "姓名差一字",
            "names one character apart",
            True,
        ),
        Level("different", REST, "姓名不同", "different names", False),
    ),
    corroborates=False,
)
ID_NUMBER: Final = Comparison(
    "id_number",
    either_missing("id_number"),
    (
        Level("same", "id_number_l = id_number_r", "身份证号相同", "same ID number", True, None, ("id_number",), 0.001),
        Level(
            "slip",
            "not (id_valid_l and id_valid_r) and levenshtein(id_number_l, id_number_r) <= 2",
            "身份证号疑似笔误（校验位不符）",
            "ID number mistyped (its check digit is wrong)",
            True,
            chance=1e-7,
        ),
        Level(
            "unsure",
            "not (id_valid_l and id_valid_r)",
            "身份证号不同，其一校验位不符",
            "different ID numbers, one of them faulty",
            False,
        ),
        Level("different", REST, "身份证号不同且均有效", "different ID numbers, both valid", False),
    ),
)
PHONE: Final = Comparison(
    "phone",
    either_missing("phone"),
    (
        Level("same", "phone_l = phone_r", "电话相同", "same telephone", True, None, ("phone",), 0.1),
        Level(
            "slip", "levenshtein(phone_l, phone_r) <= 1", "电话差一位", "telephones one digit apart", True, chance=1e-6
        ),
        Level("different", REST, "电话不同", "different telephones", False),
    ),
)
BIRTH_DATE: Final = Comparison(
    "birth_date",
    either_missing("birth_date"),
    (
        Level(
            "same", "birth_date_l = birth_date_r", "出生日期相同", "same birth date", True, None, ("birth_date",), 0.95
        ),
        Level(
            "slip",
            "levenshtein(birth_date_l, birth_date_r) <= 1 or substr(birth_date_l, 1, 7) = substr(birth_date_r, 1, 7)"
            " or substr(birth_date_l, 6, 5) = substr(birth_date_r, 6, 5) or (substr(birth_date_l, 1, 4) = "
            "substr(birth_date_r, 1, 4) and substr(birth_date_l, 9, 2) = substr(birth_date_r, 9, 2))",
            "出生日期差一项",
            "birth dates differ in one part",
            True,
        ),
        Level(
            "year",
            "substr(birth_date_l, 1, 4) = substr(birth_date_r, 1, 4)",
            "出生年份相同",
            "same birth year",
            False,
        ),
        Level("different", REST, "出生日期不同", "different birth dates", False),
    ),
    personal=True,
)
SEX: Final = Comparison(
    "sex",
    either_missing("sex"),
    (
        Level("same", "sex_l = sex_r", "性别相同", "same sex", True),
        Level("different", REST, "性别不同", "different sex", False),
    ),
    corroborates=False,
)
ADDRESS: Final = Comparison(
    "address",
    either_missing("building"),
    (
        Level(
            "room",
            "building_l = building_r and room_l = room_r and coalesce(unit_l, unit_r, '') = coalesce(unit_r, unit_l, '')",
            "住址相同（到户室）",
            "same address down to the room",
            True,
            None,
            ("building", "unit", "room"),
            0.6,
        ),
        Level(
            "building",
            "building_l = building_r and (room_l is null or room_r is null)",
            "同一楼栋（户室未填）",
            "same building, room not said",
            True,
        ),
        Level("neighbours", "building_l = building_r", "同楼不同户", "same building, another room", False),
        Level("different", REST, "住址不同", "different addresses", False),
    ),
)


@dataclass(frozen=True)
class Model:
    """What is compared of one kind of record.

    Attributes
    ----------
    comparisons : tuple of Comparison
    blocks : tuple of tuple of str
        Which records are compared at all: those that share all of one of these terms. None is a name alone.
    training : tuple of tuple of str
        Blocks that chances are learned in: each teaches the comparisons that it does not itself use.
    identifier : str
        The comparison of the number that names one and only one; records whose valid numbers differ are never put together.
    valid : str, optional
        Column that says whether that number is valid; none: every number that is there.
    """

    comparisons: tuple[Comparison, ...]
    blocks: tuple[tuple[str, ...], ...]
    training: tuple[tuple[str, ...], ...]
    identifier: str
    valid: str | None = None

    def number(self, name: str) -> int:
        """Place of a comparison by its name."""
        return next(at for at, comparison in enumerate(self.comparisons) if comparison.name == name)

    @property
    def rare_column(self) -> str:
        """Column of the first comparison, the name's, whose rare values say more."""
        return next(level.by_frequency for level in self.comparisons[0].levels if level.by_frequency is not None)


PERSONS: Final = Model(
    (NAME, ID_NUMBER, PHONE, BIRTH_DATE, SEX, ADDRESS),
    (
        ("id_number",),
        ("phone",),
        ("name_pinyin", "birth_date"),
        ("name_pinyin", "building"),
        ("birth_date", "building"),
        ("name_pinyin", "substr(birth_date, 1, 4)"),
        ("name_pinyin", "substr(birth_date, 6, 5)"),
    ),
    (("id_number", "birth_date", "sex"), ("name_folded", "phone")),
    "id_number",
    "id_valid",
)
"""Persons, of the columns that `data.linkage.preparing.prepare` gives."""


def settings(model: Model, prior: float, agreement: Mapping[tuple[str, ...], float]) -> dict[str, Any]:
    """Splink's settings.

    ``prior``: how probable it is that two records drawn at random are one person; ``agreement``: how probable it is that they
    agree on the columns that some levels count.
    """
    return {
        "link_type": "dedupe_only",
        "unique_id_column_name": "unique_id",
        "probability_two_random_records_match": prior,
        "comparisons": [comparison_settings(comparison, agreement) for comparison in model.comparisons],
        "blocking_rules_to_generate_predictions": [{"blocking_rule": blocking_sql(block)} for block in model.blocks],
        "retain_matching_columns": False,
        "retain_intermediate_calculation_columns": True,
        "max_iterations": 15,
        "em_convergence": 0.001,
    }


def comparison_settings(comparison: Comparison, agreement: Mapping[tuple[str, ...], float]) -> dict[str, Any]:
    """One comparison as Splink's settings have it."""
    unknown = {"sql_condition": comparison.unknown, "label_for_charts": "unknown", "is_null_level": True}
    return {
        "output_column_name": comparison.name,
        "comparison_levels": [unknown, *(level_settings(level, agreement) for level in comparison.levels)],
    }


def level_settings(level: Level, agreement: Mapping[tuple[str, ...], float]) -> dict[str, Any]:
    """One level as Splink's settings have it."""
    found: dict[str, Any] = {"sql_condition": level.sql, "label_for_charts": level.name}
    if level.by_frequency:
        found |= {
            "tf_adjustment_column": level.by_frequency,
            "tf_adjustment_weight": 1.0,
            "disable_tf_exact_match_detection": True,
        }
    if level.chance is not None:
        by_chance = level.chance * (agreement[level.counted] if level.counted else 1.0)
        found |= {"u_probability": max(by_chance, LEAST_CHANCE), "fix_u_probability": True}
    return found


def blocking_sql(block: tuple[str, ...]) -> str:
    """A block's condition, as Splink wants it."""
    sides = (term.replace("(", "(l.", 1) if "(" in term else f"l.{term}" for term in block)
    return " and ".join(f"{side} = {side.replace('l.', 'r.', 1)}" for side in sides)
