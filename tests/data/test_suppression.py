"""What is of too few is not told, and is not to be reckoned from what is: totals less the parts, on every level."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from data.mirror.suppression import Bools, Ints, Layer, protect, too_few

LEAST = 5
counts = st.lists(st.sampled_from([0, 1, 2, 3, 4, 5, 6, 9, 40]), min_size=1, max_size=14)
groups = st.integers(1, 5)


def summed(leaves: Ints, of: Ints, size: int) -> Ints:
    return np.bincount(of, weights=leaves, minlength=size).astype(np.int64)


def layer(leaves: Ints, of: Ints, above: Ints, size: int) -> Layer:
    """A layer of places made of leaves; ``above``: the place of the whole that each is part of."""
    sums = summed(leaves, of, size)
    return Layer(sums, above, too_few(sums, LEAST))


def whole(leaves: Ints) -> Layer:
    total = np.array([leaves.sum()])
    return Layer(total, np.array([-1]), too_few(total, LEAST))


def is_reckoned(told: list[Ints], asked: Ints) -> bool:
    """Whether a sum of leaves follows from sums that are told: it lies in the space that they span."""
    known = np.array(told, np.float64).reshape(-1, len(asked))
    return (
        bool(np.linalg.matrix_rank(np.vstack([known, asked])) == np.linalg.matrix_rank(known)) if len(told) else False
    )


@st.composite
def trees(draw: st.DrawFn) -> tuple[list[Layer], list[tuple[Ints, Bools]]]:
    """A hierarchy of four layers, and for each layer its places as rows of leaves, with which of them are not told."""
    leaves = np.array(draw(counts), np.int64)
    middle = np.array(draw(st.lists(groups, min_size=len(leaves), max_size=len(leaves))), np.int64) - 1
    upper_of = np.array(draw(st.lists(st.integers(1, 3), min_size=5, max_size=5)), np.int64) - 1
    upper = layer(leaves, upper_of[middle], np.zeros(3, np.int64), 3)
    lower = layer(leaves, middle, upper_of, 5)
    hidden = too_few(leaves, LEAST)
    layers = [whole(leaves), upper, lower, Layer(leaves, middle, hidden)]
    rows = [
        np.ones((1, len(leaves)), np.int64),
        (upper_of[middle][None, :] == np.arange(3)[:, None]).astype(np.int64),
        (middle[None, :] == np.arange(5)[:, None]).astype(np.int64),
        np.eye(len(leaves), dtype=np.int64),
    ]
    return layers, [(part, one.hidden) for part, one in zip(rows, layers, strict=True)]


@given(trees())
@settings(max_examples=300, deadline=None)
def test_nothing_that_is_kept_back_follows_from_what_is_told(
    drawn: tuple[list[Layer], list[tuple[Ints, Bools]]],
) -> None:
    layers, rows = drawn
    protect([layers], LEAST)
    there = layers[-1].counts > 0
    told = [row * there for part, hidden in rows for row, kept in zip(part, hidden, strict=True) if not kept]
    for one, (part, hidden) in zip(layers, rows, strict=True):
        assert hidden[too_few(one.counts, LEAST)].all()
        for row in part[hidden & (one.counts > 0)]:
            assert not is_reckoned(told, row * there)


@given(trees())
@settings(max_examples=100, deadline=None)
def test_parts_that_are_kept_back_are_no_small_group_together(
    drawn: tuple[list[Layer], list[tuple[Ints, Bools]]],
) -> None:
    """A told total less its told parts would tell of a group of fewer than k."""
    layers, _ = drawn
    protect([layers], LEAST)
    for above, parts in pairwise(layers):
        for place in np.flatnonzero(~above.hidden & (above.counts > 0)):
            kept = parts.counts[(parts.above == place) & parts.hidden & (parts.counts > 0)]
            assert len(kept) == 0 or (len(kept) > 1 and kept.sum() >= LEAST)


@given(counts, st.data())
@settings(max_examples=200, deadline=None)
def test_two_hierarchies_over_the_same_places_guard_each_other(drawn: list[int], data: st.DataObject) -> None:
    """No told area and no told hexagon less its told places tells of one place."""
    leaves = np.array(drawn, np.int64)
    of = [
        np.array(data.draw(st.lists(groups, min_size=len(leaves), max_size=len(leaves))), np.int64) - 1
        for _ in range(2)
    ]
    top, hidden = whole(leaves), too_few(leaves, LEAST)
    layers = [layer(leaves, one, np.zeros(5, np.int64), 5) for one in of]
    protect([[top, one, Layer(leaves, column, hidden)] for one, column in zip(layers, of, strict=True)], LEAST)
    for one, column in zip(layers, of, strict=True):
        for place in np.flatnonzero(~one.hidden & (one.counts > 0)):
            assert np.count_nonzero((column == place) & hidden & (leaves > 0)) != 1


@pytest.mark.parametrize(
    ("leaves", "kept"),
    [
        ([6, 6, 6, 2], [True, False, False, True]),
        ([6, 6, 6], [False, False, False]),
        ([2, 1, 30], [True, True, True]),
        ([3, 3, 30], [True, True, False]),
        ([0, 2, 9, 7], [False, True, False, True]),
    ],
)
def test_the_smallest_that_is_told_is_kept_back_where_it_must(leaves: list[int], kept: list[bool]) -> None:
    values = np.array(leaves, np.int64)
    parts = Layer(values, np.zeros(len(values), np.int64), too_few(values, LEAST))
    protect([[whole(values), parts]], LEAST)
    assert parts.hidden.tolist() == kept
