"""City profiles: the two of the project hold, and a wrong one is told everything that is wrong with it."""

from pathlib import Path

import pytest

from data.profile import load_profile, parse_profile, profile_names
from geo.errors import NeedleError

SMALL = """
name = "smallville"
title = { zh = "小城", en = "Smallville" }
timezone = "Asia/Shanghai"

[[layer]]
name = "district"
kind = "area"
title = { zh = "区", en = "District" }
rank = 0
file = "districts.geojson"
columns = { code = "code" }

[[department]]
code = "works"
title = { zh = "市政", en = "Works" }

[[channel]]
code = "call"
title = { zh = "电话", en = "Call" }
uncertainty_m = 50

[matters]
edition_of = "standard"
scheme = "GB/T 47678.5"
edition = "2026"

[[power]]
department = "works"
matters = ["2026:event:06013"]

[events]
file = "events.csv"
crs = "gcj02"
uncertainty_m = 20
channel = "call"
number_prefix = "S-"
time = { zone = "Asia/Shanghai" }
columns = { key = "id", reported_at = "at" }
"""


def sentence(text: str, language: str = "en") -> str:
    with pytest.raises(NeedleError) as caught:
        parse_profile(text, "smallville.toml")
    assert caught.value.code == "profile.invalid"
    return caught.value.sentence("zh" if language == "zh" else "en")


def test_the_project_comes_with_two_cities() -> None:
    assert profile_names() == ("beijing", "boston")
    assert [load_profile(name).name for name in profile_names()] == ["beijing", "boston"]


def test_a_profile_of_ones_own_is_read_by_its_path(tmp_path: Path) -> None:
    file = tmp_path / "smallville.toml"
    file.write_text(SMALL, encoding="utf-8")
    assert load_profile(str(file)).title.zh == "小城"


@pytest.mark.parametrize("name", ["atlantis", "nowhere.toml"])
def test_an_unknown_profile_is_answered_with_those_there_are(name: str) -> None:
    with pytest.raises(NeedleError, match="beijing, boston") as caught:
        load_profile(name)
    assert caught.value.code == "profile.unknown"


@pytest.mark.parametrize(
    ("written", "instead", "said"),
    [
        ('kind = "area"', 'kind = "county"', '[layer 1 "district"] kind: Input should be'),
        ('columns = { code = "code" }', "columns = { }", '[layer 1 "district"] columns.code: Field required'),
        ('zone = "Asia/Shanghai"', 'zone = "Mars/Olympus"', '[events] time.zone: "Mars/Olympus" is not a known'),
        ("uncertainty_m = 20", "uncertainty_m = -1", "[events] uncertainty_m: Input should be greater than 0"),
        ("rank = 0", "rank = 0\ncolour = 1", '[layer 1 "district"] colour: Extra inputs are not permitted'),
        ('name = "smallville"', 'name = "Small Ville"', "[profile] name: String should match"),
        ('crs = "gcj02"', 'crs = "mars2000"', '[events] crs: Unknown coordinate system "mars2000"'),
        ('channel = "call"', 'channel = "pigeon"', '[events] channel: channel "pigeon" is not defined'),
        ('department = "works"', 'department = "magic"', '[power 1] department: department "magic" is not defined'),
        ('edition_of = "standard"', 'edition_of = "events"', "[events] columns.category: matters come from the events"),
    ],
)
def test_a_mistake_is_named_with_its_table_and_field(written: str, instead: str, said: str) -> None:
    assert said in sentence(SMALL.replace(written, instead))


def test_all_mistakes_are_told_at_once() -> None:
    wrong = SMALL.replace('kind = "area"', 'kind = "county"').replace("uncertainty_m = 20", "uncertainty_m = 0")
    said = sentence(wrong)
    assert "has 2 problem(s)" in said
    assert "[layer 1" in said
    assert "[events] uncertainty_m" in said


def test_a_name_used_twice_is_refused() -> None:
    second = '[[department]]\ncode = "works"\ntitle = { zh = "市政二", en = "More works" }\n\n[[channel]]'
    assert '[department "works"]: is defined twice' in sentence(SMALL.replace("[[channel]]", second))


def test_broken_toml_is_a_problem_like_any_other() -> None:
    assert "TOML" in sentence("name = ")


def test_a_profile_with_nothing_to_load_or_stream_is_refused() -> None:
    assert "neither [events] nor [synthetic]" in sentence(SMALL.partition("[events]")[0])


def test_problems_are_told_in_chinese_too() -> None:
    assert '[layer 1 "district"] columns.code: 缺少此项' in sentence(SMALL.replace('{ code = "code" }', "{ }"), "zh")
