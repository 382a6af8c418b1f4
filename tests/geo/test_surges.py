"""Surges: a burst main among a city's ordinary reports is found within minutes, ordinary hours are none, words help."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from geo.files import read_table
from geo.stats.surges import SIMILAR, LongRun, Reports, Surge, bigrams, groups, similarity, surges

SIDE_M = 12_000.0
WATER, ROAD, NOISE, TREE = range(4)
WORDS = {
    WATER: (
        "水管爆裂路面积水", "自来水管爆了，水流了一地", "路面大量冒水，水管可能爆裂", "小区门口水管爆裂，停水了",
        "水管破裂，路面积水很深",
    ),
    ROAD: ("占道经营摆摊", "流动摊贩占用人行道", "烧烤摊占道"), NOISE: ("夜间施工噪音扰民", "广场舞音响太吵", "工地半夜施工"),
    TREE: ("行道树枝折断", "树枝压到电线", "大树倾倒挡路"),
}  # fmt: skip
#: What a resident calls a burst main when the form offers no such matter.
MISTAKEN = (WATER, WATER, ROAD, WATER, TREE)


def ordinary(random: np.random.Generator, count: int) -> tuple[list[float], list[float], list[int], list[str]]:
    matter = random.integers(0, 4, count).tolist()
    texts = [str(random.choice(WORDS[kind])) for kind in matter]
    x, y = random.uniform(0, SIDE_M, (2, count)).tolist()
    return x, y, matter, texts


def long_run(random: np.random.Generator, an_hour: int, hours: float = 28 * 24) -> LongRun:
    count = int(an_hour * hours)
    x, y = random.uniform(0, SIDE_M, (2, count))
    return LongRun(x, y, random.integers(0, 4, count), hours)


def hour(seed: int, an_hour: int, burst: int, mistaken: bool = False) -> tuple[list[Surge], set[int], Reports]:
    """The surges of an hour in which ``burst`` residents report one burst main; which rows those are."""
    random = np.random.default_rng(seed)
    x, y, matter, texts = ordinary(random, an_hour)
    for k in range(burst):
        x.append(5_000 + random.normal(0, 120))
        y.append(7_000 + random.normal(0, 120))
        matter.append(MISTAKEN[k % 5] if mistaken else WATER)
        texts.append(WORDS[WATER][k % 5])
    recent = Reports(np.array(x), np.array(y), np.array(matter), texts)
    return surges(recent, long_run(random, an_hour)), set(range(an_hour, an_hour + burst)), recent


@pytest.mark.parametrize("seed", range(5))
def test_a_burst_main_is_one_surge_of_its_reports(seed: int) -> None:
    found, burst, _ = hour(seed, an_hour=120, burst=7)
    assert len(found) == 1
    rows = set(found[0].rows)
    assert len(rows & burst) >= 6
    assert len(rows & burst) / len(rows) >= 0.85
    assert np.hypot(found[0].x_m - 5_000, found[0].y_m - 7_000) < 200


def test_ordinary_hours_have_none() -> None:
    assert sum(len(hour(100 + seed, an_hour=150, burst=0)[0]) for seed in range(40)) == 0


def test_words_bring_together_what_was_filed_under_another_matter() -> None:
    found, burst, recent = hour(3, an_hour=100, burst=8, mistaken=True)
    assert len(set(found[0].rows) & burst) >= 7
    alone = Reports(recent.x_m, recent.y_m, recent.matter, [""] * len(recent.texts))
    assert max(len(set(rows.tolist()) & burst) for rows in groups(alone)) < len(set(found[0].rows) & burst)


def test_pairs_by_words_alone_are_mostly_about_the_same() -> None:
    """Precision of the threshold where the truth is known: who says similar things speaks of the same kind."""
    texts = [(kind, text) for kind, said in WORDS.items() for text in said]
    pairs = [
        (a[0] == b[0])
        for k, a in enumerate(texts)
        for b in texts[k + 1 :]
        if similarity(bigrams(a[1]), bigrams(b[1])) >= SIMILAR
    ]
    precision = sum(pairs) / len(pairs)
    print(f"pairs {len(pairs)}, precision {precision:.3f}")  # noqa: T201 - what the threshold is worth is said
    assert len(pairs) >= 3
    assert precision >= 0.9


@given(st.text(max_size=40), st.text(max_size=40))
def test_similarity_is_a_share_and_knows_no_order(one: str, other: str) -> None:
    a, b = bigrams(one), bigrams(other)
    assert similarity(a, b) == similarity(b, a)
    assert 0 <= similarity(a, b) <= 1
    assert not a or similarity(a, a) == 1


def test_digits_and_marks_say_nothing() -> None:
    assert bigrams("3号楼，5-201！水管") == bigrams("9号楼 水管")


#: Estates of a city and what several residents wrote about each: who names both writes about one incident.
INCIDENTS = (
    ("伊景园", "车位"),
    ("丽发新城", "搅拌"),
    ("魅力之城", "油烟"),
    ("魅力之城", "开裂"),
    ("金茂府", "一房二卖"),
    ("中海国际", "施工"),
)


@pytest.mark.real_data
def test_what_residents_really_wrote_of_one_incident_is_found_by_its_words(real_data: Path) -> None:
    """Subjects of 1,000 messages to a local government: pairs that touch one of six known incidents, wherever in the city."""
    subjects = read_table(real_data / "citizen_messages" / "messages_1000.xlsx")["留言主题"].astype(str).tolist()
    labels = [next((k for k, names in enumerate(INCIDENTS) if all(n in s for n in names)), None) for s in subjects]
    words = [bigrams(subject) for subject in subjects]
    known = [k for k, label in enumerate(labels) if label is not None]
    truth = {(a, b) for a in known for b in known if a < b and labels[a] == labels[b]}
    pairs = {(min(a, b), max(a, b)) for a in known for b in range(len(words)) if a != b}
    found = {(a, b) for a, b in pairs if similarity(words[a], words[b]) >= SIMILAR}
    near = {(a, b) for a, b in found if any(place in subjects[a] and place in subjects[b] for place, _ in INCIDENTS)}
    precision, recall = len(found & truth) / len(found), len(found & truth) / len(truth)
    at_place = len(near & truth) / len(near)
    print(f"{len(truth)} true pairs, {len(found)} found: precision {precision:.3f}, recall {recall:.3f}; "  # noqa: T201
          f"of pairs of one place {at_place:.3f}")  # fmt: skip
    assert precision >= 0.6
    assert recall >= 0.6
    assert at_place >= 0.8
