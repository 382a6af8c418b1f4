"""How far a whistle is on the board: from the parts of the departments that it called."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from dashboard.i18n import words
from dashboard.view_models.whistle_board import cards, column_of, score_rows
from data.stores.whistles import OpenWhistle

NOW = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)
LATER, BEFORE = NOW + timedelta(minutes=30), NOW - timedelta(minutes=30)
LINE = OpenWhistle(
    case_id=7,
    case_number="20261124-00000007",
    title="占道经营",
    state="whistled",
    number=1,
    street="110101001",
    purpose="hard_matter",
    called_at=BEFORE,
    answer_by=LATER,
    arrive_by=LATER,
    stage=0,
    department_code="cg",
    lead=True,
    party_state="called",
    team_id=None,
    answered_at=None,
    arrived_at=None,
    distance_m=None,
    finished_at=None,
    lng=116.4,
    lat=39.9,
    ended_at=None,
)


def helper(**changes: Any) -> OpenWhistle:
    return replace(LINE, department_code="ga", lead=False, **changes)


def name(facet: str, code: object) -> str:
    return f"{facet}/{code}"


@pytest.mark.parametrize(
    ("parties", "column"),
    [
        ([LINE, helper()], "blown"),
        ([replace(LINE, party_state="answered", answered_at=NOW), helper()], "answering"),
        ([replace(LINE, party_state="answered", answered_at=NOW, arrived_at=NOW), helper()], "on_site"),
        ([LINE, helper(party_state="refused")], "silent"),
        ([replace(LINE, answer_by=BEFORE)], "silent"),
        ([replace(LINE, answer_by=BEFORE, party_state="answered", answered_at=BEFORE)], "answering"),
        ([replace(LINE, party_state="finished", finished_at=NOW, state="handled")], "finished"),
        ([replace(LINE, party_state="called", answer_by=BEFORE, state="closed", ended_at=NOW)], "finished"),
        ([LINE, helper(party_state="released")], "blown"),
    ],
)
def test_how_far_a_whistle_is(parties: list[OpenWhistle], column: str) -> None:
    assert column_of(parties, NOW) == column


def test_a_card_names_each_department_and_what_it_did() -> None:
    there = replace(LINE, party_state="answered", answered_at=BEFORE, arrived_at=NOW, distance_m=12.4)
    (card,) = cards([there, helper(answer_by=BEFORE)], words("en"), name, NOW)
    assert (card["street"], card["purpose"], card["column"]) == ("area:subdistrict/110101001", "Hard matter", "silent")
    assert [(p["name"], p["lead"], p["standing"], p["metres"]) for p in card["parties"]] == [
        ("department/cg", True, "arrived", 12),
        ("department/ga", False, "silent", None),
    ]


@pytest.mark.parametrize(("stage", "said"), [(0, None), (1, "reminded"), (3, "supervised")])
def test_silence_that_went_up_is_said(stage: int, said: str | None) -> None:
    (card,) = cards([replace(LINE, stage=stage)], words("en"), name, NOW)
    assert card["escalation"] == said


def test_two_whistles_of_one_case_are_two_cards() -> None:
    assert len(cards([LINE, replace(LINE, number=2)], words("zh"), name, NOW)) == 2


def test_scores_name_the_busiest_first() -> None:
    share = {"good": 1, "of": 2}
    none = {"good": 0, "of": 0}
    scores: dict[str, dict[str, Any]] = {
        "streets": {"a": {"whistles": 1, "calls": share}, "b": {"whistles": 3, "calls": none}},
        "departments": {
            "cg": {"answered": share, "arrived": none, "done": none},
            "ga": {"answered": none, "arrived": none, "done": none},
        },
    }
    rows = score_rows(scores, name)
    assert [row["name"] for row in rows["streets"]] == ["area:subdistrict/b", "area:subdistrict/a"]
    assert rows["departments"][0] == {
        "name": "department/cg",
        "answered": [1, 2],
        "arrived": [0, 0],
        "done": [0, 0],
    }
