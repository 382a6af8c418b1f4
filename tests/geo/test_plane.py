"""The local plane agrees with geodesics on the ellipsoid."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyproj import Geod

from geo.plane import LocalPlane


@given(st.floats(-180, 180), st.floats(-60, 60), st.floats(-3000, 3000), st.floats(-3000, 3000))
def test_there_and_back(lng0: float, lat0: float, x: float, y: float) -> None:
    plane = LocalPlane(lng0, lat0)
    assert plane.to_xy(*plane.to_lnglat(x, y)) == pytest.approx((x, y), abs=1e-6)


@pytest.mark.parametrize("lat0", [0.0, 22.5, 39.9, 42.3, 60.0])
@pytest.mark.parametrize("azimuth", [0.0, 37.0, 90.0, 200.0])
def test_distances_are_those_of_the_ellipsoid(lat0: float, azimuth: float) -> None:
    lng, lat, _ = Geod(ellps="WGS84").fwd(116.4, lat0, azimuth, 3000.0)
    assert np.hypot(*LocalPlane(116.4, lat0).to_xy(lng, lat)) == pytest.approx(3000.0, rel=1e-3)
