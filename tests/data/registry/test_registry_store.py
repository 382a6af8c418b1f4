"""The registry in the database: claims with their golden values, merges that can be undone, counts that triggers keep."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from typing import Any

import psycopg
import pytest
from psycopg import errors

from data.registry.claims import NewClaim, Relation, Source
from data.stores.registry_claims import add_claims, create_entities
from data.stores.registry_doubts import FoundDoubt, count_doubts, decide_doubt, load_doubts, save_doubts
from data.stores.registry_entities import find_identified, load_claims, load_entities, load_entity, load_timeline
from data.stores.registry_merges import keep_apart, load_merges, merge, undo_merge
from data.stores.registry_places import find_places
from data.stores.registry_relations import add_relations, end_relation, load_relations, withdraw_relations
from data.stores.registry_withdrawals import erase_entity, verify_source, withdraw_claims, withdraw_consent
from geo.errors import NeedleError

Base = psycopg.AsyncConnection[Any]
NOW = datetime(2026, 11, 24, 8, tzinfo=UTC)
BOOK = Source("department", "street-book", "街道台账")
FORM = Source("form", "submission-1", "入户登记", purposes=("elderly_care",), consent="form:v1")

#: What the triggers must have counted, worked out anew from the rows.
RECOUNT = """
select layer, place, kind, count(*), count(*) filter (where incomplete), count(*) filter (where stale)
  from registry_entity, lateral (select key, value from jsonb_each_text(areas) union all select '', '') as p (layer, place)
 where root_id = id and erased_at is null group by 1, 2, 3 order by 1, 2, 3
"""
COUNTED = """
select layer, place, kind, entities, incomplete, stale from registry_density where entities > 0 order by 1, 2, 3
"""
PYRAMID_ANEW = """
select layer, place, coalesce(sex, ''), coalesce(extract(year from birth_date), 0)::integer, count(*)
  from registry_entity, lateral (select key, value from jsonb_each_text(areas) union all select '', '') as p (layer, place)
 where root_id = id and erased_at is null and kind = 'person' and layer not in ('building', 'cell') and layer not like 'hex%'
 group by 1, 2, 3, 4 order by 1, 2, 3, 4
