"""Matters from words: the catalogue knows its own names, a city learns its people's words, and the accuracy is honest."""

from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboard.cli.rules_suggest import measure
from data.database import connect, open_pool
from data.stores.workbench import Workbench
from dispatch.casework import CaseDesk
from dispatch.commands import Command
from dispatch.matters import UNCLASSIFIED, matters
from dispatch.suggest import WordModel, grams_of, learn_words
from dispatch.suggest_accuracy import cross_validate, macro_f1
from dispatch.suggest_matters import is_suggested, matter_model, suggested, synonyms
from dispatch.worker import Worker
from geo.errors import NeedleError
from geo.files import read_table
from tests.dispatch.conftest import CheckCase

CHINESE = st.text(st.characters(min_codepoint=0x4E00, max_codepoint=0x4E80), max_size=20)


@pytest.fixture(scope="module")
def catalogue() -> WordModel:
    model = matter_model(matters().values())
    assert model is not None
    return model


@pytest.mark.parametrize(
    ("words", "name", "spoke"),
    [
        ("路口有人占道卖菜", "占道经营", "占道"),
        ("半夜工地打桩,吵得睡不着", "施工扰民", "打桩"),
        ("车停在消防通道上", "占用消防通道", "消防通道"),
        ("饭店油烟味很大", "油烟污染", "油烟"),
        ("小区门口共享单车堆成山", "共享单车乱象", "共享单车"),
        ("路灯不亮", "路灯异常", "路灯"),
        ("污水从井盖冒出来", "乱倒乱排污水、废水", "污水"),
        ("邻居违章搭建阳光房", "私搭乱建", "搭建"),
    ],
)
def test_everyday_words_find_their_matter_and_say_why(catalogue: WordModel, words: str, name: str, spoke: str) -> None:
    first, *_ = suggested(catalogue, words)
    assert matters()[first["matter"]].name_zh == name
    assert any(spoke in stretch for stretch in first["words"])
    assert all(stretch in words.lower() for stretch in first["words"])


def test_every_matter_is_found_by_its_own_name(catalogue: WordModel) -> None:
    own = [matter for matter in matters().values() if is_suggested(matter)]
    found = [[s.label for s in catalogue.suggest(matter.name_zh, 3)] for matter in own]
    same = {matter.key: matter.name_zh for matter in own}
    right = [matter.name_zh in [same[key] for key in keys] for matter, keys in zip(own, found, strict=True)]
    assert np.mean(right) > 0.98


def test_everyday_words_are_of_matters_that_exist() -> None:
    assert {key for key in synonyms() if not is_suggested(matters()[key])} == set()


def test_nothing_known_suggests_nothing(catalogue: WordModel) -> None:
    for words in ("", "!?123", "qwertz"):
        assert catalogue.suggest(words) == []


@given(st.lists(st.tuples(CHINESE, st.sampled_from("甲乙丙")), min_size=1, max_size=12), CHINESE)
def test_scores_are_shares_in_order_and_words_come_from_the_text(examples: list[tuple[str, str]], words: str) -> None:
    model = learn_words([text for text, _ in examples], [label for _, label in examples])
    found = model.suggest(words, 3)
    scores = [suggestion.score for suggestion in found]
    assert scores == sorted(scores, reverse=True)
    assert sum(scores) <= 1.001
    for suggestion in found:
        assert suggestion.words
        assert all(stretch in words for stretch in suggestion.words)


def test_grams_do_not_reach_over_a_gap() -> None:
    assert grams_of("占道,Street经营") == {"占": 1, "道": 1, "占道": 1, "street": 1, "经": 1, "营": 1, "经营": 1}


def test_a_city_teaches_its_own_words(catalogue: WordModel) -> None:
    words = "老王头又开大排挡了"
    key = "2026:event:09015"
    taught = matter_model(matters().values(), [(key, "巷口大排挡没有证"), (key, "大排挡又出来了")])
    assert taught is not None
    assert suggested(taught, words)[0]["matter"] == key
    assert key not in [s["matter"] for s in suggested(catalogue, words, 3)]


