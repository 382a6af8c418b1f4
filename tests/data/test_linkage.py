"""Records of persons, put together: what never happens, what the batch and the single way both say, what is undone by a gap."""

from dataclasses import replace
from datetime import date

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from data.demo.enterprise_tellings import enterprise_tellings
from data.demo.people_records import invented_dwellings, persons
from data.demo.person_tellings import COLUMNS, Tellings, tellings
from data.linkage.enterprises import core_of
from data.linkage.kinds import ENTERPRISE
from data.linkage.linking import Links, learn_weights, link_frame
from data.linkage.model import PERSONS
from data.linkage.one import OneLinker
from data.linkage.preparing import prepare, prepare_one
from data.linkage.weights import FEWEST_TO_LEARN, Weights, agreeing, may_link

TODAY = date(2026, 11, 24)


@pytest.fixture(scope="module")
def told() -> Tellings:
    """What registers say of some two thousand people."""
    rng = np.random.default_rng(5)
    return tellings(persons(900, rng, TODAY), invented_dwellings(900, rng), rng)


@pytest.fixture(scope="module")
def links(told: Tellings) -> Links:
    """Them, linked."""
    return link_frame(told.records, TODAY)


def test_who_is_the_same_is_found(told: Tellings, links: Links) -> None:
    """Precision and recall over the pairs within clusters, against the truth of how the records were made."""
    label = links.clusters.reindex(told.records["id"]).to_numpy()
    in_clusters = pairs_within(label)
    in_truth = pairs_within(told.person)
    both = pairs_within(label * len(label) + told.person)
    assert both / in_clusters > 0.995
    assert both / in_truth > 0.95


