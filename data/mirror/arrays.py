"""Rows that PostgreSQL hands over as columns: one row of binary arrays, each read as a whole."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from psycopg import AsyncConnection
from psycopg.sql import Composed

from data.mirror.interning import ARRAY_HEADER_BYTES


async def read_arrays(
    connection: AsyncConnection[Any], query: str | Composed, parameters: Sequence[object] | None = None
) -> list[bytes] | None:
    """The arrays of a query that selects ``count(*)`` and then its columns by ``array_agg``; None where it found nothing."""
    async with connection.cursor(binary=True) as cursor:
        result = (await cursor.execute(query.encode() if isinstance(query, str) else query, parameters)).pgresult
    assert result is not None
    if not int.from_bytes(result.get_value(0, 0) or b""):
        return None
    return [result.get_value(0, at) or b"" for at in range(1, result.nfields)]


def integers(answer: bytes, wire: str) -> NDArray[np.int64]:
    """The elements of an array of integers, none null. ``wire``: ``>i4`` or ``>i8``."""
    element = np.dtype([("bytes", ">i4"), ("value", wire)])
    return np.frombuffer(answer, element, offset=ARRAY_HEADER_BYTES)["value"].astype(np.int64)


def joined_codes(parts: Sequence[tuple[NDArray[np.int32], Sequence[str]]]) -> tuple[NDArray[np.int32], list[str]]:
    """Chunks of a coded column (indices into the chunk's own values, -1: none) as one, and the values it points into."""
    known: dict[str, int] = {}
    columns = [np.empty(0, np.int32)]
    for column, values in parts:
        own = np.array([*(known.setdefault(value, len(known)) for value in values), -1], np.int32)
        columns.append(own[column])
    return np.concatenate(columns), list(known)
