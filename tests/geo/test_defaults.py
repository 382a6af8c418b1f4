"""A geocoder's default spot is told from a busy address."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from geo.defaults import default_spots


def crowd(rng: np.random.Generator, spots: list[int], others: int) -> tuple[np.ndarray, np.ndarray]:
    """Points of which some share a coordinate: ``spots[i]`` of them the i-th."""
    lng = np.concatenate([*(np.full(n, 116.3 + i / 100) for i, n in enumerate(spots)), rng.uniform(116, 117, others)])
    return lng, np.full(len(lng), 39.9)


@pytest.mark.parametrize(
    ("spots", "others", "found"),
    [
        ([600, 500], 5000, 1100),  # both are crowded
        ([600, 110], 5000, 600),  # 110 requests at the town hall are real
        ([499], 100, 0),  # too few to tell
        ([600], 100_000, 0),  # a busy address of a large city
    ],
)
def test_how_many_points_make_a_default_spot(spots: list[int], others: int, found: int) -> None:
    assert default_spots(*crowd(np.random.default_rng(7), spots, others)).sum() == found


def test_missing_coordinates_are_no_spot() -> None:
    assert not default_spots(np.full(2000, np.nan), np.full(2000, 39.9)).any()
    assert default_spots(np.zeros(0), np.zeros(0)).shape == (0,)


@pytest.mark.real_data
def test_bostons_default_spot_is_the_only_one(real_data: Path) -> None:
    requests = pd.read_parquet(real_data / "boston/service_requests_2015h1.parquet", columns=["LONGITUDE", "LATITUDE"])
    found = requests[default_spots(requests["LONGITUDE"].to_numpy(), requests["LATITUDE"].to_numpy())]
    assert len(found) == 8752
    assert set(found.itertuples(index=False, name=None)) == {(-71.0587, 42.3594)}