def pairs_within(labels: NDArray[np.integer]) -> int:
    """How many pairs share a label."""
    counts = np.unique(labels, return_counts=True)[1]
    return int((counts * (counts - 1) // 2).sum())


def test_no_cluster_holds_two_valid_numbers(told: Tellings, links: Links) -> None:
    prepared = prepare(told.records, TODAY)
    numbers = prepared.assign(cluster=links.clusters.loc[prepared["unique_id"]].to_numpy())
    numbers = numbers[numbers["id_valid"]]
    assert numbers.groupby("cluster")["id_number"].nunique().max() == 1


def test_no_linked_pair_agrees_on_a_name_alone(links: Links) -> None:
    linked = links.pairs[links.pairs["linked"]]
    beside = np.column_stack(
        [agreeing(c, linked[c.name].to_numpy(np.int8)) for c in PERSONS.comparisons if c.corroborates]
    )
    assert beside.any(axis=1).all()


@given(*(st.sampled_from([-1, *range(len(c.levels))]) for c in PERSONS.comparisons))
def test_a_name_alone_is_never_enough(name: int, number: int, phone: int, birth: int, sex: int, address: int) -> None:
    """The rule knows no weights, so none overrides it; nor does sex help a name."""
    levels = [name, number, phone, birth, sex, address]
    beside = [number, phone, birth, address]
    agree = [at in (0, 1) for at in beside]
    if may_link(PERSONS, np.array([levels], np.int8))[0]:
        assert any(agree)
        assert number != 3
    if not any(agree) or number == 3:
        assert not may_link(PERSONS, np.array([levels], np.int8))[0]


record = st.fixed_dictionaries(
    {
        "name": st.sampled_from(["张伟", "張偉", "章威", "李娜", None, "阿依古丽·买买提", " 张 伟"]),
        "id_number": st.sampled_from(
            [
                None,
                "110101190001010014",
                "110101190001010024",
                "310101190002280021",
                "11010119000101009x",
                "110101000101001",
            ]
        ),
        "phone": st.sampled_from([None, "16012345678", "+86 160-1234-5678", "16012345679", "16099999999"]),
        "birth_date": st.sampled_from(
            [None, "1985-03-02", "19850302", "1985/3/12", "1958-03-02", "1985年1月1日", "unknown"]
        ),
        "sex": st.sampled_from([None, "男", "女", "M", "2"]),
        "building": st.sampled_from([None, "和平路3号5栋", "和平路3号5号楼", "和平路 3号"]),
        "unit": st.sampled_from([None, "2单元", "二单元", "3"]),
        "room": st.sampled_from([None, "501室", "0501", "502"]),
    }
)


@given(st.lists(record, min_size=1, max_size=6))
@settings(max_examples=60, deadline=None)
def test_one_record_is_prepared_as_many_are(rows: list[dict[str, str | None]]) -> None:
    frame = pd.DataFrame([{"id": str(at), **row} for at, row in enumerate(rows)], columns=list(COLUMNS))
    many = prepare(frame, TODAY).astype(object)
    for at, row in enumerate(rows):
        one = prepare_one({"id": str(at), **row}, TODAY)
        assert {k: None if v is None or v != v else v for k, v in many.iloc[at].items()} == one


def test_one_by_one_says_what_the_batch_says(told: Tellings, links: Links) -> None:
    """Every pair that either finds, with the same weight."""
    linker = OneLinker(told.records, links.weights, TODAY)
    batch: dict[str, dict[str, float]] = {}
    for left, right, weight in links.pairs[["id_l", "id_r", "weight"]].itertuples(index=False):
        batch.setdefault(left, {})[right] = weight
        batch.setdefault(right, {})[left] = weight
    for asked in some_records(told, 700):
        found = linker.candidates(asked)
        assert {c.id: c.weight for c in found} == pytest.approx(batch.get(str(asked["id"]), {}), abs=1e-6)
        for candidate in found:
            assert sum(e.weight for e in candidate.evidence) + links.weights.prior == pytest.approx(candidate.weight)


def some_records(told: Tellings, count: int) -> list[dict[str, str | None]]:
    """Records as somebody would ask with them."""
    rows = told.records.sample(count, random_state=3).astype(object).to_dict("records")
    return [{str(key): value if isinstance(value, str) else None for key, value in row.items()} for row in rows]


def test_records_come_and_go(told: Tellings, links: Links) -> None:
    linker = OneLinker(told.records, links.weights, TODAY)
    count = len(linker)
    new: dict[str, str | None] = {"id": "new", "name": "欧阳无双", "phone": "16000000001", "birth_date": "1990-05-06"}
    assert linker.candidates(new) == []
    linker.add([new])
    asked = {**new, "id": "newer", "name": "歐陽無双"}
    assert [c.id for c in linker.candidates(asked)] == ["new"]
    assert linker.candidates(asked)[0].linked
    assert len(linker) == count + 1
    linker.add([{**new, "phone": None, "birth_date": None}])
    assert linker.candidates(asked) == []
    linker.remove(["new"])
    assert len(linker) == count


def test_evidence_is_in_words(links: Links) -> None:
    pair = int(links.pairs["weight"].to_numpy().argmax())
    said = links.evidence(pair)
    assert {e.comparison for e in said} >= {"name", "id_number"}
    assert said[0].label_zh == "身份证号相同"
    assert sum(e.weight for e in said) + links.weights.prior == pytest.approx(links.pairs["weight"].iloc[pair])


def test_few_records_are_linked_with_what_is_known_beforehand() -> None:
    rows = [
        {"id": "a", "name": "张伟", "phone": "16012345678", "birth_date": "1985-03-02", "sex": "男"},
        {"id": "b", "name": "張偉", "phone": "16012345678", "birth_date": "1985-03-02", "sex": "男"},
        {"id": "c", "name": "张伟", "sex": "男"},
    ]
    clusters = link_frame(pd.DataFrame(rows, columns=list(COLUMNS)), TODAY).clusters
    assert clusters["a"] == clusters["b"] != clusters["c"]


def test_a_registry_in_which_nobody_is_told_twice_keeps_every_comparison(told: Tellings) -> None:
    once = told.records.iloc[np.unique(told.person, return_index=True)[1]]
    assert len(once) > FEWEST_TO_LEARN
    learned = learn_weights(once, TODAY)
    assert [len(levels) for levels in learned.levels] == [len(one.levels) for one in PERSONS.comparisons]
    assert np.isfinite(np.concatenate([np.array(levels) for levels in learned.levels])).all()


def test_weights_are_values(links: Links) -> None:
    assert isinstance(links.weights, Weights)
    assert replace(links.weights, prior=0.0).prior == 0.0


def test_enterprises_are_found_and_one_by_one_as_in_the_batch() -> None:
    """Against the truth of how they were made: chains share names and representatives, and stay apart."""
    records, truth = enterprise_tellings(1_500, 3)
    links = link_frame(records, TODAY, kind=ENTERPRISE)
    label = links.clusters.reindex(records["id"]).to_numpy()
    both = pairs_within(label * len(label) + truth)
    assert both / pairs_within(label) > 0.995
    assert both / pairs_within(truth) > 0.85
    linker = OneLinker(records, links.weights, TODAY, ENTERPRISE)
    batch: dict[str, dict[str, float]] = {}
    for left, right, weight in links.pairs[["id_l", "id_r", "weight"]].itertuples(index=False):
        batch.setdefault(left, {})[right] = weight
        batch.setdefault(right, {})[left] = weight
    for asked in records.head(300).to_dict("records"):
        found = linker.candidates({str(key): value for key, value in asked.items()})
        assert {c.id: c.weight for c in found} == pytest.approx(batch.get(asked["id"], {}), abs=1e-6)


@pytest.mark.parametrize(
    ("name", "core"),
    [
        ("安宁市望河区鑫源达商贸有限公司", "鑫源达商贸"),
        ("河北省廊坊市安次区永昌物流有限责任公司", "永昌物流"),
        ("福满通便利店（个体工商户）", "福满通便利店"),
        ("望河小区超市", "望河小区超市"),
        ("ABC Trading", "ABCTRADING"),
    ],
)
def test_a_name_is_known_without_its_place_and_legal_form(name: str, core: str) -> None:
    assert core_of(name) == core
