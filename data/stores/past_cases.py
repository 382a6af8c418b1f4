"""Past cases as columns, for replays: what they were about, and where."""

from datetime import datetime
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from data.copy import read_arrays
from data.database import Connection

FIELDS: Final = [("matter", "i4"), ("lng", "f8"), ("lat", "f8")]
CASES: Final = """
select matter_id as matter, coalesce(ST_X(geom), 'NaN') as lng, coalesce(ST_Y(geom), 'NaN') as lat
  from cases where reported_at >= %s and reported_at < %s order by id
"""


def read_past_cases(connection: Connection, start: datetime, end: datetime) -> NDArray[Any]:
    """Cases reported from ``start`` to ``end``: matter id, longitude, latitude (WGS84; NaN without a place), by id."""
    return np.asarray(read_arrays(connection, CASES, FIELDS, (start, end)))
