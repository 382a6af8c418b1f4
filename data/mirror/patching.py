"""Patching the mirror: what changed is read and written in place."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from psycopg import AsyncConnection

from data.mirror.columns import CaseMirror, Rows
from data.mirror.loading import THESE_SQL, Translator, read_chunk, read_matters


async def patch(mirror: CaseMirror, connection: AsyncConnection[Any], ids: Sequence[int]) -> Rows:
    """Read these cases anew and write them into the mirror; followers of the mirror are told.

    Parameters
    ----------
    mirror : CaseMirror
    connection : AsyncConnection
    ids : Sequence[int]
        Of cases that changed or are new; ids that the database does not know (yet) are passed over.

    Returns
    -------
    NDArray[int64]
        The rows that were written.
    """
    chunk = await read_chunk(connection, THESE_SQL, (sorted(set(ids)),))
    if not chunk.count:
        return np.empty(0, np.int64)
    if not mirror.words.majors.keys() >= set(chunk.numbers["matter"].tolist()):
        await read_matters(connection, mirror.words)
    columns, areas = Translator(mirror.words)(chunk)
    return mirror.put(columns, areas)
