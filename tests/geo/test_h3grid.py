"""H3 cells of many points."""

import h3
import numpy as np

from geo.h3grid import h3_cells, h3_texts


def test_cells_are_those_of_h3_and_fit_a_bigint() -> None:
    lng, lat = np.array([116.391083, np.nan, -71.0587]), np.array([39.907333, 39.9, 42.3594])
    cells = h3_cells(lng, lat)
    assert cells.dtype == np.int64
    assert h3_texts(cells).tolist() == [
        h3.latlng_to_cell(39.907333, 116.391083, 9),
        None,
        h3.latlng_to_cell(42.3594, -71.0587, 9),
    ]
    assert (cells[[0, 2]] > 0).all()