def test_accuracy_is_that_of_messages_not_seen() -> None:
    chance = np.random.default_rng(4)
    noise = ["".join(chr(c) for c in chance.integers(0x4E00, 0x9000, 12)) for _ in range(90)]
    labels = ["甲"] * 60 + ["乙"] * 20 + ["丙"] * 10
    blind = cross_validate(noise, labels)
    assert blind.majority_top1 == pytest.approx(60 / 90)
    assert blind.majority_top3 == 1.0
    assert abs(blind.top1 - blind.majority_top1) < 0.15, "words that mean nothing foretell nothing"
    told = cross_validate([f"{label}{text}" for label, text in zip(labels, noise, strict=True)], labels)
    assert told.top1 > 0.95
    assert told.macro_f1 > 0.9


def test_macro_f1_by_hand() -> None:
    truth, said = np.array(["a", "a", "a", "b"]), np.array(["a", "a", "b", "b"])
    assert macro_f1(truth, said) == pytest.approx((2 * 2 / 5 + 2 * 1 / 3) / 2)


def test_a_thousand_messages_to_a_government(real_data: Path) -> None:
    table = read_table(real_data / "citizen_messages" / "messages_1000.xlsx")
    found = measure(table, ["留言主题", "留言主题", "留言详情"], table.columns[-1], 5)
    assert (found.count, found.labels, found.majority_top1) == (1000, 15, 0.414)
    assert found.top1 > 0.60
    assert found.top3 > 0.86
    assert found.macro_f1 > 0.48


async def test_intake_stores_suggestions_and_a_person_decides(city_url: str, check_case: CheckCase) -> None:
    with connect(city_url) as connection:
        lng, lat = connection.execute(
            "select ST_X(geom), ST_Y(geom) from cases where geom is not null limit 1"
        ).fetchone() or (0, 0)
        connection.execute(
            "insert into report (channel, idempotency_key, body, reported_at) values ('snap', 'unclear', jsonb_build_object("
            " 'text', '路口有人占道卖菜', 'lng', %s::float8, 'lat', %s::float8, 'crs', 'wgs84'), now())",
            (lng, lat),
        )
    with Workbench(city_url) as bench:
        worker = Worker(bench)
        worker.refresh()
        worker.handle_batch()
    with connect(city_url, autocommit=True) as connection:
        ((case, payload, state, matter),) = connection.execute(
            "select cases.id, payload, state, matter.code from cases join case_event on case_id = cases.id and case_event.seq = 1"
            " join matter on matter.id = matter_id order by cases.id desc limit 1"
        ).fetchall()
        assert (state, matter) == ("reported", UNCLASSIFIED.code), "suggested, not decided"
        first = payload["suggested"][0]
        assert matters()[first["matter"]].name_zh == "占道经营"

        async with open_pool(city_url) as pool:
            desk = CaseDesk(pool)
            offered = await desk.suggest_matters("路口有人占道卖菜", 3)
            assert offered[0]["name_zh"] == "占道经营"
            with pytest.raises(NeedleError) as refusal:
                await desk.give(case, Command("accept", "operator:li"), datetime.now(UTC))
            assert refusal.value.code == "case.matter_missing"
            with pytest.raises(NeedleError) as refusal:
                await desk.give(
                    case, Command("accept", "operator:li", None, {"matter": "no:such:one"}), datetime.now(UTC)
                )
            assert refusal.value.code == "case.matter_unknown"
            await desk.give(
                case, Command("accept", "operator:li", None, {"matter": first["matter"]}), datetime.now(UTC)
            )
            await desk.give(case, Command("file", "operator:li"), datetime.now(UTC))
        folded = check_case(connection, case)
        assert folded.classified is not None
        kept = connection.execute(
            "select edition || ':' || kind || ':' || code, title like name_zh || '%%' from cases"
            " join matter on matter.id = matter_id where cases.id = %s",
            (case,),
        ).fetchone()
    assert kept == (first["matter"], True)
    assert folded.limit == matters()[first["matter"]].limit
