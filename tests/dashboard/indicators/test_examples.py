"""The worked examples of practice reproduce to the printed decimals: published city reports, running rules, evaluation code."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

from dashboard.indicators import scores
from dashboard.indicators.definitions import Basis, Rate, counted, definitions, rounded

D = Decimal


def percent(code: str, numerator: float | str, denominator: float | str, digits: int = 2) -> str:
    """A named indicator of counts, as it is printed; blank where nothing is below the line."""
    definition = definitions()[code]
    rate = definition.rate({definition.numerator: D(str(numerator)), definition.denominator: D(str(denominator))})
    value = rate.percent(digits)
    return "" if value is None else str(value)


def share(numerator: float | str, denominator: float | str, digits: int = 2) -> str:
    return str(Rate(D(str(numerator)), D(str(denominator))).percent(digits))


#: Number of the example, what it is, how it is computed, what is printed.
EXAMPLES: tuple[tuple[int, str, Callable[[], Any], str], ...] = (
    (1, "天门 2016-12 结案率", lambda: percent("close_rate", 911, 972), "93.72"),
    (2, "天门 2016-12 按期结案率", lambda: percent("ontime_close_rate", 737, 972), "75.82"),
    (3, "by what was filed, not by what fell due: the wrong denominator", lambda: share(911, 996), "91.47"),
    (4, "超期结案率", lambda: percent("overtime_close_rate", 911 - 737, 972), "17.90"),
    (4, "未结案占比", lambda: share(972 - 911, 972), "6.28"),
    (5, "福州 2022Q2 结案率", lambda: percent("close_rate", 9999, 10000), "99.99"),
    (5, "福州 2022Q2 按期结案率", lambda: percent("ontime_close_rate", 9988, 10000), "99.88"),
    (5, "福州 2022Q2 返工率", lambda: percent("rework_rate", 11, 10000), "0.11"),
    (5, "福州 2022Q2 延期率", lambda: percent("extension_rate", 20, 10000), "0.20"),
    (6, "金牛数字城管", lambda: rounded(scores.jinniu_digital(0.98, 0.95, 0.02, 0.01, 0.03), 2), "97.50"),
    (7, "金牛数字城管满分", lambda: rounded(scores.jinniu_digital(1, 1, 0, 0, 0), 2), "100.00"),
    (8, "金牛受理量 油烟", lambda: rounded(scores.jinniu_volume(10, 0.026, 2.141, 0.01), 2), "28.20"),
    (9, "金牛受理量", lambda: rounded(scores.jinniu_volume(100, 0.026, 2.141), 3), "26.407"),
    (10, "办理周期 1.5 天", lambda: rounded(scores.jinniu_duration(1.5), 0), "5"),
    (11, "办理周期 2.4 天", lambda: rounded(scores.jinniu_duration(2.4), 0), "0"),
    (12, "共享单车总量", lambda: scores.stepped_deduction(9050, 8300, 200, 0.1), "0.3"),
    (13, "僵尸车", lambda: scores.stepped_deduction(250, 0, 100, 0.1), "0.2"),
    *((14, f"环境卫生处置率 {rate}", lambda rate=rate: scores.sanitation_deduction(rate), points)
      for rate, points in ((0, "0.3"), (0.3, "0.25"), (0.6, "0.15"), (0.8, "0.1"), (0.92, "0"))),
    (15, "违法建设新增", lambda: scores.building_deduction(300, stock=False), "7"),
    (15, "违法建设存量", lambda: scores.building_deduction(300, stock=True), "9"),
    (16, "实际解决率", lambda: percent("real_solve_rate", 2, 8), "25.00"),
    (16, "解释说明率", lambda: percent("explain_rate", 6, 8), "75.00"),
    (17, "市民满意率", lambda: percent("satisfy_rate", "1.6", 3), "53.33"),
    (18, "市民满意率", lambda: percent("satisfy_rate", "0.8", 2), "40.00"),
    (19, "先行联系率", lambda: percent("first_contact_rate", 3, 3, 0), "100"),
    (20, "赵巷热线总分", lambda: rounded(scores.town_hotline(9, 90, 1, True, D("1.6") / 3), 3), "71.833"),
    (21, "nobody rated: a blank, and no points", lambda: percent("satisfy_rate", 0, 0), ""),
    (22, "综合指标(部门)", lambda: rounded(scores.department(120, 0.9372, 0.7582, 0.012), 2), "88.00"),
    *((23, f"立案数分 {filed}", lambda filed=filed: scores.filed_points(filed), points)
      for filed, points in ((50, "10"), (51, "9"), (100, "9"), (101, "7.5"), (200, "7.5"), (201, "6"), (500, "6"), (501, "4"),
                            (1000, "4"), (1001, "0"))),
    *((24, f"评价等级 {score}", lambda score=score: scores.rating(score), grade)
      for score, grade in ((89.9, "B"), (90, "A"), (74.99, "C"), (75, "B"), (59, "D"), (40, "D"), (39, "E"))),
    (25, "综合指标(值班长)", lambda: rounded(scores.foreman(0.9, 0.95, 0.8), 2), "88.50"),
    (26, "综合指标(受理员)", lambda: rounded(scores.acceptor(1201, 0.9, 0.8), 2), "86.50"),
    (27, "综合指标(监督员)", lambda: rounded(scores.supervisor(0.8, 0.05, 0.9, 1.0), 2), "89.00"),
    *((28, f"灯 {used}", lambda used=used: scores.light(used, 1), colour)
      for used, colour in ((0.80, "green"), (0.801, "yellow"), (1.0, "yellow"), (1.001, "red"))),
    (29, "准确派遣率", lambda: percent("accurate_dispatch_rate", 200 - 9, 200), "95.50"),
    (30, "办结率", lambda: percent("finish_rate", 456, 500 - 20), "95.00"),
    (31, "应处置数", lambda: scores.due_in_period(40, 3, 5), "42"),
    (32, "延期返工占比", lambda: share(223 + 18, 16395), "1.47"),
    (33, "复发占比", lambda: share(4778, 16313), "29.29"),
    (34, "唐山 2024-11 咨询占比", lambda: share(124599, 124599 + 56672 + 1983 + 1182 + 890 + 415 + 9791), "63.72"),
    (35, "一周热线日均", lambda: rounded(D(71184) / 7, 0), "10169"),
)  # fmt: skip


@pytest.mark.parametrize(
    ("number", "compute", "printed"),
    [pytest.param(number, compute, printed, id=f"{number} {what}") for number, what, compute, printed in EXAMPLES],
)
def test_a_worked_example_reproduces(number: int, compute: Callable[[], Any], printed: str) -> None:
    assert str(compute()) == printed


def test_every_example_is_there() -> None:
    assert {number for number, *_ in EXAMPLES} == set(range(1, 36))


def test_codes_are_named_once_and_versioned() -> None:
    assert len(definitions()) >= 20
    assert all(one.version >= 1 and one.zh and one.en and one.note_zh and one.note_en for one in definitions().values())


def test_a_definition_with_a_basis_keeps_it() -> None:
    kept = definitions()["valid_report_rate"]
    either = definitions()["close_rate"]
    assert kept.over(Basis.DUE) == Basis.OPENED
    assert [either.over(basis) for basis in Basis] == list(Basis)


def test_what_the_page_counts_is_counted_over_cases() -> None:
    assert [one.code for one in counted()][:2] == ["valid_report_rate", "file_rate"]
    assert "satisfy_rate" not in {one.code for one in counted()}
