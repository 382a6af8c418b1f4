"""Past cases as columns, for replays: what they were about, where, when, and what became of them."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from data.copy import read_arrays
from data.database import Connection

FIELDS: Final = [
    ("matter", "i4"),
    ("lng", "f8"),
    ("lat", "f8"),
    ("reported", "i8"),
    ("due", "i8"),
    ("answered", "i8"),
    ("department", "i4"),
    ("team", "i8"),
]
CASES: Final = """
select matter_id as matter, coalesce(ST_X(geom), 'NaN') as lng, coalesce(ST_Y(geom), 'NaN') as lat,
       floor(extract(epoch from reported_at)) as reported, coalesce(floor(extract(epoch from due_at)), 0) as due,
       coalesce(floor(extract(epoch from answered_at)), 0) as answered,
       coalesce(array_position(%s::text[], department_code), 0) - 1 as department, coalesce(team_id, 0) as team
  from cases where reported_at >= %s and reported_at < %s order by id
"""


def read_past_cases(connection: Connection, start: datetime, end: datetime, departments: Sequence[str]) -> NDArray[Any]:
    """Cases reported from ``start`` to ``end`` by id.

    Matter id; longitude, latitude (WGS84; NaN without a place); reported, due, answered in Unix seconds (0: none); index into
    ``departments`` (-1: none); team id (0: none).
    """
    return np.asarray(read_arrays(connection, CASES, FIELDS, (list(departments), start, end)))
