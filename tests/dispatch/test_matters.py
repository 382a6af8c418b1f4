"""Matters of both editions, their filing conditions and the crosswalk."""

from collections import Counter

import pytest

from dispatch.clock import Limit
from dispatch.matters import crosswalk, matters, successors
from geo.errors import NeedleError


def test_both_editions_are_whole() -> None:
    counts = Counter((m.edition, m.kind) for m in matters().values())
    assert counts == {
        ("2026", "component"): 153,
        ("2026", "event"): 250,
        ("2013", "component"): 125,
        ("2013", "event"): 79,
    }


def test_a_code_alone_is_ambiguous_its_key_is_not() -> None:
    assert matters()["2026:component:01001"].name_zh == "供水井盖"
    assert matters()["2026:event:01001"].name_zh == "供水井盖异常"


@pytest.mark.parametrize(
    ("key", "zh", "en"),
    [
        ("2026:event:09006", "占道经营", "Street occupation for trade"),
        ("2026:event:06010", "暴露垃圾", "Exposed rubbish"),
        ("2026:event:01037", "路灯异常", "Street light fault"),
        ("2013:event:0406", "占道经营", "Street occupation for trade"),
        ("2013:component:0101", "上水井盖", "Water supply manhole cover"),
    ],
)
def test_names(key: str, zh: str, en: str) -> None:
    assert (matters()[key].name_zh, matters()[key].name_en) == (zh, en)


def test_the_limit_comes_from_the_filing_condition() -> None:
    road = matters()["2026:event:06013"]
    assert road.limit == Limit(5, "work_day")
    assert road.limit_of(4) == (Limit(2, "urgent_hour"), 4)
    with pytest.raises(NeedleError) as refused:
        road.limit_of(99)
    assert refused.value.code == "case.condition_unknown"


def test_without_a_condition_the_major_class_gives_a_calm_limit() -> None:
    bare = [m for m in matters().values() if not m.conditions]
    assert bare
    assert not any(m.limit.urgent for m in bare)


def test_the_crosswalk_joins_known_matters_only() -> None:
    known = matters()
    for step in crosswalk():
        assert step.old is None or step.old in known
        assert step.new is None or step.new in known


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("2013:event:0406", ("2026:event:09006",)),
        ("2013:event:0602", ("2026:event:09013",)),
        ("2013:component:0506", ("2026:component:01069",)),
        ("2013:event:0502", ()),
    ],
)
def test_successors(old: str, new: tuple[str, ...]) -> None:
    assert successors(old) == new