"""
PYRAMID = "select layer, place, sex, birth_year, persons from registry_pyramid where persons > 0 order by 1, 2, 3, 4"


def said(days_ago: int = 1, proof: str = "none", **fields: Any) -> list[NewClaim]:
    at = NOW - timedelta(days=days_ago)
    return [NewClaim(name, value, at, proof) for name, value in fields.items()]  # type: ignore[arg-type]


@contextmanager
def refused(code: str) -> Iterator[list[NeedleError]]:
    """Expect an error of the catalogue."""
    caught: list[NeedleError] = []
    with pytest.raises(NeedleError) as raised:
        yield caught
    caught.append(raised.value)
    assert raised.value.code == code


async def new_person(base: Base, source: Source = BOOK, **fields: Any) -> int:
    ((number, _),) = await create_entities(base, "person")
    await add_claims(base, source, {number: said(**fields)})
    return number


async def golden(base: Base, number: int) -> dict[str, Any]:
    (entity,) = await load_entities(base, [number])
    return {name: held["value"] for name, held in entity.golden.items()}


async def rows(base: Base, query: str) -> Sequence[tuple[Any, ...]]:
    return await (await base.execute(query)).fetchall()


async def assert_counts_are_kept(base: Base) -> None:
    assert await rows(base, COUNTED) == await rows(base, RECOUNT)
    assert await rows(base, PYRAMID) == await rows(base, PYRAMID_ANEW)


async def buildings(base: Base, count: int) -> list[str]:
    return [str(row[0]) for row in await rows(base, f"select code from building order by id limit {count}")]


async def test_a_claim_changes_the_golden_value_in_its_own_transaction(base: Base) -> None:
    number = await new_person(base, name="王芳", phone="139 0000 0001", birth_date="1990年1月2日", sex="女")
    assert await golden(base, number) == {
        "name": "王芳",
        "phone": "13900000001",
        "birth_date": "1990-01-02",
        "sex": "female",
    }
    await add_claims(base, FORM, {number: said(0, "sms", phone="13900000002")})
    held = (await load_entities(base, [number]))[0]
    assert held.value("phone") == "13900000002"
    assert (held.golden["phone"]["from"], held.golden["phone"]["verification"]) == ("form", "sms")
    assert held.claims == 5
    claims = await load_claims(base, number)
    assert [c.value for c in claims if c.field == "phone"] == ["13900000002", "13900000001"]
    assert claims[0].source.purposes == ("elderly_care",)
    found = await rows(base, f"select name, phone, birth_date, sex from registry_entity where id = {number}")
    assert found == [("王芳", "13900000002", date(1990, 1, 2), "female")]


async def test_what_cannot_be_read_is_refused_and_what_is_empty_is_left_out(base: Base) -> None:
    ((number, code),) = await create_entities(base, "person")
    assert await add_claims(base, BOOK, {number: said(name="  ", phone=None)}) == []
    wrongs: list[dict[str, Any]] = [{"phone": "none"}, {"birth_date": "1990-02-30"}, {"sex": "?"}, {"id_number": "123"}]
    for wrong in wrongs:
        with refused("registry.value_invalid") as caught:
            await add_claims(base, BOOK, {number: said(**wrong)})
        assert str(next(iter(wrong.values()))) not in str(caught[0]), "a value of a person stands in no message"
    with refused("registry.field_unknown"):
        await add_claims(base, BOOK, {number: said(shoe_size=43)})
    with refused("registry.entity_unknown"):
        await add_claims(base, BOOK, {10**9: said(name="王芳")})
    entity = await load_entity(base, code)
    assert entity is not None
    assert len(code) == 26
    assert entity.golden == {}


async def test_claims_are_never_changed_or_deleted(base: Base) -> None:
    await new_person(base, name="王芳")
    for attempt in (
        "update registry_claim set value = '\"王方\"'",
        "update registry_claim set at = now()",
        "update registry_claim set verification = 'face'",
        "update registry_claim set source_id = source_id + 1",
        "delete from registry_claim",
        "truncate registry_claim",
        "delete from registry_entity",
    ):
        with pytest.raises(errors.RestrictViolation, match="append-only"):
            async with base.transaction():
                await base.execute(attempt.encode())


async def test_who_lives_in_a_building_is_counted_where_it_lies(base: Base) -> None:
    here, there = await buildings(base, 2)
    place = (await find_places(base, [here]))[here]
    assert {"district", "subdistrict", "community", "cell", "hex7", "hex10", "building"} <= place.areas.keys()
    people = [
        await new_person(base, name=f"住户{n}", building=here, sex="女", birth_date=f"19{50 + n}-03-01")
        for n in range(3)
    ]
    await assert_counts_are_kept(base)
    await add_claims(base, BOOK, {people[0]: said(0, building=there, birth_date="1951-04-05", sex="男")})
    await merge(base, people[1], people[2], "steward")
    await assert_counts_are_kept(base)
    counted = await rows(base, f"select entities from registry_density where layer = 'building' and place = '{here}'")
    assert counted == [(1,)]
    (entity,) = await load_entities(base, people[:1])
    assert entity.areas == (await find_places(base, [there]))[there].areas


async def test_a_merge_is_undone_exactly_and_stays_undone(base: Base) -> None:
    left = await new_person(base, name="王芳", phone="13900000001")
    right = await new_person(base, name="王芳", days_ago=30, phone="13900000009", work="在职")
    before = {number: await golden(base, number) for number in (left, right)}
    number = await merge(base, left, right, "linker", weight=11.5, evidence=[{"field": "name", "level": "exact"}])
    assert await golden(base, left) == {"name": "王芳", "phone": "13900000001", "work": "employed"}
    (gone,) = await load_entities(base, [right])
    assert gone.root == left
    await undo_merge(base, number, "steward")
    assert {n: await golden(base, n) for n in (left, right)} == before
    with refused("registry.kept_apart"):
        await merge(base, left, right, "linker")
    with refused("registry.undone_already"):
        await undo_merge(base, number, "steward")
    assert await save_doubts(base, [FoundDoubt(left, right, 3.0)]) == 0, "what was kept apart is no doubt again"
    again = await merge(base, left, right, "steward", overrule=True)
    assert [row.id for row in await load_merges(base, left)] == [again, number]


async def test_an_inner_merge_can_be_undone_after_an_outer_one(base: Base) -> None:
    a, b, c, d = [await new_person(base, name=name) for name in ("甲", "乙", "丙", "丁")]
    inner = await merge(base, c, d, "linker")
    middle = await merge(base, b, c, "linker")
    await merge(base, a, b, "linker")
    assert {entity.root for entity in await load_entities(base, [a, b, c, d])} == {a}
    await undo_merge(base, middle, "steward")
    assert [entity.root for entity in await load_entities(base, [a, b, c, d])] == [a, a, c, c]
    await undo_merge(base, inner, "steward")
    assert [entity.root for entity in await load_entities(base, [a, b, c, d])] == [a, a, c, d]
    await assert_counts_are_kept(base)


async def test_claims_on_what_was_merged_away_count_for_what_it_became(base: Base) -> None:
    left, right = await new_person(base, name="王芳"), await new_person(base, name="王芳")
    merged = await merge(base, left, right, "linker")
    await add_claims(base, FORM, {right: said(0, phone="13900000003")})
    assert (await golden(base, left))["phone"] == "13900000003"
    await undo_merge(base, merged, "steward")
    assert "phone" not in await golden(base, left)
    assert (await golden(base, right))["phone"] == "13900000003"


async def test_what_is_no_pair_is_not_merged(base: Base) -> None:
    person = await new_person(base, name="王芳")
    ((shop, _),) = await create_entities(base, "enterprise")
    with refused("registry.merge_kinds"):
        await merge(base, person, shop, "steward")
    other = await new_person(base, name="王方")
    await merge(base, person, other, "steward")
    with refused("registry.one_already"):
        await merge(base, other, person, "steward")
    with refused("registry.one_already"):
        await keep_apart(base, other, person, "steward")


async def test_doubts_are_decided_once_and_merges_settle_them(base: Base) -> None:
    a, b, c = [await new_person(base, name=name) for name in ("甲", "甲", "甲")]
    evidence = [{"field": "name", "level": "exact", "weight": 4.2}]
    assert await save_doubts(base, [FoundDoubt(b, a, 4.0, evidence, a), FoundDoubt(b, c, 2.0, evidence, a)]) == 2
    assert await save_doubts(base, [FoundDoubt(a, b, 5.0, evidence, a)]) == 1
    first, second = await load_doubts(base)
    assert (first.left_id, first.right_id, first.weight, first.evidence) == (a, b, 5.0, evidence)
    assert [row.id for row in await load_doubts(base, after=(first.weight, first.id))] == [second.id]
    merged = await decide_doubt(base, first.id, "steward", same=True)
    assert merged is not None
    (left,) = await load_doubts(base)
    assert (left.left_id, left.right_id) == (a, c), "the doubt about what was merged is about what it became"
    assert await decide_doubt(base, left.id, "steward", same=False) is None
    assert await count_doubts(base) == 0
    with refused("registry.doubt_settled"):
        await decide_doubt(base, left.id, "steward", same=True)
    with refused("registry.kept_apart"):
        await merge(base, b, c, "linker")


async def test_relations_hold_between_their_kinds_and_follow_merges(base: Base) -> None:
    person, twin = await new_person(base, name="王芳"), await new_person(base, name="王芳")
    child = await new_person(base, name="王小芳")
    ((home, _),) = await create_entities(base, "household")
    await add_claims(base, BOOK, {home: said(address="人民路1号1单元101", room="101")})
    relations = [Relation(twin, "lives_in", home, date(2020, 1, 1)), Relation(person, "guardian_of", child)]
    await add_relations(base, BOOK, relations)
    await add_relations(base, BOOK, relations)
    with refused("registry.relation_kinds"):
        await add_relations(base, BOOK, [Relation(home, "lives_in", person)])
    assert [(r.kind, r.direction, r.other) for r in await load_relations(base, person)] == [
        ("guardian_of", "out", child)
    ]
    await merge(base, person, twin, "steward")
    found = await load_relations(base, person)
    assert [(r.kind, r.other, r.label) for r in found] == [
        ("guardian_of", child, "王小芳"),
        ("lives_in", home, "人民路1号1单元101"),
    ]
    assert [(r.kind, r.direction) for r in await load_relations(base, home)] == [("lives_in", "in")]
    await end_relation(base, found[1].id, date(2026, 1, 1))
    assert (await load_relations(base, home))[0].until == date(2026, 1, 1)
    await withdraw_relations(base, [found[0].id])
    assert await load_relations(base, child) == []


async def test_an_identity_number_finds_its_person(base: Base) -> None:
    number = await new_person(base, name="王芳", id_number="11010119000101009x")
    found = await find_identified(base, "person", "11010119000101009X")
    assert found is not None
    assert found.id == number
    assert await find_identified(base, "enterprise", "11010119000101009X") is None


async def test_the_timeline_tells_what_happened(base: Base) -> None:
    left, right = await new_person(base, name="王芳"), await new_person(base, source=FORM, name="王方")
    number = await merge(base, left, right, "steward")
    await undo_merge(base, number, "steward")
    told = {(one.what, one.label) for one in await load_timeline(base, left)}
    (gone,) = await load_entities(base, [right])
    assert told == {("claimed", "街道台账"), ("merged", gone.code), ("split", gone.code)}


async def test_what_rests_on_a_consent_goes_with_it(base: Base) -> None:
    number = await new_person(base, name="王芳", phone="13900000001")
    await add_claims(base, FORM, {number: said(0, phone="13900000002", work="在职")})
    assert await withdraw_consent(base, number, "form:v1", "resident") == 2
    assert await golden(base, number) == {"name": "王芳", "phone": "13900000001"}
    claims = await load_claims(base, number)
    assert len(claims) == 4, "that something was there stays known"
    assert [c.value for c in claims if c.source.kind == "form"] == [None, None]
    assert await withdraw_consent(base, number, "form:v1", "resident") == 0
    assert {one.what for one in await load_timeline(base, number)} == {"claimed", "erased"}


async def test_a_withdrawn_claim_keeps_its_value_unless_it_is_erased(base: Base) -> None:
    number = await new_person(base, name="王芳")
    (claim,) = await load_claims(base, number)
    assert await withdraw_claims(base, [claim.id], erase=False) == 1
    assert await golden(base, number) == {}
    assert (await load_claims(base, number))[0].value == "王芳"
    assert await withdraw_claims(base, [claim.id], erase=True) == 1
    assert (await load_claims(base, number))[0].value is None


async def test_an_erased_person_is_found_nowhere_and_takes_nothing_any_more(base: Base) -> None:
    (here,) = await buildings(base, 1)
    number = await new_person(base, name="王芳", phone="13900000001", building=here)
    twin, child = await new_person(base, name="王方"), await new_person(base, name="王小芳")
    await add_relations(base, BOOK, [Relation(number, "guardian_of", child)])
    await merge(base, number, twin, "linker", evidence=[{"field": "name", "left": "王芳", "right": "王方"}])
    receipt = await erase_entity(base, number, "resident")
    assert (receipt.claims, receipt.relations) == (4, 1)
    for entity in await load_entities(base, [number, twin]):
        assert entity.erased_at is not None
        assert entity.golden == {}
    assert await rows(base, "select count(*) from registry_claim where value::text like '%王芳%'") == [(0,)]
    assert await rows(base, "select count(*) from registry_merge where evidence::text like '%王%'") == [(0,)]
    assert await load_relations(base, child) == []
    assert await rows(base, "select object from audit_entry where action = 'registry.erase'") == [(receipt.code,)]
    with refused("registry.erased"):
        await add_claims(base, BOOK, {twin: said(name="王芳")})
    await assert_counts_are_kept(base)


async def test_who_proves_who_they_are_makes_their_claims_verified(base: Base) -> None:
    number = await new_person(base, source=FORM, name="王芳", phone="13900000001")
    await add_claims(base, BOOK, {number: said(0, phone="13900000005")})
    assert (await golden(base, number))["phone"] == "13900000005"
    assert await verify_source(base, "form", "submission-1", "face") == 2
    assert await verify_source(base, "form", "submission-1", "face") == 0
    (entity,) = await load_entities(base, [number])
    assert entity.value("phone") == "13900000001"
    assert entity.golden["phone"]["verification"] == "face"
