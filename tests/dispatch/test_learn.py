"""Learning a routing table: what it takes from history, how it backs off, and that it never looks ahead."""

from pathlib import Path

import pandas as pd
import pytest

from dispatch.learn import Routing, Thresholds, learn_routing
from dispatch.rule_drafts import draft_rules
from dispatch.rules import parse_rules
from geo.errors import NeedleError

Row = tuple[str, str, str, str, str, int]


def history(*rows: Row) -> pd.DataFrame:
    """Rows of month, reason, category, area, department and how many."""
    table = [row[:5] for row in rows for _ in range(row[5])]
    frame = pd.DataFrame(table, columns=["month", "reason", "category", "area", "department"])
    return frame.assign(queue=frame["department"] + "_1", reported_at=pd.to_datetime(frame.pop("month") + "-15"))


def lines(frame: pd.DataFrame, thresholds: Thresholds = Thresholds()) -> dict[tuple[str, str, str | None], Routing]:
    return {(line.by, line.key, line.area): line for line in learn_routing(frame, 1, thresholds).routings}


USUAL: tuple[Row, ...] = (
    ("2015-01", "streets", "pothole", "01", "PW", 40),
    ("2015-01", "streets", "pothole", "02", "PW", 30),
    ("2015-01", "streets", "pothole", "03", "PARK", 20),
    ("2015-01", "streets", "sign", "01", "BT", 50),
    ("2015-02", "streets", "pothole", "01", "PW", 10),
)


def test_an_area_with_another_department_gets_its_own_line() -> None:
    found = lines(history(*USUAL))
    assert found["category", "pothole", None].department == "PW"
    assert found["category_area", "pothole", "03"].department == "PARK"
    assert ("category_area", "pothole", "01") not in found
    assert (found["category", "pothole", None].support, found["category", "pothole", None].share) == (100, 0.8)
    assert found["category", "sign", None].queue == "BT_1"
    assert found["reason", "streets", None].department == "PW"
    assert found["majority", "majority", None].department == "PW"


@pytest.mark.parametrize("thresholds", [Thresholds(area=21), Thresholds(area_share=1.01)])
def test_an_area_needs_evidence(thresholds: Thresholds) -> None:
    assert ("category_area", "pothole", "03") not in lines(history(*USUAL), thresholds)


def test_a_category_needs_evidence_else_its_reason_speaks() -> None:
    rows: tuple[Row, ...] = (
        *USUAL,
        ("2015-01", "streets", "rare", "01", "BT", 2),
        ("2015-02", "streets", "rare", "01", "PW", 1),
    )
    (month,) = learn_routing(history(*rows), 1, Thresholds(category=5)).months
    assert (month.tested, month.covered, month.department_right) == (11, 10, 11)


def test_an_unknown_reason_goes_to_the_majority() -> None:
    (month,) = learn_routing(history(*USUAL, ("2015-02", "animals", "dog", "", "PW", 1))).months
    assert (month.tested, month.covered, month.department_right, month.queue_right) == (11, 10, 11, 11)


def test_a_month_is_foretold_from_the_months_before_it_only() -> None:
    turned = history(
        *USUAL, ("2015-03", "streets", "pothole", "01", "NEW", 500), ("2015-04", "streets", "pothole", "01", "NEW", 5)
    )
    months = {m.month: m for m in learn_routing(turned, 5).months}
    assert list(months) == ["2015-02", "2015-03", "2015-04"]
    assert [m.learned_from for m in months.values()] == [140, 150, 650]
    assert (months["2015-03"].share, months["2015-04"].share) == (0.0, 1.0)


def test_departments_are_counted_over_the_months_kept_back() -> None:
    found = learn_routing(history(*USUAL, ("2015-02", "streets", "sign", "01", "PW", 4))).departments
    assert [(d.department, d.had, d.foretold, d.right) for d in found] == [("PW", 14, 10, 10), ("BT", 0, 4, 0)]


def test_rows_that_teach_nothing_are_left_out() -> None:
    frame = history(*USUAL)
    holes = pd.DataFrame(
        {"category": [None, "x", " "], "department": ["PW", None, "PW"], "reported_at": frame["reported_at"][:3]}
    )
    assert learn_routing(pd.concat([frame, holes])).routings == learn_routing(frame).routings


def test_history_must_have_its_columns_and_two_months() -> None:
    with pytest.raises(NeedleError) as missing:
        learn_routing(history(*USUAL).drop(columns="department"))
    with pytest.raises(NeedleError) as short:
        learn_routing(history(*USUAL[:4]))
    assert (missing.value.code, short.value.code) == ("rules.history_columns", "rules.history_short")


def test_the_draft_is_a_rule_file_that_routes_as_learned() -> None:
    rows: tuple[Row, ...] = (*USUAL, ("2015-01", "streets", 'a "quoted": *name*', "01", "BT", 3))
    proposal = learn_routing(history(*rows))
    rules = parse_rules(draft_rules(proposal, "boston", "ward", {"PW": "city"}, {"sign": "2026:event:02001"}))

    def asked(matter: str, ward: str) -> list[tuple[str, str]]:
        return [(rule.department, rule.level) for rule in rules.powers(matter, {"ward": ward})]

    assert asked("boston:event:pothole", "01") == [("PW", "city")]
    assert asked("boston:event:pothole", "03") == [("PARK", "district")]
    assert asked("2026:event:02001", "03") == [("BT", "district")]
    assert asked('boston:event:a "quoted"- -name-', "01") == [("BT", "district")]
    assert "2015-02" in rules.body


@pytest.mark.real_data
def test_boston_learned_from_five_months_is_right_in_the_sixth(real_data: Path) -> None:
    table = pd.read_parquet(real_data / "boston/service_requests_2015h1.parquet")
    frame = pd.DataFrame(
        {
            "category": table["TYPE"],
            "reason": table["REASON"],
            "area": table["neighborhood"],
            "department": table["Department"],
            "queue": table["QUEUE"],
            "reported_at": pd.to_datetime(table["OPEN_DT"], format="%m/%d/%Y %I:%M:%S %p"),
        }
    )
    (june,) = learn_routing(frame).months
    assert (june.month, june.tested) == ("2015-06", 10_332)
    assert june.share >= 0.94
