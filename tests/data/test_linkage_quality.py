"""Precision and recall of a linkage, worked by hand."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from data.linkage.evaluating import evaluate


@pytest.mark.parametrize(
    ("found", "truth", "pairs", "clusters"),
    [
        ([1, 1, 2], ["a", "a", "b"], (1, 1), (1, 1)),
        ([1, 1, 1], ["a", "a", "b"], (1 / 3, 1), (0, 0)),
        ([1, 2, 3], ["a", "a", "b"], (1, 0), (1 / 3, 1 / 2)),
        ([1, 1, 2, 2], ["a", "b", "b", "b"], (1 / 2, 1 / 3), (0, 0)),
        ([], [], (1, 1), (1, 1)),
    ],
)
def test_quality_is_counted(
    found: list[int], truth: list[str], pairs: tuple[float, float], clusters: tuple[float, float]
) -> None:
    said = evaluate(found, truth)
    assert (said.pairs.precision, said.pairs.recall) == pytest.approx(pairs)
    assert (said.clusters.precision, said.clusters.recall) == pytest.approx(clusters)


@given(st.lists(st.integers(0, 4), min_size=1, max_size=12))
def test_names_of_clusters_do_not_matter(labels: list[int]) -> None:
    said = evaluate(labels, [f"person {label}" for label in labels])
    assert said.pairs.f1 == said.clusters.f1 == 1
