"""The tree finds exactly the boxes that touch, and columns say what the geometries were."""

from typing import Any

import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from geo.mvt_columns import boxes_of, joined, mercator, shapes_of, simplified
from geo.packed_tree import packed_tree

side = st.integers(0, 2**32 - 1)
box = st.tuples(side, side, side, side).map(
    lambda b: (min(b[0], b[2]), min(b[1], b[3]), max(b[0], b[2]), max(b[1], b[3]))
)


@given(st.lists(box, min_size=1, max_size=300), box)
def test_what_touches_is_found(boxes: list[tuple[int, int, int, int]], asked: tuple[int, int, int, int]) -> None:
    left, top, right, bottom = asked
    wanted = [k for k, b in enumerate(boxes) if b[0] <= right and b[2] >= left and b[1] <= bottom and b[3] >= top]
    assert packed_tree(np.array(boxes, np.int64)).touching(*asked).tolist() == wanted


def test_many_levels() -> None:
    corner = np.random.default_rng(2).integers(0, 2**31, (20_000, 2))
    boxes = np.concatenate((corner, corner + 5_000), axis=1)
    asked = (2**29, 2**29, 2**29 + 2**27, 2**29 + 2**27)
    touching = (boxes[:, :2] <= asked[2]).all(axis=1) & (boxes[:, 2:] >= asked[0]).all(axis=1)
    assert packed_tree(boxes).touching(*asked).tolist() == np.flatnonzero(touching).tolist()


HOLED = shapely.Polygon([(0, 0), (4, 0), (4, 4), (0, 4)], [[(1, 1), (2, 1), (2, 2)], [(3, 3), (3.5, 3), (3, 3.5)]])


@pytest.mark.parametrize(
    ("geometries", "parts", "holes"),
    [
        ([HOLED, shapely.box(5, 5, 6, 6)], [0, 3, 4], [False, True, True, False]),
        ([shapely.MultiPolygon([shapely.box(5, 5, 6, 6), HOLED])], [0, 4], [False, False, True, True]),
        (
            [shapely.LineString([(0, 0), (1, 1)]), shapely.MultiLineString([[(0, 0), (1, 1)], [(2, 2), (3, 3)]])],
            [0, 1, 3],
            [False] * 3,
        ),
        ([shapely.Point(1, 2), shapely.Point(3, 4)], [0, 1, 2], [False, False]),
        ([], [0], []),
    ],
)
def test_geometries_become_columns(geometries: list[Any], parts: list[int], holes: list[bool]) -> None:
    shapes = shapes_of(np.array(geometries, object))
    assert shapes.shape_parts.tolist() == parts
    assert shapes.holes.tolist() == holes
    assert len(shapes.part_points) == len(holes) + 1
    points = shapely.get_coordinates(geometries)
    assert shapes.part_points[-1] == len(points)
    assert [shapes.x.tolist(), shapes.y.tolist()] == [
        column.tolist() for column in mercator(points[:, 0], points[:, 1])
    ]
    twice = joined([shapes, shapes])
    assert twice.shape_parts.tolist() == [*parts, *(parts[-1] + p for p in parts[1:])]
    assert boxes_of(twice)[: len(geometries)].tolist() == boxes_of(shapes).tolist()


def test_simplified_shapes_are_close_and_small() -> None:
    circle = shapely.Point(116.4, 39.9).buffer(0.1, quad_segs=200)
    shapes = shapes_of(np.array([circle, shapely.box(1, 1, 2, 2)], object))
    fewer = simplified(shapes, 2_000.0)
    assert fewer.part_points[1] < 80
    assert fewer.part_points[2] - fewer.part_points[1] == 5
    rings = [shapely.LinearRing(np.column_stack((s.x, s.y))[: s.part_points[1]].astype(float)) for s in (shapes, fewer)]
    assert shapely.hausdorff_distance(*rings, 0.1) <= 2_001
