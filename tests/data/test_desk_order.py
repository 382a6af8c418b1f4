"""The desk's search and order over the mirror: equal to plain Python at first and after every change."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from data.mirror.columns import COLUMNS, CaseMirror, Vocabulary, Words
from data.mirror.ordering import Ordering
from data.mirror.texts import Texts, blob_of
from geo.errors import NeedleError

PINYIN = "0123456789- 安号李路王张aбb"
CHARACTERS = {character: place for place, character in enumerate(PINYIN, start=1)}
RANKS: Any = {"channel": {"snap": 1, "grid": 2}, "team": {5: 2, 9: 1}, "area:police": {"p2": 1, "p1": 2}}

fields = st.tuples(
    st.text("0123456789-", min_size=1, max_size=6), st.text(PINYIN, max_size=12), st.text(PINYIN, max_size=45)
)
rows = st.lists(fields, min_size=1, max_size=30)


def texts_of(*parts: list[tuple[str, str, str]]) -> Texts:
    texts = Texts()
    for part in parts:
        texts.append(blob_of(part))
    return texts


@settings(deadline=None)  # the first example waits for the compiler
@given(rows, rows, st.text(PINYIN, min_size=1, max_size=3))
def test_finds_what_contains_the_words(first: Any, later: Any, wanted: str) -> None:
    expected = [any(wanted in field for field in row) for row in [*first, *later]]
    texts = texts_of(first)
    assert texts.containing(wanted).tolist() == expected[: len(first)]
    texts.append(blob_of(later))
    assert texts.containing(wanted).tolist() == expected


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        ("占道", [True, False]),
        ("ABC", [False, True]),
        ("abc", [False, True]),
        ("经营路", [False, False]),
        ("号\x01", [False, False]),
    ],
)
def test_finds_in_any_case_and_within_a_field(wanted: str, found: list[bool]) -> None:
    texts = texts_of([("1", "占道经营", "路1号"), ("2", "xAbCx", "路")])
    assert texts.containing(wanted).tolist() == found


def test_finds_beyond_the_first_block_and_at_the_end() -> None:
    long = "安" * 500
    texts = texts_of([("1", long, long), ("2", long + "王", long), ("3", long, long + "李王")])
    assert texts.containing("王").tolist() == [False, True, True]
    assert texts.containing("李王").tolist() == [False, False, True]
    assert texts.fields(2) == ("3", long, long + "李王")


def mirror_of(count: int, seed: int = 1) -> CaseMirror:
    random = np.random.default_rng(seed)
    mirror = CaseMirror(
        Words(
            channels=Vocabulary(("grid", "snap", "new")),
            states=Vocabulary(("a", "suspended")),
            matters=Vocabulary((1, 2)),
            departments=Vocabulary(("d1", "d2")),
            cells=Vocabulary(("c20", "c10", "c3")),
            areas={"police": Vocabulary(("p1", "p2"))},
        ),
        16,
    )
    put(mirror, np.arange(count) + 1, random)
    return mirror


def put(mirror: CaseMirror, ids: Any, random: np.random.Generator) -> None:
    """Write cases of these ids with random values."""
    n = len(ids)
    columns: dict[str, Any] = {name: np.zeros(n, np.int64) for name in COLUMNS} | {"id": ids}
    columns |= {name: random.integers(0, 5, n) for name in ("reported", "due", "dispatched", "closed", "updated")}
    columns |= {
        "channel": random.integers(0, 3, n),
        "state": random.integers(0, 2, n),
        "urgent": random.random(n) < 0.5,
        "team": random.choice([0, 5, 9, 7], n),
    }
    columns["department"] = random.integers(-1, 2, n)
    columns["cell"] = random.integers(-1, 3, n)
    columns |= {name: random.integers(0, 3, n) for name in ("returns", "reworks")}
    mirror.put(columns, {"police": random.integers(-1, 2, n).astype(np.int32)})


COLUMNS_TO_SORT = (
    "reported",
    "due",
    "left",
    "queue",
    "channel",
    "department",
    "team",
    "cell",
    "returns",
    "reworks",
    "urgent",
    "area:police",
    "closed",
)


def expected_order(mirror: CaseMirror, column: str, descending: bool, fits: Any) -> list[int]:
    """Rows by hand: those without a value last, equal ones by row (backwards when descending)."""

    def value(row: int) -> int | None:
        if column == "left":
            return None if mirror.closed[row] or not mirror.due[row] else int(mirror.due[row])
        if column == "channel":
            return {"snap": 1, "grid": 2}.get(mirror.channels[mirror.channel[row]], 9)
        if column == "department":
            return None if mirror.department[row] < 0 else int(mirror.department[row])
        if column == "team":
            return {0: None, 9: 1, 5: 2, 7: 3}[int(mirror.team[row])]
        if column == "area:police":
            return {-1: None, 0: 2, 1: 1}[int(mirror.areas["police"][row])]
        if column in ("urgent", "returns", "reworks"):
            return int(getattr(mirror, column)[row])
        if column == "queue":
            waits_from = int(mirror.due[row]) or int(mirror.reported[row])
            paused = mirror.states[mirror.state[row]] == "suspended"
            return None if mirror.closed[row] else waits_from + 1000 * (not mirror.urgent[row]) + 2000 * paused
        if column == "cell":
            return {-1: None, 0: 2, 1: 1, 2: 3}[int(mirror.cell[row])]
        return int(getattr(mirror, column)[row]) or None

    wanted = [row for row in range(mirror.count) if fits[row]]
    known = sorted((row for row in wanted if value(row) is not None), key=lambda row: (value(row), row))
    return (known[::-1] if descending else known) + [row for row in wanted if value(row) is None]


@pytest.mark.parametrize("column", COLUMNS_TO_SORT)
@pytest.mark.parametrize("descending", [False, True])
@pytest.mark.parametrize("changes", [1, 3, 60])
def test_orders_by_any_column_also_after_changes(column: str, descending: bool, changes: int) -> None:
    mirror, random = mirror_of(200), np.random.default_rng(changes)
    ordering = Ordering(mirror, Texts(), {})
    for _ in range(4):
        fits = random.random(mirror.count) < 0.7
        found, total = ordering.window(fits, column, descending, 0, mirror.count, RANKS)
        assert found.tolist() == expected_order(mirror, column, descending, fits)
        assert total == fits.sum()
        put(mirror, random.choice(mirror.count + 5, changes, replace=False) + 1, random)


def test_a_window_is_a_part_of_the_whole() -> None:
    mirror = mirror_of(50)
    ordering, fits = Ordering(mirror, Texts(), {}), np.ones(50, np.bool_)
    whole = ordering.ordered(fits, "reported", False, RANKS).tolist()
    rows, total = ordering.window(fits, "reported", False, 10, 20, RANKS)
    assert (rows.tolist(), total) == (whole[10:20], 50)


@pytest.mark.parametrize("column", ["", "colour", "area:ward", "id; drop table cases"])
def test_refuses_a_column_that_is_none(column: str) -> None:
    with pytest.raises(NeedleError) as raised:
        Ordering(mirror_of(3), Texts(), {}).ordered(np.ones(3, np.bool_), column, False, RANKS)
    assert raised.value.code == "desk.unknown_column"


@settings(deadline=None)
@given(st.lists(rows, min_size=1, max_size=4), st.sampled_from(["number", "title", "address"]))
def test_orders_texts_by_the_place_of_their_characters(parts: Any, column: str) -> None:
    mirror, texts = mirror_of(0), Texts()
    ordering = Ordering(mirror, texts, CHARACTERS)
    field = ("number", "title", "address").index(column)
    said: list[str] = []
    for part in parts:
        said += [row[field] for row in part]
        texts.append(blob_of(part))
        put(mirror, np.arange(mirror.count, len(said)) + 1, np.random.default_rng(2))
        found = ordering.ordered(np.ones(mirror.count, np.bool_), column, False, RANKS)
        places = [[CHARACTERS[c] for c in said[row][:40]] for row in found]
        assert places == sorted(places)


def test_chinese_names_stand_in_the_order_of_their_pinyin() -> None:
    texts = texts_of([("1", "张路", ""), ("2", "安路", ""), ("3", "李路", ""), ("4", "李", "")])
    ordering = Ordering(mirror_of(4), texts, CHARACTERS)
    assert ordering.ordered(np.ones(4, np.bool_), "title", False, RANKS).tolist() == [1, 3, 2, 0]


def test_rows_whose_text_is_not_here_yet_come_last() -> None:
    ordering = Ordering(mirror_of(3), texts_of([("9", "b", ""), ("8", "a", "")]), CHARACTERS)
    assert ordering.ordered(np.ones(3, np.bool_), "title", False, RANKS).tolist() == [1, 0, 2]
