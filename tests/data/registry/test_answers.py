"""What forms say becomes claims of whom they are about: once an answer, never of somebody else by a name alone."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg
import pytest
from hypothesis import given
from hypothesis import strategies as st

from data.registry.claims import ALLOWED, Source
from data.registry.sayings import Asked, Told, judge_filled, told, waves
from data.stores.registry_answers import file_told
from data.stores.registry_entities import load_claims, load_entities, load_entity
from data.stores.registry_relations import load_relations

Base = psycopg.AsyncConnection[Any]
NOW = datetime(2026, 11, 24, 8, tzinfo=UTC)
HOME = {"household.room": "2-301", "household.people": 3, "household.dog": "yes", "dwelling.kind": "rent"}
WANG = {"person.name": "王芳", "person.phone": "13900000001", "person.work": "employed"}


def answer(number: int, values: dict[str, Any], asked: Asked | None = None, *people: dict[str, Any]) -> Told:
    source = Source("form", f"visit/{number}", "入户登记", ("elderly_care",), "form:visit")
    return told(source, NOW + timedelta(hours=number), "none", asked, values, people)


def door(code: str, link: int = 1) -> Asked:
    return Asked(link, "building", code)


async def some_building(base: Base) -> str:
    row = await (
        await base.execute("select code from building where use = 'residential' order by id limit 1")
    ).fetchone()
    assert row is not None
    return str(row[0])


async def held(base: Base, kind: str) -> list[dict[str, Any]]:
    query = "select id from registry_entity where kind = %s and root_id = id order by id"
    numbers = [row[0] for row in await (await base.execute(query, (kind,))).fetchall()]
    return [{name: one.value(name) for name in one.golden} for one in await load_entities(base, numbers)]


async def link(base: Base, kind: str, target: str, label: str, form: str = "visit") -> int:
    """A link as it is issued to somebody."""
    query = """
        with asking as (insert into outreach (form, title, asks, until, created_by)
                        values (%s, 'x', '居委会', now() + interval '1 day', 'test') returning id)
        insert into link (outreach_id, kind, target, label, token_hash, expires_at)
        select id, %s, %s, %s, sha256(random()::text::bytea), now() + interval '1 day' from asking returning id"""
    row = await (await base.execute(query.encode(), (form, kind, target, label))).fetchone()
    assert row is not None
    return int(row[0])


async def test_one_answer_tells_of_a_home_and_all_who_live_there(base: Base) -> None:
    code = await some_building(base)
    child = {"person.name": "王小芳", "person.birth_date": "2015-05-01"}
    assert await file_told(base, [answer(1, HOME | WANG, door(code), child, {"person.work": "none"})]) > 0
    assert await held(base, "household") == [{"building": code, "unit": "2", "room": "301", "people": 3, "dog": "yes"}]
    assert [(one["name"], one["building"], one["room"]) for one in await held(base, "person")] == [
        ("王芳", code, "301"),
        ("王小芳", code, "301"),
    ]
    ((number,),) = await (await base.execute("select id from registry_entity where kind = 'household'")).fetchall()
    found = {(row.kind, row.direction, row.other_kind, row.label) for row in await load_relations(base, number)}
    assert {("lives_in", "in", "person", "王芳"), ("lives_in", "in", "person", "王小芳")} <= found
    assert {(kind, other) for kind, _, other, _ in found} == {
        ("lives_in", "person"),
        ("lives_in", "room"),
        ("part_of", "building"),
    }


async def test_an_answer_filed_again_says_nothing_twice(base: Base) -> None:
    one = answer(1, HOME | WANG, door(await some_building(base)))
    assert await file_told(base, [one]) > 0
    assert await file_told(base, [one, one]) == 0
    ((count,),) = await (await base.execute("select count(*) from registry_claim where field = 'work'")).fetchall()
    assert count == 1


@pytest.mark.parametrize(
    ("second", "people"),
    [
        ({"person.name": "王芳", "person.phone": "13900000001", "household.room": "9-909"}, 1),
        ({"person.name": "王芳", "household.room": "2单元301室", "person.work": "retired"}, 1),
        ({"person.name": "王芳", "person.work": "retired"}, 2),
        ({"person.name": "王芳", "person.phone": "13911111111"}, 2),
        ({"person.name": "李强", "person.phone": "13900000001"}, 2),
    ],
)
async def test_somebody_is_known_again_by_more_than_a_name(base: Base, second: dict[str, Any], people: int) -> None:
    code = await some_building(base)
    await file_told(base, [answer(1, HOME | WANG, door(code))])
    await file_told(base, [answer(2, second, door(code))])
    assert len(await held(base, "person")) == people


async def test_a_correction_is_a_new_claim_and_the_newer_word_stands(base: Base) -> None:
    code = await some_building(base)
    await file_told(
        base, [answer(1, HOME | WANG, door(code)), answer(2, WANG | {"person.work": "retired"}, door(code))]
    )
    ((number,),) = await (await base.execute("select id from registry_entity where kind = 'person'")).fetchall()
    assert [one.value for one in await load_claims(base, number) if one.field == "work"] == ["retired", "employed"]
    assert (await held(base, "person"))[0]["work"] == "retired"


async def test_a_recipient_is_known_again_by_the_next_asking(base: Base) -> None:
    first, other = await link(base, "person", "k1", "王芳（2-301）"), await link(base, "person", "k1", "李强")
    await file_told(base, [answer(1, {"person.phone": "13900000001"}, Asked(first, "person", None))])
    again = await link(base, "person", "k1", "王芳（2-301）")
    await file_told(base, [answer(2, {"person.name": "王芳"}, Asked(again, "person", None))])
    await file_told(base, [answer(3, {"person.name": "李强"}, Asked(other, "person", None))])
    assert await held(base, "person") == [{"name": "王芳", "phone": "13900000001"}, {"name": "李强"}]


async def test_a_link_made_from_the_registry_asks_the_one_whose_code_it_carries(base: Base) -> None:
    await file_told(base, [answer(1, HOME | WANG, door(await some_building(base)))])
    ((code, number),) = await (
        await base.execute("select code, id from registry_entity where kind = 'person'")
    ).fetchall()
    asked = Asked(await link(base, "person", code, "王芳"), "person", None)
    await file_told(base, [answer(2, {"person.phone": "13922222222"}, asked)])
    entity = await load_entity(base, code)
    assert entity is not None
    assert (entity.id, entity.value("phone")) == (number, "13922222222")


async def test_what_came_back_as_it_was_filled_in_is_counted(base: Base) -> None:
    await file_told(base, [answer(1, HOME | WANG, door(await some_building(base)))])
    number = await link(base, "person", "k2", "王芳")
    await base.execute("""
        insert into registry_filling (outreach_id, kind, target, asked, filled, claims)
        select l.outreach_id, l.kind, l.target, 4, 3, (select array_agg(c.id) from registry_claim c
               join registry_entity e on e.id = c.entity_id where e.kind = 'person' and field in ('name', 'phone', 'work'))
          from link l where l.target = 'k2'""")
    asked = Asked(number, "person", None)
    await file_told(base, [answer(2, WANG | {"person.work": "retired"}, asked)])
    await file_told(base, [answer(3, WANG, asked)])
    figures = await (await base.execute("select kept, corrected from registry_filling")).fetchall()
    assert figures == [(2, 1)]


@given(st.lists(st.sampled_from(["王芳", "李强", "张伟"]), max_size=8))
def test_answers_that_may_be_of_one_person_come_one_after_the_other(names: list[str]) -> None:
    answers = [answer(number, {"person.name": name}, door("b")) for number, name in enumerate(names)]
    rounds = waves(answers)
    assert sorted(one.source.reference for each in rounds for one in each) == sorted(
        one.source.reference for one in answers
    )
    for each in rounds:
        told_names = [one.sayings[0].values["name"] for one in each]
        assert len(told_names) == len(set(told_names))
    order = [one.source.reference for each in rounds for one in each if one.sayings[0].values["name"] == "王芳"]
    assert order == [one.source.reference for one in answers if one.sayings[0].values["name"] == "王芳"]


def test_without_anything_to_know_somebody_again_by_nothing_is_said() -> None:
    assert answer(1, {"household.people": 3, "person.work": "none", "place.kind": "shop"}, door("b")).sayings == ()
    assert answer(1, {"household.room": "301"}).sayings == ()
    assert answer(1, {"dwelling.kind": "rent"}, door("b")).sayings == ()


def test_what_cannot_be_read_says_nothing_and_spoils_nothing() -> None:
    (person,) = answer(1, {"person.name": "王芳", "person.sex": "3", "person.phone": "no", "person.shoe": 1}).sayings
    assert person.values == {"name": "王芳"}


QUESTIONS = st.dictionaries(
    st.sampled_from([*HOME, *WANG, "household.address", "place.name", "place.kind", "person.diseases"]),
    st.sampled_from(["x", "yes", "rent", "shop", "employed", "13900000001", "2-301", 3]),
)


@given(QUESTIONS, st.lists(QUESTIONS, max_size=3), st.sampled_from([None, "person", "household", "building", "area"]))
def test_those_of_one_answer_are_related_as_their_kinds_allow(
    once: dict[str, Any], people: Sequence[dict[str, Any]], kind: str | None
) -> None:
    said = answer(1, once, None if kind is None else Asked(1, kind, "b1"), *people)
    kinds = [one.kind for one in said.sayings]
    for subject, relation, object_ in said.ties:
        assert subject != object_
        assert (kinds[subject], kinds[object_]) in ALLOWED[relation]
    assert sum(one.is_recipient for one in said.sayings) <= 1


@given(st.lists(st.sampled_from([("person", "phone", "1"), ("person", "phone", "2"), ("person", "work", "none")])))
def test_what_was_filled_in_is_kept_or_corrected(filled: list[tuple[str, str, Any]]) -> None:
    said = answer(1, {"person.name": "王芳", "person.phone": "13900000001", "person.work": "none"}).sayings
    kept, corrected = judge_filled(filled, said)
    assert kept + corrected == len(filled)
    assert kept == sum(name == "work" for _, name, _ in filled)
