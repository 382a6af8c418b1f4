"""The city's streets as columns."""

from typing import NamedTuple

import numpy as np
import shapely
from numpy.typing import NDArray

from data.database import Connection

STREETS = "select st_asbinary(geom), speed_kmh, oneway from street order by id"


class Streets(NamedTuple):
    """Lines in EPSG:4326, longitude first; ``oneway``: only from the first to the last point."""

    lines: NDArray[np.object_]
    speed_kmh: NDArray[np.float64]
    oneway: NDArray[np.bool_]


def load_streets(connection: Connection) -> Streets | None:
    """All streets; None where the city has none."""
    rows = connection.execute(STREETS).fetchall()
    if not rows:
        return None
    shapes, speed_kmh, oneway = zip(*rows, strict=True)
    lines = np.array(shapely.from_wkb([bytes(shape) for shape in shapes]), dtype=object)
    return Streets(lines, np.array(speed_kmh, dtype=np.float64), np.array(oneway, dtype=np.bool_))
