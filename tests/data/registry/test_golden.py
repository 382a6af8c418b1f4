"""The golden rule: which claim stands, why, and that the order of arrival never matters."""

from datetime import UTC, date, datetime, timedelta
from itertools import permutations
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from data.registry.claims import SOURCE_KINDS, VERIFICATIONS, Claim, Source
from data.registry.fields import KINDS, all_fields, by_question, fields_of, find_field
from data.registry.golden import BECAUSE, Reason, is_stale, reconcile, standing, why
from forms.question_bank import question_bank
from geo.errors import NeedleError

NOW = datetime(2026, 11, 24, 8, tzinfo=UTC)


def claim(
    number: int, field: str, value: Any, *, days_ago: float, proof: str = "none", kind: str = "import", **more: Any
) -> Claim:
    source = Source(kind, f"{kind}-{number}", label="街道台账", id=number)  # type: ignore[arg-type]
    at = NOW - timedelta(days=days_ago)
    return Claim(number, 7, field, value, at, proof, source, at, **more)  # type: ignore[arg-type]


PHONE = find_field("person.phone")  # fresh for two years
SEX = find_field("person.sex")  # for ever


@pytest.mark.parametrize(
    ("claims", "stands", "reason"),
    [
        ([("a", 10, "none"), ("b", 400, "sms")], "b", "unverified"),
        ([("a", 10, "none"), ("b", 800, "sms")], "a", "outdated"),
        ([("a", 10, "sms"), ("b", 1, "none"), ("c", 5, "face")], "c", "weaker"),
        ([("a", 30, "none"), ("b", 3, "none")], "b", "older"),
        ([("a", 30, "none"), ("a", 3, "none")], "a", "same"),
    ],
)
def test_what_stands_of_a_telephone_number(claims: list[tuple[str, int, str]], stands: str, reason: Reason) -> None:
    said = [claim(n, "phone", value, days_ago=days, proof=proof) for n, (value, days, proof) in enumerate(claims, 1)]
    found = why(PHONE, said)
    assert found.winner is not None
    assert found.winner.value == stands
    assert reason in {loser.reason for loser in found.losers}
    assert BECAUSE[reason][0].format(n=1) in found.zh
    assert BECAUSE[reason][1].format(n=1) in found.en
    assert found.winner.at.date().isoformat() in found.zh


def test_a_proof_of_what_never_ages_holds_for_ever() -> None:
    said = [claim(1, "sex", "female", days_ago=9000, proof="document"), claim(2, "sex", "male", days_ago=1)]
    assert reconcile("person", said).winners["sex"].value == "female"


def test_what_was_withdrawn_stands_for_nothing() -> None:
    said = [claim(1, "phone", "13900000001", days_ago=1, proof="face", withdrawn_at=NOW)]
    assert reconcile("person", said).winners == {}
    found = why(PHONE, [*said, claim(2, "phone", None, days_ago=1, withdrawn_at=NOW, erased_at=NOW)])
    assert found.winner is None
    assert {loser.reason for loser in found.losers} == {"withdrawn", "erased"}
    assert "没有可用的说法" in found.zh


def test_a_department_comes_before_a_file_of_the_same_moment() -> None:
    said = [claim(1, "name", "王芳", days_ago=3), claim(2, "name", "王方", days_ago=3, kind="department")]
    assert reconcile("person", said).winners["name"].value == "王方"


def claims_of_a_person() -> st.SearchStrategy[list[Claim]]:
    one = st.tuples(
        st.sampled_from(["name", "phone", "sex", "work"]),
        st.sampled_from(["a", "b", "c"]),
        st.integers(0, 1500),
        st.sampled_from(VERIFICATIONS),
        st.sampled_from(SOURCE_KINDS),
        st.booleans(),
    )
    return st.lists(one, max_size=6).map(
        lambda rows: [
            claim(n, field, value, days_ago=days, proof=proof, kind=kind, withdrawn_at=NOW if gone else None)
            for n, (field, value, days, proof, kind, gone) in enumerate(rows, 1)
        ]
    )


@given(claims_of_a_person())
def test_golden_values_do_not_depend_on_the_order_of_arrival(said: list[Claim]) -> None:
    expected = reconcile("person", said).as_json()
    assert all(reconcile("person", other).as_json() == expected for other in list(permutations(said))[:50])


@given(claims_of_a_person(), st.data())
def test_numbers_given_on_arrival_change_no_value(said: list[Claim], data: st.DataObject) -> None:
    """The same claims, numbered as they came in another order, give the same values."""
    numbers = data.draw(st.permutations(range(100, 100 + len(said))))
    renumbered = [
        Claim(n, c.entity, c.field, c.value, c.at, c.verification, c.source, c.created_at, c.withdrawn_at)
        for n, c in zip(numbers, said, strict=True)
    ]
    values = {name: one.value for name, one in reconcile("person", said).winners.items()}
    assert {name: one.value for name, one in reconcile("person", renumbered).winners.items()} == values


@given(claims_of_a_person())
def test_every_claim_is_told_of(said: list[Claim]) -> None:
    for name, field in fields_of("person").items():
        mine = [one for one in said if one.field == name]
        found = why(field, said)
        told = [loser.claim for loser in found.losers] + ([found.winner] if found.winner else [])
        assert sorted(one.id for one in told) == sorted(one.id for one in mine)


@given(claims_of_a_person())
def test_a_weaker_older_word_never_changes_anything(said: list[Claim]) -> None:
    before = reconcile("person", said).winners
    for name, winner in before.items():
        late = claim(99, name, "z", days_ago=(NOW - winner.at).days + 1, proof="none", kind="import")
        after = reconcile("person", [*said, late]).winners
        assert after[name] == winner


def test_a_value_is_stale_the_day_after_its_freshness_ends() -> None:
    at = datetime(2024, 1, 10, 23, tzinfo=UTC)
    assert not is_stale(PHONE, at, date(2026, 1, 9))
    assert is_stale(PHONE, at, date(2026, 1, 10))
    assert not is_stale(SEX, at, date(2099, 1, 1))


def test_an_entity_is_complete_with_its_expected_fields_and_fresh_as_long_as_the_first_of_them() -> None:
    expected = [field for field in fields_of("person").values() if field.expected]
    said = [claim(n, field.name, "x", days_ago=n) for n, field in enumerate(expected, 1)]
    golden = reconcile("person", said)
    assert not golden.incomplete
    ageing = [n for n, field in enumerate(expected, 1) if field.freshness_days]
    assert golden.fresh_until == (NOW - timedelta(days=max(ageing))).date() + timedelta(days=730)
    assert reconcile("person", said[1:]).incomplete


def test_the_first_of_equals_is_settled_by_the_value_itself() -> None:
    twins = [claim(1, "name", value, days_ago=1) for value in ("甲", "乙")]
    assert standing(find_field("person.name"), twins)[0] == standing(find_field("person.name"), twins[::-1])[0]


def test_each_question_of_the_bank_asks_for_one_field_in_the_same_words() -> None:
    asked = {one.question.needle_field: one for one in question_bank()}
    assert asked.keys() == by_question().keys()
    for key, field in by_question().items():
        choices = asked[key].choices
        values = [choice.name for choice in choices.choices] if choices else []
        assert [choice.value for choice in field.choices] == values


def test_fields_are_known_by_kind_and_name() -> None:
    assert {field.kind for field in all_fields().values()} == set(KINDS)
    with pytest.raises(NeedleError, match="has no field"):
        find_field("person.shoe_size")
