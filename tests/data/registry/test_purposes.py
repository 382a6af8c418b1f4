"""What a call sees: what its purpose needs, as far as the source of each value allowed it."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from data.registry.claims import Purpose
from data.registry.fields import fields_of
from data.registry.purposes import load_purposes, shown, usual_purposes, visible_fields
from geo.errors import NeedleError

CARE = Purpose("elderly_care", "养老", "Care", frozenset({"person.name", "person.phone", "household.phone"}), "")
NAMES = tuple(fields_of("person"))
ALLOWED = st.dictionaries(st.sampled_from(NAMES), st.sets(st.sampled_from(["*", "elderly_care", "school"])))


@pytest.mark.parametrize(
    ("allowed", "seen"),
    [
        ({"name": ["*"], "phone": ["elderly_care"], "id_number": ["*"]}, {"name", "phone"}),
        ({"name": ["school"], "phone": []}, set()),
        ({"name": ["school", "elderly_care"]}, {"name"}),
    ],
)
def test_a_purpose_sees_what_it_needs_and_the_source_allowed(allowed: dict[str, list[str]], seen: set[str]) -> None:
    assert visible_fields("person", allowed, CARE) == seen
    assert visible_fields("person", allowed, Purpose("elderly_care", "", "", CARE.needs, "", active=False)) == set()


@given(ALLOWED, st.sets(st.sampled_from([f"person.{name}" for name in NAMES])))
def test_nothing_is_seen_beyond_either(allowed: dict[str, set[str]], needs: set[str]) -> None:
    seen = visible_fields("person", allowed, Purpose("school", "", "", frozenset(needs), ""))
    assert {f"person.{name}" for name in seen} <= needs
    assert all({"*", "school"} & allowed[name] for name in seen)
    assert len(seen) == sum(
        f"person.{n}" in needs and bool({"*", "school"} & purposes) for n, purposes in allowed.items()
    )


def test_a_value_whose_source_is_unknown_is_not_shown() -> None:
    golden = {"name": {"value": "王芳", "source": 3}, "phone": {"value": "13900000001", "source": 4}}
    assert shown("person", golden, {3: ["*"]}, CARE) == {"name": golden["name"]}


def test_the_usual_purposes_ask_for_no_more_than_they_say() -> None:
    found = {purpose.code: purpose for purpose in usual_purposes()}
    assert "person.id_number" not in found["census"].needs
    assert "enterprise.credit_code" in found["enterprise_service"].needs
    assert all(purpose.basis and purpose.needs for purpose in found.values())


def test_a_purpose_of_a_file_names_fields_that_are(tmp_path: Path) -> None:
    table = tmp_path / "purposes.csv"
    table.write_text("code,zh,en,needs,basis\npets,犬只,Dogs,household.dog household.address,养犬条例\n", "utf-8-sig")
    (pets,) = load_purposes(table)
    assert pets.needs == {"household.dog", "household.address"}
    table.write_text("code,zh,en,needs,basis\npets,犬只,Dogs,person.shoe_size,x\n", "utf-8")
    with pytest.raises(NeedleError, match="shoe_size"):
        load_purposes(table)
    table.write_text("a,b\n1,2\n", "utf-8")
    with pytest.raises(NeedleError, match="columns code"):
        load_purposes(table)
