"""A city's own matters from its categories, and its powers as rules."""

import tomllib
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from data.importers.events import EventTable, read_events
from data.importers.matters import category_matters, event_matter_keys, key_of, rules_text, slug
from data.profile import parse_profile
from data.profile_model import Profile

TEXT = """
name = "smallville"
title = {{ zh = "小城", en = "Smallville" }}
timezone = "Asia/Shanghai"
layer = [
    {{ name = "d", kind = "area", rank = 0, file = "d.json", title = {{ zh = "区", en = "D" }}, columns.code = "c" }},
]
department = [
    {{ code = "works", title = {{ zh = "市政", en = "Works" }} }},
    {{ code = "parks", title = {{ zh = "园林", en = "Parks" }} }},
]
channel = [{{ code = "call", title = {{ zh = "电话", en = "Call" }}, uncertainty_m = 10 }}]
matters = {{ edition_of = "events", scheme = "Own", edition = "small-1" }}
power = [{powers}]
[events]
file = "e.csv"
crs = "wgs84"
uncertainty_m = 10
channel = "call"
number_prefix = "S-"
time = {{ zone = "Asia/Shanghai" }}
columns = {{ key = "id", reported_at = "at", category = "type", major = "group" }}
"""


def city(*powers: str) -> Profile:
    return parse_profile(TEXT.format(powers=", ".join(powers)))


def happened(profile: Profile, *pairs: tuple[str | None, str | None]) -> EventTable:
    rows: list[dict[str, Any]] = [
        {"id": str(i), "at": "2026-01-01", "group": major, "type": category}
        for i, (major, category) in enumerate(pairs)
    ]
    assert profile.events is not None
    return read_events(pd.DataFrame(rows, dtype=object), profile.events)


WORKS = '{ department = "works", majors = ["Roads", "Trees"] }'
PAIRS = (("Roads", "Pothole"), ("Roads", "Street Light"), ("Trees", "Fallen Tree"))


@pytest.mark.parametrize(
    ("name", "plain"),
    [
        ("Pothole Repair (Internal)", "pothole-repair-internal"),
        ("Café & Müll", "cafe-mull"),
        ("占道经营", "占道经营"),
        ("***", "other"),
    ],
)
def test_names_become_plain_codes(name: str, plain: str) -> None:
    assert slug(name) == plain


@given(st.text(max_size=40))
def test_a_code_can_always_stand_in_a_key(name: str) -> None:
    assert slug(name)
    assert not set(slug(name)) & set(":*. \"\\'\n")


def test_each_category_is_a_matter_of_the_citys_own_edition() -> None:
    profile = city(WORKS)
    events = happened(profile, *PAIRS, *PAIRS, ("Roads", None))
    matters = category_matters(profile, events)
    assert [key_of(m) for m in matters.values()] == [
        "small-1:event:roads.pothole",
        "small-1:event:roads.street-light",
        "small-1:event:trees.fallen-tree",
    ]
    assert event_matter_keys(events, matters)[-1] is None
    assert event_matter_keys(events, matters)[0] == "small-1:event:roads.pothole"


def test_categories_that_look_alike_stay_apart() -> None:
    profile = city(WORKS)
    matters = category_matters(profile, happened(profile, ("Roads", "Pot hole"), ("Roads", "Pot-Hole")))
    assert len({key_of(m) for m in matters.values()}) == 2


def patterns_by_department(profile: Profile, events: EventTable) -> dict[str, list[str]]:
    rules = tomllib.loads(rules_text(profile, category_matters(profile, events)))["rule"]
    return {rule["department"]: rule["matter"] for rule in rules}


def test_a_whole_major_is_one_pattern() -> None:
    profile = city(WORKS)
    assert patterns_by_department(profile, happened(profile, *PAIRS)) == {
        "works": ["small-1:event:roads.*", "small-1:event:trees.*"]
    }


def test_a_category_goes_before_its_major() -> None:
    profile = city(WORKS, '{ department = "parks", categories = ["Street Light"] }')
    assert patterns_by_department(profile, happened(profile, *PAIRS)) == {
        "works": ["small-1:event:trees.*", "small-1:event:roads.pothole"],
        "parks": ["small-1:event:roads.street-light"],
    }


def test_keys_of_the_national_list_stand_as_they_are() -> None:
    profile = city('{ department = "works", matters = ["2026:event:06*"], urgent = true }')
    rule = tomllib.loads(rules_text(profile))["rule"][0]
    assert (rule["matter"], rule["area"], rule["urgent"]) == (["2026:event:06*"], ["*"], True)


def test_a_power_over_nothing_here_is_no_rule() -> None:
    profile = city(WORKS, '{ department = "parks", majors = ["Swimming"] }')
    assert "parks" not in patterns_by_department(profile, happened(profile, *PAIRS))


def test_categories_without_a_major_are_their_own() -> None:
    profile = city(WORKS)
    matters = category_matters(profile, happened(profile, (None, "Noise")))
    assert list(matters) == [("Noise", "Noise")]
    assert np.all([m.major_name == "Noise" for m in matters.values()])
